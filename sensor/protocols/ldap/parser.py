"""LDAP conversations: requests wait for their responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.ldap import LDAP
from sensor.protocols.ber import INTEGER, SEQUENCE, claimed_size
from sensor.protocols.framing import Framer
from sensor.protocols.ldap.message import Head, Message, head_of, message_of
from sensor.protocols.ldap.protection import unwrapped, wrapped_size
from sensor.protocols.ldap.settings import LdapSettings
from sensor.protocols.ldap.showing import request_buffers, response_buffers
from sensor.protocols.parser import Context, FlowFacts, Handover, Moment
from sensor.protocols.printing import json_column

_START_TLS = "1.3.6.1.4.1.1466.20037"
_UNANSWERED = frozenset({"unbind_request", "abandon_request"})
_MORE_COME = frozenset({"search_result_entry", "search_result_reference", "intermediate_response"})
_HEAD_BYTES, _LONGEST, _STRANGE = 6, 1 << 28, 8
_TAGS = frozenset({0x60, 0x61, 0x42, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x4A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x50,
                   0x73, 0x77, 0x78, 0x79})


@dataclass(slots=True)
class _Exchange:
    """A request and what was answered."""

    columns: dict[str, Any]
    operation: str = ""
    responses: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0
    size: int = 0
    tx_id: int = 0


class _Ldap:
    """What a conversation over TCP and one over UDP share."""

    app_proto: ClassVar[AppProto] = AppProto.LDAP

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        self._settings = context.settings if isinstance(context.settings, LdapSettings) else LdapSettings()
        self._pending: dict[int, _Exchange] = {}
        self._strange = 0
        self._tls, self._number = False, 0

    def end(self, at: Moment) -> None:
        """Tell the requests that wait."""
        for exchange in self._pending.values():
            self._tell(exchange, at, "both" if exchange.responses else "request")
        self._pending.clear()

    def _message(self, data: bytes, size: int, at: Moment) -> None:
        head = head_of(data)
        if head is None:
            self._context.count("ldap_malformed")
            self._strange += 1
            self.done = self.done or self._strange >= _STRANGE
        elif head.operation in _MORE_COME and self._only_counts(head):
            exchange = self._pending[head.message_id]
            exchange.number, exchange.size = exchange.number + 1, exchange.size + size
        elif head.operation.endswith("_request"):
            self._request(message_of(data, head, self._settings), at)
        else:
            self._response(message_of(data, head, self._settings), size, at)

    def _only_counts(self, head: Head) -> bool:
        """Whether as many responses are kept as are wanted, so that nobody needs to read one that more come after."""
        exchange = self._pending.get(head.message_id)
        full = exchange is not None and len(exchange.responses) >= self._settings.responses
        return full and self._context.show is None

    def _request(self, message: Message, at: Moment) -> None:
        columns = {"request": json_column(message.shown), "operation": message.operation, **message.about}
        exchange = self._numbered(_Exchange(columns, message.operation))
        if self._context.show:
            self._context.show(at, exchange.tx_id, True, [
                *request_buffers(message), ("eve.request", columns["request"].encode())], True)
        if message.operation in _UNANSWERED:
            self._tell(exchange, at, "both")
            return
        before = self._pending.pop(message.message_id, None)
        if before is None and len(self._pending) >= self._settings.pending:
            self._context.count("ldap_pending_full")
            before = self._pending.pop(next(iter(self._pending)))
        if before is not None:
            self._tell(before, at, "both" if before.responses else "request")
        self._pending[message.message_id] = exchange

    def _response(self, message: Message, size: int, at: Moment) -> None:
        exchange = self._pending.get(message.message_id)
        lone = exchange is None
        if exchange is None:
            exchange = self._numbered(_Exchange({}))
        shown = dict(message.shown)
        if not lone and exchange.operation:
            del shown["message_id"]
        if len(exchange.responses) < self._settings.responses:
            exchange.responses.append(shown)
        elif message.operation not in _MORE_COME:
            exchange.responses[-1] = shown
        exchange.number += 1
        if self._context.show:
            self._context.show(at, exchange.tx_id, False, [
                *response_buffers(message), ("eve.response", json_column(message.shown).encode())])
        exchange.size += size
        if "result" in message.about:
            exchange.columns["result"] = message.about["result"]
        if message.operation in _MORE_COME and (not lone or len(self._pending) < self._settings.pending):
            self._pending[message.message_id] = exchange
            return
        self._pending.pop(message.message_id, None)
        self._tell(exchange, at, "both" if exchange.operation else "response")
        asked = exchange.columns.get("object") == _START_TLS and exchange.operation == "extended_request"
        self._tls = asked and message.about.get("result") == "success"

    def _numbered(self, exchange: _Exchange) -> _Exchange:
        exchange.tx_id = self._number
        self._number += 1
        return exchange

    def _tell(self, exchange: _Exchange, at: Moment, seen: str) -> None:
        if self._context.show:
            self._context.show(at, exchange.tx_id, False, [("ldap.responses.count", b"%d" % exchange.number)], True)
        self._context.emit(LDAP, at, {
            **exchange.columns, "responses": json_column(exchange.responses), "response_count": exchange.number,
            "response_bytes": exchange.size, "seen": seen})


class LdapParser(_Ldap):
    """LDAP over TCP. What SASL signs is read; what it seals is not: nothing more is looked at then."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.successor: Handover | None = None
        self._framers = tuple(Framer(_stream_size_of, _HEAD_BYTES, self._settings.message_bytes) for _ in range(2))

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the messages of one direction."""
        framer = self._framers[to_server]
        if framer.broken:
            return
        for message, size, stop in framer.feed(data):
            if message[0] == 0:
                self._protected(message, at)
            else:
                self._message(message, size, at)
            if self._tls:
                self.done, self.successor = True, Handover(AppProto.TLS, b"", data[stop:])
            if self.done:
                return
        if framer.broken:
            self._context.count("ldap_no_message")
            self.done = self._framers[not to_server].broken or not self._pending

    def passable(self, to_server: bool) -> int:
        """So many next bytes of a direction are beyond what is looked at of a message."""
        return self._framers[to_server].passable

    def patient(self, to_server: bool) -> int:
        """So many next bytes of a direction belong to one message that tells nothing before its end."""
        return self._framers[to_server].patient

    def skip(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes, at most ``passable``, are there but are not handed over."""
        self._framers[to_server].pass_by(size)

    def _protected(self, buffer: bytes, at: Moment) -> None:
        inner = unwrapped(buffer)
        if inner is None or inner[0] != SEQUENCE:
            self._context.count("ldap_sealed")
            self.done = True
            return
        place = 0
        while place < len(inner) and not self.done:
            size = claimed_size(inner[place : place + _HEAD_BYTES])
            if size <= 0:
                self._context.count("ldap_malformed")
                break
            self._message(inner[place : place + size], size, at)
            place += size

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on with what comes next."""
        if not self._framers[to_server].gap(size):
            self._context.count("ldap_gap")


class LdapDatagrams(_Ldap):
    """LDAP over UDP (CLDAP): one or more messages in a datagram."""

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the messages of a datagram."""
        framer = Framer(_size_of, _HEAD_BYTES, self._settings.message_bytes)
        for message, size, _ in framer.feed(data):
            self._message(message, size, at)
        if framer.broken:
            self._context.count("ldap_malformed")
            self._strange += 1
            self.done = self._strange >= _STRANGE


def _stream_size_of(head: bytes) -> int:
    return wrapped_size(head) if head[0] == 0 else _size_of(head)


def _size_of(head: bytes) -> int:
    if head[0] != SEQUENCE:
        return -1
    size = claimed_size(head)
    return size if size <= _LONGEST else -1


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow of TCP is LDAP: a sequence of a message number and an operation that is known."""
    return _probed(initiator, responder) if flow.proto == 6 else False


def probe_datagrams(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell the same of a flow of UDP."""
    return _probed(initiator, responder) if flow.proto == 17 else False


def _probed(initiator: bytes, responder: bytes) -> bool | None:
    heads = [head for head in (initiator, responder) if head]
    if not heads:
        return None
    answers = [_begins(head) for head in heads]
    return False if False in answers else True if True in answers else None


def _begins(head: bytes) -> bool | None:
    if head[0] != SEQUENCE:
        return False
    size = claimed_size(head[:6])
    if size < 0 or size > _LONGEST:
        return False
    at = 2 + (head[1] & 0x7F if len(head) > 1 and head[1] & 0x80 else 0)
    if size == 0 or len(head) < at + 2:
        return None
    if head[at] != INTEGER or not 1 <= head[at + 1] <= 4 or size < at + 4:
        return False
    at += 2 + head[at + 1]
    return head[at] in _TAGS if len(head) > at else None

"""EtherNet/IP conversations: a request, and the response that belongs to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from columns.app import AppProto
from columns.protocols.enip import ENIP
from sensor.protocols.agreement import PROBE_BYTES
from sensor.protocols.anomalies import Anomalies
from sensor.protocols.enip import message as m
from sensor.protocols.enip import names as n
from sensor.protocols.enip.showing import buffers_of, eve_object
from sensor.protocols.framing import Framer
from sensor.protocols.parser import Context, FlowFacts, Moment
from sensor.protocols.printing import json_column, printed

_PORT = 44818
_PENDING, _LONGEST, _STRANGE = 1024, m.HEADER_BYTES + 65_535, 8
_NOT_ANSWERED = frozenset({n.NOP, n.UNREGISTER})


@dataclass(slots=True)
class _Request:
    number: int
    message: m.Message
    text: str


class _Enip:
    """What conversations over TCP and UDP share. At most 1,024 requests wait for their response."""

    app_proto: ClassVar[AppProto] = AppProto.ENIP

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context, self._anomalies = context, Anomalies(context, self.app_proto)
        self._waiting: deque[_Request] = deque()
        self._number = 0

    def end(self, at: Moment) -> None:
        """Tell the requests that wait."""
        while self._waiting:
            self._tell(self._waiting.popleft(), None, at)

    def _take(self, data: bytes, to_server: bool, at: Moment) -> None:
        message = m.message_of(data)
        text = json_column(eve_object(message))
        asked = None if to_server else self._asked(message)
        number = self._number if asked is None else asked.number
        self._number += asked is None
        if self._context.show is not None:
            name = "eve.request" if to_server else "eve.response"
            self._context.show(at, number, to_server, [*buffers_of(message), (name, text.encode())], True)
        if not message.sound:
            self._context.count("enip_malformed")
            self._anomalies.tell("invalid_pdu", number, to_server, at)
        if not to_server:
            self._tell(asked, message, at, text, number)
            return
        if len(self._waiting) >= _PENDING:
            self._context.count("enip_pending_full")
            self._tell(self._waiting.popleft(), None, at)
        self._waiting.append(_Request(number, message, text))
        if message.header.command in _NOT_ANSWERED:
            self._tell(self._waiting.pop(), None, at)

    def _asked(self, response: m.Message) -> _Request | None:
        """Return the request that a response belongs to, which waits no longer."""
        for k, request in enumerate(self._waiting):
            if _answers(request.message, response):
                del self._waiting[k]
                return request
        return None

    def _tell(self, asked: _Request | None, answer: m.Message | None, at: Moment, text: str = "",
              number: int = 0) -> None:
        first = asked.message if asked is not None else answer
        last = answer if answer is not None else first
        assert first is not None
        assert last is not None
        identity = last.identity or {}
        self._context.emit(ENIP, at, {
            "tx_id": number if asked is None else asked.number, "request": "" if asked is None else asked.text,
            "response": text, "command": n.named(n.COMMANDS, first.header.command),
            "status": n.named(n.STATUSES, last.header.status), "session": last.header.session,
            "service": "" if first.cip is None else n.named(n.SERVICES, first.cip.service),
            "product": printed(identity.get("name", b"")),
            "seen": "response" if asked is None else "request" if answer is None else "both"})


def _answers(request: m.Message, response: m.Message) -> bool:
    """Return whether a response belongs to a request: command, session, and number where the connection counts."""
    asked, told = request.header, response.header
    if asked.command != told.command or (asked.session != told.session and asked.command != n.REGISTER):
        return False
    if request.cip is None or response.cip is None:
        return (request.cip is None) == (response.cip is None) or not response.sound
    return request.number == response.number


class EnipStream(_Enip):
    """Follows both directions of a connection."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._framers = (Framer(_size_of, m.HEADER_BYTES, _LONGEST), Framer(_size_of, m.HEADER_BYTES, _LONGEST))

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        framer = self._framers[to_server]
        for message, _, _ in framer.feed(data):
            self._take(message, to_server, at)
        if framer.broken and not self.done:
            self._context.count("enip_no_message")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Take what comes next for a message."""
        if not self._framers[to_server].gap(size):
            self._context.count("enip_gap")


class EnipDatagrams(_Enip):
    """One message per datagram."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._strange = 0

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        if len(data) < m.HEADER_BYTES or _size_of(data[: m.HEADER_BYTES]) != len(data):
            self._context.count("enip_no_message")
            self._strange += 1
            self.done = self._strange >= _STRANGE
            return
        self._strange = 0
        self._take(data, to_server, at)


def _size_of(head: bytes) -> int:
    """How long a message is by its header; -1 where the command, the status or the options are none."""
    if len(head) >= 2 and int.from_bytes(head[:2], "little") not in n.COMMANDS:
        return -1
    if len(head) < m.HEADER_BYTES:
        return 0
    header = m.header_of(head)
    return m.HEADER_BYTES + header.size if header.status in n.STATUSES and not header.options else -1


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow of TCP is EtherNet/IP: a header whose parts fit its command."""
    return _probed(initiator, responder, flow) if flow.proto == 6 else False


def probe_datagrams(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell the same of a flow of UDP."""
    return _probed(initiator, responder, flow) if flow.proto == 17 else False


def _probed(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    answers = [_begins(head, flow) for head in (initiator, responder) if head]
    return None if not answers else False if False in answers else True if True in answers else None


def _begins(head: bytes, flow: FlowFacts) -> bool | None:
    size = _size_of(head[: m.HEADER_BYTES])
    if size <= 0:
        return None if size == 0 and flow.proto == 6 else False
    if flow.proto == 17 and len(head) < PROBE_BYTES and size != len(head):
        return False
    command, size = m.header_of(head).command, size - m.HEADER_BYTES
    if command == n.NOP:
        return _PORT in (flow.src_port, flow.dst_port)
    return {n.REGISTER: size == 4, n.UNREGISTER: size in (0, 4)}.get(command, True)

"""PostgreSQL conversations: a request, and all that is answered to it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.pgsql import PGSQL
from sensor.protocols.framing import Framer
from sensor.protocols.parser import Context, FlowFacts, Handover, Moment, Opening, Wants
from sensor.protocols.pgsql import message as m
from sensor.protocols.pgsql.settings import PgsqlSettings
from sensor.protocols.printing import json_column, printed

_LONGEST = 1 << 30
_PARAMETERS = 64
_EXTENDED = {ord("P"): "parse", ord("B"): "bind", ord("D"): "describe", ord("E"): "execute", ord("C"): "close",
             ord("H"): "flush", ord("S"): "sync", ord("F"): "function_call"}
_ROW, _COPIED = ord("D"), ord("d")
_SENT = frozenset(b"QPBDECHSFXpdcf")
_ANSWERED = frozenset(b"RSKZTDCEN1234AnstIVGHWvdc")


@dataclass(slots=True)
class _Exchange:
    """A request and its answers so far."""

    kind: str
    number: int
    request: dict[str, Any]
    response: dict[str, Any] = field(default_factory=dict)
    query: bytes = b""
    rows: int = 0
    row_bytes: int = 0


class PgsqlStream:
    """Follows both directions of a connection, until it is encrypted."""

    app_proto: ClassVar[AppProto] = AppProto.PGSQL

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False
        self.successor: Handover | None = None
        self._settings = context.settings if isinstance(context.settings, PgsqlSettings) else PgsqlSettings()
        self._framers = (Framer(self._server_size, m.HEAD_BYTES, self._settings.message_bytes),
                         Framer(self._client_size, m.STARTUP_HEAD_BYTES, self._settings.message_bytes))
        self._started = False
        self._waiting: deque[_Exchange] = deque()
        self._exchanges = 0
        self._user = self._database = ""

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        framer = self._framers[to_server]
        for message, size, stop in framer.feed(data):
            if to_server:
                self._request(message, at)
            else:
                self._response(message, size, data[stop:] if len(message) == 1 else b"", at)
            if self.done:
                return
        if framer.broken:
            self._context.count("pgsql_malformed")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on behind a gap within a message that is passed over; elsewhere nothing can be told from there on."""
        if not self._framers[to_server].gap(size):
            self._context.count("pgsql_gap")
            self.done = True

    def passable(self, to_server: bool) -> int:
        """So many next bytes of a direction are beyond what is looked at of a message."""
        return self._framers[to_server].passable

    def patient(self, to_server: bool) -> int:
        """Nothing waits but what is passable: rows are short, and one cut by a segment would be told in two pieces."""
        return self._framers[to_server].passable

    def skip(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes, at most ``passable``, are there but are not handed over."""
        self._framers[to_server].pass_by(size)

    def end(self, at: Moment) -> None:
        """Tell the requests that wait."""
        while self._waiting:
            self._tell(self._waiting.popleft(), at)

    def _client_size(self, head: bytes) -> int:
        if self._started:
            return _typed_size(head, _SENT)
        if len(head) < 8:
            return 0
        size = int.from_bytes(head[:4], "big")
        return size if 8 <= size <= m.LONGEST_STARTUP else -1

    def _server_size(self, head: bytes) -> int:
        if self._waiting and self._waiting[0].kind == "ssl_request" and head[:1] in b"SNG":
            return 1
        return _typed_size(head, _ANSWERED)

    def _request(self, message: bytes, at: Moment) -> None:
        if not self._started:
            self._opening(message, at)
            return
        kind, body = message[0], message[5:]
        waiting = self._waiting[-1] if self._waiting else None
        if kind == ord("Q"):
            query, _ = m.text_of(body, self._settings.query_bytes)
            self._begin("query", {"simple_query": printed(query)}, at, query)
        elif kind == ord("p"):
            shown = printed(m.text_of(body, self._settings.query_bytes)[0]) if self._settings.passwords else ""
            self._begin("password", {"password": shown} if shown else {"password_redacted": True}, at)
        elif kind == ord("X"):
            self._begin("termination", {"message": "termination_message"}, at)
            self._tell(self._waiting.pop(), at)
        elif name := _EXTENDED.get(kind):
            if waiting is None or waiting.kind != "extended_query" or "synced" in waiting.request:
                waiting = self._begin("extended_query", {"messages": []}, at)
            self._extend(waiting, name, body, at)
        elif waiting is not None and kind == ord("d"):
            copied = waiting.request.setdefault("copy_data_in", {"msg_count": 0, "data_size": 0})
            copied["msg_count"] += 1
            copied["data_size"] += len(body)

    def _extend(self, exchange: _Exchange, name: str, body: bytes, at: Moment) -> None:
        if len(exchange.request["messages"]) < _PARAMETERS:
            exchange.request["messages"].append(name)
        if name == "parse" and not exchange.query:
            exchange.query, _ = m.text_of(m.text_of(body, 64)[1], self._settings.query_bytes)
            exchange.request["query"] = printed(exchange.query)
            self._show(exchange, at)
        elif name == "sync":
            exchange.request["synced"] = True

    def _opening(self, message: bytes, at: Moment) -> None:
        code, body = int.from_bytes(message[4:8], "big"), message[8:]
        if code in (m.SSL, m.GSS):
            self._begin("ssl_request", {"message": "SSL Request" if code == m.SSL else "GSS Encryption Request"}, at)
        elif code == m.CANCEL:
            self._begin("cancel", {"message": "cancel_request", **m.key_data(body)}, at)
            self._tell(self._waiting.pop(), at)
            self.done = True
        elif code == m.VERSION_3:
            self._started = True
            request = m.startup(body)
            given = request["startup_parameters"]
            self._user = given["user"]
            self._database = next((p["database"] for p in given["optional_parameters"] if "database" in p), self._user)
            self._begin("startup", request, at)
        else:
            self._context.count("pgsql_malformed")
            self.done = True

    def _begin(self, kind: str, request: dict[str, Any], at: Moment, query: bytes = b"") -> _Exchange:
        if len(self._waiting) >= self._settings.pending:
            self._context.count("pgsql_pending_full")
            self._tell(self._waiting.popleft(), at)
        self._exchanges += 1
        exchange = _Exchange(kind, self._exchanges, request, query=query)
        self._waiting.append(exchange)
        if query:
            self._show(exchange, at)
        return exchange

    def _show(self, exchange: _Exchange, at: Moment) -> None:
        if self._context.show is not None:
            shown = [("pgsql.query", exchange.query), ("eve.object", _told(exchange, answered=False))]
            self._context.show(at, exchange.number - 1, True, shown, True)

    def _response(self, message: bytes, size: int, rest: bytes, at: Moment) -> None:
        if not self._waiting:
            self._begin("", {}, at)
        exchange = self._waiting[0]
        if len(message) == 1 and exchange.kind == "ssl_request":
            self._encryption(exchange, message, rest, at)
            return
        self._answer(exchange, message[0], message[5:], size - 5)
        if message[0] in (_ROW, _COPIED):
            return
        over = message[:1] == b"Z" or (message[:1] == b"R" and "waits" in exchange.response)
        if over or (message[:1] == b"E" and exchange.kind in ("ssl_request", "startup", "password")):
            exchange.response.pop("waits", None)
            self._tell(self._waiting.popleft(), at)

    def _encryption(self, exchange: _Exchange, message: bytes, rest: bytes, at: Moment) -> None:
        accepted = message in (b"S", b"G")
        exchange.response["ssl_accepted"] = accepted
        self._tell(self._waiting.popleft(), at)
        if accepted:
            self.successor = Handover(AppProto.TLS if message == b"S" else AppProto.UNKNOWN, to_client=rest)
            self.done = True

    def _answer(self, exchange: _Exchange, kind: int, body: bytes, size: int) -> None:
        """Add one answer to its exchange; size is that of its body, of which the beginning is there."""
        shown = exchange.response
        if kind == _ROW:
            exchange.rows += 1
            exchange.row_bytes += max(size - 2 - 4 * m.columns_in(body), 0)
        elif kind == _COPIED:
            copied = shown.setdefault("copy_data_out", {"row_count": 0, "data_size": 0})
            copied["row_count"] += 1
            copied["data_size"] += size
        elif kind == ord("R"):
            told, waits = m.authentication(body)
            shown |= told | ({"waits": True} if waits else {})
        elif kind == ord("S"):
            known = shown.setdefault("parameter_status", [])
            if len(known) < _PARAMETERS:
                known.append(m.parameter(body))
        elif kind == ord("K"):
            shown |= m.key_data(body)
        elif kind == ord("T"):
            shown["field_count"] = m.columns_in(body)
        elif kind == ord("C"):
            shown["command_completed"] = printed(m.text_of(body, 128)[0])
        elif kind in (ord("E"), ord("N")):
            shown |= m.error_fields(body)

    def _tell(self, exchange: _Exchange, at: Moment) -> None:
        request, response = exchange.request, exchange.response
        request.pop("synced", None)
        if exchange.rows:
            response |= {"data_rows": exchange.rows, "data_size": exchange.row_bytes}
        copied = response.get("copy_data_out", {})
        if self._context.show is not None and exchange.query:
            self._context.show(at, exchange.number - 1, False, [("eve.object", _told(exchange))], True)
        self._context.emit(PGSQL, at, {
            "tx_id": exchange.number - 1, "number": exchange.number, "request": json_column(request),
            "response": json_column(response), "type": exchange.kind, "user": self._user, "database": self._database,
            "query": printed(exchange.query), "command": response.get("command_completed", ""),
            "error_code": response.get("code", ""), "rows": exchange.rows or copied.get("row_count", 0),
            "row_bytes": exchange.row_bytes or copied.get("data_size", 0)})


def _told(exchange: _Exchange, *, answered: bool = True) -> bytes:
    """Return what alerts show of an exchange, as JSON."""
    shown: dict[str, Any] = {"tx_id": exchange.number, "request": exchange.request}
    return json.dumps(shown | ({"response": exchange.response} if answered and exchange.response else {})).encode()


def _typed_size(head: bytes, known: frozenset[int]) -> int:
    """Return the length of a message of one byte of type and its own length."""
    if head[0] not in known:
        return -1
    if len(head) < m.HEAD_BYTES:
        return 0
    size = int.from_bytes(head[1:5], "big")
    return size + 1 if 4 <= size < _LONGEST else -1


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is PostgreSQL: it asks for encryption or a cancel, or starts a session of version 3.0."""
    if flow.proto != 6:
        return False
    if not initiator:
        return None if not responder else False
    if len(initiator) < m.STARTUP_HEAD_BYTES:
        return None if initiator[:2] == b"\0\0"[: len(initiator)] else False
    size, code = int.from_bytes(initiator[:4], "big"), int.from_bytes(initiator[4:8], "big")
    if code in (m.SSL, m.GSS):
        return size == 8 and (not responder or responder[:1] in b"SNGE")
    if code == m.CANCEL:
        return size == 16
    if code != m.VERSION_3 or not 8 < size <= m.LONGEST_STARTUP:
        return False
    name = initiator[8:].split(b"\0")[0]
    return name.isascii() and name.decode("ascii").replace("_", "").isalnum() and responder[:1] in b"REN"


WANTS: tuple[Wants, ...] = (Wants(AppProto.PGSQL, PgsqlStream, probe, (PGSQL,), Opening(b"\0", alone=b"")),)

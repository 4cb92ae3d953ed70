"""SIP over UDP and TCP (RFC 3261): first line, headers, and what a body says in SDP; other bodies are passed over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.sip import SIP
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed
from sensor.protocols.sdp import CONTENT_TYPE, described, sdp_buffers, sdp_object
from sensor.protocols.verbs import beginnings

_METHODS = (b"ACK", b"BYE", b"CANCEL", b"INFO", b"INVITE", b"MESSAGE", b"NOTIFY", b"OPTIONS", b"PRACK", b"PUBLISH",
            b"REFER", b"REGISTER", b"SUBSCRIBE", b"UPDATE")
_BEGINNINGS = beginnings((*_METHODS, b"SIP/"))
_REQUEST = re.compile(rb"([A-Za-z0-9.!%*_+`'~-]{1,32}) (\S+) (SIP/\d\.\d)")
_RESPONSE = re.compile(rb"(SIP/\d\.\d) (\d{3}) ?(.*)")
_HEADERS = {
    b"call-id": "call_id", b"i": "call_id", b"from": "from_uri", b"f": "from_uri", b"to": "to_uri", b"t": "to_uri",
    b"contact": "contact", b"m": "contact", b"via": "via", b"v": "via", b"user-agent": "user_agent",
    b"content-type": "content_type", b"c": "content_type", b"content-length": "body_bytes", b"l": "body_bytes",
}
_FOLD = re.compile(rb"\r?\n[ \t]+")
_END = re.compile(rb"\r?\n\r?\n")
_KEEP_ALIVE = b"\r\n"


@limited("sip")
@dataclass(frozen=True)
class SipSettings:
    """Settings of SIP; a value outside its range raises UsageError."""

    head_bytes: int = limit(16 << 10, 1024, 1 << 20, "bytes", "longest first line and headers of a message")
    body_bytes: int = limit(16 << 10, 0, 1 << 20, "bytes", "longest description of a session in a body over TCP")


def head_of(head: bytes) -> dict[str, Any] | None:
    """Return the columns of a message without its body, or None where the first line is none."""
    first, *lines = _FOLD.sub(b" ", head).split(b"\n")
    first = first.rstrip(b"\r")
    if found := _REQUEST.fullmatch(first):
        row: dict[str, Any] = {"method": printed(found[1]), "uri": printed(found[2]), "version": printed(found[3]),
                               "request_line": printed(first)}
    elif found := _RESPONSE.fullmatch(first):
        row = {"version": printed(found[1]), "code": printed(found[2]), "reason": printed(found[3]),
               "response_line": printed(first)}
    else:
        return None
    for line in lines:
        name, colon, value = line.partition(b":")
        column = _HEADERS.get(name.strip().lower()) if colon else None
        if column == "body_bytes":
            digits = value.strip()
            row.setdefault(column, int(digits) if digits.isdigit() and len(digits) < 10 else 0)
        elif column:
            row.setdefault(column, printed(value.strip()))
    return row


_SHOWN = {
    b"from": "sip.from", b"f": "sip.from", b"to": "sip.to", b"t": "sip.to", b"via": "sip.via", b"v": "sip.via",
    b"user-agent": "sip.user_agent", b"content-type": "sip.content_type", b"c": "sip.content_type",
    b"content-length": "sip.content_length", b"l": "sip.content_length"}


def head_buffers(head: bytes) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a first line and headers; every header is an instance of its own."""
    first, *lines = _FOLD.sub(b" ", head).split(b"\n")
    first = first.rstrip(b"\r")
    if found := _REQUEST.fullmatch(first):
        shown = [("sip.request_line", first), ("sip.method", found[1]), ("sip.uri", found[2]),
                 ("sip.protocol", found[3])]
    elif found := _RESPONSE.fullmatch(first):
        shown = [("sip.response_line", first), ("sip.protocol", found[1]), ("sip.stat_code", found[2]),
                 ("sip.stat_msg", found[3])]
    else:
        return []
    for line in lines:
        name, colon, value = line.partition(b":")
        buffer = _SHOWN.get(name.strip().lower()) if colon else None
        if buffer:
            shown.append((buffer, value.strip()))
    return shown


def frames(head: bytes, end: bytes, body: bytes) -> list[tuple[str, bytes]]:
    """Return the frames of a message: all of it, first line, headers, body."""
    first, _, headers = head.partition(b"\n")
    side = "response" if first.startswith(b"SIP/") else "request"
    half = end[: len(end) // 2]
    found = [("frame:sip.pdu", head + end + body), (f"frame:sip.{side}.line", first + b"\n"),
             (f"frame:sip.{side}.headers", headers + half)]
    return [*found, *([(f"frame:sip.{side}.body", body)] if body else [])]


class _Waiting(NamedTuple):
    """A message that waits for its body, and what came of that."""

    head: bytes
    row: dict[str, Any]
    parting: bytes
    body: bytearray


class _Sip:
    app_proto: ClassVar[AppProto] = AppProto.SIP

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False
        limits = context.settings if isinstance(context.settings, SipSettings) else SipSettings()
        self._limit, self._most_body, self._number = limits.head_bytes, limits.body_bytes, 0

    def end(self, at: Moment) -> None:
        """Nothing is left to tell: a head that broke off is not a message."""

    def _read(self, head: bytes) -> dict[str, Any] | None:
        row = head_of(head)
        if row is None:
            self._context.count("sip_malformed")
        return row

    def _tell(self, to_server: bool, head: bytes, row: dict[str, Any], at: Moment, end: bytes = b"",
              body: bytes = b"") -> None:
        """Tell a message; end parts its head from its body, as far as that is at hand."""
        lines = described(body) if _describes(row) else []
        if self._context.show:
            shown = [*head_buffers(head), *sdp_buffers(lines), *frames(head, end, body)]
            self._context.show(at, self._number, to_server, shown, True)
        self._number += 1
        self._context.emit(SIP, at, {"to_server": int(to_server), **row, "sdp": json_column(sdp_object(lines))})


def _describes(row: dict[str, Any]) -> bool:
    return row.get("content_type", "").lower().startswith(CONTENT_TYPE)


class SipDatagrams(_Sip):
    """One message per datagram."""

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message; an empty line or a zero is a keep-alive."""
        data = data.lstrip(b"\r\n")
        if not data.strip(b"\0"):
            return
        end = _END.search(data, 0, self._limit)
        head = data[: end.start() if end else self._limit]
        if (row := self._read(head)) is not None:
            self._tell(to_server, head, row, at, end[0] if end else b"", data[end.end() :] if end else b"")


class SipStream(_Sip):
    """Messages one after another; Content-Length says where the next begins."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._held = (bytearray(), bytearray())
        self._waiting: list[_Waiting | None] = [None, None]  # messages whose description of a session is not whole
        self._skip = [0, 0]
        self._lost = [False, False]

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        side = 0 if to_server else 1
        held, pos = self._held[side], 0
        while pos < len(data) and not self._lost[side]:
            skipped = min(self._skip[side], len(data) - pos)
            self._skip[side] -= skipped
            if (waiting := self._waiting[side]) is not None:
                waiting.body.extend(data[pos : pos + skipped])
                if self._skip[side] == 0:
                    self._tell_waiting(side, at)
            pos += skipped
            if pos == len(data):
                return
            if not held:
                kept = data[pos:].lstrip(_KEEP_ALIVE)
                pos = len(data) - len(kept)
                if not kept:
                    return
            pos = self._head(side, data, pos, at)

    def _head(self, side: int, data: bytes, pos: int, at: Moment) -> int:
        """Add to the head of a message, tell it when it is whole, and return the place after it."""
        held, before = self._held[side], len(self._held[side])
        held += data[pos : pos + self._limit + 4 - before]
        end = _END.search(held, max(0, before - 3))
        if end is None:
            if len(held) >= self._limit:
                self._context.count("sip_head_limit")
                self._give_up(side)
            return len(data)
        head, parting, place = bytes(held[: end.start()]), bytes(end[0]), pos + end.end() - before
        held.clear()
        row = self._read(head)
        if row is None:
            self._give_up(side)
            return place
        self._skip[side] = size = row.get("body_bytes", 0)
        if _describes(row) and 0 < size <= self._most_body:
            self._waiting[side] = _Waiting(head, row, parting, bytearray())
        else:
            self._tell(side == 0, head, row, at, parting)
        return place

    def _tell_waiting(self, side: int, at: Moment) -> None:
        """Tell a message with as much of its body as came."""
        waiting, self._waiting[side] = self._waiting[side], None
        if waiting is not None:
            self._tell(side == 0, waiting.head, waiting.row, at, waiting.parting, bytes(waiting.body))

    def end(self, at: Moment) -> None:
        """The conversation is over: a message whose body broke off is told with what there is of it."""
        for side in (0, 1):
            self._tell_waiting(side, at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """A gap inside a body is passed over; one in a head loses this direction."""
        side = 0 if to_server else 1
        self._context.count("sip_gap")
        self._tell_waiting(side, at)
        if self._skip[side] >= size:
            self._skip[side] -= size
        else:
            self._give_up(side)

    def _give_up(self, side: int) -> None:
        self._held[side].clear()
        self._lost[side] = True
        self.done = all(self._lost)


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is SIP: a response line, or a method of SIP with a URI of SIP or a version."""
    first = (initiator.lstrip(b"\r\n\0") or responder.lstrip(b"\r\n\0"))
    if not first:
        return None if (not initiator and not responder) or flow.proto == 6 else False
    if first.startswith(b"SIP/"):
        return True
    method, space, rest = first.partition(b" ")
    if not space:
        return None if flow.proto == 6 and first in _BEGINNINGS else False
    if method not in _METHODS:
        return False
    if rest.lower().startswith((b"sip:", b"sips:", b"tel:", b"urn:")) or b" SIP/" in rest.split(b"\n")[0]:
        return True
    return None if len(rest) < 5 and flow.proto == 6 else False


def _over(proto: int) -> Any:
    return lambda initiator, responder, flow: probe(initiator, responder, flow) if flow.proto == proto else False


_OPENS = bytes({m[0] for m in _METHODS}) + b"S\r\n\0"

WANTS: tuple[Wants, ...] = (
    Wants(AppProto.SIP, SipDatagrams, _over(17), (SIP,), Opening(_OPENS, alone=_OPENS)),
    Wants(AppProto.SIP, SipStream, _over(6), (SIP,), Opening(_OPENS, alone=_OPENS)),
)

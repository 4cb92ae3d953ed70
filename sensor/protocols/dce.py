"""DCE/RPC over pipes (C706, chapter 12): packets out of a stream of bytes, calls with their sizes and interfaces."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from struct import Struct, error, unpack_from
from typing import Any, NamedTuple

from sensor.protocols.printing import json_column

HEADER_BYTES = 16
_CALLS, _INTERFACES = 64, 64
_KEPT = 256  # interfaces as text: all that are in use are bound again and again
_FIRST, _LAST = 1, 2
_STUB_BYTES = 65_536
TYPES = {0: "REQUEST", 1: "PING", 2: "RESPONSE", 3: "FAULT", 4: "WORKING", 5: "NOCALL", 6: "REJECT", 7: "ACK",
          8: "CL_CANCEL", 9: "FACK", 10: "CANCEL_ACK", 11: "BIND", 12: "BINDACK", 13: "BINDNAK", 14: "ALTER_CONTEXT",
          15: "ALTER_CONTEXT_RESP", 16: "AUTH3", 17: "SHUTDOWN", 18: "CO_CANCEL", 19: "ORPHANED"}
_REQUEST, _RESPONSE, _BIND, _BIND_ACK, _ALTER, _ALTER_RESPONSE, _AUTH3 = 0, 2, 11, 12, 14, 15, 16
_HEADS = {order: Struct(f"{order}BBBBBB2xHHI").unpack_from for order in "<>"}
_ASKED = {order: Struct(f"{order}HH").unpack_from for order in "<>"}
UNREPLIED = "UNREPLIED"
_new = tuple.__new__  # without the call that a named tuple wraps it in


class Packet(NamedTuple):
    """One packet, which begins at a place of data; size is all of it with the header."""

    kind: int
    flags: int
    order: str  # of struct, by the data representation
    call_id: int
    size: int
    auth_bytes: int
    data: bytes
    start: int

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.data[self.start + HEADER_BYTES : self.start + self.size]


def looks_like(head: bytes | bytearray) -> bool:
    """Tell whether bytes begin as a packet of version 5."""
    return (len(head) >= HEADER_BYTES and head[0] == 5 and head[1] <= 1 and head[2] <= 19 and head[4] & 0xEF == 0
            and head[5] <= 3 and _size_of(head) >= HEADER_BYTES)


def _size_of(head: bytes | bytearray) -> int:
    """Return how long a packet is, header and all, as its header says."""
    return int.from_bytes(head[8:10], "little" if head[4] else "big")


class PacketReader:
    """Cuts one direction into packets, each held whole: lengths have 16 bits. lost: what comes is no packet."""

    __slots__ = ("_held", "_skip", "lost")

    def __init__(self) -> None:
        self._held, self._skip, self.lost = bytearray(), 0, False

    def feed(self, data: bytes) -> list[Packet]:
        """Take the next bytes; return what they complete."""
        found: list[Packet] = []
        at = 0
        while at < len(data) and not self.lost:
            if self._skip:
                passed = min(self._skip, len(data) - at)
                self._skip, at = self._skip - passed, at + passed
                continue
            if not self._held and (packet := _packet(data, at)) is not None:  # most often a packet is there at once
                found.append(packet)
                at += packet.size
                continue
            wanted = HEADER_BYTES if len(self._held) < HEADER_BYTES else _size_of(self._held)
            piece = data[at : at + wanted - len(self._held)]
            self._held += piece
            at += len(piece)
            if len(self._held) == HEADER_BYTES and not looks_like(self._held):
                self.lost = True
            elif len(self._held) >= HEADER_BYTES and len(self._held) >= _size_of(self._held):
                whole = _packet(bytes(self._held), 0)
                self._held.clear()
                found += [whole] if whole else []
        return found

    def gap(self, size: int) -> None:
        """Pass over a gap; a packet that is cut by it is lost, and what comes behind is taken for the next one."""
        if len(self._held) >= HEADER_BYTES:
            self._skip = _size_of(self._held) - len(self._held)
        self._held.clear()
        self._skip = max(self._skip - size, 0)


def _packet(data: bytes, at: int) -> Packet | None:
    """Return the packet at a place of data, None where it is not whole, or where it is no packet."""
    if at + HEADER_BYTES > len(data):
        return None
    order = "<" if data[at + 4] else ">"
    version, minor, kind, flags, form, floats, size, auth, call_id = _HEADS[order](data, at)
    if (version != 5 or minor > 1 or kind > 19 or form & 0xEF or floats > 3
            or not HEADER_BYTES <= size <= len(data) - at):
        return None
    return _new(Packet, (kind, flags, order, call_id, size, auth, data, at))


class Interface(NamedTuple):
    """An interface that was bound: a list of it alone, also as JSON text, since most calls name one."""

    alone: tuple[dict[str, Any]]
    text: str


@lru_cache(_KEPT)
def _interface(raw: bytes, order: str) -> Interface:
    name = uuid.UUID(bytes_le=raw[:16]) if order == "<" else uuid.UUID(bytes=raw[:16])
    major, minor = unpack_from(f"{order}HH", raw, 16)
    shown = {"uuid": str(name), "version": f"{major}.{minor}"}
    return Interface((shown,), json_column([shown]))


class Call:
    """One call: what was asked and, as far as it is there, answered.

    facts: of the message that carried the beginning of the request. number: of its transaction, None until its request
    is whole. interfaces: what a bind names, or the one that a request goes to.
    """

    # what a call begins with stands here once, not in each: most of it is never set
    number: int | None = None
    opnum: int = 0
    request_fragments: int = 0
    request_bytes: int = 0
    response_fragments: int = 0
    response_bytes: int = 0
    response: str = ""
    _interfaces_text: str = ""
    interfaces: Sequence[dict[str, Any]] | None = None
    little: bool = False
    request_stub: bytes = b""
    response_stub: bytes = b""

    def __init__(self, request: str, call_id: int, facts: dict[str, Any]) -> None:
        self.request, self.call_id, self.facts = request, call_id, facts

    def goes_to(self, interface: Interface) -> None:
        """The interface of a request is known."""
        self.interfaces, self._interfaces_text = interface.alone, interface.text

    def acknowledged(self, place: int, result: int, reason: int) -> None:
        """An interface that was named at a place was accepted, or not."""
        found = list(self.interfaces or ())
        found[place] = {**found[place], "ack_result": result, "ack_reason": reason}
        self.interfaces, self._interfaces_text = found, ""

    @property
    def interface(self) -> str:
        """The first interface, "" where none is known."""
        return self.interfaces[0]["uuid"] if self.interfaces else ""

    def text(self, version: str = "") -> str:
        """Return it as a JSON object; version: of the protocol, where it does not go through a pipe.

        It is written here and not by json: every call of a busy server becomes a row, and all but numbers is constant.
        """
        asked = answered = interfaces = ""
        if self.request_fragments:
            opnum = f'"req":{{"opnum":{self.opnum},' if version else f'"opnum":{self.opnum},"req":{{'
            asked = f',{opnum}"frag_cnt":{self.request_fragments},"stub_data_size":{self.request_bytes}}}'
        if self.interfaces is not None:
            interfaces = f',"interfaces":{self._interfaces_text or json_column(self.interfaces) or "[]"}'
        if self.response_fragments:
            answered = f',"res":{{"frag_cnt":{self.response_fragments},"stub_data_size":{self.response_bytes}}}'
        spoken = f',"rpc_version":"{version}"' if version else ""
        return (f'{{"request":"{self.request}","call_id":{self.call_id}{asked}{interfaces},'
                f'"response":"{self.response}"{answered}{spoken}}}')

    def buffers(self, to_server: bool) -> list[tuple[str, bytes]]:
        """Return the inspection buffers of request or response; nothing for what only opens an association."""
        if self.request not in ("REQUEST", "REQUEST_LOST"):
            return []
        found = [("dcerpc.little", b"1")] if self.little else []
        if self.request_fragments:
            found.append(("dcerpc.opnum", b"%d" % self.opnum))
        found += [("dcerpc.iface", f"{one['uuid']} {str(one['version']).partition('.')[0]}".encode())
                  for one in self.interfaces or ()]
        stub = self.request_stub if to_server else self.response_stub
        return [*found, *([("dcerpc.stub_data", stub)] if stub else [])]


class Calls:
    """The calls of one association, both directions."""

    __slots__ = ("_answer_at", "_asked", "_calls", "_interfaces", "_readers", "_stubs")

    def __init__(self, asked: Callable[[Call], None], *, stubs: bool, answer_at: int = 8) -> None:
        """asked: takes each request when it is whole. stubs: they are kept with the calls, for their buffers.

        answer_at: where the stub of a response begins after the header. Rules for DCE/RPC over TCP count from the
        header's end, those for pipes from where the data begins, because Suricata cuts them so.
        """
        self._answer_at = answer_at
        self._asked, self._stubs = asked, stubs
        self._readers = (PacketReader(), PacketReader())
        self._calls: dict[int, Call] = {}
        self._interfaces: dict[int, Interface] = {}

    def feed(self, to_server: bool, data: bytes, facts: dict[str, Any], tell: Callable[[Call], None]) -> None:
        """Take the next bytes of a direction; tell the calls that they complete, each before more is read.

        facts are of the message that carries them; those of the first of a request stand in the call.
        """
        for packet in self._readers[to_server].feed(data):
            if to_server and len(self._calls) >= _CALLS and packet.call_id not in self._calls:
                tell(self._unanswered(self._calls.pop(next(iter(self._calls)))))
            try:
                call = self._request(packet, facts) if to_server else self._response(packet)
            except error:  # it breaks off
                continue
            if call is not None:
                tell(call)

    def gap(self, to_server: bool, size: int) -> None:
        """Some bytes are missing."""
        self._readers[to_server].gap(size)

    @property
    def lost(self) -> bool:
        """Whether what was said is no DCE/RPC."""
        return self._readers[0].lost or self._readers[1].lost

    def end(self) -> Iterator[Call]:
        """Yield the calls that were not answered."""
        for call in self._calls.values():
            yield self._unanswered(call)
        self._calls.clear()

    def _unanswered(self, call: Call) -> Call:
        call.response = UNREPLIED
        return call

    def _request(self, packet: Packet, facts: dict[str, Any]) -> Call | None:
        """Take a packet of the client; return the call if no answer to it will come."""
        kind, flags, order, call_id, size, _, data, start = packet
        call = self._calls.get(call_id)
        if call is None or flags & _FIRST:
            call = Call(TYPES[kind], call_id, facts)
            if kind == _AUTH3:
                return self._unanswered(call)
            self._calls[call_id] = call
            if kind in (_BIND, _ALTER):
                call.interfaces = self._bind(packet)
        if kind == _REQUEST:
            if size < HEADER_BYTES + 8:
                raise error
            context, call.opnum = _ASKED[order](data, start + HEADER_BYTES + 4)
            call.request_fragments += 1
            call.request_bytes += _stub_size(packet)
            if self._stubs:
                call.little = order == "<"
                call.request_stub = self._kept(call.request_stub, packet, 8)
            if context in self._interfaces:
                call.goes_to(self._interfaces[context])
            if flags & _LAST:
                self._asked(call)
        return None

    def _response(self, packet: Packet) -> Call | None:
        """Take a packet of the server; return the call that it completes."""
        kind, flags, call_id = packet.kind, packet.flags, packet.call_id
        call = self._calls.get(call_id)
        if call is None:
            call = Call("REQUEST_LOST", call_id, {})
            if not flags & _LAST:
                if len(self._calls) >= _CALLS:
                    return None
                self._calls[call_id] = call
        call.response = TYPES[kind]
        if kind == _RESPONSE:
            call.response_fragments += 1
            call.response_bytes += _stub_size(packet)
            if self._stubs:
                call.little = packet.order == "<"
                call.response_stub = self._kept(call.response_stub, packet, self._answer_at)
        elif kind in (_BIND_ACK, _ALTER_RESPONSE):
            _acknowledge(call, packet)
        if flags & _LAST or kind != _RESPONSE:
            self._calls.pop(call_id, None)
            return call
        return None

    def _kept(self, before: bytes, packet: Packet, start: int) -> bytes:
        """Return a stub with that of a fragment; what authenticates it belongs to it, as in Suricata."""
        return (before + packet.body[start:])[:_STUB_BYTES]

    def _bind(self, packet: Packet) -> list[dict[str, Any]]:
        """Read the interfaces of a bind: context, how many transfer syntaxes, interface, version."""
        found: list[dict[str, Any]] = []
        body, order = packet.body, packet.order
        at = 12
        for _ in range(body[8] if len(body) > 8 else 0):
            if at + 24 > len(body) or len(found) >= _INTERFACES:
                break
            context, syntaxes = unpack_from(f"{order}HB", body, at)
            one = _interface(body[at + 4 : at + 24], order)
            found += one.alone
            if len(self._interfaces) < _INTERFACES:
                self._interfaces[context] = one
            at += 24 + 20 * syntaxes
        return found


def _stub_size(packet: Packet) -> int:
    """Return how many bytes of a fragment are its stub: not the headers, and not what authenticates it."""
    auth = packet.auth_bytes + 8 if packet.auth_bytes else 0
    return max(packet.size - HEADER_BYTES - 8 - auth, 0)


def _acknowledge(call: Call, packet: Packet) -> None:
    """Add the results of a bind, in the order in which the interfaces were named."""
    body, order = packet.body, packet.order
    address = unpack_from(f"{order}H", body, 8)[0]
    at = (10 + address + 3) & ~3
    for place in range(min(body[at] if at < len(body) else 0, len(call.interfaces or ()))):
        call.acknowledged(place, *unpack_from(f"{order}HH", body, at + 4 + 24 * place))

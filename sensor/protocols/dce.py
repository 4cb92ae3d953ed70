"""DCE/RPC over pipes (C706, chapter 12): packets out of a stream of bytes, calls with their sizes and interfaces."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from struct import error, unpack_from
from typing import Any, NamedTuple

HEADER_BYTES = 16
_CALLS, _INTERFACES = 64, 64
_FIRST, _LAST = 1, 2
_STUB_BYTES = 65_536
TYPES = {0: "REQUEST", 1: "PING", 2: "RESPONSE", 3: "FAULT", 4: "WORKING", 5: "NOCALL", 6: "REJECT", 7: "ACK",
          8: "CL_CANCEL", 9: "FACK", 10: "CANCEL_ACK", 11: "BIND", 12: "BINDACK", 13: "BINDNAK", 14: "ALTER_CONTEXT",
          15: "ALTER_CONTEXT_RESP", 16: "AUTH3", 17: "SHUTDOWN", 18: "CO_CANCEL", 19: "ORPHANED"}
_REQUEST, _RESPONSE, _BIND, _BIND_ACK, _ALTER, _ALTER_RESPONSE, _AUTH3 = 0, 2, 11, 12, 14, 15, 16
_ANSWERED = frozenset({_REQUEST, _BIND, _ALTER})


class Packet(NamedTuple):
    """One packet: body is what follows the header, size all of it with the header."""

    kind: int
    flags: int
    order: str  # of struct, by the data representation
    call_id: int
    size: int
    auth_bytes: int
    body: bytes


def looks_like(head: bytes) -> bool:
    """Tell whether bytes begin as a packet of version 5."""
    return (len(head) >= HEADER_BYTES and head[0] == 5 and head[1] <= 1 and head[2] <= 19 and head[4] & 0xEF == 0
            and head[5] <= 3 and _size_of(head) >= HEADER_BYTES)


def _size_of(head: bytes | bytearray) -> int:
    """Return how long a packet is, header and all, as its header says."""
    return int.from_bytes(head[8:10], "little" if head[4] else "big")


class PacketReader:
    """Cuts one direction into packets, each held whole: lengths have 16 bits. lost: what comes is no packet."""

    def __init__(self) -> None:
        self._held, self._skip, self.lost = bytearray(), 0, False

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take the next bytes; yield what they complete."""
        at = 0
        while at < len(data) and not self.lost:
            if self._skip:
                passed = min(self._skip, len(data) - at)
                self._skip, at = self._skip - passed, at + passed
                continue
            if not self._held and (stop := _end_of(data, at)):  # most often a packet is there at once
                yield _packet(data[at:stop])
                at = stop
                continue
            wanted = HEADER_BYTES if len(self._held) < HEADER_BYTES else _size_of(self._held)
            piece = data[at : at + wanted - len(self._held)]
            self._held += piece
            at += len(piece)
            if len(self._held) == HEADER_BYTES and not looks_like(self._held):
                self.lost = True
            elif len(self._held) >= HEADER_BYTES and len(self._held) >= _size_of(self._held):
                whole = bytes(self._held)
                self._held.clear()
                yield _packet(whole)

    def gap(self, size: int) -> None:
        """Pass over a gap; a packet that is cut by it is lost, and what comes behind is taken for the next one."""
        if len(self._held) >= HEADER_BYTES:
            self._skip = _size_of(self._held) - len(self._held)
        self._held.clear()
        self._skip = max(self._skip - size, 0)


def _end_of(data: bytes, at: int) -> int:
    """Return where the packet ends that begins at a place of data, 0 where it does not, or where it is no packet."""
    head = data[at : at + HEADER_BYTES]
    if not looks_like(head):
        return 0
    stop = at + _size_of(head)
    return stop if stop <= len(data) else 0


def _packet(whole: bytes) -> Packet:
    order = "<" if whole[4] else ">"
    size, auth, call_id = unpack_from(f"{order}HHI", whole, 8)
    return Packet(whole[2], whole[3], order, call_id, size, auth, whole[HEADER_BYTES:])


class Calls:
    """The calls of one association, both directions."""

    def __init__(self, asked: Callable[[dict[str, Any]], None], *, stubs: bool, answer_at: int = 8) -> None:
        """asked: takes each request when it is whole. stubs: they are kept with the calls, for call_buffers.

        answer_at: where the stub of a response begins after the header. Rules for DCE/RPC over TCP count from the
        header's end, those for pipes from where the data begins, because Suricata cuts them so.
        """
        self._answer_at = answer_at
        self._asked, self._stubs = asked, stubs
        self._readers = (PacketReader(), PacketReader())
        self._calls: dict[int, dict[str, Any]] = {}
        self._interfaces: dict[int, dict[str, Any]] = {}

    def feed(self, to_server: bool, data: bytes, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Take the next bytes of a direction; yield the calls that they complete.

        facts are of the message that carries them; those of the first of a request stand in the call under ``facts``.
        """
        for packet in self._readers[to_server].feed(data):
            try:
                yield from self._request(packet, facts) if to_server else self._response(packet)
            except error:  # it breaks off
                continue

    def gap(self, to_server: bool, size: int) -> None:
        """Some bytes are missing."""
        self._readers[to_server].gap(size)

    @property
    def lost(self) -> bool:
        """Whether what was said is no DCE/RPC."""
        return self._readers[0].lost or self._readers[1].lost

    def end(self) -> Iterator[dict[str, Any]]:
        """Yield the calls that were not answered."""
        for call in self._calls.values():
            yield {**call, "response": "UNREPLIED"}
        self._calls.clear()

    def _request(self, packet: Packet, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        call = self._calls.get(packet.call_id)
        if call is None or packet.flags & _FIRST:
            if call is None and len(self._calls) >= _CALLS:
                yield {**self._calls.pop(next(iter(self._calls))), "response": "UNREPLIED"}
            call = {"request": TYPES[packet.kind], "call_id": packet.call_id, "facts": facts}
            if packet.kind == _AUTH3:
                yield {**call, "response": "UNREPLIED"}
                return
            self._calls[packet.call_id] = call
            if packet.kind in (_BIND, _ALTER):
                call["interfaces"] = self._bind(packet)
        if packet.kind == _REQUEST:
            context, opnum = unpack_from(f"{packet.order}HH", packet.body, 4)
            call["opnum"] = opnum
            _add(call, "req", packet)
            self._keep(call, "_req", packet)
            if context in self._interfaces:
                known = self._interfaces[context]
                call["interfaces"] = [{"uuid": known["uuid"], "version": known["version"]}]
            if packet.flags & _LAST:
                self._asked(call)

    def _response(self, packet: Packet) -> Iterator[dict[str, Any]]:
        call = self._calls.get(packet.call_id)
        if call is None:
            call = {"request": "REQUEST_LOST", "call_id": packet.call_id, "facts": {}}
            if not packet.flags & _LAST:
                if len(self._calls) >= _CALLS:
                    return
                self._calls[packet.call_id] = call
        call["response"] = TYPES[packet.kind]
        if packet.kind == _RESPONSE:
            _add(call, "res", packet)
            self._keep(call, "_res", packet)
        elif packet.kind in (_BIND_ACK, _ALTER_RESPONSE):
            _acknowledge(call.get("interfaces", []), packet)
        if packet.flags & _LAST or packet.kind != _RESPONSE:
            self._calls.pop(packet.call_id, None)
            yield call

    def _keep(self, call: dict[str, Any], side: str, packet: Packet) -> None:
        """Keep the stub of a fragment, as far as it was held."""
        if self._stubs:
            start = 8 if side == "_req" else self._answer_at
            end = packet.size - HEADER_BYTES  # what authenticates it belongs to it, as in Suricata
            call["_little"] = packet.order == "<"
            call[side] = (call.get(side, b"") + packet.body[start : max(end, start)])[:_STUB_BYTES]

    def _bind(self, packet: Packet) -> list[dict[str, Any]]:
        """Read the interfaces of a bind: context, how many transfer syntaxes, interface, version."""
        found: list[dict[str, Any]] = []
        at = 12
        for _ in range(packet.body[8] if len(packet.body) > 8 else 0):
            if at + 24 > len(packet.body) or len(found) >= _INTERFACES:
                break
            context, syntaxes = unpack_from(f"{packet.order}HB", packet.body, at)
            raw = packet.body[at + 4 : at + 20]
            name = uuid.UUID(bytes_le=raw) if packet.order == "<" else uuid.UUID(bytes=raw)
            major, minor = unpack_from(f"{packet.order}HH", packet.body, at + 20)
            one = {"uuid": str(name), "version": f"{major}.{minor}"}
            found.append(one)
            if len(self._interfaces) < _INTERFACES:
                self._interfaces[context] = one
            at += 24 + 20 * syntaxes
        return found


def _add(call: dict[str, Any], side: str, packet: Packet) -> None:
    """Count a fragment of a request or response, and the bytes of its stub."""
    sizes = call.setdefault(side, {"frag_cnt": 0, "stub_data_size": 0})
    sizes["frag_cnt"] += 1
    auth = packet.auth_bytes + 8 if packet.auth_bytes else 0
    sizes["stub_data_size"] += max(packet.size - HEADER_BYTES - 8 - auth, 0)


def _acknowledge(interfaces: list[dict[str, Any]], packet: Packet) -> None:
    """Add the results of a bind, in the order in which the interfaces were named."""
    address = unpack_from(f"{packet.order}H", packet.body, 8)[0]
    at = (10 + address + 3) & ~3
    for place in range(min(packet.body[at] if at < len(packet.body) else 0, len(interfaces))):
        result, reason = unpack_from(f"{packet.order}HH", packet.body, at + 4 + 24 * place)
        interfaces[place] |= {"ack_result": result, "ack_reason": reason}


def call_buffers(call: dict[str, Any], to_server: bool) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a request or response; nothing for what only opens an association."""
    if call["request"] not in ("REQUEST", "REQUEST_LOST"):
        return []
    found = [("dcerpc.little", b"1")] if call.get("_little") else []
    if "opnum" in call:
        found.append(("dcerpc.opnum", b"%d" % call["opnum"]))
    found += [("dcerpc.iface", f"{one['uuid']} {str(one['version']).partition('.')[0]}".encode())
              for one in call.get("interfaces", [])]
    stub = call.get("_req" if to_server else "_res")
    return [*found, *([("dcerpc.stub_data", stub)] if stub else [])]


def shown_call(call: dict[str, Any]) -> dict[str, Any]:
    """Return a call without what was kept to be inspected."""
    return {name: value for name, value in call.items() if not name.startswith("_")}

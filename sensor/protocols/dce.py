"""DCE/RPC over pipes (C706, chapter 12): packets out of a stream of bytes, calls with their sizes and interfaces."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from struct import error, unpack_from
from typing import Any, NamedTuple

HEADER_BYTES = 16
KEPT_BYTES = 2048
_CALLS, _INTERFACES = 64, 64
_FIRST, _LAST = 1, 2
TYPES = {0: "REQUEST", 1: "PING", 2: "RESPONSE", 3: "FAULT", 4: "WORKING", 5: "NOCALL", 6: "REJECT", 7: "ACK",
          8: "CL_CANCEL", 9: "FACK", 10: "CANCEL_ACK", 11: "BIND", 12: "BINDACK", 13: "BINDNAK", 14: "ALTER_CONTEXT",
          15: "ALTER_CONTEXT_RESP", 16: "AUTH3", 17: "SHUTDOWN", 18: "CO_CANCEL", 19: "ORPHANED"}
_REQUEST, _RESPONSE, _BIND, _BIND_ACK, _ALTER, _ALTER_RESPONSE, _AUTH3 = 0, 2, 11, 12, 14, 15, 16
_ANSWERED = frozenset({_REQUEST, _BIND, _ALTER})


class Packet(NamedTuple):
    """One packet: body holds the first bytes after the header, size all of it with the header."""

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
            and head[5] <= 3 and int.from_bytes(head[8:10], "little" if head[4] else "big") >= HEADER_BYTES)


class PacketReader:
    """Cuts one direction into packets; of each the first KEPT_BYTES are held. lost: what comes is no packet."""

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
            wanted = HEADER_BYTES if len(self._held) < HEADER_BYTES else min(self._size(), KEPT_BYTES)
            piece = data[at : at + wanted - len(self._held)]
            self._held += piece
            at += len(piece)
            if len(self._held) == HEADER_BYTES and not looks_like(self._held):
                self.lost = True
            elif len(self._held) >= HEADER_BYTES and len(self._held) >= min(self._size(), KEPT_BYTES):
                yield self._whole()

    def gap(self, size: int) -> None:
        """Pass over a gap; a packet that is cut by it is lost, and what comes behind is taken for the next one."""
        if len(self._held) >= HEADER_BYTES:
            self._skip = self._size() - len(self._held)
        self._held.clear()
        self._skip = max(self._skip - size, 0)

    def _size(self) -> int:
        return int.from_bytes(self._held[8:10], "little" if self._held[4] else "big")

    def _whole(self) -> Packet:
        held = bytes(self._held)
        order = "<" if held[4] else ">"
        size, auth, call_id = unpack_from(f"{order}HHI", held, 8)
        self._held.clear()
        self._skip = size - len(held)
        return Packet(held[2], held[3], order, call_id, size, auth, held[HEADER_BYTES:])


class Calls:
    """The calls of one association, both directions.

    stub is given what a packet of a call carries, as far as it is held: (to_server, the call so far, bytes).
    """

    def __init__(self, stub: Callable[[bool, dict[str, Any], bytes], None] | None = None) -> None:
        self._stub = stub
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
            if context in self._interfaces:
                known = self._interfaces[context]
                call["interfaces"] = [{"uuid": known["uuid"], "version": known["version"]}]
            self._show(True, call, packet)

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
            self._show(False, call, packet)
        elif packet.kind in (_BIND_ACK, _ALTER_RESPONSE):
            _acknowledge(call.get("interfaces", []), packet)
        if packet.flags & _LAST or packet.kind != _RESPONSE:
            self._calls.pop(packet.call_id, None)
            yield call

    def _show(self, to_server: bool, call: dict[str, Any], packet: Packet) -> None:
        if self._stub is not None:
            self._stub(to_server, call, packet.body[8:])

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

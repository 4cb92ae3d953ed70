"""TCP reassembly as plain as can be, over our own decoder and flow table: the oracle of the streams, and a way to run
parsers over a capture without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from columns.codes import EndReason, Status
from sensor.capture import open_capture
from sensor.decode import Decoder
from sensor.flow import FlowTable
from sensor.protocols.parser import Context, FlowFacts, Moment, Wants

_SYN, _TCP, _UDP = 2, 6, 17
_PROBE_BYTES = 64


class Piece(NamedTuple):
    """Bytes of one direction of a flow, in order; for UDP one datagram. data is None at the end of the flow."""

    flow: FlowFacts
    to_server: bool
    data: bytes | None
    gap: int
    at: Moment


def pieces_of(capture: Path | str) -> Iterator[Piece]:
    """Yield what every flow of a capture said, in the order in which it could be put together."""
    decoder, table = Decoder(), FlowTable()
    live: dict[int, _Flow] = {}
    with open_capture(capture) as opened:
        for block in opened.blocks(1):
            for p, buffers in decoder.decode(block):
                for start, stop, flows in table.update(p):
                    yield from _ended(live, flows)
                    for i in range(start, stop):
                        yield from _packet(live, p, i, buffers)
    for flows in table.finish():
        yield from _ended(live, flows)


def _ended(live: dict[int, _Flow], flows: Any) -> Iterator[Piece]:
    for flow_id, reason in zip(flows.flow_id.tolist(), flows.end_reason.tolist(), strict=True):
        if reason != EndReason.ACTIVE_TIMEOUT and flow_id in live:
            flow = live.pop(flow_id)
            yield from flow.give_up()
            yield Piece(flow.facts, True, None, 0, flow.last)


def _packet(live: dict[int, _Flow], p: Any, i: int, buffers: Sequence[Any]) -> Iterator[Piece]:
    if p.status[i] != Status.OK or p.flow_id[i] == 0 or p.proto[i] not in (_TCP, _UDP):
        return
    flow_id, to_server = int(p.flow_id[i]), bool(p.to_server[i])
    if flow_id not in live:
        live[flow_id] = _Flow(_facts(p, i, to_server))
    flow, start = live[flow_id], int(p.payload_offset[i])
    data = buffers[p.buffer[i]][start : start + int(p.payload_captured_bytes[i])].tobytes()
    at = flow.last = Moment(int(p.ts_ns[i]), int(p.packet_number[i]))
    if p.proto[i] == _UDP:
        if data:
            yield Piece(flow.facts, to_server, data, 0, at)
        return
    yield from flow.segment(to_server, int(p.tcp_seq[i]), bool(p.tcp_flags[i] & _SYN), data, at)


def _facts(p: Any, i: int, to_server: bool) -> FlowFacts:
    src = int(p.src_ip_hi[i]) << 64 | int(p.src_ip_lo[i]), int(p.src_port[i])
    dst = int(p.dst_ip_hi[i]) << 64 | int(p.dst_ip_lo[i]), int(p.dst_port[i])
    if not to_server:
        src, dst = dst, src
    return FlowFacts(int(p.flow_id[i]), src[0], dst[0], src[1], dst[1], int(p.proto[i]), int(p.vlan[i]))


class _Flow:
    """Next sequence number and held bytes (by absolute place, first arrival wins) of both directions."""

    def __init__(self, facts: FlowFacts) -> None:
        self.facts, self.last = facts, Moment(0, 0)
        self.next: list[int | None] = [None, None]
        self.held: list[dict[int, tuple[int, Moment]]] = [{}, {}]

    def segment(self, to_server: bool, seq: int, syn: bool, data: bytes, at: Moment) -> Iterator[Piece]:
        side = 0 if to_server else 1
        if syn:
            seq += 1
        if self.next[side] is None:
            self.next[side] = seq
        expected = self.next[side]
        place = expected + ((seq - expected + (1 << 31)) % (1 << 32) - (1 << 31))
        for k, byte in enumerate(data):
            if place + k >= expected:
                self.held[side].setdefault(place + k, (byte, at))
        yield from self._deliver(side, at)

    def _deliver(self, side: int, at: Moment, gap: int = 0) -> Iterator[Piece]:
        held, out = self.held[side], bytearray()
        while self.next[side] in held:
            out.append(held.pop(self.next[side])[0])
            self.next[side] += 1
        if out:
            yield Piece(self.facts, side == 0, bytes(out), gap, at)

    def give_up(self) -> Iterator[Piece]:
        for side in (0, 1):
            while self.held[side]:
                first = min(self.held[side])
                gap, self.next[side] = first - self.next[side], first
                yield from self._deliver(side, self.last, gap)


def parse_capture(capture: Path | str, wants: Sequence[Wants], settings: Any = None) -> dict[str, list[dict[str, Any]]]:
    """Run the parsers over a capture; return rows (dicts with flow facts, ts_ns, tx_id) by name of the table.

    The key "counters" holds one dict of the causes counted by the parsers; "flows" one dict per flow: flow_id, proto.
    """
    rows: dict[str, list[dict[str, Any]]] = {"counters": [{}], "flows": []}
    parsers: dict[int, Any] = {}
    begun: dict[int, list[bytes]] = {}
    contexts: dict[int, Context] = {}
    for piece in pieces_of(capture):
        flow_id = piece.flow.flow_id
        if flow_id not in parsers:
            if piece.data is None:
                continue
            heads = begun.setdefault(flow_id, [b"", b""])
            heads[not piece.to_server] += piece.data
            found = _probe(heads, piece.flow, wants)
            if found is None:
                continue
            contexts[flow_id] = _context(piece.flow, rows, settings)
            parsers[flow_id] = found.parser(contexts[flow_id])
            rows["flows"].append(piece.flow._asdict() | {"app_proto": found.app_proto.name.lower()})
            for side in (0, 1):
                if heads[side]:
                    _give(parsers[flow_id], Piece(piece.flow, side == 0, heads[side], 0, piece.at))
        else:
            _give(parsers[flow_id], piece)
        successor = getattr(parsers[flow_id], "successor", None)
        if successor is not None and piece.data is not None:
            context = replace(contexts[flow_id], from_proto=parsers[flow_id].app_proto)
            parsers.pop(flow_id)
            begun[flow_id] = [successor.to_server, successor.to_client]
            found = next((w for w in wants if w.app_proto == successor.app_proto), None)
            if found is not None:
                parsers[flow_id] = found.parser(context)
                for side in (0, 1):
                    if begun[flow_id][side]:
                        _give(parsers[flow_id], Piece(piece.flow, side == 0, begun[flow_id][side], 0, piece.at))
    return rows


def _probe(heads: list[bytes], flow: FlowFacts, wants: Sequence[Wants]) -> Wants | None:
    for want in wants:
        if want.probe(heads[0][:_PROBE_BYTES], heads[1][:_PROBE_BYTES], flow) is True:
            return want
    return None


def _give(parser: Any, piece: Piece) -> None:
    if piece.data is None:
        parser.end(piece.at)
    elif not parser.done:
        if piece.flow.proto == _UDP:
            parser.datagram(piece.to_server, piece.data, piece.at)
        else:
            if piece.gap:
                parser.gap(piece.to_server, piece.gap, piece.at)
            parser.data(piece.to_server, piece.data, piece.at)


def _context(flow: FlowFacts, rows: dict[str, list[dict[str, Any]]], settings: Any) -> Context:
    numbers: dict[str, int] = {}

    def emit(table: Any, at: Moment, columns: dict[str, Any]) -> None:
        unknown = set(columns) - {c.name for c in table.columns}
        assert not unknown, f"{table.name} has no column {unknown}"
        number = numbers.get(table.name, 0)
        numbers[table.name] = number + 1
        rows.setdefault(table.name, []).append({**flow._asdict(), **at._asdict(), "logged_packet": at.packet_number,
                                                "tx_id": number, **columns})

    def count(cause: str, times: int = 1) -> None:
        rows["counters"][0][cause] = rows["counters"][0].get(cause, 0) + times

    return Context(flow, emit, count, settings)

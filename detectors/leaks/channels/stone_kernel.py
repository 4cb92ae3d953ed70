"""The kernel of stepping stones: pauses of TCP connections that end together (Zhang and Paxson, USENIX Security 2000).

A connection is OFF when no new data was seen for the idle time. Two connections coincide when both go on within the
resume time. A pair is told when enough coincidences came in a row (without another pause of both in between) and they
are a fair share of the pauses of the connection that has fewer. Pairs that share initiator, responder or an endpoint
are skipped: they are sessions of one user, or of one server.

Only connections that may be a leg of a chain are followed: the caller says so of each that opens, and a mark by the
place of its flow in the flow table is all that is looked at for a packet of any other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import kernel, part

STONE = np.dtype([
    ("flow_id", "u8"), ("src_hi", "u8"), ("src_lo", "u8"), ("dst_hi", "u8"), ("dst_lo", "u8"), ("idles", "i8"),
    ("src_port", "u2"), ("dst_port", "u2"), ("vlan", "u2")])
"""A connection; src_ is its initiator. The place is that of the flow in the flow table, modulo the size."""

CLOCK = np.dtype([("flow_id", "u8"), ("last_ns", "i8")])
"""What every packet needs of its connection, apart from the rest, so that it stays in the cache of the processor."""

PAIR = np.dtype([("a", "u8"), ("b", "u8"), ("at_a", "i8"), ("at_b", "i8"), ("row", "i8"), ("total", "i8")])
"""Two connections: pauses of each at the last coincidence, coincidences in a row, and in all."""


class StonePackets(NamedTuple):
    """The columns of Packets that a connection and its pauses are told by."""

    ts_ns: np.ndarray
    status: np.ndarray
    tunnel_depth: np.ndarray
    vlan: np.ndarray
    proto: np.ndarray
    src_ip_hi: np.ndarray
    src_ip_lo: np.ndarray
    dst_ip_hi: np.ndarray
    dst_ip_lo: np.ndarray
    src_port: np.ndarray
    dst_port: np.ndarray
    payload_bytes: np.ndarray
    flow_id: np.ndarray
    flow_slot: np.ndarray
    to_server: np.ndarray


RESUMED = np.dtype([("flow_id", "u8"), ("ts_ns", "i8"), ("place", "i8")])
FOUND = np.dtype([
    ("index", "i8"), ("first", STONE), ("second", STONE), ("row", "i8"), ("total", "i8"), ("idles", "i8")])
"""A pair that fulfils the conditions at a packet (its index): ``first`` is the connection that began its pair first."""

(HEAD, EVICTED_FLOWS, EVICTED_PAIRS, SKIPPED, RESUMES, COINCIDENCES, NUMBERS) = range(7)
(IDLE_NS, RESUME_NS, SHARED_ROW, APART_ROW, LIMITS) = range(5)
_TCP, _LOOK_BACK = 6, 64
_MIX = np.uint64(0x9E3779B97F4A7C15)


@part
def _begin(stones, clocks, place, packets, i, numbers):
    """Begin a connection with its first packet with data; who had its place gives way."""
    s = stones[place]
    if s["flow_id"] != np.uint64(0):
        numbers[EVICTED_FLOWS] += 1
    up = packets.to_server[i] == 1
    clocks[place]["flow_id"], clocks[place]["last_ns"] = packets.flow_id[i], packets.ts_ns[i]
    s["flow_id"], s["idles"], s["vlan"] = packets.flow_id[i], 0, packets.vlan[i]
    s["src_hi"] = packets.src_ip_hi[i] if up else packets.dst_ip_hi[i]
    s["src_lo"] = packets.src_ip_lo[i] if up else packets.dst_ip_lo[i]
    s["dst_hi"] = packets.dst_ip_hi[i] if up else packets.src_ip_hi[i]
    s["dst_lo"] = packets.dst_ip_lo[i] if up else packets.src_ip_lo[i]
    s["src_port"] = packets.src_port[i] if up else packets.dst_port[i]
    s["dst_port"] = packets.dst_port[i] if up else packets.src_port[i]


@part
def _related(a, b):
    """Return 0 for a pair to skip, 2 where the responder of one is the initiator of the other, else 1."""
    if a["src_hi"] == b["src_hi"] and a["src_lo"] == b["src_lo"]:
        return 0
    if a["dst_hi"] == b["dst_hi"] and a["dst_lo"] == b["dst_lo"]:
        return 0
    if a["src_hi"] == b["dst_hi"] and a["src_lo"] == b["dst_lo"]:
        return 0 if a["src_port"] == b["dst_port"] else 2
    if a["dst_hi"] == b["src_hi"] and a["dst_lo"] == b["src_lo"]:
        return 0 if a["dst_port"] == b["src_port"] else 2
    return 1


@part
def _coincide(pairs, first, second, related, limits, share, numbers, found, n, index):
    """Note a coincidence of two connections; write the pair out if it fulfils the conditions. Return how many are."""
    a, b = min(first["flow_id"], second["flow_id"]), max(first["flow_id"], second["flow_id"])
    at_a = first["idles"] if a == first["flow_id"] else second["idles"]
    at_b = second["idles"] if a == first["flow_id"] else first["idles"]
    h = (a * _MIX ^ b) * _MIX
    p = pairs[np.int64(h >> np.uint64(40)) & (pairs.size - 1)]
    if p["a"] != a or p["b"] != b:
        if p["a"] != np.uint64(0):
            numbers[EVICTED_PAIRS] += 1
        p["a"], p["b"], p["row"], p["total"], p["at_a"], p["at_b"] = a, b, 0, 0, -1, -1
    elif p["at_a"] == at_a and p["at_b"] == at_b:
        return n
    numbers[COINCIDENCES] += 1
    in_row = p["at_a"] >= 0 and (at_a - p["at_a"] == 1 or at_b - p["at_b"] == 1)
    p["row"] = p["row"] + 1 if in_row else 1
    p["total"] += 1
    p["at_a"], p["at_b"] = at_a, at_b
    fewer = min(at_a, at_b)
    needed = (limits[SHARED_ROW] if related == 2 else limits[APART_ROW]) * max(1.0, fewer / 100.0)
    if p["row"] >= needed and p["total"] >= share * fewer:
        f = found[n]
        f["index"], f["row"], f["total"], f["idles"] = index, p["row"], p["total"], fewer
        f["first"], f["second"] = first, second
        return n + 1
    return n


@kernel
def step(packets, start, openings, legs, at, marks, stones, clocks, pairs, ring, limits, share, numbers, found):
    """Take packets from an index on; stop where ``found`` may be full. Return (next index, next opening, rows found).

    openings: the indices of packets that open a flow, of which those from ``at`` on are still to come; legs: bool for
    each of them, whether that flow may be a leg. marks: uint8 by place in the flow table, modulo the size.
    """
    n, i = np.int64(0), start
    while i < packets.proto.size and n + _LOOK_BACK <= found.size:
        if at < openings.size and openings[at] == i:
            marks[np.int64(packets.flow_slot[i]) & (marks.size - 1)] = legs[at]
            at += 1
        slot = np.int64(packets.flow_slot[i])
        if slot < 0 or marks[slot & (marks.size - 1)] == 0 or packets.payload_bytes[i] == 0 or (
                packets.proto[i] != _TCP or packets.status[i] != 0 or packets.tunnel_depth[i] != 0):
            i += 1
            continue
        place = slot & (clocks.size - 1)
        if clocks[place]["flow_id"] != packets.flow_id[i]:
            _begin(stones, clocks, place, packets, i, numbers)
        ts_ns = packets.ts_ns[i]
        pause = ts_ns - clocks[place]["last_ns"]
        if pause > 0 or pause <= -limits[IDLE_NS]:
            clocks[place]["last_ns"] = ts_ns
        if pause >= limits[IDLE_NS]:
            s = stones[place]
            s["idles"] += 1
            numbers[RESUMES] += 1
            head = numbers[HEAD]
            for back in range(1, _LOOK_BACK + 1):
                r = ring[(head - back) & (ring.size - 1)]
                if r["flow_id"] == np.uint64(0) or ts_ns - r["ts_ns"] > limits[RESUME_NS] or r["ts_ns"] > ts_ns:
                    break
                other = stones[r["place"]]
                if other["flow_id"] != r["flow_id"] or r["flow_id"] == s["flow_id"]:
                    continue
                related = _related(other, s)
                if related:
                    n = _coincide(pairs, other, s, related, limits, share, numbers, found, n, i)
                if back == _LOOK_BACK:
                    numbers[SKIPPED] += 1
            r = ring[head & (ring.size - 1)]
            r["flow_id"], r["ts_ns"], r["place"] = s["flow_id"], ts_ns, place
            numbers[HEAD] = head + 1
        i += 1
    return i, at, n

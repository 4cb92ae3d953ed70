"""What rules ask of a packet's flow: was it established, which packet of its direction is it, how much went before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns import Packets, rows_in
from columns.codes import Status
from columns.kernel import kernel, part

_TCP, _OK = 6, int(Status.OK)
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_CLIENT, _SERVER, _SYN_SEEN, _ANSWERED, _OPEN = 1, 2, 4, 8, 16

ESTABLISHED, FIRST, FOLLOWED = 1, 2, 4
"""Bits of PacketFacts.bits: the flow was established (before this packet, or by data); it is the first packet of its
direction; its payload is part of a stream that is put in order."""


class FlowFactsState(NamedTuple):
    """By place in the flow table: flow_id uint64, bits uint8, sums int64[n, 4] (packets to server and client, bytes to
    server and client), start_ns int64."""

    flow_id: np.ndarray
    bits: np.ndarray
    sums: np.ndarray
    start_ns: np.ndarray
    first_seq: np.ndarray
    sizes: np.ndarray


class PacketFacts(NamedTuple):
    """By row of packets: bits uint8, sums int64[n, 4] with this packet, start_ns int64 of the flow, sizes int64[n, 2]
    of the streams of client and server by sequence numbers."""

    bits: np.ndarray
    sums: np.ndarray
    start_ns: np.ndarray
    sizes: np.ndarray


class _Columns(NamedTuple):
    status: np.ndarray
    proto: np.ndarray
    tcp_flags: np.ndarray
    tcp_seq: np.ndarray
    payload_bytes: np.ndarray
    wire_bytes: np.ndarray
    ts_ns: np.ndarray
    flow_id: np.ndarray
    flow_slot: np.ndarray
    to_server: np.ndarray


@part
def _reach(state, slot, side, seq, flags, size):
    """Note how far the sequence numbers of a direction have come."""
    if state.first_seq[slot, side] < 0:
        if flags & _RST:
            return
        state.first_seq[slot, side] = seq
    reached = ((seq - state.first_seq[slot, side] + size + (1 if flags & (_SYN | _FIN) else 0)) & 0xFFFFFFFF)
    if reached < 0x80000000 and reached > state.sizes[slot, side]:
        state.sizes[slot, side] = reached


@kernel
def follow(p, state, out, midstream):
    """Fill out for every row of p and move the state of its flow on."""
    for i in range(p.status.size):
        out.bits[i] = 0
        if p.status[i] != _OK or p.flow_id[i] == 0 or p.flow_slot[i] < 0:
            continue
        slot, side = np.int64(p.flow_slot[i]), 1 - np.int64(p.to_server[i])
        if state.flow_id[slot] != p.flow_id[i]:
            state.flow_id[slot], state.bits[slot], state.start_ns[slot] = p.flow_id[i], 0, p.ts_ns[i]
            for k in range(4):
                state.sums[slot, k] = 0
            for k in range(2):
                state.first_seq[slot, k], state.sizes[slot, k] = -1, 0
        bits, seen = np.int64(state.bits[slot]), _CLIENT if side == 0 else _SERVER
        first = bits & seen == 0
        bits |= seen
        if p.proto[i] == _TCP:
            established = bits & _OPEN != 0
            _reach(state, slot, side, np.int64(p.tcp_seq[i]), np.int64(p.tcp_flags[i]), np.int64(p.payload_bytes[i]))
            flags = np.int64(p.tcp_flags[i])
            if flags & _SYN and not flags & _ACK:
                bits |= _SYN_SEEN
            elif flags & _SYN and bits & _SYN_SEEN:
                bits |= _ANSWERED
            elif not flags & _RST and ((flags & _ACK and bits & _ANSWERED and side == 0)
                                       or (midstream and not flags & _SYN and not bits & _SYN_SEEN)):
                # of a connection that is taken up in its middle one end is enough
                established |= p.payload_bytes[i] > 0
                bits |= _OPEN
            followed = (bits & _OPEN != 0 or midstream) and not flags & _SYN
        else:
            established = bits & (_CLIENT | _SERVER) == _CLIENT | _SERVER
            followed = False
        state.bits[slot] = bits
        state.sums[slot, side] += 1
        state.sums[slot, 2 + side] += np.int64(p.wire_bytes[i])
        out.bits[i] = (ESTABLISHED if established else 0) | (FIRST if first else 0) | (FOLLOWED if followed else 0)
        for k in range(4):
            out.sums[i, k] = state.sums[slot, k]
        for k in range(2):
            out.sizes[i, k] = state.sizes[slot, k]
        out.start_ns[i] = state.start_ns[slot]


class Facts:
    """Follows all flows; its tables grow with the flow table's places in use."""

    def __init__(self, midstream: bool = False) -> None:
        self._midstream = midstream
        self._state = _state(1024)

    def of(self, packets: Packets) -> PacketFacts:
        """Return the facts of the next packets, in order."""
        rows = rows_in(packets)
        out = PacketFacts(np.zeros(rows, np.uint8), np.zeros((rows, 4), np.int64), np.zeros(rows, np.int64),
                          np.zeros((rows, 2), np.int64))
        if not rows:
            return out
        highest = int(packets.flow_slot.max())
        if highest >= self._state.bits.size:
            old, self._state = self._state, _state(2 * highest + 2)
            for before, now in zip(old, self._state, strict=True):
                now[: before.shape[0]] = before
        follow(_Columns(*[getattr(packets, name) for name in _Columns._fields]), self._state, out, self._midstream)
        return out

    def established(self, slot: int, flow_id: int) -> bool:
        """Return whether the flow at a place is established by now."""
        return slot < self._state.bits.size and int(self._state.flow_id[slot]) == flow_id and bool(
            int(self._state.bits[slot]) & _OPEN)


def _state(places: int) -> FlowFactsState:
    return FlowFactsState(np.zeros(places, np.uint64), np.zeros(places, np.uint8), np.zeros((places, 4), np.int64),
                          np.zeros(places, np.int64), np.zeros((places, 2), np.int64), np.zeros((places, 2), np.int64))

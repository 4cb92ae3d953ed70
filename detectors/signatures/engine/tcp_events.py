"""Suricata's events of streams that single packets of TCP show: timestamps that cannot be (RFC 7323).

Asked for by rules only; without one nothing is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from columns import Packets, rows_in
from columns.codes import Status
from columns.kernel import kernel

INVALID_TIMESTAMP = "pkt_invalid_timestamp"
TCP_EVENTS = frozenset({INVALID_TIMESTAMP})
"""Events that are noticed here."""

_TCP, _SYN, _ACK, _HEADER, _OPTIONS = 6, 2, 16, 20, 40
_NOP, _TIMESTAMP, _TIMESTAMP_BYTES = 1, 8, 10
_ASKED, _ANSWERED, _CLIENT, _SERVER, _BOTH = 1, 2, 4, 8, 12
_PATIENCE_NS = 24 * 24 * 3600 * 1_000_000_000  # RFC 7323, 5.5: a timestamp of this age says nothing
_OK = int(Status.OK)


class _State(NamedTuple):
    """By place in the flow table: flow_id uint64, bits uint8 (what was seen; which end has timestamps), the last
    timestamp of each end and its event time int64[n, 2]."""

    flow_id: np.ndarray
    bits: np.ndarray
    last: np.ndarray
    at_ns: np.ndarray


class TcpEvents:
    """Follows the timestamps of all flows; its tables grow with the flow table's places in use."""

    def __init__(self) -> None:
        self._state = _state(1024)

    def of(self, packets: Packets, buffers: Sequence[np.ndarray]) -> np.ndarray:
        """Return the rows of packets with a timestamp that cannot be: int64[n]."""
        rows = np.flatnonzero((packets.proto == _TCP) & (packets.status == _OK) & (packets.flow_id != 0)
                              & (packets.flow_slot >= 0)) if rows_in(packets) else np.zeros(0, np.int64)
        if not rows.size:
            return rows
        highest = int(packets.flow_slot[rows].max())
        if highest >= self._state.bits.size:
            old, self._state = self._state, _state(2 * highest + 2)
            for before, now in zip(old, self._state, strict=True):
                now[: before.shape[0]] = before
        odd = np.zeros(rows.size, np.bool_)
        follow_timestamps(packets.flow_id[rows], packets.flow_slot[rows].astype(np.int64), packets.to_server[rows],
                          packets.tcp_flags[rows], packets.ts_ns[rows], *timestamps(packets, buffers, rows),
                          self._state, odd)
        return rows[odd]


def timestamps(packets: Packets, buffers: Sequence[np.ndarray], rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return whether each row has the option, its value and its echo: bool[n], int64[n], int64[n]."""
    start = packets.transport_offset[rows].astype(np.int64) + _HEADER
    sizes = np.minimum(packets.payload_offset[rows] - start, _OPTIONS)
    raw = np.zeros((rows.size, _OPTIONS), np.uint8)
    places = start[:, None] + np.arange(_OPTIONS)
    for number, buffer in enumerate(buffers):
        inside = (packets.buffer[rows] == number)[:, None] & (np.arange(_OPTIONS) < sizes[:, None]) & (
            places >= 0) & (places < buffer.size)
        raw[inside] = buffer[places[inside]]
    found, at, live = np.full(rows.size, -1, np.int64), np.zeros(rows.size, np.int64), np.arange(rows.size)
    while live.size:
        live = live[at[live] < sizes[live]]
        kind, size = raw[live, at[live]], raw[live, np.minimum(at[live] + 1, _OPTIONS - 1)].astype(np.int64)
        here = (kind == _TIMESTAMP) & (size == _TIMESTAMP_BYTES) & (at[live] + _TIMESTAMP_BYTES <= sizes[live])
        found[live[here]] = at[live[here]]
        goes_on = ~here & ((kind == _NOP) | ((kind > _NOP) & (size >= 2)))
        at[live] += np.where(kind == _NOP, 1, size)
        live = live[goes_on]
    first = np.minimum(np.maximum(found, 0) + 2, _OPTIONS - 8)
    words = [sum(raw[np.arange(rows.size), first + k].astype(np.int64) << 8 * (3 - k % 4) for k in range(low, low + 4))
             for low in (0, 4)]
    return found >= 0, *words


@kernel
def follow_timestamps(flow_id, slots, to_server, flags, ts_ns, has, value, echo, state, odd):
    """Mark rows whose timestamp cannot be; what is marked does not move the state of its flow on.

    Until the responder has answered the SYN, it must echo the initiator's; after that, where both ends use timestamps,
    none goes back, unless nothing was heard for 24 days.
    """
    for i in range(flow_id.size):
        slot, side = slots[i], 1 - np.int64(to_server[i])
        if state.flow_id[slot] != flow_id[i]:
            state.flow_id[slot], state.bits[slot] = flow_id[i], 0
            state.last[slot, 0], state.last[slot, 1] = 0, 0
        bits = np.int64(state.bits[slot])
        if flags[i] & _SYN and not flags[i] & _ACK and side == 0:
            bits = _ASKED | (_CLIENT if has[i] else 0)
        elif bits & (_ASKED | _ANSWERED) == _ASKED and side == 1:
            known = state.last[slot, 0]
            if has[i] and echo[i] != 0 and echo[i] != known and (known != 0 or not bits & _CLIENT):
                odd[i] = True
                continue
            if flags[i] & _SYN:
                bits |= _ANSWERED | (_SERVER if has[i] else 0)
        elif has[i] and bits & _BOTH == _BOTH and state.last[slot, side] != 0:
            behind = (value[i] - state.last[slot, side]) & 0xFFFFFFFF >= 1 << 31
            if behind and ts_ns[i] - state.at_ns[slot, side] <= _PATIENCE_NS:
                odd[i] = True
                continue
        state.bits[slot] = bits
        if has[i]:
            state.last[slot, side], state.at_ns[slot, side] = value[i], ts_ns[i]


def _state(places: int) -> _State:
    return _State(np.zeros(places, np.uint64), np.zeros(places, np.uint8), np.zeros((places, 2), np.int64),
                  np.zeros((places, 2), np.int64))

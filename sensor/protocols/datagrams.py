"""Datagrams of UDP that somebody may want, and the rows of UDP flows, in the one order of their packets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from columns import Flows, Packets
from columns.codes import EndReason, Status
from columns.said import moments
from sensor.protocols.parser import Moment
from sensor.protocols.seats import DATAGRAM, FLOW_ROW, LAST_ROW

UDP = 17
_NO_MORE = 1 << 64


class Events(NamedTuple):
    """Columns of events; what only datagrams have is 0 for rows of flows."""

    key: np.ndarray  # int64: the place in the order
    kind: np.ndarray  # int64, see seats
    row: np.ndarray  # int64, of the packet or of the flow row
    flow_id: np.ndarray  # uint64
    place: np.ndarray  # int32: of the flow in the flow table
    ts_ns: np.ndarray  # int64
    packet_number: np.ndarray  # int64
    to_server: np.ndarray  # bool
    buffer: np.ndarray  # int64: which of the buffers holds the payload
    start: np.ndarray  # int64
    size: np.ndarray  # int64

    def some(self, which: np.ndarray) -> Events:
        """Return those events that an index names."""
        return Events(*[column[which] for column in self])


def events_of(packets: Packets, flows: Flows) -> Events:
    """Return the datagrams with payload and the rows of UDP flows among some rows."""
    p, f = packets, flows
    rows = np.flatnonzero((p.proto == UDP) & (p.status == Status.OK) & (p.flow_id != 0)
                          & (p.payload_captured_bytes > 0))
    told = np.flatnonzero(f.proto == UDP)
    kinds = np.where(f.end_reason[told] == EndReason.ACTIVE_TIMEOUT, FLOW_ROW, LAST_ROW)
    last = f.emitted_before[told].astype(np.int64) - 1  # a flow row stands behind this packet
    numbers = np.concatenate([p.packet_number[rows].astype(np.int64), last])
    keys = 2 * numbers
    keys[rows.size :] += 1
    order = np.argsort(keys, kind="stable")
    no = np.zeros(told.size, np.int64)
    columns = ((np.full(rows.size, DATAGRAM), kinds), (rows, told),
               (p.flow_id[rows], f.flow_id[told]), (p.flow_slot[rows], f.flow_slot[told]),
               (p.ts_ns[rows], f.ts_end_ns[told]), (numbers,), (p.to_server[rows] != 0, no != 0), (p.buffer[rows], no),
               (p.payload_offset[rows], no), (p.payload_captured_bytes[rows], no))
    return Events(keys[order], *[np.concatenate(parts)[order] for parts in columns])


class Datagrams:
    """Gives events one after another: (place, row, flow_id, seat, to_server, payload, moment); row -1 for an end.

    next_key: the place of the next event.
    """

    def __init__(self, events: Events, seats: np.ndarray, buffers: Sequence[np.ndarray]) -> None:
        self._buffers, self._at = [b.data for b in buffers], 0
        self._keys = [*events.key.tolist(), _NO_MORE]
        self.next_key = self._keys[0]
        rows = np.where(events.kind == DATAGRAM, events.row, -1)
        columns = (rows, events.flow_id, seats, events.to_server, events.buffer, events.start, events.size)
        self._events = list(zip(*[column.tolist() for column in columns],
                                moments(events.ts_ns, events.packet_number), strict=True))

    def before(self, key: int) -> Iterator[tuple[int, int, int, int, bool, bytes, Moment]]:
        """Yield what comes before a place."""
        while self.next_key < key:
            row, flow_id, seat, to_server, buffer, start, size, at = self._events[self._at]
            self._at += 1
            place, self.next_key = self.next_key, self._keys[self._at]
            yield place, row, flow_id, seat, to_server, bytes(self._buffers[buffer][start : start + size]), at

    def rest(self) -> Iterator[tuple[int, int, int, int, bool, bytes, Moment]]:
        """Yield what is left."""
        return self.before(_NO_MORE)

"""Datagrams of UDP that somebody may want, and the ends of UDP flows, in the one order of their packets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from columns import Flows, Packets
from columns.codes import EndReason, Status
from sensor.protocols.parser import Moment

UDP = 17
_NO_MORE = 1 << 64


class Datagrams:
    """The events of some rows: (row, flow_id, flow_slot, to_server, payload, moment); row -1 for an end.

    ignored: by place in the flow table, the flow that nobody wants. next_key: the place of the next event.
    """

    def __init__(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray], ignored: np.ndarray) -> None:
        p, f = packets, flows
        self._buffers, self._at = [memoryview(b) for b in buffers], 0
        rows = np.flatnonzero((p.proto == UDP) & (p.status == Status.OK) & (p.flow_id != 0)
                              & (p.payload_captured_bytes > 0))
        rows = rows[ignored[p.flow_slot[rows]] != p.flow_id[rows]]
        ends = np.flatnonzero((f.proto == UDP) & (f.end_reason != EndReason.ACTIVE_TIMEOUT))
        last = f.emitted_before[ends].astype(np.int64) - 1  # an end stands behind this packet
        numbers = np.concatenate([p.packet_number[rows].astype(np.int64), last])
        keys = 2 * numbers
        keys[rows.size :] += 1
        order = np.argsort(keys, kind="stable")
        self._keys = [*keys[order].tolist(), _NO_MORE]
        self.next_key = self._keys[0]
        no = np.zeros(ends.size, np.int64)
        columns = ((rows, no - 1), (p.flow_id[rows], f.flow_id[ends]), (p.flow_slot[rows], no),
                   (p.to_server[rows] != 0, no != 0), (p.buffer[rows], no), (p.payload_offset[rows], no),
                   (p.payload_captured_bytes[rows], no), (p.ts_ns[rows], f.ts_end_ns[ends]))
        self._events = list(zip(*[np.concatenate(pair)[order].tolist() for pair in columns], numbers[order].tolist(),
                                strict=True))

    def before(self, key: int) -> Iterator[tuple[Any, ...]]:
        """Yield what comes before a place."""
        while self.next_key < key:
            row, flow_id, slot, to_server, buffer, start, size, ts_ns, number = self._events[self._at]
            self._at += 1
            self.next_key = self._keys[self._at]
            yield (row, flow_id, slot, to_server, bytes(self._buffers[buffer][start : start + size]),
                   Moment(ts_ns, number))

    def rest(self) -> Iterator[tuple[Any, ...]]:
        """Yield what is left."""
        return self.before(_NO_MORE)

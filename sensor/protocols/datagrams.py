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
    """The events of some rows: (row, flow_id, flow_slot, to_server, payload, moment, packets); row -1 for an end.

    ignored: by place in the flow table, the flow that nobody wants. next_key: the place of the next event.
    """

    def __init__(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray], ignored: np.ndarray) -> None:
        self._packets, self._buffers, self._at = packets, [memoryview(b) for b in buffers], 0
        rows = np.flatnonzero((packets.proto == UDP) & (packets.status == Status.OK) & (packets.flow_id != 0)
                              & (packets.payload_captured_bytes > 0))
        rows = rows[ignored[packets.flow_slot[rows]] != packets.flow_id[rows]]
        ends = np.flatnonzero((flows.proto == UDP) & (flows.end_reason != EndReason.ACTIVE_TIMEOUT))
        keys = np.concatenate([2 * packets.packet_number[rows].astype(np.int64),
                               2 * (flows.emitted_before[ends].astype(np.int64) - 1) + 1])
        order = np.argsort(keys, kind="stable")
        self._keys = [*keys[order].tolist(), _NO_MORE]
        self.next_key = self._keys[0]
        self._which = np.concatenate([rows, -1 - ends])[order].tolist()
        self._flows = flows

    def before(self, key: int) -> Iterator[tuple[Any, ...]]:
        """Yield what comes before a place."""
        while self.next_key < key:
            self._at += 1
            self.next_key = self._keys[self._at]
            yield self._event(self._which[self._at - 1])

    def rest(self) -> Iterator[tuple[Any, ...]]:
        """Yield what is left."""
        return self.before(_NO_MORE)

    def _event(self, row: int) -> tuple[Any, ...]:
        p = self._packets
        if row < 0:
            f, k = self._flows, -1 - row
            at = Moment(int(f.ts_end_ns[k]), int(f.emitted_before[k]) - 1)
            return -1, int(f.flow_id[k]), 0, False, b"", at, p
        start, size = int(p.payload_offset[row]), int(p.payload_captured_bytes[row])
        data = bytes(self._buffers[p.buffer[row]][start : start + size])
        at = Moment(int(p.ts_ns[row]), int(p.packet_number[row]))
        return row, int(p.flow_id[row]), int(p.flow_slot[row]), bool(p.to_server[row]), data, at, p

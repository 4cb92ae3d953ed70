"""FlowTable: the public side of the flow table."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import numpy as np

from columns import FLOW, Flows, Packets, rows_in, slice_rows
from columns.codes import EndReason
from columns.memory import zeros
from sensor.flow import state as s
from sensor.flow.advance import advance, drain, tag_packets
from sensor.flow.index import rebuild
from sensor.flow.rows import fill_columns
from sensor.flow.settings import FlowSettings

ROWS_AT_ONCE = 16384


class FlowTable:
    """Turns packets in capture order into flows; the result does not depend on how the packets are portioned.

    Bounded: at most settings.max_flows live flows; beyond that the flow nearest its end is written out as evicted
    and counted. Memory for a flow (about 200 bytes) is paid when that many flows are first live at once.
    """

    def __init__(self, settings: FlowSettings | None = None) -> None:
        self.settings = settings or FlowSettings()
        self._limits = s.limits_of(self.settings)
        self._state = s.new_state(self.settings)
        self._seed, self._tags = np.uint64(secrets.randbits(62)), np.empty(0, np.uint64)
        self._rows = zeros(ROWS_AT_ONCE, s.RECORD)
        self._columns = FLOW.empty(ROWS_AT_ONCE)
        self._last_number = 0

    def update(self, packets: Packets) -> Iterator[tuple[int, int, Flows]]:
        """Yield (start, stop, flows): packets[start:stop] are joined to their flows in place, flows are rows written.

        Each row was written before the packet that its emitted_before names, which is one of these or the next.
        They are views that the next step overwrites: copy what is to be kept.
        """
        total = rows_in(packets)
        self._make_room(total)
        start = 0
        if self._tags.size < total:
            self._tags = np.empty(total, np.uint64)
        if total:
            self._last_number = max(self._last_number, int(packets.packet_number[total - 1]))
        with np.errstate(over="ignore"):
            tag_packets(packets, 0, total, self._seed, self.settings.vlan_in_key, self._tags)
        while start < total:
            with np.errstate(over="ignore"):
                stop, rows = advance(packets, self._tags, start, total, self._state, self._limits, self._rows)
            yield start, stop, self._as_columns(rows)
            start = stop

    def finish(self) -> Iterator[Flows]:
        """End of input: yield the rows of all flows still live; the same overwriting holds."""
        state, done = self._state, False
        while not done:
            with np.errstate(over="ignore"):
                rows, done = drain(
                    state.records, state.index, state.wheel, state.free, state.scalars, self._rows, 0, ROWS_AT_ONCE,
                    int(EndReason.END_OF_INPUT), self._last_number + 1)
            if rows:
                yield self._as_columns(rows)

    @property
    def clock_ns(self) -> int:
        """Event clock: the running maximum of capture times, ns since 1970."""
        return int(self._state.scalars[s.CLOCK])

    @property
    def live(self) -> int:
        """Flows in the table now."""
        return int(self._state.scalars[s.LIVE])

    def counters(self) -> dict[str, int]:
        """Return counts since the start, the flows live now and the most that were live at once."""
        scalars = self._state.scalars
        counts = {name: int(scalars[s.N_PACKETS + k]) for k, name in enumerate(s.COUNTS)}
        return counts | {"live": self.live, "live_peak": int(scalars[s.HIGH_WATER])}

    def _as_columns(self, rows: int) -> Flows:
        fill_columns(self._rows, rows, self._columns)
        return slice_rows(self._columns, 0, rows)

    def _make_room(self, packets: int) -> None:
        """Keep the index at most half full whatever the packets bring."""
        wanted = 2 * min(self.live + packets, self.settings.max_flows)
        size = self._state.index.size
        if wanted <= size:
            return
        while size < wanted:
            size *= 2
        larger = zeros(size, np.uint64)
        rebuild(self._state.index, larger)
        self._state.scalars[s.MASK] = size - 1
        self._state = self._state._replace(index=larger)

"""What there is to look at in the streams of a batch: windows that rules may hold of, and bytes that are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from columns.said import FlowFacts, Moment, Stretches
from detectors.signatures.engine.plan import Plan
from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.engine.streams import Window, Windows
from detectors.signatures.engine.suspects import Ways


class Gap(NamedTuple):
    """Bytes of one direction of a stream are missing, in front of those that came with a packet."""

    flow: FlowFacts
    at: Moment
    to_server: bool


class Heard:
    """The streams of a batch, cut into windows. Only of a window that is looked at there is an object.

    windows: how many there are; bytes: how many were searched.
    """

    def __init__(self, plan: Plan, windows: Windows, stretches: Stretches) -> None:
        self._plan, self._stretches = plan, stretches
        self._records, self._arena = windows.take(stretches)
        self.windows, self.bytes = self._records.size, 0

    def rows_before(self, places: int) -> np.ndarray:
        """Return int64[places]: how many stretches come before each place of what is spoken."""
        return np.searchsorted(self._stretches.place, np.arange(places), side="right")

    def gaps(self) -> Iterator[tuple[int, Gap]]:
        """Yield (row, gap) of what is missing, but where the flow ends with the same packet.

        What waits is handed on at the end, and what it waited for is not lost.
        """
        s = self._stretches
        ends = set(zip(s.flow_id[s.ended].tolist(), s.packet_number[s.ended].tolist(), strict=True))
        for row in np.flatnonzero(s.gap).tolist():
            if (int(s.flow_id[row]), int(s.packet_number[row])) not in ends:
                at = Moment(int(s.ts_ns[row]), int(s.packet_number[row]))
                yield row, Gap(s.flows[row], at, not s.side[row])

    def found(self) -> Iterator[tuple[int, int, Window, list[Prepared]]]:
        """Yield (row, packet, window, rules) of the windows that rules may hold of, in order."""
        if not self.windows:
            return
        rules: dict[int, list[Prepared]] = defaultdict(list)
        for k, always in self._always():
            rules[k] += always
        w = self._records
        starts, sizes, looked = (np.ascontiguousarray(w[name]) for name in ("start", "size", "looked"))
        hits, self.bytes = self._plan.stream.find(self._arena, starts, sizes, looked, self._ways())
        for k, rule in hits:
            rules[k].append(rule)
        for k in sorted(rules):
            row = int(w["row"][k])
            yield (row, int(self._stretches.packet_number[row]), self._window(k),
                   sorted(set(rules[k]), key=lambda rule: rule.number))

    def _window(self, k: int) -> Window:
        w = self._records[k]
        start = int(w["start"])
        return Window(self._stretches.flows[w["row"]], Moment(int(w["at_ns"]), int(w["number"])), not w["side"],
                      self._arena[start : start + int(w["size"])].tobytes(), int(w["looked"]), int(w["turn"]),
                      bool(w["late"]))

    @cached_property
    def _flows(self) -> tuple[list[FlowFacts], np.ndarray]:
        """The flows that have windows, and which of them each window is of."""
        rows = self._records["row"]
        _, first, which = np.unique(self._stretches.flow_id[rows], return_index=True, return_inverse=True)
        return [self._stretches.flows[row] for row in rows[first].tolist()], which

    @cached_property
    def _ends(self) -> tuple[np.ndarray, ...]:
        """Places of addresses and ports of those flows among the ranges of all headers."""
        headers, flows = self._plan.headers, self._flows[0]
        return (np.array([headers.address_range(f.src_ip) for f in flows], np.int64),
                np.array([headers.address_range(f.dst_ip) for f in flows], np.int64),
                headers.port_ranges(np.array([f.src_port for f in flows], np.int64)),
                headers.port_ranges(np.array([f.dst_port for f in flows], np.int64)))

    def _ways(self) -> Ways:
        """Who sends the windows."""
        flows, to_server = self._flows[1], self._records["side"] == 0
        src, dst, src_port, dst_port = (ranges[flows] for ranges in self._ends)
        return Ways(np.where(to_server, src, dst), np.where(to_server, dst, src),
                    np.where(to_server, src_port, dst_port), np.where(to_server, dst_port, src_port), to_server)

    def _always(self) -> Iterator[tuple[int, Sequence[Prepared]]]:
        """Yield (window, rules) of the rules without a pattern that may hold of a direction of its flow."""
        if not self._plan.stream_always:
            return
        flows, which = self._flows
        there: dict[int, list[Prepared]] = {}
        for k, flow in enumerate(flows):
            ends = self._plan.headers.ends(flow.src_ip, flow.dst_ip, flow.src_port, flow.dst_port)
            for side in (0, 1):
                if rules := [r for r in self._plan.stream_always if r.may_go(ends, not side)]:
                    there[2 * k + side] = rules
        keys = 2 * which + self._records["side"]
        for k in np.flatnonzero(np.isin(keys, np.fromiter(there, np.int64, len(there)))).tolist():
            yield k, there[int(keys[k])]

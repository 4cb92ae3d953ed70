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
from detectors.signatures.engine.suspects import FlowEnds

SEQ_GAP, DIFFERENT_DATA = "reassembly_seq_gap", "reassembly_overlap_different_data"
STREAM_EVENTS = frozenset({SEQ_GAP, DIFFERENT_DATA})
"""Suricata's events of streams that their bytes show."""


class StreamEvent(NamedTuple):
    """Something is odd about the bytes of one direction that came with a packet, or about what is in front of them."""

    flow: FlowFacts
    at: Moment
    to_server: bool
    name: str


class Heard:
    """The streams of a batch, cut into windows. Only of a window that is looked at there is an object.

    opened, ends: of each stretch whether the connection was established, and the sequence number behind it, for who
    waits for answers. windows: how many there are; bytes: how many were searched.
    """

    def __init__(self, plan: Plan, windows: Windows, stretches: Stretches, opened: np.ndarray, ends: np.ndarray, *,
                 answers: bool = False) -> None:
        self._plan, self._cutter, self._stretches = plan, windows, stretches
        self._reached, self._answers = (opened, ends), answers
        self.windows = self.bytes = 0

    def rows_before(self, places: int) -> np.ndarray:
        """Return int64[places]: how many stretches come before each place of what is spoken."""
        return np.searchsorted(self._stretches.place, np.arange(places), side="right")

    def odd(self) -> Iterator[tuple[int, StreamEvent]]:
        """Yield (row, event) of what is missing, and of overlapping segments that differed.

        Where the flow ends with the same packet nothing is missing: what waits is handed on at the end, and what it
        waited for is not lost.
        """
        s = self._stretches
        for row in np.flatnonzero(s.differs).tolist():
            yield row, self._event(row, DIFFERENT_DATA)
        ends = set(zip(s.flow_id[s.ended].tolist(), s.packet_number[s.ended].tolist(), strict=True))
        for row in np.flatnonzero(s.gap).tolist():
            if (int(s.flow_id[row]), int(s.packet_number[row])) not in ends:
                yield row, self._event(row, SEQ_GAP)

    def _event(self, row: int, name: str) -> StreamEvent:
        s = self._stretches
        return StreamEvent(s.flows[row], Moment(int(s.ts_ns[row]), int(s.packet_number[row])), not s.side[row], name)

    def found(self) -> Iterator[tuple[int, int, Window, list[Prepared]]]:
        """Yield (row, packet, window, rules) of the windows that rules may hold of, in order."""
        for records, arena in self._cutter.cut(self._stretches, *self._reached):
            rules: dict[int, list[Prepared]] = defaultdict(list)
            for k, always in self._always(records):
                rules[k] += always
            starts, sizes, looked = (np.ascontiguousarray(records[name]) for name in ("start", "size", "looked"))
            ways = self._ends.ways(self._flows[1][records["row"]], records["side"] == 0)
            hits, searched = self._plan.stream.find(arena, starts, sizes, looked, ways)
            self.windows, self.bytes = self.windows + records.size, self.bytes + searched
            for k, rule in hits:
                rules[k].append(rule)
            for k in sorted(rules):
                row = int(records["row"][k])
                yield (row, int(self._stretches.packet_number[row]), self._window(records[k], arena),
                       sorted(set(rules[k]), key=lambda rule: rule.number))

    def _window(self, w: np.void, arena: np.ndarray) -> Window:
        start = int(w["start"])
        return Window(self._stretches.flows[w["row"]], Moment(int(w["at_ns"]), int(w["number"])), not w["side"],
                      arena[start : start + int(w["size"])].tobytes(), int(w["looked"]), int(w["turn"]),
                      bool(w["opened"]), int(w["end"]) if self._answers else None, bool(w["late"]))

    @cached_property
    def _flows(self) -> tuple[list[FlowFacts], np.ndarray]:
        """The flows that say something, and which of them each stretch is of."""
        s = self._stretches
        _, first, which = np.unique(s.flow_id, return_index=True, return_inverse=True)
        return [s.flows[row] for row in first.tolist()], which

    @cached_property
    def _ends(self) -> FlowEnds:
        return FlowEnds(self._plan.headers, self._flows[0])

    @cached_property
    def _always_of(self) -> dict[int, list[Prepared]]:
        """The rules without a pattern that may hold of a direction of a flow, by 2 * flow + side."""
        found: dict[int, list[Prepared]] = defaultdict(list)
        keys = np.arange(2 * len(self._flows[0]))
        fitting = self._plan.always_on_stream
        ways = fitting.narrowed(self._ends.ways(keys >> 1, keys & 1 == 0))
        for place, rule in enumerate(self._plan.stream_always):
            for key in np.flatnonzero(fitting.fit(np.full(keys.size, place), ways)).tolist():
                found[key].append(rule)
        return found

    def _always(self, records: np.ndarray) -> Iterator[tuple[int, Sequence[Prepared]]]:
        """Yield (window, rules) of those rules."""
        if not self._plan.stream_always or not self._always_of:
            return
        keys = 2 * self._flows[1][records["row"]] + records["side"]
        there = np.fromiter(self._always_of, np.int64, len(self._always_of))
        for k in np.flatnonzero(np.isin(keys, there)).tolist():
            yield k, self._always_of[int(keys[k])]

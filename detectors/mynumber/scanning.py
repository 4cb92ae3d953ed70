"""Packets and decoded buffers in, candidates out: in the one true order, scored."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from columns import Packets
from columns.said import Step
from detectors.mynumber import lane_state
from detectors.mynumber import lanes as ln
from detectors.mynumber import lists as ls
from detectors.mynumber.base64 import base64_tables
from detectors.mynumber.candidates import edge_bytes
from detectors.mynumber.settings import MyNumberSettings
from detectors.mynumber.text import CANDIDATE, new_tables
from detectors.mynumber.texts import TextScanner

_LISTS_AT_ONCE = 1024


class Scored(NamedTuple):
    """Candidates (CANDIDATE) with their scores; row is that of the packet, or -1 - number of the step.

    lists: for a candidate that made a list of those before it, the tags of all in the list.
    """

    candidates: np.ndarray
    lists: dict[int, tuple[int, ...]]


class Scanner:
    """Finds and scores candidates. Numbers stay in the kernels unless keep is set; keys of tags are random."""

    def __init__(self, settings: MyNumberSettings, *, keep: bool) -> None:
        self.settings, self.keep = settings, keep
        self.tables = new_tables((secrets.randbits(64), secrets.randbits(64)))
        self.lanes = lane_state.new_lanes(settings.lanes, edge_bytes(), base64_tables())
        self.rings = np.zeros(settings.lists, ls.RING)
        self.list_counts, self.scored = np.zeros(ls.COUNTS, np.int64), np.zeros(1, np.int64)
        self.flow_events = np.zeros(1024, np.uint8)
        self.counts: Counter[str] = Counter()
        self._out = np.zeros(ln.OUT_ROWS, CANDIDATE)
        self.texts = TextScanner(settings, self.tables, self._out, self.counts, keep=keep)
        self._found = np.zeros(_LISTS_AT_ONCE, ls.FOUND)

    def scan(self, packets: Packets, buffers: Sequence[np.ndarray], steps: Sequence[Step]) -> Scored:
        """Return the candidates of packets and steps, in order of their packets; buffers as packets.buffer names."""
        self._make_room(packets)
        parts = [*self._packets(packets, buffers), *self.texts.scan(steps)]
        if not parts:
            return Scored(self._out[:0], {})
        found = np.concatenate(parts)
        if steps:
            found = found[np.argsort(found["packet_number"], kind="stable")]
        self.counts["right_check_digits"] += int(np.count_nonzero(found["valid"]))
        return self._score(found)

    def _make_room(self, packets: Packets) -> None:
        if packets.flow_slot.size and (top := int(packets.flow_slot.max()) + 1) > self.flow_events.size:
            grown = np.zeros(1 << top.bit_length(), np.uint8)
            grown[: self.flow_events.size] = self.flow_events
            self.flow_events = grown

    def _packets(self, packets: Packets, buffers: Sequence[np.ndarray]) -> list[np.ndarray]:
        columns, row, parts = ln.payloads_of(packets), 0, []
        while buffers and row < packets.flow_id.size:
            count, row = ln.scan_packets(columns, row, buffers[0], buffers[1], self.lanes, self.tables,
                                         self.flow_events, self._out, self.keep)
            if count:
                parts.append(self._out[:count].copy())
        return parts

    def _score(self, found: np.ndarray) -> Scored:
        lists = {}
        for start in range(0, found.size, _LISTS_AT_ONCE):
            some = found[start : start + _LISTS_AT_ONCE]
            filled = ls.score(some, self.rings, self.settings.numbers, self.scored, self.list_counts, self._found)
            for record in self._found[:filled]:
                lists[start + int(record["candidate"])] = tuple(record["tags"][: record["count"]].tolist())
        return Scored(found, lists)

    def counters(self) -> dict[str, int]:
        """Return what was looked at and found, and what limits cost, by cause."""
        return {**dict(zip(lane_state.COUNT_NAMES, self.lanes.counts.tolist(), strict=True)),
                **dict(zip(ls.COUNT_NAMES, self.list_counts.tolist(), strict=True)), **self.counts}

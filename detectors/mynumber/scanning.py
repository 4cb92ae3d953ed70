"""Packets and decoded buffers in, candidates out: in the one true order, scored."""

from __future__ import annotations

import secrets
import zlib
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
from detectors.mynumber.text import CANDIDATE, HISTORY_BYTES, WHOLE, new_tables, scan_text
from detectors.mynumber.unpacking import BUFFERS, Unpacking
from detectors.mynumber.wraps import DECODED

_LISTS_AT_ONCE, _ALIKE = 1024, 16


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
        self._found = np.zeros(_LISTS_AT_ONCE, ls.FOUND)

    def scan(self, packets: Packets, buffers: Sequence[np.ndarray], steps: Sequence[Step]) -> Scored:
        """Return the candidates of packets and steps, in order of their packets; buffers as packets.buffer names."""
        self._make_room(packets)
        parts = [*self._packets(packets, buffers), *self._steps(steps)]
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

    def _steps(self, steps: Sequence[Step]) -> list[np.ndarray]:
        parts = []
        documents, again = _documents(steps)
        self.counts["bytes_shown_again"] += again
        for number, place, name, data in documents:
            step, unpacking = steps[number], Unpacking(self.settings.unpacked_kib << 10, self.settings.unpacked_members)
            document = zlib.crc32(f"{step.tx_id} {name} {place}".encode()) + 1
            for piece, wrap in unpacking.pieces(data, DECODED):
                parts += self._piece(piece, wrap, step, number, document)
            self.counts["buffers_cut_short"] += unpacking.spent
        return parts

    def _piece(self, piece: bytes, wrap: int, step: Step, number: int, document: int) -> list[np.ndarray]:
        text, parts = np.frombuffer(piece, np.uint8), []
        self.counts["bytes_decoded"] += len(piece)
        for start in range(0, len(piece), WHOLE):
            stop, back = min(start + WHOLE, len(piece)), max(start - HISTORY_BYTES, 0)
            count = scan_text(text, back, start, stop, self.tables, self._out, wrap, self.keep)
            if count:
                out = self._out[:count].copy()
                out["flow_id"], out["document"], out["row"] = step.flow.flow_id, document, -1 - number
                out["packet_number"], out["upward"] = step.at.packet_number, step.to_server
                out["offset"] += start
                parts.append(out)
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


def _documents(steps: Sequence[Step]) -> tuple[list[tuple[int, int, str, bytes]], int]:
    """Return (number of the step, place in it, name, bytes) of what is to be looked into, and how many bytes are not.

    A body is shown as body and as file. What another buffer of the same message, completed by the same packet, begins
    with is left out, so that it is looked into once.
    """
    found: dict[tuple[int, int, bool, int], list[tuple[int, int, str, bytes]]] = {}
    for number, step in enumerate(steps):
        for place, (name, data) in enumerate(step.buffers):
            if name in BUFFERS and data:
                message = step.flow.flow_id, step.tx_id, step.to_server, step.at.packet_number
                found.setdefault(message, []).append((number, place, name, data))
    kept, again = [], 0
    for mine in found.values():
        for k, one in enumerate(mine):
            if any(_holds(other[3], one[3]) and (len(other[3]) > len(one[3]) or j < k)
                   for j, other in enumerate(mine[:_ALIKE]) if j != k):
                again += len(one[3])
            else:
                kept.append(one)
    return sorted(kept, key=lambda document: document[:2]), again


def _holds(other: bytes, one: bytes) -> bool:
    return len(other) >= len(one) and other.startswith(one)

"""Thinning: of packets that say the same again and again, one a second is looked at, and so many in all."""

from __future__ import annotations

import numpy as np

_SLOTS = 1 << 14
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_HALF = np.uint64(32)


def mixed(*columns: np.ndarray) -> np.ndarray:
    """Return one uint64 for the values of each row: equal for equal rows, else almost surely not."""
    total = np.zeros(columns[0].size, np.uint64)
    for k, column in enumerate(columns):
        total = (total ^ column.astype(np.uint64)) * _MIX[k % 3]
        total ^= total >> _HALF
    return total


class Thinner:
    """Passes a key once a second of event time, and at most so many rows of one second; what it drops is counted.

    It goes by the sequence of rows alone, so that portions do not matter. A place is kept for each of 16,384 hashes:
    two keys that share one pass more often, never less.
    """

    def __init__(self, most_per_s: int = 2000) -> None:
        self.most, self.dropped = most_per_s, 0
        self._last = np.zeros(_SLOTS, np.uint64)
        self._second, self._passed = -1, 0

    def keep(self, key: np.ndarray, ts_ns: np.ndarray) -> np.ndarray:
        """Return the indices of the rows that pass, in order."""
        if not key.size:
            return np.zeros(0, np.int64)
        second = ts_ns // 1_000_000_000
        value = mixed(key, second) | np.uint64(1)
        slot = (key >> np.uint64(3)).astype(np.int64) % _SLOTS
        order = np.argsort(slot, kind="stable")
        slots, values = slot[order], value[order]
        first = np.ones(slots.size, bool)
        first[1:] = slots[1:] != slots[:-1]
        before = np.where(first, self._last[slots], np.concatenate([values[:1], values[:-1]]))
        fresh = np.sort(order[before != values])
        last = np.ones(slots.size, bool)
        last[:-1] = first[1:]
        self._last[slots[last]] = values[last]
        return self._within(fresh, second[fresh])

    def _within(self, rows: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Drop what is beyond the number of one second (a run of rows with the same second)."""
        if not rows.size:
            return rows
        starts = np.flatnonzero(np.concatenate([[second[0] != self._second], second[1:] != second[:-1]]))
        runs = np.zeros(rows.size, np.int64)
        runs[starts] = starts
        carried = np.where(np.arange(rows.size) < (starts[0] if starts.size else rows.size), self._passed, 0)
        nth = np.arange(rows.size) - np.maximum.accumulate(runs) + carried
        self._second, self._passed = int(second[-1]), int(nth[-1]) + 1
        kept = rows[nth < self.most]
        self.dropped += rows.size - kept.size
        return kept

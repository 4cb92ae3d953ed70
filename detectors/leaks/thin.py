"""Thinning: of packets that say the same again and again, one a second is looked at, and so many in all."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel

_SECOND_NS = 1_000_000_000
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


@kernel
def _thin(key, ts_ns, last, state, most, kept):
    """Write the indices of the rows that pass to ``kept``; return (how many, how many were too many of one second).

    last: uint64, the value of the last row at each place; state: int64, the present second, rows passed in it.
    """
    n, dropped = np.int64(0), np.int64(0)
    for i in range(key.size):
        second = ts_ns[i] // _SECOND_NS
        value = (key[i] * _MIX[0] ^ np.uint64(second)) * _MIX[1]
        value = (value ^ value >> _HALF) | np.uint64(1)
        place = np.int64(key[i] >> np.uint64(3)) & (_SLOTS - 1)
        if last[place] == value:
            continue
        last[place] = value
        if state[0] != second:
            state[0], state[1] = second, 0
        state[1] += 1
        if state[1] > most:
            dropped += 1
            continue
        kept[n] = i
        n += 1
    return n, dropped


class Thinner:
    """Passes a key once a second of event time, and at most so many rows of one second; what it drops is counted.

    It goes by the sequence of rows alone, so that portions do not matter. A place is kept for each of 16,384 hashes:
    two keys that share one pass more often, never less.
    """

    def __init__(self, most_per_s: int = 2000) -> None:
        self.most, self.dropped = most_per_s, 0
        self._last, self._state = np.zeros(_SLOTS, np.uint64), np.array([-1, 0], np.int64)

    def keep(self, key: np.ndarray, ts_ns: np.ndarray) -> np.ndarray:
        """Return the indices of the rows that pass, in order; key: uint64, ts_ns: int64."""
        kept = np.empty(key.size, np.int64)
        if not key.size:
            return kept
        with np.errstate(over="ignore"):  # the kernel as plain Python wraps around, as it should
            n, dropped = _thin(key, ts_ns, self._last, self._state, self.most, kept)
        self.dropped += dropped
        return kept[:n]

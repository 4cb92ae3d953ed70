"""The zone of an address: disjoint intervals of both families as flat arrays, and the kernel that searches them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from columns.kernel import kernel
from zones.prefixes import Prefix, intervals


class LabelTable(NamedTuple):
    """Interval i holds the addresses from its start up to the next start, and has one label.

    v4_start: uint32; v4_label: uint16; v4_first: int32[65537], the interval that holds the first address of each /16
    (then the last interval), so that a search looks at the few intervals of one /16. v6_hi, v6_lo: uint64 halves of
    the starts; v6_label: uint16.
    """

    v4_start: np.ndarray
    v4_label: np.ndarray
    v4_first: np.ndarray
    v6_hi: np.ndarray
    v6_lo: np.ndarray
    v6_label: np.ndarray


def label_table(prefixes: Iterable[Prefix]) -> LabelTable:
    """Return the lookup columns of prefixes (labels below 65536); the longest prefix wins, no prefix means label 0."""
    prefixes = list(prefixes)
    starts, labels = intervals(prefixes, 4)
    v4_start = np.array(starts, np.uint32)
    sixteens = np.arange(65536, dtype=np.uint64) << np.uint64(16)
    v4_first = np.empty(65537, np.int32)
    v4_first[:-1] = np.searchsorted(v4_start.astype(np.uint64), sixteens, side="right") - 1
    v4_first[-1] = v4_start.size - 1
    starts6, labels6 = intervals(prefixes, 6)
    return LabelTable(
        v4_start, np.array(labels, np.uint16), v4_first,
        np.array([s >> 64 for s in starts6], np.uint64),
        np.array([s & 0xFFFFFFFFFFFFFFFF for s in starts6], np.uint64),
        np.array(labels6, np.uint16),
    )


@kernel
def label_rows(table, hi, lo, label):
    """Write the label of each address (two uint64 halves, IPv4 mapped)."""
    v4_start, v4_label, v4_first = table.v4_start, table.v4_label, table.v4_first
    v6_hi, v6_lo, v6_label = table.v6_hi, table.v6_lo, table.v6_label
    for i in range(hi.size):
        if hi[i] == np.uint64(0) and lo[i] >> np.uint64(32) == np.uint64(0xFFFF):
            address = np.uint32(lo[i] & np.uint64(0xFFFFFFFF))
            sixteen = np.int64(address >> np.uint32(16))
            low, high = np.int64(v4_first[sixteen]), np.int64(v4_first[sixteen + 1])
            while low < high:
                middle = (low + high + 1) >> 1
                if v4_start[middle] <= address:
                    low = middle
                else:
                    high = middle - 1
            label[i] = v4_label[low]
        else:
            low, high = np.int64(0), np.int64(v6_hi.size - 1)
            while low < high:
                middle = (low + high + 1) >> 1
                if v6_hi[middle] < hi[i] or (v6_hi[middle] == hi[i] and v6_lo[middle] <= lo[i]):
                    low = middle
                else:
                    high = middle - 1
            label[i] = v6_label[low]

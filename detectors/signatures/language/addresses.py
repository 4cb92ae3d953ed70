"""Address and port expressions of a rule's header: variables, lists, negation, ranges; as sorted disjoint ranges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Ranges = tuple[tuple[int, int], ...]
"""Sorted, disjoint, not adjacent ranges; both ends belong."""

TOP_ADDRESS = (1 << 128) - 1
TOP_PORT = 65535
V4_LOW, V4_HIGH = 0xFFFF00000000, 0xFFFFFFFFFFFF
"""IPv4 is mapped into ::ffff:0:0/96, as everywhere in the product."""
_LOW = 0xFFFFFFFFFFFFFFFF


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges sorted, with those that overlap or touch made one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            if high > found[-1][1]:
                found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return tuple(found)


def complement(ranges: Ranges, top: int) -> Ranges:
    """Return what of 0..top is in none of the ranges."""
    found, start = [], 0
    for low, high in ranges:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= top:
        found.append((start, top))
    return tuple(found)


def without(ranges: Ranges, taken: Ranges) -> Ranges:
    """Return what is in ranges and not in taken."""
    found, k = [], 0
    for low, high in ranges:
        while k < len(taken) and taken[k][1] < low:
            k += 1
        j = k
        while j < len(taken) and taken[j][0] <= high:
            if taken[j][0] > low:
                found.append((low, taken[j][0] - 1))
            low = taken[j][1] + 1
            j += 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


@dataclass(frozen=True)
class AddressSet:
    """Addresses as sorted disjoint ranges of 128-bit ints, both ends belonging; any is all of them.

    negated: the expression, or a variable in it, takes some addresses out with !.
    """

    ranges: Ranges = ((0, TOP_ADDRESS),)
    negated: bool = False

    @property
    def any(self) -> bool:
        """Whether every address belongs."""
        return self.ranges == ((0, TOP_ADDRESS),)

    @cached_property
    def words(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The ranges as four uint64[n]: start hi, start lo, end hi, end lo."""
        def halves(k: int) -> tuple[np.ndarray, np.ndarray]:
            return (np.array([r[k] >> 64 for r in self.ranges], np.uint64),
                    np.array([r[k] & _LOW for r in self.ranges], np.uint64))
        return halves(0) + halves(1)

    def holds(self, address: int) -> bool:
        """Return whether a 128-bit address belongs."""
        return any(low <= address <= high for low, high in self.ranges)


@dataclass(frozen=True)
class PortSet:
    """Ports as sorted disjoint ranges, both ends belonging."""

    ranges: Ranges = ((0, TOP_PORT),)

    @property
    def any(self) -> bool:
        """Whether every port belongs."""
        return self.ranges == ((0, TOP_PORT),)

    @cached_property
    def bitmap(self) -> np.ndarray:
        """bool[65536]: whether a port belongs."""
        found = np.zeros(TOP_PORT + 1, np.bool_)
        for low, high in self.ranges:
            found[low:high + 1] = True
        return found

    def holds(self, port: int) -> bool:
        """Return whether a port belongs."""
        return any(low <= port <= high for low, high in self.ranges)


ANY_ADDRESS = AddressSet()
ANY_PORT = PortSet()

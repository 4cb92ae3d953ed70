"""Seeded whole numbers that are the same on every machine, Python and library version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
MASK = (1 << 64) - 1

EXPONENTIAL_PERCENT = (3, 10, 17, 24, 32, 41, 51, 62, 74, 87, 102, 121, 144, 173, 219, 340)
"""Middles of the sixteen equal-probability slices of an exponential distribution, in percent of its mean."""


class Dice:
    """SplitMix64 (Steele, Lea and Flood 2014), seeded from any words; integers only, so no rounding can differ."""

    def __init__(self, *words: object) -> None:
        digest = hashlib.sha256("|".join(map(str, words)).encode()).digest()
        self.state = int.from_bytes(digest[:8], "big")

    def bits(self) -> int:
        """Return the next 64 random bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return z ^ z >> 31

    def below(self, stop: int) -> int:
        """Return a number from 0 to stop - 1."""
        return self.bits() * stop >> 64

    def between(self, low: int, high: int) -> int:
        """Return a number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return choices[self.below(len(choices))]

    def chance(self, percent: int) -> bool:
        """Return True in so many of a hundred cases."""
        return self.below(100) < percent

    def gap(self, mean: int) -> int:
        """Return a waiting time with about this mean, distributed as between independent arrivals."""
        return mean * EXPONENTIAL_PERCENT[self.below(16)] // 100 + self.below(mean // 16 + 1)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in random order."""
        order = list(items)
        for i in range(len(order) - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


POOL = hashlib.shake_256("架空市".encode()).digest(1 << 16)
"""Bytes that look encrypted: payloads are slices of it."""


def opaque(dice: Dice, size: int) -> bytes:
    """Return so many bytes that look encrypted (at most 32 KiB)."""
    start = dice.below(len(POOL) - size)
    return POOL[start : start + size]

"""One step after another: what a search carries along, and how it goes on with what follows a match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

STEPS = 3000
"""Most steps of one search."""


class Buffer:
    """One instance of a buffer: its bytes, and the same in lower case once that is asked for.

    little: the byte order that a DCE/RPC header gave. whole: it is not cut off at its end.
    """

    __slots__ = ("_lower", "data", "little")

    def __init__(self, data: bytes, little: bool = False) -> None:
        self.data, self.little = data, little
        self._lower: bytes | None = None

    @property
    def lower(self) -> bytes:
        """The bytes in lower case."""
        if self._lower is None:
            self._lower = self.data.lower()
        return self._lower


class Variables:
    """What a rule has read so far: numbers by name, decoded base64, captured text; and the steps that are left."""

    __slots__ = ("captured", "counts", "decoded", "numbers", "sets", "steps")

    def __init__(self, sets: Any = None, counts: Counter[str] | None = None) -> None:
        self.numbers: dict[str, int] = {}
        self.decoded: bytes | None = None
        self.captured: list[tuple[str, str, bytes]] = []
        self.sets, self.counts = sets, counts if counts is not None else Counter()
        self.steps = STEPS

    def amount(self, amount: int | str) -> int:
        """Return a number, or the variable of that name (0 where nothing has set it)."""
        return amount if isinstance(amount, int) else self.numbers.get(amount, 0)


class Step(NamedTuple):
    """One match, prepared: run(step, variables, rest, k, buffer, position) tells whether it and what follows hold."""

    run: Callable[..., bool]
    match: Any
    made: Any
    next_relative: bool


def rest(x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    """Return whether the matches from k on hold, from a position on. As deep as the rule is long."""
    if k == len(steps):
        return True
    x.steps -= 1
    if x.steps < 0:
        return False
    step = steps[k]
    return step.run(step, x, steps, k, buffer, at)

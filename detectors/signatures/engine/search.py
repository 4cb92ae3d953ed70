"""The search within one buffer: the matches of a group in order, taken back and tried further on where they depend.

As in Suricata: a content that is found is looked for again further on when what follows is relative to it and fails.
The steps of one search are limited; beyond that it has failed, and that is counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pcre2

from detectors.signatures.engine.numbers import compares, masked, number_at, reckoned
from detectors.signatures.engine.base64 import decoded
from detectors.signatures.language.matches import (
    Absent,
    Asn1,
    Base64Decode,
    BSize,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    DataRep,
    Dataset,
    Entropy,
    IsDataAt,
    Match,
    Pcre,
)
from detectors.signatures.language.regex import compile_pcre

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


class _Step(NamedTuple):
    """One match, prepared: run(step, variables, rest, k, buffer, position) tells whether it and what follows hold."""

    run: Callable[..., bool]
    match: Any
    made: Any
    next_relative: bool


class Search:
    """The matches of one group, prepared once for many buffers."""

    __slots__ = ("_steps", "absent", "or_else")

    def __init__(self, matches: Sequence[Match]) -> None:
        absents = [m for m in matches if isinstance(m, Absent)]
        self.absent, self.or_else = bool(absents), any(m.or_else for m in absents)
        kept = [m for m in matches if not isinstance(m, Absent)]
        self._steps = tuple(_Step(_RUNS[type(m)], m, _made(m), _next_is_relative(kept, k)) for k, m in enumerate(kept))

    def holds(self, buffer: Buffer, variables: Variables) -> bool:
        """Return whether all matches hold in a buffer that exists."""
        if self.absent and not self.or_else:
            return False
        variables.steps = STEPS
        return _rest(variables, self._steps, 0, buffer, 0)


def _rest(x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    """Return whether the matches from k on hold, from a position on. As deep as the rule is long."""
    if k == len(steps):
        return True
    x.steps -= 1
    if x.steps < 0:
        x.counts["search_limit"] += x.steps == -1
        return False
    step = steps[k]
    return step.run(step, x, steps, k, buffer, at)


def _relative(match: Match) -> bool:
    return bool(getattr(match, "relative", False))


_MOVES = (Content, Pcre, ByteJump, ByteExtract, ByteMath)


def _next_is_relative(matches: Sequence[Match], k: int) -> bool:
    """Whether something that follows, up to the next match that moves the position, goes from this one's end."""
    for match in matches[k + 1 :]:
        if _relative(match):
            return True
        if isinstance(match, _MOVES):
            return False
    return False


def _made(match: Match) -> Any:
    if isinstance(match, Content):
        return match.pattern.lower() if match.nocase else match.pattern
    if isinstance(match, Pcre):
        return compile_pcre(match)
    return None


def _content(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match, pattern = step.match, step.made
    data = buffer.lower if match.nocase else buffer.data
    size, length = len(data), len(pattern)
    low, high = 0, size
    if match.relative:
        distance = x.amount(match.distance) if match.distance is not None else 0
        low = max(at + distance, 0)
        if match.within is not None:
            high = min(high, at + distance + x.amount(match.within))
        if match.depth is not None:
            high = min(high, at + x.amount(match.depth))
        if match.offset is not None:
            low = max(low, x.amount(match.offset))
    else:
        low = x.amount(match.offset) if match.offset is not None else 0
        if match.depth is not None:
            high = min(high, low + x.amount(match.depth))
    if match.startswith:
        low, high = 0, min(high, length)
    if match.endswith and high == size:
        low = max(low, size - length)
    while True:
        found = data.find(pattern, low, high) if low <= high else -1
        if found >= 0 and match.endswith and found + length != size:
            low = found + 1
            continue
        if match.negated:
            return found < 0 and _rest(x, steps, k + 1, buffer, at)
        if found < 0:
            return False
        if _rest(x, steps, k + 1, buffer, found + length):
            return True
        if not step.next_relative or x.steps < 0:
            return False
        x.steps -= 1
        low = found + 1


def _pcre(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match, pattern, data = step.match, step.made, buffer.data
    low = at if match.relative else 0
    if low > len(data):
        return match.negated and _rest(x, steps, k + 1, buffer, at)
    text = data[low:] if match.relative else data  # ^ is where the search begins
    base, start = (low, 0) if match.relative else (0, 0)
    while True:
        try:
            found = pattern.search(text, start)
        except pcre2.LibraryError:
            x.counts["pcre_limit"] += 1
            found = None
        if match.negated:
            return found is None and _rest(x, steps, k + 1, buffer, at)
        if found is None:
            return False
        kept = len(x.captured)
        for (kind, name), value in zip(match.captures, found.groups(), strict=False):
            if value is not None:
                x.captured.append((kind, name, bytes(value)))
        if _rest(x, steps, k + 1, buffer, base + found.end()):
            return True
        del x.captured[kept:]
        if not step.next_relative or x.steps < 0 or found.start() >= len(text):
            return False
        x.steps -= 1
        start = found.start() + 1


def _is_data_at(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match, size = step.match, len(buffer.data)
    place = x.amount(match.at)
    there = place + at <= size if match.relative else place < size
    return there != match.negated and _rest(x, steps, k + 1, buffer, at)


def _bsize(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    test, size = step.match.test, len(buffer.data)
    fits = size == x.amount(test) if isinstance(test, str) else bool(test.holds(size))
    return fits and _rest(x, steps, k + 1, buffer, at)


def _read(match: Any, x: Variables, buffer: Buffer, at: int) -> tuple[int, int, int] | None:
    """Return number, its place and the bytes it takes; None where there is none."""
    place = x.amount(match.offset) + (at if match.relative else 0)
    little = buffer.little if match.dce else match.little
    found = number_at(buffer.data, place, x.amount(match.nbytes), little, match.base)
    return None if found is None else (found[0], place, found[1])


def _byte_test(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    if (read := _read(match, x, buffer, at)) is None:
        return False
    holds = compares(match.operator, masked(read[0], match.bitmask), x.amount(match.value))
    return holds != match.negated and _rest(x, steps, k + 1, buffer, at)


def _byte_jump(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    if x.amount(match.nbytes) == 0:
        value, place, taken = 0, x.amount(match.offset) + (at if match.relative else 0), 0
    elif (read := _read(match, x, buffer, at)) is not None:
        value, place, taken = masked(read[0], match.bitmask), read[1], read[2]
    else:
        return False
    value *= match.multiplier
    if match.align:
        value += -value % 4
    value += x.amount(match.post_offset)
    if match.from_beginning:
        target = value
    elif match.from_end:
        target = len(buffer.data) + value
    else:
        target = place + taken + value
    return 0 <= target < len(buffer.data) and _rest(x, steps, k + 1, buffer, target)


def _byte_extract(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    if (read := _read(match, x, buffer, at)) is None:
        return False
    value, place, taken = read
    value *= match.multiplier
    if match.align:
        value += -value % match.align
    x.numbers[match.name] = value
    return _rest(x, steps, k + 1, buffer, place + taken)


def _byte_math(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    if (read := _read(match, x, buffer, at)) is None:
        return False
    value = reckoned(match.operator, masked(read[0], match.bitmask), x.amount(match.rvalue))
    if value is None:
        return False
    x.numbers[match.result] = value
    return _rest(x, steps, k + 1, buffer, read[1] + read[2])


def _base64(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    start = match.offset + (at if match.relative else 0)
    if start >= len(buffer.data):
        return False
    stop = len(buffer.data) if match.nbytes is None else start + match.nbytes
    x.decoded = decoded(buffer.data[start:stop])
    return bool(x.decoded) and _rest(x, steps, k + 1, buffer, at)


def _entropy(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    data = buffer.data[match.offset :]
    data = data[: match.nbytes] if match.nbytes else data
    value = -sum(n / len(data) * math.log2(n / len(data)) for n in Counter(data).values()) if data else 0.0
    fits = {"=": value == match.value, "!=": value != match.value, "<": value < match.value, ">": value > match.value,
            "<=": value <= match.value, ">=": value >= match.value,
            "range": match.value < value < match.high}.get(match.operator, False)
    return fits and _rest(x, steps, k + 1, buffer, at)


def _dataset(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    return x.sets.dataset(step.match, buffer.data, x) and _rest(x, steps, k + 1, buffer, at)


def _datarep(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    return x.sets.datarep(step.match, buffer.data) and _rest(x, steps, k + 1, buffer, at)


def _asn1(step: _Step, x: Variables, steps: tuple[_Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    from detectors.signatures.engine.asn1 import suspicious

    return suspicious(step.match, buffer.data, at) and _rest(x, steps, k + 1, buffer, at)


_RUNS: dict[type, Callable[..., bool]] = {
    Content: _content, Pcre: _pcre, IsDataAt: _is_data_at, BSize: _bsize, ByteTest: _byte_test, ByteJump: _byte_jump,
    ByteExtract: _byte_extract, ByteMath: _byte_math, Base64Decode: _base64, Entropy: _entropy, Dataset: _dataset,
    DataRep: _datarep, Asn1: _asn1,
}

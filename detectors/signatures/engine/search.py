"""The search within one buffer: the matches of a group in order, taken back and tried further on where they depend.

As in Suricata: a content that is found is looked for again further on when what follows is relative to it and fails.
The steps of one search are limited; beyond that it has failed, and that is counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pcre2

from detectors.signatures.engine.base64 import decoded
from detectors.signatures.engine.reading import byte_extract, byte_jump, byte_math, byte_test
from detectors.signatures.engine.steps import STEPS, Buffer, Step, Variables, rest
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


class Search:
    """The matches of one group, prepared once for many buffers, when the first is searched: most never are."""

    __slots__ = ("_matches", "_steps", "absent", "or_else")

    def __init__(self, matches: Sequence[Match]) -> None:
        absents = [m for m in matches if isinstance(m, Absent)]
        self.absent, self.or_else = bool(absents), any(m.or_else for m in absents)
        self._matches = matches
        self._steps: tuple[Step, ...] | None = None

    def holds(self, buffer: Buffer, variables: Variables) -> bool:
        """Return whether all matches hold in a buffer that exists."""
        if self.absent and not self.or_else:
            return False
        if self._steps is None:
            self._steps = _steps_of([m for m in self._matches if not isinstance(m, Absent)])
        variables.steps = STEPS
        found = rest(variables, self._steps, 0, buffer, 0)
        variables.counts["search_limit"] += variables.steps < 0
        return found


def _steps_of(matches: Sequence[Match]) -> tuple[Step, ...]:
    return tuple(Step(_RUNS[type(m)], m, _made(m), _next_is_relative(matches, k)) for k, m in enumerate(matches))


def _relative(match: Match) -> bool:
    return bool(getattr(match, "relative", False))


_MOVES = (Content, Pcre, ByteJump, ByteExtract, ByteMath)


def _next_is_relative(matches: Sequence[Match], k: int) -> bool:
    """Whether something that follows, up to the next match that moves the position, goes from this one's end."""
    for match in matches[k + 1 :]:
        if _relative(match):
            return True
        if isinstance(match, _MOVES) and not getattr(match, "negated", False):
            return False
    return False


def _made(match: Match) -> Any:
    if isinstance(match, Content):
        return match.pattern.lower() if match.nocase else match.pattern
    if isinstance(match, Pcre):
        return compile_pcre(match)
    return None


def _content(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
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
            return found < 0 and rest(x, steps, k + 1, buffer, at)
        if found < 0:
            return False
        if rest(x, steps, k + 1, buffer, found + length):
            return True
        if not step.next_relative or x.steps < 0:
            return False
        x.steps -= 1
        low = found + 1


def _pcre(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match, pattern, data = step.match, step.made, buffer.data
    low = at if match.relative else 0
    if low > len(data):
        return match.negated and rest(x, steps, k + 1, buffer, at)
    text = data[low:] if match.relative else data  # ^ is where the search begins
    base, start = (low, 0) if match.relative else (0, 0)
    while True:
        try:
            found = pattern.search(text, start)
        except pcre2.LibraryError:
            x.counts["pcre_limit"] += 1
            found = None
        if match.negated:
            return found is None and rest(x, steps, k + 1, buffer, at)
        if found is None:
            return False
        kept = len(x.captured)
        for (kind, name), value in zip(match.captures, found.groups(), strict=False):
            if value is not None:
                x.captured.append((kind, name, bytes(value)))
        if rest(x, steps, k + 1, buffer, base + found.end()):
            return True
        del x.captured[kept:]
        if not step.next_relative or x.steps < 0 or found.start() >= len(text):
            return False
        x.steps -= 1
        start = found.start() + 1


def _is_data_at(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match, size = step.match, len(buffer.data)
    place = x.amount(match.at)
    there = place + at <= size if match.relative else place < size
    return there != match.negated and rest(x, steps, k + 1, buffer, at)


def _bsize(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    test, size = step.match.test, len(buffer.data)
    fits = size == x.amount(test) if isinstance(test, str) else bool(test.holds(size))
    return fits and rest(x, steps, k + 1, buffer, at)


def _base64(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    start = match.offset + (at if match.relative else 0)
    if start >= len(buffer.data):
        return False
    stop = len(buffer.data) if match.nbytes is None else start + match.nbytes
    x.decoded = decoded(buffer.data[start:stop])
    return bool(x.decoded) and rest(x, steps, k + 1, buffer, at)


def _entropy(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    match = step.match
    data = buffer.data[match.offset :]
    data = data[: match.nbytes] if match.nbytes else data
    value = -sum(n / len(data) * math.log2(n / len(data)) for n in Counter(data).values()) if data else 0.0
    fits = {"=": value == match.value, "!=": value != match.value, "<": value < match.value, ">": value > match.value,
            "<=": value <= match.value, ">=": value >= match.value,
            "range": match.value < value < match.high}.get(match.operator, False)
    return fits and rest(x, steps, k + 1, buffer, at)


def _dataset(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    return x.sets.dataset(step.match, buffer.data, x) and rest(x, steps, k + 1, buffer, at)


def _datarep(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    return x.sets.datarep(step.match, buffer.data) and rest(x, steps, k + 1, buffer, at)


def _asn1(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    from detectors.signatures.engine.asn1 import suspicious

    return suspicious(step.match, buffer.data, at) and rest(x, steps, k + 1, buffer, at)


_RUNS: dict[type, Callable[..., bool]] = {
    Content: _content, Pcre: _pcre, IsDataAt: _is_data_at, BSize: _bsize, ByteTest: byte_test, ByteJump: byte_jump,
    ByteExtract: byte_extract, ByteMath: byte_math, Base64Decode: _base64, Entropy: _entropy, Dataset: _dataset,
    DataRep: _datarep, Asn1: _asn1,
}

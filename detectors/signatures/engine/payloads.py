"""What rules ask of fixed places of a packet's payload, asked of many packets at once: most hold of none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import numpy as np

from columns import Packets
from detectors.signatures.engine.numbers import masked
from detectors.signatures.language.matches import ByteTest, IsDataAt
from detectors.signatures.language.rule import PAYLOAD, Rule

_MOST_BYTES = 4
_COMPARES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "<": np.less, ">": np.greater, "=": np.equal, "!=": np.not_equal, "<=": np.less_equal, ">=": np.greater_equal,
    "&": lambda values, other: values & other != 0, "^": lambda values, other: values != other}


def placed_tests(rule: Rule) -> tuple[ByteTest | IsDataAt, ...]:
    """Return the matches of a rule that look at a fixed place of the payload: none holds where one of them does not."""
    return tuple(m for g in rule.groups if g.buffer == PAYLOAD and not g.transforms for m in g.matches if _is_placed(m))


def _is_placed(match: Any) -> TypeGuard[ByteTest | IsDataAt]:
    if isinstance(match, IsDataAt):
        return not match.relative and isinstance(match.at, int)
    if not isinstance(match, ByteTest) or match.relative or match.base or match.dce or match.operator not in _COMPARES:
        return False
    numbers = match.nbytes, match.offset, match.value
    return all(isinstance(n, int) and 0 <= n < 1 << 32 for n in numbers) and 0 < int(match.nbytes) <= _MOST_BYTES


class Payloads:
    """The captured payloads of a batch of packets; buffers are what ``packets.buffer`` names."""

    def __init__(self, packets: Packets, buffers: Sequence[np.ndarray]) -> None:
        self._p, self._buffers = packets, buffers

    def pass_tests(self, rows: np.ndarray, tests: Sequence[ByteTest | IsDataAt]) -> np.ndarray:
        """Return those of some rows (int64) whose payload passes all tests; without payload none does."""
        for test in tests:
            if not rows.size:
                break
            rows = rows[self._holds(rows, test)]
        return rows

    def _holds(self, rows: np.ndarray, test: ByteTest | IsDataAt) -> np.ndarray:
        sizes = self._p.payload_captured_bytes[rows].astype(np.int64)
        if isinstance(test, IsDataAt):
            return (sizes > 0) & ((int(test.at) < sizes) != test.negated)
        found = sizes >= int(test.offset) + int(test.nbytes)
        values = masked(self._numbers(rows[found], test), test.bitmask)
        found[found] = _COMPARES[test.operator](values, int(test.value)) != test.negated
        return found

    def _numbers(self, rows: np.ndarray, test: ByteTest) -> np.ndarray:
        """Return the numbers that a test reads, int64; all their bytes are there."""
        places = self._p.payload_offset[rows].astype(np.int64) + int(test.offset)
        which, found, size = self._p.buffer[rows], np.zeros(rows.size, np.int64), int(test.nbytes)
        for number in np.unique(which).tolist():
            here = which == number
            for k in range(size):
                shift = 8 * (k if test.little else size - 1 - k)
                found[here] |= self._buffers[number][places[here] + k].astype(np.int64) << shift
        return found

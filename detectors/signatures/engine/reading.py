"""Matches that read numbers: byte_test, byte_jump, byte_extract, byte_math. Each goes on with what follows it."""

from __future__ import annotations

from typing import Any

from detectors.signatures.engine.numbers import compares, masked, number_at, reckoned
from detectors.signatures.engine.steps import Buffer, Step, Variables, rest


def _read(match: Any, x: Variables, buffer: Buffer, at: int) -> tuple[int, int, int] | None:
    """Return number, its place and the bytes it takes; None where there is none."""
    place = x.amount(match.offset) + (at if match.relative else 0)
    little = buffer.little if match.dce else match.little
    found = number_at(buffer.data, place, x.amount(match.nbytes), little, match.base)
    return None if found is None else (found[0], place, found[1])


def byte_test(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    """Run the match, then what follows it."""
    match = step.match
    if (read := _read(match, x, buffer, at)) is None:
        return False
    holds = compares(match.operator, masked(read[0], match.bitmask), x.amount(match.value))
    return holds != match.negated and rest(x, steps, k + 1, buffer, at)


def byte_jump(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    """Run the match, then what follows it."""
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
    return 0 <= target < len(buffer.data) and rest(x, steps, k + 1, buffer, target)


def byte_extract(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    """Run the match, then what follows it."""
    match = step.match
    if (read := _read(match, x, buffer, at)) is None:
        return False
    value, place, taken = read
    value *= match.multiplier
    if match.align:
        value += -value % match.align
    x.numbers[match.name] = value
    return rest(x, steps, k + 1, buffer, place + taken)


def byte_math(step: Step, x: Variables, steps: tuple[Step, ...], k: int, buffer: Buffer, at: int) -> bool:
    """Run the match, then what follows it."""
    match = step.match
    if (read := _read(match, x, buffer, at)) is None:
        return False
    value = reckoned(match.operator, masked(read[0], match.bitmask), x.amount(match.rvalue))
    if value is None:
        return False
    x.numbers[match.result] = value
    return rest(x, steps, k + 1, buffer, read[1] + read[2])

"""Numbers within a buffer, as byte_test, byte_jump, byte_extract and byte_math read them."""

from __future__ import annotations

import re
from typing import Any

_DIGITS = {8: re.compile(rb"\s*[+-]?0*([0-7]+)"), 10: re.compile(rb"\s*([+-]?\d+)"),
           16: re.compile(rb"\s*[+-]?(?:0[xX])?([0-9a-fA-F]+)")}
WORD = (1 << 64) - 1


def number_at(data: bytes, at: int, size: int, little: bool, base: int) -> tuple[int, int] | None:
    """Return (the number, the bytes it takes), None where it is not all there or is no number in that base."""
    if at < 0 or size <= 0 or at + size > len(data):
        return None
    if not base:
        return int.from_bytes(data[at : at + size], "little" if little else "big"), size
    found = _DIGITS[base].match(data[at : at + size])
    if found is None:
        return None
    return int(found[1], base) & WORD, found.end()


def masked(value: Any, bitmask: int | None) -> Any:
    """Return the bits of a value under a mask, shifted right by the mask's trailing zeros."""
    if not bitmask:
        return value
    return (value & bitmask) >> ((bitmask & -bitmask).bit_length() - 1)


def compares(operator: str, value: int, other: int) -> bool:
    """Return whether an operator of byte_test holds."""
    match operator:
        case "<":
            return value < other
        case ">":
            return value > other
        case "=":
            return value == other
        case "!=":
            return value != other
        case "<=":
            return value <= other
        case ">=":
            return value >= other
        case "&":
            return bool(value & other)
        case _:
            return bool(value ^ other)


def reckoned(operator: str, left: int, right: int) -> int | None:
    """Return the result of an operator of byte_math in 64 bits, None for a division by zero or a shift too far."""
    match operator:
        case "+":
            return (left + right) & WORD
        case "-":
            return (left - right) & WORD
        case "*":
            return (left * right) & WORD
        case "/":
            return left // right if right else None
        case "<<":
            return (left << right) & WORD if right < 64 else 0
        case _:
            return left >> right if right < 64 else 0

"""Comparisons with unsigned integers, as nearly every numeric keyword writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_UNITS = {"kb": 10, "kib": 10, "mb": 20, "mib": 20, "gb": 30, "gib": 30}
_NUMBER = r"(0[xX][0-9a-fA-F]+|\d+)\s*([kKmMgG][iI]?[bB])?"
_RANGE = re.compile(rf"(!?)\s*{_NUMBER}\s*(?:<>|-)\s*{_NUMBER}$")
_MASK = re.compile(rf"&\s*{_NUMBER}\s*(!?=)\s*{_NUMBER}$")
_PLAIN = re.compile(rf"(<=|>=|!=|=|<|>|!|)\s*{_NUMBER}$")


@dataclass(frozen=True, slots=True)
class IntTest:
    """One comparison: ``op`` is = != < <= > >= range !range & !&.

    range holds strictly between value and high, !range at or outside them; & holds where x & mask == value and !&
    where it is not. holds() takes a Python int or a numpy array of unsigned integers and returns bool or bool[n].
    """

    op: str
    value: int
    high: int = 0
    mask: int = 0

    def holds(self, x: Any) -> Any:
        """Return whether the test holds of x, elementwise for an array."""
        return _OPERATIONS[self.op](self, x)

    def possible(self, bits: int) -> bool:
        """Return whether any unsigned integer of so many bits can pass."""
        top = (1 << bits) - 1
        match self.op:
            case "=" | "<=":
                return self.op == "<=" or self.value <= top
            case "<":
                return self.value > 0
            case ">":
                return self.value < top
            case ">=":
                return self.value <= top
            case "range":
                return self.value + 1 < self.high and self.value < top
            case "&":
                return self.value & ~self.mask == 0 and self.value <= top
        return True

    def __str__(self) -> str:
        match self.op:
            case "range" | "!range":
                return f"{'!' if self.op[0] == '!' else ''}{self.value}-{self.high}"
            case "&" | "!&":
                return f"&{self.mask:#x}{'!=' if self.op[0] == '!' else '='}{self.value:#x}"
        return f"{self.op}{self.value}"


_OPERATIONS = {
    "=": lambda t, x: x == t.value,
    "!=": lambda t, x: x != t.value,
    "<": lambda t, x: x < t.value,
    "<=": lambda t, x: x <= t.value,
    ">": lambda t, x: x > t.value,
    ">=": lambda t, x: x >= t.value,
    "range": lambda t, x: (x > t.value) & (x < t.high),
    "!range": lambda t, x: (x <= t.value) | (x >= t.high),
    "&": lambda t, x: (x & t.mask) == t.value,
    "!&": lambda t, x: (x & t.mask) != t.value,
}


def parse_int_test(text: str, bits: int = 64) -> IntTest:
    """Return the comparison written in text, ValueError with a reason for anything else or what can never hold."""
    test = _parsed(text.strip())
    top = (1 << bits) - 1
    if max(test.value, test.high, test.mask) > top:
        raise ValueError(f"{text.strip()} does not fit in {bits} bits")
    if not test.possible(bits):
        raise ValueError(f"{text.strip()} can never hold of {bits} bits")
    return test


def _parsed(text: str) -> IntTest:
    if found := _RANGE.match(text):
        low, high = _number(found[2], found[3]), _number(found[4], found[5])
        if low >= high:
            raise ValueError(f"the range {text} does not go upwards")
        return IntTest("!range" if found[1] else "range", low, high)
    if found := _MASK.match(text):
        return IntTest("&" if found[3] == "=" else "!&", _number(found[4], found[5]), mask=_number(found[1], found[2]))
    if found := _PLAIN.match(text):
        return IntTest({"": "=", "!": "!="}.get(found[1], found[1]), _number(found[2], found[3]))
    raise ValueError(f"{text!r} is no comparison with a number (such as 5, >5, !5, 5-10, &0xc0=0x80)")


def _number(digits: str, unit: str | None) -> int:
    return int(digits, 0 if digits[:2].lower() == "0x" else 10) << _UNITS.get((unit or "").lower(), 0)


@dataclass(frozen=True, slots=True)
class Index:
    """Which elements of a list an integer test is about: kind any, all, all_or_absent, or_absent, nth, oob_or, nb.

    nth and oob_or take position (negative from the back); nb holds where the number of matching elements passes count.
    low and high cut the list first (negative from the back), None for its ends.
    """

    kind: str = "any"
    position: int = 0
    count: IntTest | None = None
    low: int | None = None
    high: int | None = None


ANY_INDEX = Index()


def parse_index(text: str, subslice: str = "") -> Index:
    """Return the index part of a multi-integer, ValueError for anything else."""
    low, high = _subslice(subslice)
    words = text.strip().lower()
    if words in ("", "any", "all", "all_or_absent", "or_absent"):
        return Index(words or "any", low=low, high=high)
    if words.startswith("nb"):
        return Index("nb", count=parse_int_test(words[2:], 32), low=low, high=high)
    if words.startswith("oob_or"):
        return Index("oob_or", int(words[6:]), low=low, high=high)
    if re.fullmatch(r"-?\d+", words):
        return Index("nth", int(words), low=low, high=high)
    raise ValueError(f"{text!r} is no index (any, all, or_absent, all_or_absent, nb>3, oob_or 0, or a number)")


def _subslice(text: str) -> tuple[int | None, int | None]:
    if not text.strip():
        return None, None
    found = re.fullmatch(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*", text)
    if not found:
        raise ValueError(f"{text!r} is no subslice (such as 2:4)")
    return tuple(int(part) if part else None for part in found.groups())  # type: ignore[return-value]

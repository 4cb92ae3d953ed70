"""Bencoding (BEP 3) read without recursion, within a depth and a number of values."""

from __future__ import annotations

from typing import Any

_DEPTH, _VALUES, _DIGITS = 16, 4096, 20


def decoded(data: bytes) -> Any:
    """Return the value that the bytes begin with: int, bytes, list, or dict by bytes; None where there is none.

    What comes behind the value does not matter.
    """
    stack: list[list[Any]] = []  # values of what is open, whose first tells a dictionary (True) from a list
    at, values = 0, 0
    while at < len(data) and values < _VALUES:
        kind, values = data[at : at + 1], values + 1
        if kind in b"dl":
            if len(stack) >= _DEPTH:
                return None
            stack.append([kind == b"d"])
            at += 1
            continue
        if kind == b"e":
            if not stack:
                return None
            value, at = _closed(stack.pop()), at + 1
        else:
            value, at = _scalar(data, at)
        if value is None:
            return None
        if not stack:
            return value
        stack[-1].append(value)
    return None


def _closed(parts: list[Any]) -> Any:
    """Return a list, or a dictionary of the pairs; None where a key is no string or has no value."""
    if not parts[0]:
        return parts[1:]
    names, values = parts[1::2], parts[2::2]
    if len(names) != len(values) or not all(isinstance(name, bytes) for name in names):
        return None
    return dict(zip(names, values, strict=True))


def _scalar(data: bytes, at: int) -> tuple[Any, int]:
    """Return (an integer or a string, place behind it), or (None, at)."""
    if data[at : at + 1] == b"i":
        stop = data.find(b"e", at, at + _DIGITS + 2)
        digits = data[at + 1 : stop] if stop > 0 else b""
        return (int(digits), stop + 1) if digits.removeprefix(b"-").isdigit() else (None, at)
    colon = data.find(b":", at, at + _DIGITS)
    digits = data[at:colon] if colon > 0 else b""
    if not digits.isdigit():
        return None, at
    start = colon + 1
    size = int(digits)
    return (data[start : start + size], start + size) if start + size <= len(data) else (None, at)

"""Basic Encoding Rules (ITU-T X.690) as network protocols use them: definite lengths, bounded, never recursive."""

from __future__ import annotations

from typing import NamedTuple

INTEGER, OCTETS, NULL, OID, SEQUENCE, SET = 0x02, 0x04, 0x05, 0x06, 0x30, 0x31
_LENGTH_BYTES = 4
_OID_BYTES = 256
_new = tuple.__new__  # without the call that a named tuple wraps it in


class Element(NamedTuple):
    """One element: its tag byte, and where its contents are."""

    tag: int
    start: int
    stop: int


def element(data: bytes, pos: int, stop: int, *, clip: bool = False) -> Element | None:
    """Return the element at pos, or None where it is malformed, of a long tag, or reaches beyond stop.

    clip: one that reaches beyond stop ends there, so that what a container holds before it breaks off can be read.
    """
    if pos + 2 > stop or data[pos] & 0x1F == 0x1F:
        return None
    size, start = data[pos + 1], pos + 2
    if size & 0x80:
        count = size & 0x7F
        if not 0 < count <= _LENGTH_BYTES or start + count > stop:
            return None
        size, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + size > stop and not clip:
        return None
    return Element(data[pos], start, min(start + size, stop))


def elements(data: bytes, pos: int, stop: int, most: int) -> list[Element]:
    """Return the elements of pos..stop one after another, at most so many, up to the first that is malformed.

    The last may be clipped, see element; whoever needs it whole compares its claimed size.
    """
    return [_new(Element, one) for one in spans(data, pos, stop, most)]


def spans(data: bytes, pos: int, stop: int, most: int) -> list[tuple[int, int, int]]:
    """Return what ``elements`` does as plain tuples, for long lists of short things: names cost as much as all else."""
    found: list[tuple[int, int, int]] = []
    while pos < stop - 1 and most > 0:
        tag, size, start = data[pos], data[pos + 1], pos + 2
        if tag & 0x1F == 0x1F:
            break
        if size >= 0x80:
            count = size & 0x7F
            if not 0 < count <= _LENGTH_BYTES or start + count > stop:
                break
            size, start = int.from_bytes(data[start : start + count], "big"), start + count
        pos = start + size
        if pos > stop:
            pos = stop
        found.append((tag, start, pos))
        most -= 1
    return found


def claimed_size(head: bytes) -> int:
    """Return how long an element says it is, with its tag and length; 0 where that is not known yet, -1 malformed."""
    if len(head) < 2:
        return 0
    size = head[1]
    if not size & 0x80:
        return 2 + size
    count = size & 0x7F
    if not 0 < count <= _LENGTH_BYTES:
        return -1
    return 2 + count + int.from_bytes(head[2 : 2 + count], "big") if len(head) >= 2 + count else 0


def integer(data: bytes, one: Element) -> int:
    """Return a signed integer; what is longer than 16 bytes is cut to its first 16."""
    return int.from_bytes(data[one.start : min(one.stop, one.start + 16)], "big", signed=True)


def octets(data: bytes, one: Element) -> bytes:
    """Return the contents."""
    return data[one.start : one.stop]


def oid(data: bytes, one: Element) -> str:
    """Return an object identifier in dotted form, of its first 256 bytes; "" where it is empty."""
    arcs: list[int] = []
    value = 0
    for byte in data[one.start : min(one.stop, one.start + _OID_BYTES)]:
        value = value << 7 | byte & 0x7F
        if byte & 0x80:
            continue
        if not arcs:
            arcs = [min(value // 40, 2), value - 40 * min(value // 40, 2)]
        else:
            arcs.append(value)
        value = 0
    return ".".join(map(str, arcs))

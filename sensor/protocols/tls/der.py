"""As much of DER as a certificate needs: one element after another, within bounds (ITU-T X.690)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OCTET_STRING, OID = 0x04, 0x06
UTC_TIME, GENERALIZED_TIME, BMP_STRING = 0x17, 0x18, 0x1E
SEQUENCE, SET = 0x30, 0x31

_WIDE = {BMP_STRING: "utf-16-be", 0x1C: "utf-32-be"}


class DerError(ValueError):
    """An element does not fit where it stands; caught by whoever began to read."""


class Element(NamedTuple):
    """One element: its tag, and where its content lies."""

    tag: int
    start: int
    stop: int


def element(data: bytes, at: int, stop: int) -> Element:
    """Return the element at a place; raises DerError where it reaches beyond stop."""
    if at + 2 > stop:
        raise DerError
    tag, size, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F or size == 0x80:  # tags of several bytes, lengths left open: not in certificates
        raise DerError
    if size > 0x80:
        start += size & 0x7F
        if size > 0x84 or start > stop:
            raise DerError
        size = int.from_bytes(data[at + 2 : start], "big")
    if start + size > stop:
        raise DerError
    return Element(tag, start, start + size)


def elements(data: bytes, inside: Element) -> Iterator[Element]:
    """Yield the elements inside another; raises DerError at the first that does not fit."""
    at = inside.start
    while at < inside.stop:
        found = element(data, at, inside.stop)
        yield found
        at = found.stop


def oid_text(content: bytes) -> str:
    """Return an object identifier with dots; "" for none."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        return ""
    arcs, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def string_text(tag: int, content: bytes) -> str:
    """Return the text of a string element: UTF-8, the old eight-bit kinds as Latin-1, the wide ones as they are."""
    if tag in _WIDE:
        return content.decode(_WIDE[tag], "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def time_text(tag: int, content: bytes) -> str:
    """Return UTCTime or GeneralizedTime as 2015-02-12T18:07:27; "" where it is none (RFC 5280, 4.1.2.5)."""
    text = content.decode("latin-1")
    if tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    digits = text[:14]
    if text[14:] != "Z" or len(digits) < 14 or not (digits.isascii() and digits.isdigit()):
        return ""
    return (f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}")

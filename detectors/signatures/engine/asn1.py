"""Checks of a BER structure that the asn1 keyword names (X.690), without following it deeper than a limit."""

from __future__ import annotations

from detectors.signatures.language.matches import Asn1

_MOST_ELEMENTS, _BIT_STRING, _REAL, _CONSTRUCTED = 256, 3, 9, 0x20


def suspicious(match: Asn1, data: bytes, at: int) -> bool:
    """Return whether one of the named oddities is in the structure."""
    start = 0
    if match.absolute_offset is not None:
        start = match.absolute_offset
    elif match.relative_offset is not None:
        start = at + match.relative_offset
    place, left = max(start, 0), _MOST_ELEMENTS
    while place + 2 <= len(data) and left:
        left -= 1
        tag, first = data[place], data[place + 1]
        place += 2
        size = first
        if first & 0x80:
            digits = first & 0x7F
            if digits > 8 or place + digits > len(data):
                return False
            size = int.from_bytes(data[place : place + digits], "big")
            place += digits
        if match.oversize_length is not None and size > match.oversize_length:
            return True
        if match.bitstring_overflow and tag & 0x1F == _BIT_STRING and place < len(data) and data[place] > 7:
            return True
        text = place < len(data) and not data[place] & 0xC0
        if match.double_overflow and tag & 0x1F == _REAL and text and size > 256:
            return True
        place += 0 if tag & _CONSTRUCTED else size
    return False

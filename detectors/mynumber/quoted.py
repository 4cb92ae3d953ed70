"""Quoted-printable (RFC 2045 6.7) and percent signs in running text: whether there are any, and what the first says."""

from __future__ import annotations

import numpy as np

from columns.bytemask import BYTES, lowest, mask64
from columns.kernel import part
from columns.wire import copy_bytes

_EQUALS, _CR, _LF = 0x3D, 0x0D, 0x0A
_NONE = np.uint64(0)
_EQUAL_SIGN, _PERCENT_SIGN = np.uint8(_EQUALS), np.uint8(0x25)  # for mask64


@part
def nibble(c):
    """Return the value of a hexadecimal digit, or -1."""
    if 0x30 <= c <= 0x39:
        return c - 0x30
    if 0x41 <= c & 0xDF <= 0x46:
        return (c & 0xDF) - 0x37
    return -1


@part
def next_equal(b, p, hi, sign):
    """Return where in b[p:hi] the next sign (np.uint8) stands, or hi; 64 bytes are looked at together."""
    if hi < BYTES:
        while p < hi and b[p] != sign:
            p += 1
        return p
    while p < hi:
        q = min(p, hi - BYTES)
        found = mask64(b, q, sign, sign) >> np.uint64(p - q)
        if found != _NONE:
            return p + lowest(found)
        p = q + BYTES
    return hi


@part
def _escapes(b, p, hi, count):
    """Return whether so many escaped bytes begin side by side at p, each with the sign that stands there."""
    sign = b[p]
    while count > 0 and p + 3 <= hi and b[p] == sign and nibble(b[p + 1]) >= 0 and nibble(b[p + 2]) >= 0:
        p, count = p + 3, count - 1
    return count == 0


@part
def holds_quoted(b, lo, hi):
    """Return whether there are two escaped bytes side by side, as in Japanese text, or a line that goes on."""
    p = next_equal(b, lo, hi, _EQUAL_SIGN)
    while p < hi:
        if _escapes(b, p, hi, 2) or (p + 1 < hi and b[p + 1] == _LF) or (
                p + 2 < hi and b[p + 1] == _CR and b[p + 2] == _LF):
            return True
        p = next_equal(b, p + 1, hi, _EQUAL_SIGN)
    return False


@part
def holds_percent(b, lo, hi):
    """Return whether there are three bytes with percent signs side by side (RFC 3986 2.1), one character of UTF-8."""
    p = next_equal(b, lo, hi, _PERCENT_SIGN)
    while p < hi:
        if _escapes(b, p, hi, 3):
            return True
        p = next_equal(b, p + 1, hi, _PERCENT_SIGN)
    return False


@part
def decode_quoted(b, lo, new, hi, out):
    """Write to out what b[lo:hi] says; return (bytes written, how many of them come from before new)."""
    p, size, mark = lo, 0, 0
    while p < hi and size < out.size:
        plain = min(next_equal(b, p, hi, _EQUAL_SIGN) - p, out.size - size)
        if plain > 0:
            if p <= new:
                mark = size + min(new - p, plain - 1)
            copy_bytes(out, size, b, p, plain)
            size, p = size + plain, p + plain
            continue
        if p <= new:
            mark = size
        high, low = np.int64(-1), np.int64(-1)
        if p + 2 < hi:
            high, low = nibble(b[p + 1]), nibble(b[p + 2])
        if high >= 0 and low >= 0:
            out[size] = high << 4 | low
            size, p = size + 1, p + 3
        elif p + 2 < hi and b[p + 1] == _CR and b[p + 2] == _LF:
            p += 3
        elif p + 2 < hi and b[p + 1] == _LF:
            p += 2
        else:
            out[size] = _EQUALS
            size, p = size + 1, p + 1
    return size, mark

"""Quoted-printable (RFC 2045 6.7) and percent signs in running text: whether there are any, and what the first says."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from columns.wire import be64

_EQUALS, _CR, _LF = 0x3D, 0x0D, 0x0A
_ONES, _HIGHS, _NONE = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080), np.uint64(0)
_BYTE, EQUALS_8, PERCENTS_8 = np.uint64(255), np.uint64(0x3D3D3D3D3D3D3D3D), np.uint64(0x2525252525252525)


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
    """Return where in b[p:hi] the next sign stands, or hi; sign: eight times that byte.

    Eight bytes are looked at together: a byte of the difference is zero where one is the sign.
    """
    while p + 8 <= hi:
        differ = be64(b, p) ^ sign
        if (differ - _ONES) & ~differ & _HIGHS != _NONE:
            break
        p += 8
    byte = np.int64(sign & _BYTE)
    while p < hi and b[p] != byte:
        p += 1
    return p


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
    p = next_equal(b, lo, hi, EQUALS_8)
    while p < hi:
        if _escapes(b, p, hi, 2) or (p + 1 < hi and b[p + 1] == _LF) or (
                p + 2 < hi and b[p + 1] == _CR and b[p + 2] == _LF):
            return True
        p = next_equal(b, p + 1, hi, EQUALS_8)
    return False


@part
def holds_percent(b, lo, hi):
    """Return whether there are three bytes with percent signs side by side (RFC 3986 2.1), one character of UTF-8."""
    p = next_equal(b, lo, hi, PERCENTS_8)
    while p < hi:
        if _escapes(b, p, hi, 3):
            return True
        p = next_equal(b, p + 1, hi, PERCENTS_8)
    return False


@part
def decode_quoted(b, lo, new, hi, out):
    """Write to out what b[lo:hi] says; return (bytes written, how many of them come from before new)."""
    p, size, mark = lo, 0, 0
    while p < hi and size < out.size:
        if p <= new:
            mark = size
        c = b[p]
        if c != _EQUALS or p + 2 >= hi:
            out[size] = c
            size, p = size + 1, p + 1
            continue
        high, low = nibble(b[p + 1]), nibble(b[p + 2])
        if high >= 0 and low >= 0:
            out[size] = high << 4 | low
            size, p = size + 1, p + 3
        elif b[p + 1] == _CR and b[p + 2] == _LF:
            p += 3
        elif b[p + 1] == _LF:
            p += 2
        else:
            out[size] = c
            size, p = size + 1, p + 1
    return size, mark

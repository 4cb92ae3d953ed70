"""Quoted-printable (RFC 2045 6.7) in running text: whether there is any, and what it says."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from columns.wire import be64

_EQUALS, _CR, _LF = 0x3D, 0x0D, 0x0A
_ONES, _HIGHS, _NONE = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080), np.uint64(0)
_EQUALS_8 = np.uint64(0x3D3D3D3D3D3D3D3D)


@part
def nibble(c):
    """Return the value of a hexadecimal digit, or -1."""
    if 0x30 <= c <= 0x39:
        return c - 0x30
    if 0x41 <= c & 0xDF <= 0x46:
        return (c & 0xDF) - 0x37
    return -1


@part
def _escapes(b, p, hi):
    """Return whether the equals sign at p begins two escaped bytes side by side, or ends a line that goes on."""
    if p + 3 >= hi:
        return False
    if b[p + 1] == _CR and b[p + 2] == _LF:
        return True
    return b[p + 3] == _EQUALS and nibble(b[p + 1]) >= 0 and nibble(b[p + 2]) >= 0


@part
def holds_quoted(b, lo, hi):
    """Return whether there are escaped bytes side by side, as in Japanese text, or a line that goes on.

    Eight bytes are looked at together (a byte of the difference is zero where one is an equals sign).
    """
    p = lo
    while p + 8 <= hi:
        differ = be64(b, p) ^ _EQUALS_8
        if (differ - _ONES) & ~differ & _HIGHS != _NONE:
            for k in range(p, p + 8):
                if b[k] == _EQUALS and _escapes(b, k, hi):
                    return True
        p += 8
    while p < hi and not (b[p] == _EQUALS and _escapes(b, p, hi)):
        p += 1
    return p < hi


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

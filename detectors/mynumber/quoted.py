"""Quoted-printable (RFC 2045 6.7) in running text: whether there is any, and what it says."""

from __future__ import annotations

from columns.kernel import inlined, part

_STRETCH = 96
_EQUALS, _CR, _LF = 0x3D, 0x0D, 0x0A


@part
def nibble(c):
    """Return the value of a hexadecimal digit, or -1."""
    if 0x30 <= c <= 0x39:
        return c - 0x30
    if 0x41 <= c & 0xDF <= 0x46:
        return (c & 0xDF) - 0x37
    return -1


@inlined
def holds_quoted(b, lo, hi):
    """Return whether there are escaped bytes side by side, as in Japanese text, or a line that goes on.

    A quarter of the bytes is looked at, in stretches that are longer than a line.
    """
    p = lo
    while p + 3 < hi:
        for k in range(p, min(p + _STRETCH, hi - 3)):
            if b[k] == _EQUALS:
                if b[k + 1] == _CR and b[k + 2] == _LF:
                    return True
                if b[k + 3] == _EQUALS and nibble(b[k + 1]) >= 0 and nibble(b[k + 2]) >= 0:
                    return True
        p += 4 * _STRETCH
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

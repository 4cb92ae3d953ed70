"""Base64 (RFC 4648) in running text: whether there is any, and what it says, line by line without a copy in Python."""

from __future__ import annotations

import numpy as np

from columns.kernel import inlined, part

_LINE = 60
"""So many characters of the alphabet in a row are taken for base64; mail has lines of 76."""
_BREAK, _OTHER = 64, 65


def sextets() -> np.ndarray:
    """Return uint8[256]: the value of each character of the alphabet; 64 for a line break, 65 for what is neither."""
    table = np.full(256, _OTHER, np.uint8)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    table[np.frombuffer(alphabet, np.uint8)] = np.arange(64)
    table[[0x0D, 0x0A]] = _BREAK
    return table


@inlined
def holds_base64(b, lo, hi, table):
    """Return whether a stretch of the alphabet is long enough for a line of base64."""
    p = lo + _LINE - 1
    while p < hi:
        if table[b[p]] < _BREAK:
            s, e = p, p + 1
            while s > lo and p - s < _LINE and table[b[s - 1]] < _BREAK:
                s -= 1
            while e < hi and e - s < _LINE and table[b[e]] < _BREAK:
                e += 1
            if e - s >= _LINE:
                return True
        p += _LINE
    return False


@part
def known_phase(b, lo, hi, table, over):
    """Return where in b[lo:hi], the end of what came before, decoding can begin.

    That is the start of a line; in one long line, the next whole group of four, of which over are left at the end.
    """
    for p in range(lo, hi):
        if table[b[p]] == _BREAK:
            return p + 1
        if table[b[p]] == _OTHER:
            return p
    return lo + (hi - lo - over) % 4


@part
def decode(b, lo, new, hi, table, out):
    """Write to out what b[lo:hi] says as base64, whatever else stands in between.

    Returns (bytes written, how many of them come from before new, characters over at the end). A group of four begins
    behind everything that is not of the alphabet, and behind a line break unless the line held whole groups.
    """
    bits, held, size, mark = np.int64(0), 0, 0, 0
    for p in range(lo, hi):
        if p == new:
            mark = size
        value = np.int64(table[b[p]])
        if value < _BREAK:
            bits = bits << 6 | value
            held += 1
            if held == 4 and size + 3 <= out.size:
                out[size], out[size + 1], out[size + 2] = bits >> 16 & 255, bits >> 8 & 255, bits & 255
                size += 3
                bits, held = np.int64(0), 0
            continue
        if value == _OTHER:
            if held >= 2 and size + 2 <= out.size:
                bits <<= 6 * (4 - held)
                out[size] = bits >> 16 & 255
                if held == 3:
                    out[size + 1] = bits >> 8 & 255
                size += held - 1
            if size < out.size and (held > 0 or (size > 0 and out[size - 1] != 0x0A)):
                out[size] = 0x0A  # what follows is another text
                size += 1
        bits, held = np.int64(0), 0
    return size, mark, held

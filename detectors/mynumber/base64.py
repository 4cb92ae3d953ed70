"""Base64 (RFC 4648) in running text: whether there is any, whether it may hold numbers, and what it says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import inlined, kernel, part
from columns.wire import be16, be64, put64

_LINE = 60
"""So many characters of the alphabet in a row are taken for base64; mail has lines of 76."""
_LAST_LINE, _BREAKS, _PADDING, _EQUALS = 76, 2, 2, 0x3D
_BREAK, _OTHER = 64, 65
_PHASE_LOOK_BACK = 128
_VALID, _DIGITS, _NO_PAIR = 1 << 15, 1 << 13, 0xFFFF
_FIRST, _SECOND, _THIRD, _LAST = np.uint64(48), np.uint64(32), np.uint64(16), np.uint64(0xFFFF)


class Base64(NamedTuple):
    """What characters are worth: sextets uint8[256], 64 for a line break, 65 for what is no base64 either.

    By pairs of characters: values uint16[65536], their 12 bits, 0xFFFF for what is none; ahead, behind uint16[65536],
    for the first and the second pair of a group of four, the signs that its three bytes may be part of a number.
    """

    sextets: np.ndarray
    values: np.ndarray
    ahead: np.ndarray
    behind: np.ndarray


def base64_tables() -> Base64:
    """Return the tables."""
    sextets = np.full(256, _OTHER, np.uint8)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sextets[np.frombuffer(alphabet, np.uint8)] = np.arange(64)
    sextets[[0x0D, 0x0A]] = _BREAK
    left, right = sextets[:, None].astype(np.uint16), sextets[None, :].astype(np.uint16)
    valid = (left < _BREAK) & (right < _BREAK)
    values = np.where(valid, left << 6 | right, _NO_PAIR).astype(np.uint16).reshape(-1)
    ahead, behind = (np.where(valid, _VALID, 0).astype(np.uint16).reshape(-1) for _ in range(2))
    pairs = np.flatnonzero(valid.reshape(-1))
    bits = values[pairs]
    for sign, (one, two, three) in enumerate(_signs()):
        high, low = {byte >> 4 for byte in two}, {byte & 15 for byte in two}
        ahead[pairs] |= (np.isin(bits >> 4, one) & np.isin(bits & 15, list(high))).astype(np.uint16) << sign
        behind[pairs] |= (np.isin(bits >> 8, list(low)) & np.isin(bits & 255, three)).astype(np.uint16) << sign
    digits = np.arange(0x30, 0x3A)
    both = (digits[:, None] << 8 | digits[None, :]).reshape(-1)
    ahead[both] |= _DIGITS
    behind[both] |= _DIGITS
    return Base64(sextets, values, ahead, behind)


def _signs() -> list[tuple[list[int], list[int], list[int]]]:
    """Return three sets of bytes for each way in which three bytes stand in a number.

    In every form of a candidate, wherever groups of three bytes begin in it, two such groups at least are met: twelve
    ASCII digits hold three groups of digits, and 4-4-4 with separators of one or three bytes two, with one or the
    other four digits; with separators of two bytes, two groups end in the first byte of one.
    """
    ascii_digit = list(range(0x30, 0x3A))
    last, cp932, euc, wide = (list(range(k, k + 10)) for k in (0x90, 0x4F, 0xB0, 0x10))
    return [
        (ascii_digit, ascii_digit, ascii_digit), (ascii_digit, ascii_digit, [0xA1, 0x81]),
        ([0xEF], [0xBC], last), ([0xBC], last, [0xEF]), (last, [0xEF], [0xBC]),
        ([0x82], cp932, [0x82]), (cp932, [0x82], cp932),
        ([0xA3], euc, [0xA3]), (euc, [0xA3], euc), ([0x23], ascii_digit, [0x23]), (ascii_digit, [0x23], ascii_digit),
        ([0x00, 0xFF], ascii_digit + wide, [0x00, 0xFF]), (ascii_digit + wide, [0x00, 0xFF], ascii_digit + wide),
    ]


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


@kernel
def base64_spans(b, at, table, out):
    """Fill out (int64[n, 2]) with the places of base64 in b from at on; return (how many, where to go on).

    One is lines of at least 60 characters of the alphabet, each with up to two characters of a line break behind it,
    then a last line of up to 76, and up to two equal signs. There is more where the second is not b.size.
    """
    count, p, hi = 0, at, b.size
    while p + _LINE <= hi and count < out.shape[0]:
        last = p + _LINE - 1
        if table[b[last]] >= _BREAK:
            p = last + 1
            continue
        start = last
        while start > p and table[b[start - 1]] < _BREAK:
            start -= 1
        stop = _stretch(b, last + 1, hi, table)
        if stop - start < _LINE:
            p = stop + 1
            continue
        line = start
        while stop - line >= _LINE:
            line = stop
            while line < hi and line - stop < _BREAKS and table[b[line]] == _BREAK:
                line += 1
            stop = _stretch(b, line, hi, table)
        stop = min(stop, line + _LAST_LINE)
        end = stop
        while end < hi and end - stop < _PADDING and b[end] == _EQUALS:
            end += 1
        out[count, 0], out[count, 1] = start, end
        count, p = count + 1, end
    return count, p if count == out.shape[0] else hi


@part
def _stretch(b, p, hi, table):
    """Return where the characters of the alphabet end that begin at p."""
    while p < hi and table[b[p]] < _BREAK:
        p += 1
    return p


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
def phase_at(b, lo, hi, whole, table, over):
    """Return how many characters of a group of four stand at the end of b[lo:hi]; whole: nothing came before that.

    over is believed where a line is too long to look for its beginning.
    """
    p = hi
    while p > lo and hi - p < _PHASE_LOOK_BACK and table[b[p - 1]] < _BREAK:
        p -= 1
    return over if hi - p == _PHASE_LOOK_BACK or (p == lo and not whole) else (hi - p) % 4


@part
def next_group(b, lo, hi, phase, table):
    """Return where in b[lo:hi] the first group of four begins, where phase characters of one stand before it."""
    while phase & 3 != 0 and lo < hi and table[b[lo]] < _BREAK:
        phase, lo = phase + 1, lo + 1
    return lo


@part
def sift(b, lo, hi, phase, tables):
    """Look whether b[lo:hi], which begins with phase characters of a group before it, may hold numbers, in one pass.

    Returns (first, last, plain, over): the first and last place with a sign of a number in what is said, or -1; whether
    there may be numbers in the characters themselves; characters over at the end.
    """
    first, last, digits, plain = np.int64(-1), np.int64(-1), np.int64(-8), False
    p = next_group(b, lo, hi, phase, tables.sextets)
    while p + 8 <= hi:
        w = be64(b, p)
        one = tables.ahead[w >> _FIRST] & tables.behind[w >> _SECOND & _LAST]
        two = tables.ahead[w >> _THIRD & _LAST] & tables.behind[w & _LAST]
        if (one ^ _VALID) | (two ^ _VALID) == 0:
            p += 8
            continue
        if one & _VALID == 0:
            p, other = _behind_break(b, p, hi, tables.sextets)
            plain = plain or other
            continue
        for signs in (one, two):
            if signs & _VALID == 0:
                break
            if signs & _DIGITS:
                plain, digits = plain or digits == p - 4, p
            if signs & ~(_VALID | _DIGITS):
                first, last = p if first < 0 else first, p
            p += 4
    while p + 4 <= hi:
        signs = tables.ahead[be16(b, p)] & tables.behind[be16(b, p + 2)]
        if signs & _VALID == 0:
            p, other = _behind_break(b, p, hi, tables.sextets)
            plain = plain or other
            continue
        if signs & ~(_VALID | _DIGITS):
            first, last = p if first < 0 else first, p
        plain = plain or (signs & _DIGITS != 0 and digits == p - 4)
        p += 4
    since = p
    while p < hi:
        value = tables.sextets[b[p]]
        plain = plain or value == _OTHER
        p += 1
        if value >= _BREAK:
            since = p
    return first, last, plain, (hi - since) % 4


@part
def _behind_break(b, p, hi, table):
    """Return (where the next stretch of the alphabet begins, whether more than line breaks stand before it)."""
    other = False
    while p < hi and table[b[p]] < _BREAK:
        p += 1
    while p < hi and table[b[p]] >= _BREAK:
        other = other or table[b[p]] == _OTHER
        p += 1
    return p, other


@part
def decode(b, lo, new, hi, tables, out):
    """Write to out what b[lo:hi] says as base64, whatever else stands in between.

    Returns (bytes written, how many of them come from before new, characters over at the end). A group of four begins
    behind everything that is not of the alphabet, and behind a line break unless the line held whole groups.
    """
    bits, held, size, mark, p = np.int64(0), 0, 0, 0, lo
    while p < hi:
        if p == new:
            mark = size
        if held == 0 and p + 8 <= (new if p < new else hi) and size + 8 <= out.size:
            w = be64(b, p)
            one, two = np.uint64(tables.values[w >> _FIRST]), np.uint64(tables.values[w >> _SECOND & _LAST])
            three, four = np.uint64(tables.values[w >> _THIRD & _LAST]), np.uint64(tables.values[w & _LAST])
            if one | two | three | four < np.uint64(4096):
                put64(out, size, one << np.uint64(52) | two << np.uint64(40) | three << np.uint64(28)
                      | four << np.uint64(16))
                size, p = size + 6, p + 8
                continue
        value = np.int64(tables.sextets[b[p]])
        p += 1
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

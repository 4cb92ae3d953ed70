"""Text with its escapes undone, byte by byte with the place where each came from, so that they can be masked there.

Percent signs (RFC 3986), a plus sign for a space (forms), ``\\xhh`` of bytes that are no UTF-8, ``\\uhhhh`` of JSON
(RFC 8259), numeric references of HTML, and ``=hh`` of quoted-printable beyond ASCII.
"""

from __future__ import annotations

import numpy as np

from columns.bytemask import BYTES, count_ones, mask64
from columns.kernel import inlined, kernel, part
from detectors.mynumber.check_digit import is_mynumber, number_of
from detectors.mynumber.digits import digit, width_of
from detectors.mynumber.quoted import nibble
from detectors.mynumber.searching import next_candidate

OVERLAP = 1024
"""A longer text is read in pieces that share so many bytes: a number in any escapes."""
_PERCENT, _PLUS, _BACKSLASH, _AMPERSAND, _EQUALS, _SPACE = 0x25, 0x2B, 0x5C, 0x26, 0x3D, 0x20
_SMALL_U, _SMALL_X, _NUMBER_SIGN, _SEMICOLON = 0x75, 0x78, 0x23, 0x3B
_NONE = np.uint64(0)
_ZERO_8, _NINE_8, _PERCENT_8, _AMPERSAND_8, _PLUS_8, _BACKSLASH_8, _EQUALS_8 = (
    np.uint8(c) for c in b"09%&+\\=")  # for mask64
_MOST_REFERENCE, _MOST_BACKSLASHES, _FEWEST = 10, 15, 12
_ZERO = np.int64(0)  # a plain int would be a type of its own (0005)


@part
def _hexadecimal(b, p, end):
    """Return the number that the hexadecimal digits b[p:end] are, or -1."""
    value = 0
    for k in range(p, end):
        d = nibble(b[k])
        if d < 0:
            return -1
        value = value << 4 | d
    return value


@part
def _backslashes(b, p, hi):
    """Return how many backslashes stand at p; JSON within JSON doubles them."""
    n = 0
    while n < _MOST_BACKSLASHES and p + n < hi and b[p + n] == _BACKSLASH:
        n += 1
    return n


@part
def _reference(b, p, hi):
    """Return (character, size) of a numeric reference of HTML at p, or (-1, 1)."""
    if p + 3 >= hi or b[p + 1] != _NUMBER_SIGN:
        return -1, 1
    hexadecimal = b[p + 2] | 0x20 == _SMALL_X
    q, value = p + 3 if hexadecimal else p + 2, 0
    start = q
    while q < hi and q - p < _MOST_REFERENCE and b[q] != _SEMICOLON:
        d = nibble(b[q])
        if d < 0 or (d > 9 and not hexadecimal):
            return -1, 1
        value = value * (16 if hexadecimal else 10) + d
        q += 1
    if q == start or q >= hi or b[q] != _SEMICOLON:
        return -1, 1
    return value, q + 1 - p


@part
def _escape(b, p, hi):
    """Return (value, size, whether it is a character and no byte) of what stands at p: a byte, or an escape."""
    c = b[p]
    if (c == _PERCENT or c == _EQUALS) and p + 3 <= hi:
        value = _hexadecimal(b, p + 1, p + 3)
        if value >= (0 if c == _PERCENT else 0x80):
            return value, 3, False
    elif c == _BACKSLASH:
        n = _backslashes(b, p, hi)
        letter, digits = (b[p + n] if p + n < hi else 0), p + n + 1
        if letter == _SMALL_X and digits + 2 <= hi:
            value = _hexadecimal(b, digits, digits + 2)
            if value >= 0:
                return value, n + 3, False
        elif letter == _SMALL_U and digits + 4 <= hi:
            value = _hexadecimal(b, digits, digits + 4)
            if value >= 0:
                return value, n + 5, True
    elif c == _AMPERSAND:
        value, size = _reference(b, p, hi)
        if 0 <= value < 0x10000:
            return value, size, True
    elif c == _PLUS:
        return _SPACE, 1, False
    return int(c), 1, False


@inlined
def _may_escape(c):
    return c == _EQUALS or c == _BACKSLASH or _PERCENT <= c <= _AMPERSAND or c == _PLUS


@part
def _is_worth_it(b, lo, hi):
    """Return whether a value holds twelve ASCII digits, of which every escaped digit has one, and some escape."""
    if hi - lo < _FEWEST:
        return False
    p, digits, found = lo, 0, False
    while p < hi and hi >= BYTES:
        q = min(p, hi - BYTES)
        beyond = np.uint64(p - q)
        signs = (mask64(b, q, _PERCENT_8, _AMPERSAND_8) | mask64(b, q, _PLUS_8, _PLUS_8)
                 | mask64(b, q, _BACKSLASH_8, _BACKSLASH_8) | mask64(b, q, _EQUALS_8, _EQUALS_8))
        found = found or signs >> beyond != _NONE
        digits += count_ones(mask64(b, q, _ZERO_8, _NINE_8) >> beyond)
        p = q + BYTES
    while p < hi:
        found = found or _may_escape(b[p])
        digits += 0x30 <= b[p] <= 0x39
        p += 1
    return found and digits >= _FEWEST


@part
def undo(b, lo, hi, out, places):
    """Write what b[lo:hi] stands for to out, and where each byte of it came from to places; its end is written too.

    Returns (size, whether there was an escape). A character takes up to three bytes of UTF-8, that came from one place.
    """
    p, size, any_escape = lo, 0, False
    while p < hi and size + 3 < out.size:
        c = b[p]
        if not _may_escape(c):
            out[size], places[size] = c, p
            size, p = size + 1, p + 1
            continue
        value, width, character = _escape(b, p, hi)
        any_escape = any_escape or width > 1 or value != b[p]
        if not character or value < 0x80:
            out[size], places[size] = value, p
            size += 1
        elif value < 0x800:
            out[size], out[size + 1] = 0xC0 | value >> 6, 0x80 | value & 0x3F
            places[size], places[size + 1] = p, p
            size += 2
        else:
            out[size], out[size + 1], out[size + 2] = 0xE0 | value >> 12, 0x80 | value >> 6 & 0x3F, 0x80 | value & 0x3F
            places[size], places[size + 1], places[size + 2] = p, p, p
            size += 3
        p += width
    places[size] = p
    return size, any_escape


@kernel
def find_escaped(b, offsets, value, at, classes, strict, out, undone, places, found):
    """Fill found (int64[n, 3]: value, start, end of each of its 12 digits) with the numbers among escapes.

    b, offsets: a Text; from its value on, and in that from at on. out uint8[m], undone the same to read, as buffers
    are, places int64[m + 1]: scratch. Returns (rows filled, the next value, where to begin in it); there is more if
    that is one.
    """
    count = 0
    while value < offsets.size - 1:
        lo, hi = offsets[value], offsets[value + 1]
        start = max(at, lo)
        if start == lo and not _is_worth_it(b, lo, hi):
            value, at = value + 1, 0
            continue
        size, any_escape = undo(b, start, hi, out, places)
        i = 0
        while any_escape and i < size:
            s, e, form = next_candidate(undone, np.int64(i), _ZERO, np.int64(size), classes, strict)
            if s < 0:
                break
            i = e
            if not is_mynumber(number_of(undone, s, e, _ZERO, np.int64(size), form)):
                continue
            if count + 12 > found.shape[0]:
                return count, value, max(places[s] - OVERLAP // 2, start)
            while s < e:
                width = width_of(form) if digit(undone, s, s, e, form) >= 0 else 0
                if width > 0:
                    first, n = places[s], _backslashes(b, places[s], hi)
                    if n > 0:  # a backslash that stays acts on the next one alone
                        first += n - n % 2
                    found[count, 0], found[count, 1], found[count, 2] = value, first, places[s + width]
                    count += 1
                s += max(width, 1)
        if places[size] < hi:
            at = max(places[size] - OVERLAP, start + 1)
        else:
            value, at = value + 1, 0
    return count, value, at

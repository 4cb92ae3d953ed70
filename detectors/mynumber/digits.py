"""Runs of decimal digits in the encodings of Japanese text: which bytes are a digit, a separator, a letter.

A form is how a digit stands in bytes. Sources: ISO/IEC 10646 (full-width digits from U+FF10 on), JIS X 0208 row 3 (from
0x2330 on) in its three encodings Shift_JIS/CP932, EUC-JP and ISO-2022-JP (RFC 1468).
"""

from __future__ import annotations

import numpy as np

from columns.kernel import inlined, part

ASCII, UTF8, CP932, EUC, JIS, UTF16, UTF16_WIDE = range(1, 8)
"""ASCII digits in whatever text; full-width ones in UTF-8, CP932, EUC-JP, ISO-2022-JP; both kinds in UTF-16LE."""

FORM_NAMES = {ASCII: "ascii", UTF8: "utf-8", CP932: "cp932", EUC: "euc-jp", JIS: "iso-2022-jp", UTF16: "utf-16le",
              UTF16_WIDE: "utf-16le full-width"}

SPACE, DOT, HYPHEN = 1, 2, 3
_ESC_LOOK_BACK = 1000
_CP932_LOOK_BACK = 16


@inlined
def width_of(form):
    """Return how many bytes a digit of a form takes."""
    if form == ASCII:
        return 1
    return 3 if form == UTF8 else 2


@part
def digit(b, i, lo, hi, form):
    """Return the value of the digit that begins at i, or -1; nothing outside lo..hi is looked at."""
    if i < lo or i + width_of(form) > hi:
        return -1
    first = np.int64(b[i])
    value = -1
    if form == ASCII:
        value = first - 0x30
    elif form == UTF8:
        if first == 0xEF and b[i + 1] == 0xBC:
            value = np.int64(b[i + 2]) - 0x90
    elif form == CP932:
        if first == 0x82:
            value = np.int64(b[i + 1]) - 0x4F
    elif form == EUC:
        if first == 0xA3:
            value = np.int64(b[i + 1]) - 0xB0
    elif form == JIS:
        if first == 0x23:
            value = np.int64(b[i + 1]) - 0x30
    elif form == UTF16:
        if b[i + 1] == 0:
            value = first - 0x30
    elif b[i + 1] == 0xFF:
        value = first - 0x10
    return value if 0 <= value <= 9 else -1


@part
def one_byte_separator(c):
    """Return the kind of an ASCII separator, or 0."""
    if c == 0x20:
        return SPACE
    if c == 0x2E:
        return DOT
    return HYPHEN if c == 0x2D else 0


@part
def two_byte_separator(first, second, form):
    """Return the kind of a separator of JIS X 0208 or UTF-16LE, or 0."""
    if form == UTF16 or form == UTF16_WIDE:
        if second == 0:
            return one_byte_separator(first)
        if first == 0x00 and second == 0x30:
            return SPACE
        if first == 0x0E and second == 0xFF:
            return DOT
        if (first == 0x0D and second == 0xFF) or (first == 0x12 and second == 0x22) or (
                first == 0x10 and second == 0x20) or (first == 0xFC and second == 0x30):
            return HYPHEN
        return 0
    row, cell = first, second
    if (form == ASCII or form == EUC) and first == 0xA1:
        row, cell = 0x21, second - 0x80
    elif (form == ASCII or form == CP932) and first == 0x81:
        row, cell = 0x21, second - 0x1F
        if second >= 0x7F:
            cell -= 1
    elif form != JIS:
        return 0
    if row != 0x21:
        return 0
    if cell == 0x21:
        return SPACE
    if cell == 0x25:
        return DOT
    return HYPHEN if cell == 0x5D or cell == 0x3E or cell == 0x3C else 0


@part
def three_byte_separator(first, second, third):
    """Return the kind of a separator in UTF-8, or 0."""
    if first == 0xE3 and second == 0x80 and third == 0x80:
        return SPACE
    if first == 0xEF and second == 0xBC and third == 0x8E:
        return DOT
    if first == 0xEF and second == 0xBC and third == 0x8D:
        return HYPHEN
    if first == 0xE2 and second == 0x88 and third == 0x92:
        return HYPHEN
    if first == 0xE2 and second == 0x80 and (third == 0x90 or third == 0x91 or third == 0x93):
        return HYPHEN
    return HYPHEN if first == 0xE3 and second == 0x83 and third == 0xBC else 0


@part
def separator(b, i, size, lo, hi, form):
    """Return the kind of the separator of that size at i, or 0."""
    if i < lo or i + size > hi:
        return 0
    if size == 1:
        if form == ASCII or form == UTF8 or form == CP932 or form == EUC:
            return one_byte_separator(b[i])
        return 0
    if size == 2:
        return two_byte_separator(np.int64(b[i]), np.int64(b[i + 1]), form) if form != UTF8 else 0
    if form == ASCII or form == UTF8:
        return three_byte_separator(b[i], b[i + 1], b[i + 2])
    return 0


@inlined
def is_letter(c):
    """Return whether a byte is an ASCII letter."""
    return 0x41 <= c & 0xDF <= 0x5A and c < 0x80


@inlined
def is_alnum(c):
    """Return whether a byte is an ASCII letter or digit."""
    return 0x30 <= c <= 0x39 or is_letter(c)


@part
def is_trail(b, p, lo):
    """Return whether the byte at p may be the second of a CP932 pair: an odd number of lead bytes stand before it.

    Behind three bytes that are one character of UTF-8 it is none.
    """
    if b[p] < 0x40:
        return False
    if p - 3 >= lo and b[p - 3] & 0xF0 == 0xE0 and b[p - 2] & 0xC0 == 0x80 and b[p - 1] & 0xC0 == 0x80:
        return False
    count = 0
    while p - 1 - count >= lo and count < _CP932_LOOK_BACK:
        c = b[p - 1 - count]
        if not (0x81 <= c <= 0x9F or 0xE0 <= c <= 0xFC):
            break
        count += 1
    return count % 2 == 1


@part
def word_before(b, s, lo, form):
    """Return whether what stands before s is a letter or digit, so that a run at s is part of something longer."""
    if s - 1 < lo:
        return False
    c = b[s - 1]
    if form == UTF16 or form == UTF16_WIDE:
        return s - 2 >= lo and wide_unit(b[s - 2], c, form)
    if form == JIS:
        return s - 2 >= lo and b[s - 2] == 0x23 and is_letter(c)
    if is_alnum(c):
        if s - 3 >= lo and b[s - 3] == 0x1B and b[s - 2] == 0x28:
            return False  # the end of an escape sequence
        if (form != ASCII and form != CP932) or not is_trail(b, s - 1, lo):
            return True
    if form == ASCII or s - 2 < lo:
        return False
    return word_pair(b, s, lo, form)


@part
def word_pair(b, s, lo, form):
    """Return whether a full-width letter stands before s."""
    before, c = b[s - 2], b[s - 1]
    if form == CP932:
        return before == 0x82 and (0x60 <= c <= 0x79 or 0x81 <= c <= 0x9A)
    if form == EUC:
        return before == 0xA3 and (0xC1 <= c <= 0xDA or 0xE1 <= c <= 0xFA)
    if s - 3 < lo or b[s - 3] != 0xEF:
        return False
    return (before == 0xBC and 0xA1 <= c <= 0xBA) or (before == 0xBD and 0x81 <= c <= 0x9A)


@part
def wide_unit(low, high, form):
    """Return whether a UTF-16LE unit is a letter or digit that a number of that form may be part of."""
    if high == 0:
        return is_alnum(low)
    return form == UTF16_WIDE and high == 0xFF and (0x21 <= low <= 0x3A or 0x41 <= low <= 0x5A)


@part
def word_after(b, e, hi, form):
    """Return whether what begins at e is a letter or digit."""
    if e >= hi:
        return False
    c = b[e]
    if form == UTF16 or form == UTF16_WIDE:
        return e + 1 < hi and wide_unit(c, b[e + 1], form)
    if form == JIS:
        return e + 1 < hi and c == 0x23 and is_alnum(b[e + 1])
    if is_alnum(c):
        return True
    if form == ASCII or e + 1 >= hi:
        return False
    if form == CP932:
        return word_pair(b, e + 2, e, form) and c == 0x82
    if form == EUC:
        return word_pair(b, e + 2, e, form)
    return e + 2 < hi and word_pair(b, e + 3, e, form)


@part
def in_kanji(b, s, lo):
    """Return where the double-byte stretch of ISO-2022-JP that s stands in begins, or -1 where it stands in none."""
    p = s - 1
    while p >= lo and s - p <= _ESC_LOOK_BACK:
        if b[p] == 0x1B and p + 2 < s + 1:
            return p + 3 if b[p + 1] == 0x24 else -1
        p -= 1
    return -1

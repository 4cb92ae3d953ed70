"""Where 12 digits stand by themselves, in one piece or 4-4-4.

The 13 digits of a 法人番号 are public and never match: a run of 13 is no run of 12, and 1-4-4-4 is no 4-4-4.
"""

from __future__ import annotations

import numpy as np

from columns.kernel import inlined, part
from detectors.mynumber.digits import (
    ASCII,
    CP932,
    DOT,
    EUC,
    HYPHEN,
    JIS,
    UTF8,
    UTF16,
    UTF16_WIDE,
    digit,
    in_kanji,
    is_alnum,
    is_letter,
    is_trail,
    separator,
    width_of,
    word_after,
    word_before,
)

DIGIT_BYTE, _CP932, _EUC, _UTF8, _WIDE = 1, 2, 3, 4, 5
MOST_BYTES = 44
"""The longest candidate: 12 digits of three bytes and two separators of three, with room to spare."""


def byte_classes() -> np.ndarray:
    """Return uint8[256]: which bytes give a digit away, and of which form it may be."""
    classes = np.zeros(256, np.uint8)
    classes[0x30:0x3A] = DIGIT_BYTE
    classes[0x82], classes[0xA3], classes[0xFF] = _CP932, _EUC, _WIDE
    classes[0x90:0x9A] = _UTF8
    return classes


def edge_bytes() -> np.ndarray:
    """Return uint8[256]: 1 for bytes near the end of a packet after which a number may go on in the next one.

    2 for a last byte that may be half a CP932 character, whose other half looks like a letter before a number.
    """
    edges = np.zeros(256, np.uint8)
    edges[0x81:0xA0] = edges[0xE0:0xFD] = 2
    edges[0x30:0x3A] = edges[0x90:0x9A] = edges[0x10:0x1A] = 1
    edges[[0x82, 0xA3, 0xFF, 0xBC, 0xEF, 0x23, 0x1B]] = 1
    return edges


@inlined
def is_digit(c):
    """Return whether a byte is an ASCII digit."""
    return 0x30 <= c <= 0x39


@inlined
def ascii_run(b, i, lo, hi):
    """Return (start, end) of the run of ASCII digits that the one at i is in; start is looked for 4 digits back."""
    s = i
    while s > lo and i - s < 4 and is_digit(b[s - 1]):
        s -= 1
    e = i + 1
    while e < hi and is_digit(b[e]):
        e += 1
    return s, e


@inlined
def four_at(b, p):
    """Return whether four ASCII digits begin at p."""
    return is_digit(b[p]) and is_digit(b[p + 1]) and is_digit(b[p + 2]) and is_digit(b[p + 3])


@inlined
def splits(c):
    """Return whether an ASCII byte separates groups."""
    return c == 0x2D or c == 0x20 or c == 0x2E


@part
def may_be_grouped(b, s, e, lo, hi):
    """Return whether four ASCII digits are one of three such groups, or stand in text that is not ASCII."""
    groups, mark = 1, np.int64(0)
    while groups < 4 and s - 5 >= lo and splits(b[s - 1]) and (mark == 0 or b[s - 1] == mark) and four_at(b, s - 5):
        if s - 6 >= lo and is_digit(b[s - 6]):
            break
        mark, s, groups = np.int64(b[s - 1]), s - 5, groups + 1
    while groups < 4 and e + 5 <= hi and splits(b[e]) and (mark == 0 or b[e] == mark) and four_at(b, e + 1):
        if e + 5 < hi and is_digit(b[e + 5]):
            break
        mark, e, groups = np.int64(b[e]), e + 5, groups + 1
    return groups == 3 or (groups < 3 and ((s > lo and b[s - 1] >= 0x40) or (e < hi and b[e] >= 0x80)))


@part
def unit_of_pairs(b, i, lo, hi):
    """Return (form, start) of a digit of UTF-16LE or ISO-2022-JP whose telling byte is the ASCII digit at i."""
    before = b[i - 1] if i > lo else 1
    after = b[i + 1] if i + 1 < hi else 1
    if after == 0:
        return UTF16, i
    if before == 0x23 and (after == 0x23 or (i - 3 >= lo and b[i - 3] == 0x23 and is_digit(b[i - 2]))):
        return JIS, i - 1
    return 0, i


@part
def unit_of_wide(b, i, lo, hi, kind):
    """Return (form, start) of the full-width digit that the byte at i, of that class, belongs to; form 0 for none."""
    form, start = CP932, i
    if kind == _EUC:
        form = EUC
    elif kind == _UTF8:
        form, start = UTF8, i - 2
    elif kind == _WIDE:
        form, start = UTF16_WIDE, i - 1
    if digit(b, start, lo, hi, form) < 0:
        return 0, i
    return form, start


@part
def run_start(b, i, lo, hi, form):
    """Return where the run of digits begins that the one at i is in; looked for at most 13 digits back."""
    width = width_of(form)
    for _ in range(13):
        if digit(b, i - width, lo, hi, form) < 0:
            break
        i -= width
    return i


@part
def run_end(b, i, lo, hi, form):
    """Return where the run of digits at i ends."""
    width = width_of(form)
    while digit(b, i, lo, hi, form) >= 0:
        i += width
    return i


@part
def separator_before(b, s, lo, hi, form):
    """Return (kind, size) of the separator that ends at s, or (0, 0)."""
    for size in range(1, 4):
        kind = separator(b, s - size, size, lo, hi, form)
        if kind != 0:
            return kind, size
    return 0, 0


@part
def separator_after(b, e, lo, hi, form):
    """Return (kind, size) of the separator at e, or (0, 0)."""
    for size in range(1, 4):
        kind = separator(b, e, size, lo, hi, form)
        if kind != 0:
            return kind, size
    return 0, 0


@part
def four_four_four(b, start, end, lo, hi, form):
    """Return (start, end) of the three groups that a group of four digits is one of, or (-1, -1).

    The groups stand apart by separators of one kind, and there are exactly three of them.
    """
    four, kind, groups = 4 * width_of(form), 0, 1
    while groups <= 3:
        found, size = separator_before(b, start, lo, hi, form)
        last = start - size
        if found == 0 or (kind != 0 and found != kind) or digit(b, last - width_of(form), lo, hi, form) < 0:
            break
        first = run_start(b, last - width_of(form), lo, hi, form)
        if last - first != four:
            break
        start, kind, groups = first, found, groups + 1
    while groups <= 3:
        found, size = separator_after(b, end, lo, hi, form)
        first = end + size
        if found == 0 or (kind != 0 and found != kind) or digit(b, first, lo, hi, form) < 0:
            break
        last = first
        for _ in range(5):
            if digit(b, last, lo, hi, form) < 0:
                break
            last += width_of(form)
        if last - first != four:
            break
        end, kind, groups = last, found, groups + 1
    if groups != 3:
        return -1, -1
    if kind != 1 and digit(b, end + separator_after(b, end, lo, hi, form)[1], lo, hi, form) >= 0 and (
            separator_after(b, end, lo, hi, form)[0] == kind):
        return -1, -1
    return start, end


@part
def hexadecimal_at(b, e, lo, form):
    """Return whether a hexadecimal digit ends at e: before a hyphen it makes the twelve digits the end of a UUID."""
    if form == UTF16 or form == UTF16_WIDE:
        if e - 2 < lo or b[e - 1] != 0:
            return False
        c = np.int64(b[e - 2])
    else:
        if e - 1 < lo or is_trail(b, e - 1, lo):
            return False
        c = np.int64(b[e - 1])
    return 0x30 <= c <= 0x39 or 0x41 <= c & 0xDF <= 0x46


@part
def stands_alone(b, s, e, lo, hi, form):
    """Return whether the digits s..e are no part of a word, a UUID, a longer number or a decimal fraction."""
    if word_before(b, s, lo, form) or word_after(b, e, hi, form):
        return False
    kind, size = separator_before(b, s, lo, hi, form)
    if kind == HYPHEN or kind == DOT:
        if digit(b, s - size - width_of(form), lo, hi, form) >= 0:
            return False
        if kind == HYPHEN and hexadecimal_at(b, s - size, lo, form):
            return False
    kind, size = separator_after(b, e, lo, hi, form)
    return not (kind == DOT and digit(b, e + size, lo, hi, form) >= 0)


@part
def ascii_alone(b, s, e, lo, hi):
    """Return what stands_alone does of twelve ASCII digits; decided at a glance where ASCII stands around them."""
    before = np.int64(b[s - 1]) if s > lo else 0x20
    after = np.int64(b[e]) if e < hi else 0x20
    plain = before < 0x80 and before != 0x2D and before != 0x2E and (s - 2 < lo or b[s - 2] < 0x80)
    if plain and not is_letter(before) and after < 0x80 and after != 0x2E:
        return not is_alnum(after)
    return stands_alone(b, s, e, lo, hi, np.int64(ASCII))


@part
def candidate_at(b, i, lo, hi, form, strict):
    """Return (start, end, go on at) of the candidate whose digit begins at i; start is -1 where there is none.

    strict, unless it is 0: tell the digits of ISO-2022-JP from characters like them, by the escape sequence before.
    """
    width = width_of(form)
    s = run_start(b, i, lo, hi, form)
    e = run_end(b, i, lo, hi, form)
    after = max(e, i + 1)
    count = (e - s) // width
    if count == 4:
        s, e = four_four_four(b, s, e, lo, hi, form)
        if s < 0:
            return -1, -1, after
    elif count != 12:
        return -1, -1, after
    if not stands_alone(b, s, e, lo, hi, form):
        return -1, -1, max(e, after)
    if strict != 0 and form == JIS:
        began = in_kanji(b, s, lo)
        if began < 0 or (s - began) % 2 != 0:
            return -1, -1, after
    return s, e, max(e, after)

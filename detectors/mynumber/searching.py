"""The next candidate in bytes: by masks of what may begin one, then a look at what is there."""

from __future__ import annotations

import numpy as np

from columns.bytemask import lowest
from columns.kernel import part
from detectors.mynumber.candidates import (
    DIGIT_BYTE,
    ascii_alone,
    ascii_run,
    candidate_at,
    is_digit,
    may_be_grouped,
    unit_of_pairs,
    unit_of_wide,
)
from detectors.mynumber.digits import ASCII
from detectors.mynumber.masks import (
    ALL,
    BLOCK,
    STARTS,
    WINDOW,
    U,
    beyond_ascii,
    digits_in,
    every_second,
    every_third,
    fours,
    groups_of_four,
    leads_in,
    runs_of_twelve,
)

_FIRST_STEP, _BOTH_STEPS, _DIGITS = 3, 7, 12
# numba compiles a part anew for each Python number it is called with, but not for numpy's
_ASCII = np.int64(ASCII)
_UTF8_LEAD, _UTF8_LAST = 0xEF, 0x90


@part
def stepped(b, i, lo, hi, classes, strict):
    """Return what next_candidate does, step by step: for what ends before there is a window.

    Not every byte is looked at: steps of 3 and 4 in turn meet a telling byte of each form's digits.
    """
    step = _FIRST_STEP
    while i < hi:
        kind = classes[b[i]]
        if kind != 0:
            form, start = 0, i
            if kind == DIGIT_BYTE:
                s, e = ascii_run(b, i, lo, hi)
                if e - s >= 4:
                    if e - s == 12 and (s == lo or not is_digit(b[s - 1])):
                        if ascii_alone(b, s, e, lo, hi):
                            return s, e, ASCII
                        i, step = e, _FIRST_STEP
                        continue
                    if e - i >= 9 or (e - s == 4 and may_be_grouped(b, s, e, lo, hi)):
                        form = ASCII
                    elif e - i > step:
                        i, step = e, _FIRST_STEP
                        continue
                elif e - s == 1:
                    form, start = unit_of_pairs(b, i, lo, hi)
            elif i > lo and i + 1 < hi:
                form, start = unit_of_wide(b, i, lo, hi, kind)
            if form != 0:
                s, e, after = candidate_at(b, start, lo, hi, form, strict)
                if s >= 0:
                    return s, e, form
                i, step = after, _FIRST_STEP
                continue
        i += step
        step = _BOTH_STEPS - step
    return -1, -1, 0


@part
def next_candidate(b, i, lo, hi, classes, strict):
    """Return (start, end, form) of the next candidate that begins at i or behind it; start is -1 where there is none.

    strict, unless it is 0: see candidate_at. Places where one may begin come from masks of 64 bytes, of which those
    beyond hi count as no digits: the last ones are seen in a window that ends there.
    """
    if hi < WINDOW:
        return stepped(b, i, lo, hi, classes, strict)
    p, passed = i, i
    before = U[1] if i > lo and is_digit(b[i - 1]) else U[0]
    while p + _DIGITS <= hi:
        q = min(p, hi - WINDOW)
        beyond = np.uint64(p - q)
        d = digits_in(b, q) >> beyond
        four, runs, places = fours(d), U[0], every_second(d)
        if four != U[0]:
            runs = runs_of_twelve(d, four, before)
            places |= runs | groups_of_four(d, four, before)
        if beyond_ascii(b, q) != U[0]:
            two, three = leads_in(b, q)
            places |= every_second(two >> beyond) | every_third(three >> beyond)
        places &= STARTS if p == q else ALL
        while places != U[0]:
            at = lowest(places)
            places &= places - U[1]
            if p + at < passed:
                continue
            s, e, form = np.int64(p + at), np.int64(p + at + 12), _ASCII
            if runs >> np.uint64(at) & U[1] == U[0]:
                s, e, form, passed = _looked_at(b, p + at, lo, hi, classes, strict)
            elif not ascii_alone(b, s, e, lo, hi):
                s = np.int64(-1)
            if s >= 0:
                return s, e, form
        before = d >> U[BLOCK - 1] & U[1]
        p = p + BLOCK if p == q else hi
    return np.int64(-1), np.int64(-1), _ASCII


@part
def _looked_at(b, i, lo, hi, classes, strict):
    """Return (start, end, form, go on at) of the candidate that the byte at i belongs to; start is -1 for none."""
    kind, form, start = classes[b[i]], 0, np.int64(i)
    if kind == DIGIT_BYTE:
        form = ASCII
        if i + 1 < hi and not is_digit(b[i + 1]):
            form, start = unit_of_pairs(b, i, lo, hi)
    elif b[i] == _UTF8_LEAD:
        form, start = unit_of_wide(b, i + 2, lo, hi, classes[_UTF8_LAST])
    elif kind != 0 and i > lo and i + 1 < hi:
        form, start = unit_of_wide(b, i, lo, hi, kind)
    if form == 0:
        return np.int64(-1), np.int64(-1), _ASCII, i + 1
    s, e, after = candidate_at(b, start, lo, hi, form, strict)
    return np.int64(s), np.int64(e), np.int64(form), after

"""The twelve digits as a number, and whether the last of them is the check digit of the others.

平成26年総務省令第85号 第5条.
"""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from detectors.mynumber.candidates import separator_after
from detectors.mynumber.digits import digit, width_of


@part
def number_of(b, s, e, lo, hi, form):
    """Return the 12 digits s..e as a number."""
    value, width = np.uint64(0), width_of(form)
    if e - s == 12:
        for p in range(s, e):
            value = value * np.uint64(10) + np.uint64(b[p] - 0x30)
        return value
    while s < e:
        d = digit(b, s, lo, hi, form)
        if d >= 0:
            value = value * np.uint64(10) + np.uint64(d)
            s += width
        else:
            s += max(separator_after(b, s, lo, hi, form)[1], 1)
    return value


@part
def is_time(value):
    """Return whether twelve digits read as a year since 1900, month, day, hour and minute: logs are full of those.

    One number in ten thousand looks so, and is missed.
    """
    minute, hour = np.int64(value % np.uint64(100)), np.int64(value // np.uint64(100) % np.uint64(100))
    day = np.int64(value // np.uint64(10**4) % np.uint64(100))
    month = np.int64(value // np.uint64(10**6) % np.uint64(100))
    year = np.int64(value // np.uint64(10**8))
    return 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60


@part
def is_mynumber(value):
    """Return whether the last of 12 digits is the check digit of the others; equal digits and times are none."""
    rest, last = value // np.uint64(10), np.int64(value % np.uint64(10))
    same, total, weight = True, 0, 2
    for _ in range(11):
        d = np.int64(rest % np.uint64(10))
        rest //= np.uint64(10)
        same = same and d == last
        total += d * weight
        weight = weight + 1 if weight < 7 else 2
    remainder = total % 11
    return not same and last == (0 if remainder <= 1 else 11 - remainder) and not is_time(value)

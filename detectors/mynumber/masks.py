"""Where a number may begin, found in 64 bytes at once: one bit for each byte, and shifts instead of branches.

A mask is a uint64 whose bit k stands for byte k of 64.
"""

from __future__ import annotations

import numpy as np

from columns.bytemask import BYTES, mask64
from columns.kernel import inlined, part

U = tuple(np.uint64(k) for k in range(57))
"""Small numbers as uint64: numba makes a float of what is computed of those and Python's."""

WINDOW, BLOCK = BYTES, 40
"""Bytes that are looked at together, and how many of them may begin a number that is seen as a whole."""
STARTS, ALL = np.uint64((1 << BLOCK) - 1), np.uint64(0xFFFFFFFFFFFFFFFF)
_FIRST, _LAST, _HIGH, _TOP = np.uint8(0x30), np.uint8(0x39), np.uint8(0x80), np.uint8(0xFF)
_82, _A3, _FF, _EF = np.uint8(0x82), np.uint8(0xA3), np.uint8(0xFF), np.uint8(0xEF)


@inlined
def digits_in(b, p):
    """Return a mask of the ASCII digits among the 64 bytes at p."""
    return mask64(b, p, _FIRST, _LAST)


@inlined
def beyond_ascii(b, p):
    """Return a mask of the bytes among the 64 at p that are no ASCII."""
    return mask64(b, p, _HIGH, _TOP)


@inlined
def leads_in(b, p):
    """Return masks of the bytes that full-width digits have in common, among the 64 at p.

    That is (of those with two bytes: 82 in CP932, A3 in EUC-JP, FF in UTF-16LE; EF in UTF-8).
    """
    return mask64(b, p, _82, _82) | mask64(b, p, _A3, _A3) | mask64(b, p, _FF, _FF), mask64(b, p, _EF, _EF)


@inlined
def fours(d):
    """Return where four marks begin that stand side by side."""
    two = d & d >> U[1]
    return two & two >> U[2]


@part
def runs_of_twelve(d, four, before):
    """Return where runs of exactly 12 digits begin; before: 1 where a digit stands before the first byte."""
    return four & four >> U[4] & four >> U[8] & ~(d << U[1] | before) & ~(d >> U[12])


@part
def groups_of_four(d, four, before):
    """Return where three runs of exactly 4 digits begin, with one, two or three bytes between them."""
    four = four & ~(d << U[1] | before) & ~(d >> U[4])
    return four & (four >> U[5] & four >> U[10] | four >> U[6] & four >> U[12] | four >> U[7] & four >> U[14])


@part
def every_second(m):
    """Return where eight marks begin that stand in every second byte alone, perhaps with one or two bytes more amid."""
    four = m & ~(m >> U[1])
    four &= four >> U[2]
    four &= four >> U[4]
    return four & (four >> U[8] | four >> U[9] | four >> U[10])


@part
def every_third(m):
    """Return where eight marks begin that stand in every third byte, perhaps with one to three bytes more amid."""
    four = m & m >> U[3] & m >> U[6] & m >> U[9]
    return four & (four >> U[12] | four >> U[13] | four >> U[14] | four >> U[15])

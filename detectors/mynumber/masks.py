"""Where a number may begin, found in 32 bytes at once: one bit for each byte, and shifts instead of branches.

A mask is a uint64 whose bit k stands for byte k of 64. Eight bytes are compared together in one word (SWAR).
"""

from __future__ import annotations

import numpy as np

from columns.kernel import inlined, part
from columns.wire import be64


def eight(byte: int) -> np.uint64:
    """Return a word of eight times a byte."""
    return np.uint64(int.from_bytes(bytes([byte]) * 8, "big"))


_ONES, _LOWS, _HIGHS, _ABOVE_NINE, _ZEROES = eight(1), eight(0x7F), eight(0x80), eight(0x76), eight(0x30)
_82S, _A3S, _FFS, _EFS = eight(0x82), eight(0xA3), eight(0xFF), eight(0xEF)
_GATHER = np.uint64(0x8040201008040201)
"""Brings the lowest bit of each byte into the highest byte, that of the first byte lowest."""

U = tuple(np.uint64(k) for k in range(57))
"""Small numbers as uint64: numba makes a float of what is computed of those and Python's."""

STARTS = np.uint64(0xFFFFFFFF)
"""The bytes among which a mask tells of starts: the first 32, so that what begins there is seen as a whole."""
BLOCK, WINDOW = 32, 64


@inlined
def _marks(flags):
    """Return eight bits for the highest bits of eight bytes."""
    return (flags >> U[7]) * _GATHER >> U[56]


@inlined
def _digits(w):
    zeroed = w ^ _ZEROES
    return ~((zeroed & _LOWS) + _ABOVE_NINE | zeroed) & _HIGHS


@inlined
def _equals(w, bytes_8):
    differs = w ^ bytes_8
    return ~((differs & _LOWS) + _LOWS | differs) & _HIGHS


@inlined
def count_digits(w):
    """Return how many of eight bytes are ASCII digits."""
    return (_digits(w) >> U[7]) * _ONES >> U[56]


@part
def digits_in(b, p):
    """Return (mask of the ASCII digits among the 32 bytes at p, not 0 where leads_in may find two marks)."""
    one, two, three, four = be64(b, p), be64(b, p + 8), be64(b, p + 16), be64(b, p + 24)
    mask = (_marks(_digits(one)) | _marks(_digits(two)) << U[8] | _marks(_digits(three)) << U[16]
            | _marks(_digits(four)) << U[24])
    return mask, (_may_lead(one) | _may_lead(two) | _may_lead(three) | _may_lead(four)) & _HIGHS


@inlined
def _may_lead(w):
    """Return a word with highest bits where two bytes of no ASCII in eight are equal and one apart, or one is EF."""
    apart, utf8 = w ^ w >> U[16], w ^ _EFS
    return (apart - _ONES) & ~apart & w | (utf8 - _ONES) & ~utf8


@part
def leads_in(b, p):
    """Return masks of the bytes that full-width digits have in common, among the 32 at p.

    That is (of those with two bytes: 82 in CP932, A3 in EUC-JP, FF in UTF-16LE; EF in UTF-8). A mark that is alone in
    its eight bytes may be missing; of twelve such digits eight are still there, and two of three groups.
    """
    two, three = U[0], U[0]
    for k in range(4):
        w, at = be64(b, p + 8 * k), np.uint64(8 * k)
        two |= _marks(_equals(w, _82S) | _equals(w, _A3S) | _equals(w, _FFS)) << at
        three |= _marks(_equals(w, _EFS)) << at
    return two, three


@part
def runs_of_twelve(d, before):
    """Return where runs of exactly 12 digits begin; before: 1 where a digit stands before the first byte."""
    four = d & d >> U[1] & d >> U[2] & d >> U[3]
    return four & four >> U[4] & four >> U[8] & ~(d << U[1] | before) & ~(d >> U[12])


@part
def groups_of_four(d, before):
    """Return where three runs of exactly 4 digits begin, with one, two or three bytes between them."""
    four = d & d >> U[1] & d >> U[2] & d >> U[3] & ~(d << U[1] | before) & ~(d >> U[4])
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


@part
def lowest(mask):
    """Return the number of the lowest bit of a mask that has one."""
    at = 0
    for width in (32, 16, 8, 4, 2, 1):
        size = np.uint64(width)
        if mask & ((U[1] << size) - U[1]) == U[0]:
            mask >>= size
            at += width
    return at

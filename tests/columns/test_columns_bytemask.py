"""Masks of 64 bytes, compiled and as plain Python, against a look at one byte after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from columns.bytemask import BYTES, count_ones, lowest, mask64
from columns.kernel import kernel

DATA = st.binary(min_size=BYTES, max_size=BYTES + 20)
BYTE = st.integers(0, 255)


@kernel
def compiled(data, at, first, last):
    """What the three say of 64 bytes; the number of the lowest bit is 64 where there is none."""
    mask = mask64(data, at, first, last)
    return mask, lowest(mask) if mask != 0 else 64, count_ones(mask)


def read(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


@settings(deadline=None)
@given(data=DATA, first=BYTE, last=BYTE, place=st.data())
@example(data=bytes(range(64)), first=0, last=255, place=None)
@example(data=b"\xff" * 64, first=255, last=255, place=None)
def test_bits_tell_which_bytes_are_within(data: bytes, first: int, last: int, place: st.DataObject | None) -> None:
    first, last = sorted((first, last))
    at = place.draw(st.integers(0, len(data) - BYTES)) if place else 0
    within = [first <= byte <= last for byte in data[at : at + BYTES]]
    expected = (sum(1 << k for k, one in enumerate(within) if one),
                within.index(True) if any(within) else BYTES, sum(within))
    assert compiled(read(data), at, np.uint8(first), np.uint8(last)) == expected
    mask = mask64(read(data), at, np.uint8(first), np.uint8(last))
    assert (int(mask), lowest(mask) if mask else BYTES, count_ones(mask)) == expected


@pytest.mark.parametrize("look", [compiled, mask64])
@pytest.mark.parametrize("at", [-1, 1])
def test_nothing_beyond_the_buffer_is_read(look, at) -> None:
    with pytest.raises(IndexError):
        look(read(bytes(BYTES)), at, np.uint8(0), np.uint8(255))

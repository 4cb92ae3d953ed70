"""The first bytes of what comes in pieces."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sensor.protocols.beginning import Beginning


@given(st.lists(st.one_of(st.binary(max_size=3000), st.integers(0, 5000)), max_size=12), st.integers(0, 9000))
def test_pieces_and_what_is_missing(pieces: list[bytes | int], most: int) -> None:
    beginning, expected, left = Beginning(most), b"", most
    for piece in pieces:
        if isinstance(piece, bytes):
            beginning.add(piece)
            expected += piece[:left]
            left -= len(piece[:left])
        else:
            beginning.skip(piece)
            left = max(left - piece, 0)
    assert (beginning.joined(), beginning.left) == (expected, left)


def test_small_pieces_take_little_more_than_their_bytes() -> None:
    tracemalloc.start()
    try:
        beginning = Beginning(100_000)
        for k in range(60_000):
            beginning.add(bytes((k & 255, 1)))
        assert tracemalloc.get_traced_memory()[0] < 120_000
    finally:
        tracemalloc.stop()
    assert len(beginning.joined()) == 100_000

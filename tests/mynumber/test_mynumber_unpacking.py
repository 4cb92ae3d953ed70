"""Where base64 stands in running text."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.mynumber.wraps import base64_in

_PLACES = re.compile(rb"(?:[A-Za-z0-9+/]{60,}[\r\n]{0,2})+[A-Za-z0-9+/]{0,76}={0,2}")
RUNS = st.integers(55, 65) | st.integers(0, 200)
PIECES = (RUNS.map(lambda size: b"QkFTRTY0+/x"[: size % 11] + b"YWFh" * (size // 4))
          | st.sampled_from([b"\n", b"\r\n", b"\r\n\r\n", b"=", b"==", b"===", b" ", b"-", b"\x00", b"\xff"]))


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_base64_stands_where_an_expression_finds_it(data: bytes) -> None:
    assert list(base64_in(data)) == [place[0] for place in _PLACES.finditer(data)]


def test_every_one_of_many_places_is_found() -> None:
    pieces = [b"%03d" % k + b"A" * (60 + k % 3) for k in range(300)]
    assert list(base64_in(b" ".join(pieces))) == pieces

"""The BER reader: lengths, bounds, clipping, numbers and identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.protocols.ber import Element, claimed_size, element, elements, integer, oid


def test_lengths_short_and_long() -> None:
    assert element(b"\x02\x01\x05", 0, 3) == Element(2, 2, 3)
    assert element(b"\x04\x81\x80" + b"x" * 128, 0, 131) == Element(4, 3, 131)
    assert element(b"\x04\x05ab", 0, 4) is None
    assert element(b"\x04\x05ab", 0, 4, clip=True) == Element(4, 2, 4)
    assert element(b"\x30\x80\0\0", 0, 4) is None  # indefinite
    assert element(b"\x1f\x81\x01\x00", 0, 4) is None  # tag of several bytes


def test_elements_up_to_the_first_malformed_and_up_to_most() -> None:
    data = b"\x02\x01\x01\x02\x01\x02\x1f\x01\x03"
    assert [integer(data, e) for e in elements(data, 0, len(data), 9)] == [1, 2]
    assert len(elements(data, 0, len(data), 1)) == 1


@pytest.mark.parametrize(("head", "size"), [(b"", 0), (b"\x30", 0), (b"\x30\x05", 7), (b"\x30\x82\x01", 0),
                                            (b"\x30\x82\x01\x00", 260), (b"\x30\x80", -1), (b"\x30\x85", -1)])
def test_claimed_size(head: bytes, size: int) -> None:
    assert claimed_size(head) == size


@pytest.mark.parametrize(("body", "text"), [(b"\x2b\x06\x01", "1.3.6.1"), (b"\x88\x37\x03", "2.999.3"), (b"", ""),
                                            (b"\x2b\x86\xf7\x0d", "1.3.113549")])
def test_oid(body: bytes, text: str) -> None:
    assert oid(body, Element(6, 0, len(body))) == text


def test_integers_are_signed_and_bounded() -> None:
    assert integer(b"\xff", Element(2, 0, 1)) == -1
    assert integer(b"\x7f" * 1000, Element(2, 0, 1000)) < 1 << 128


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    for one in elements(data, 0, len(data), 100):
        assert 0 < one.start <= one.stop <= len(data)
        oid(data, one)


@given(st.lists(st.sampled_from([b"\x30\x03abc", b"\x04\0", b"\x02\x81\x02xy", b"\x04\x84\0\0\0\x01z", b"\x1f\x01",
                                 b"\x04\x85"])), st.integers(0, 12), st.integers(0, 5))
def test_elements_are_those_that_stand_one_after_another(parts: list[bytes], cut: int, most: int) -> None:
    data = b"".join(parts)
    stop, pos, expected = max(len(data) - cut, 0), 0, []
    while pos < stop and len(expected) < most and (one := element(data, pos, stop, clip=True)):
        expected.append(one)
        pos = one.stop
    assert elements(data, 0, stop, most) == expected

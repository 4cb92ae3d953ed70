"""Candidates against a naive reading of the same text, in every encoding and at every place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.numbers import (
    ENCODINGS,
    WIDE,
    check_digit,
    encoded,
    is_valid,
    naive_candidates,
    number,
    scan,
)

DIGITS = st.text("0123456789", min_size=1, max_size=17)
FOUR = st.text("0123456789", min_size=3, max_size=5)
TWELVE = st.text("0123456789", min_size=12, max_size=12)
GROUPS = st.builds(lambda parts, sep: sep.join(parts), st.lists(FOUR, min_size=2, max_size=5), st.sampled_from(" .-"))
EXACT = st.builds(lambda n, sep: sep.join((n[:4], n[4:8], n[8:])), TWELVE, st.sampled_from([" ", ".", "-", ""]))
UUID = st.uuids().map(str)
WORDS = st.sampled_from(["番号", "ソード", "ア", "コード", "能力", "A", "b", "f-", "x_", "No.", "：", "、", "\n", " ",
                         "-", ".", "T", "#", "1", "2026-11-25", "03-1234-5678", "0.", "ー", "T1234567890123", "\r\n"])
TOKENS = st.one_of(DIGITS, TWELVE, GROUPS, EXACT, EXACT, UUID, WORDS, WORDS)
TEXTS = st.lists(st.tuples(TOKENS, st.booleans()), max_size=12)


def written(tokens: list[tuple[str, bool]], encoding: str) -> str:
    """Tokens as text; in ISO-2022-JP each stands by itself: an escape sequence parts what a reader sees as one."""
    parts = [token.translate(WIDE) if wide else token for token, wide in tokens]
    if encoding == "iso2022_jp":
        parts = [p if p.isascii() else "".join("" if c.isascii() else c for c in p) for p in parts]
        return "、".join(parts)
    return "".join(parts)


def read_otherwise(data: bytes, encoding: str) -> set[tuple[int, str]]:
    """What a naive reader finds who takes two-byte text for text in the other encoding: nothing in bytes says which."""
    other = {"cp932": "euc_jp", "euc_jp": "cp932"}.get(encoding)
    if other is None:
        return set()
    try:
        text = data.decode(other)
    except UnicodeDecodeError:
        return set()
    return {(len(encoded(text[:place], other)), digits) for place, digits in naive_candidates(text)}


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=150, deadline=None)
@given(tokens=TEXTS, amid=st.booleans())
@example(tokens=[("1234 5678 9012-3456-7890", False)], amid=False)
@example(tokens=[("ソード", False), ("123456789018", False)], amid=True)
@example(tokens=[("0.", False), ("123456789018", False)], amid=True)
@example(tokens=[("番号", False), ("A", False), ("000000000000", False)], amid=False)
def test_the_same_as_a_naive_reading(encoding: str, tokens: list[tuple[str, bool]], amid: bool) -> None:
    text = written([("、" * 64, False), *tokens, ("、" * 64, False)] if amid else tokens, encoding)
    data = encoded(text, encoding)
    text = data.decode(encoding)
    expected = {(len(encoded(text[:place], encoding)) if encoding != "iso2022_jp" else -1, digits)
                for place, digits in naive_candidates(text)}
    found = {(int(c["offset"]) if encoding != "iso2022_jp" else -1, f"{int(c['value']):012d}") for c in scan(data)}
    assert found - read_otherwise(data, encoding) <= expected <= found


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("separator", ["", " ", "-", ".", "　", "－", "．", "ー"])
def test_wherever_it_stands_it_is_met(encoding: str, wide: bool, separator: str) -> None:
    if encoding == "iso2022_jp" and not wide and not separator.isascii():
        pytest.skip("an escape sequence would stand between the digits")
    digits = "123456789018"
    text = separator.join((digits[:4], digits[4:8], digits[8:])) if separator else digits
    text = text.translate(WIDE) if wide else text
    for before in range(90):
        data = b"\n" * before + encoded(f"、{text}、", encoding)
        for behind in (b"", b"\n" * 64):
            assert [int(c["value"]) for c in scan(data + behind)] == [int(digits)]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.integers(0, 10**12 - 1), st.integers(190001010000, 210012312359)))
@example(202606101104)
@example(111111111111)
@example(0)
def test_check_digit(value: int) -> None:
    (found,) = scan(f"{value:012d}".encode())
    assert bool(found["valid"]) == is_valid(f"{value:012d}")


def test_the_example_of_the_ordinance_and_its_neighbours() -> None:
    assert check_digit("12345678901") == "8"
    assert [bool(c["valid"]) for c in scan(b"123456789018 123456789017 222222222222")] == [True, False, False]


def test_a_corporate_number_is_never_one() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        twelve = number(rng)
        digit = 9 - sum(int(d) * (1 + k % 2) for k, d in enumerate(reversed(twelve))) % 9
        corporate = f"{digit}{twelve}"
        for text in (corporate, f"T{corporate}", f"{digit}-{twelve[:4]}-{twelve[4:8]}-{twelve[8:]}",
                     f"法人番号 {corporate}", f"法人番号：{corporate.translate(WIDE)}"):
            assert scan(text.encode()).size == 0, text


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_within_their_bounds(data: bytes) -> None:
    for c in scan(data):
        assert 0 <= c["offset"] < len(data)


def test_time_grows_with_size_alone() -> None:
    import time

    def seconds(data: bytes) -> float:
        began = time.process_time()
        scan(data)
        return time.process_time() - began

    for piece in (b"1", b"1234 ", b"1234-5678-", "１".encode(), "１".encode("cp932"), b"#1", b"1\0", b"123456789018 ",
                  b"My Number 123456789018 "):
        size = 120_000
        small = min(seconds(piece * (size // len(piece))) for _ in range(3))
        large = min(seconds(piece * (4 * size // len(piece))) for _ in range(3))
        assert large < 12 * small + 0.02, piece

"""The search within a buffer against one that tries every place; the filter against plain search; at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.signatures.engine.grams import ANYWHERE, GramFilter, Pattern, searchable
from detectors.signatures.engine.search import Search
from detectors.signatures.engine.steps import Buffer, Variables
from detectors.signatures.language.integers import IntTest
from detectors.signatures.language.matches import (
    BSize,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    IsDataAt,
    Pcre,
)

LETTERS = st.text("abAB", min_size=1, max_size=3).map(str.encode)


@st.composite
def contents(draw: st.DrawFn, first: bool) -> Content:
    pattern, number = draw(LETTERS), st.integers(0, 6)
    relative = not first and draw(st.booleans())
    place = {"distance": draw(st.none() | st.integers(-3, 4)), "within": draw(st.none() | st.integers(len(pattern), 9))
             } if relative else {"offset": draw(st.none() | number), "depth": draw(
                 st.none() | st.integers(len(pattern), 9))}
    return Content(pattern, nocase=draw(st.booleans()), negated=draw(st.integers(0, 4)) == 0,
                   endswith=draw(st.integers(0, 7)) == 0, **place)


@st.composite
def searches(draw: st.DrawFn) -> list[Content]:
    return [draw(contents(k == 0)) for k in range(draw(st.integers(1, 4)))]


def naive(matches: list[Content], data: bytes, at: int = 0) -> bool:
    """Try every place of every content."""
    if not matches:
        return True
    m, rest = matches[0], matches[1:]
    text, pattern = (data.lower(), m.pattern.lower()) if m.nocase else (data, m.pattern)
    low, high = 0, len(data)
    if m.relative:
        low = max(at + (m.distance or 0), 0)
        if m.within is not None:
            high = min(high, at + (m.distance or 0) + m.within)
    else:
        low = m.offset or 0
        if m.depth is not None:
            high = min(high, low + m.depth)
    ends = [p + len(pattern) for p in range(max(low, 0), high - len(pattern) + 1)
            if text[p : p + len(pattern)] == pattern and (not m.endswith or p + len(pattern) == len(data))]
    if m.negated:
        return not ends and naive(rest, data, at)
    return any(naive(rest, data, end) for end in ends)


@settings(max_examples=400, deadline=None)
@given(searches(), st.text("abAB", max_size=14).map(str.encode))
@example([Content(b"B"), Content(b"AA", negated=True, endswith=True), Content(b"A", within=1)], b"BBA")
def test_contents_hold_where_some_choice_of_places_holds(matches: list[Content], data: bytes) -> None:
    assert Search(matches).holds(Buffer(data), Variables()) == naive(matches, data)


@st.composite
def patterns(draw: st.DrawFn, least: int = 1) -> Pattern:
    text = draw(st.text("abAB\0", min_size=least, max_size=least + 5).map(str.encode))
    low = draw(st.just(0) | st.integers(0, 5))
    return Pattern(text, draw(st.booleans()), low, draw(st.just(ANYWHERE) | st.integers(low + len(text), low + 12)))


def stands(p: Pattern, piece: bytes, skip: int) -> bool:
    text, wanted = (piece.lower(), p.text.lower()) if p.nocase else (piece, p.text)
    anywhere = p.low == 0 and p.high == ANYWHERE
    return any(text[at : at + len(wanted)] == wanted and (
        anywhere or (at >= skip + p.low and at + len(wanted) <= skip + p.high))
        for at in range(len(text) - len(wanted) + 1))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([1, 5, 7]).flatmap(lambda least: st.lists(patterns(least).filter(searchable), max_size=8)),
       st.lists(st.tuples(st.text("abAB\0", max_size=20).map(str.encode), st.integers(0, 4)), min_size=1, max_size=5))
def test_the_filter_tells_each_pattern_that_stands_in_a_piece_and_no_other(
        wanted: list[Pattern], pieces: list[tuple[bytes, int]]) -> None:
    wanted = list(dict.fromkeys(wanted))
    data = np.frombuffer(b"".join(p for p, _ in pieces) or b"\0", np.uint8)
    sizes = np.array([len(p) for p, _ in pieces], np.int64)
    starts = np.cumsum(sizes) - sizes
    found = GramFilter(wanted).find(data, starts, sizes, np.array([s for _, s in pieces], np.int64))
    assert sorted(map(tuple, found.tolist())) == [
        (k, n) for k, (piece, skip) in enumerate(pieces) for n, p in enumerate(wanted) if stands(p, piece, skip)]


def test_one_byte_that_may_be_anywhere_is_no_pattern() -> None:
    with pytest.raises(ValueError, match="not to be searched"):
        GramFilter([Pattern(b"x")])


@pytest.mark.parametrize(("matches", "data", "holds"), [
    ([ByteTest(2, ">", 255, 0)], b"\x01\x00", True), ([ByteTest(2, ">", 256, 0)], b"\x01\x00", False),
    ([ByteTest(1, "&", 4, 0)], b"\x06", True), ([ByteTest(4, "=", 1234, 0, base=10)], b"1234", True),
    ([ByteTest(2, "=", 1, 0, little=True)], b"\x01\x00", True), ([ByteTest(9, "=", 1, 0)], b"\x01", False),
    ([ByteJump(1, 0), Content(b"x", within=1, distance=0)], b"\x02..x", True),
    ([ByteJump(1, 0), Content(b"x", within=1, distance=0)], b"\x01..x", False),
    ([ByteJump(1, 0, from_beginning=True), Content(b"b", distance=0, within=1)], b"\x02ab", True),
    ([ByteExtract(1, 0, "n"), Content(b"x", offset="n")], b"\x03x..x", True),
    ([ByteExtract(1, 0, "n"), Content(b"x", offset="n")], b"\x05...x", False),
    ([ByteMath(1, 0, "*", 3, "n"), ByteTest(1, "=", "n", 1)], b"\x02\x06", True),
    ([ByteMath(1, 0, "/", 0, "n")], b"\x02", False),
    ([Content(b"a"), IsDataAt(2, relative=True)], b"a..", True),
    ([Content(b"a"), IsDataAt(3, relative=True)], b"a..", False),
    ([Content(b"a"), IsDataAt(1, relative=True, negated=True)], b"xa", True),
    ([BSize(IntTest("range", 2, 5))], b"abc", True), ([BSize(IntTest("=", 2))], b"abc", False),
    ([Content(b"a"), Pcre(b"^b+$", relative=True)], b"xabb", True), ([Pcre(b"B", "i")], b"abc", True),
    ([Pcre(b"z", negated=True)], b"abc", True), ([Content(b"ab"), Pcre(b"^c", relative=True)], b"abxabc", True),
])
def test_each_match_has_a_case_that_holds_and_one_that_does_not(matches: list, data: bytes, holds: bool) -> None:
    assert Search(matches).holds(Buffer(data), Variables()) is holds


def test_a_search_that_would_try_for_ever_ends_and_is_counted() -> None:
    variables = Variables()
    chain = [Content(b"a"), *[Content(b"a", distance=0) for _ in range(12)], Content(b"b", distance=0)]
    assert not Search(chain).holds(Buffer(b"a" * 400), variables)
    assert variables.counts["search_limit"]


def test_an_expression_that_explodes_is_given_up_and_counted() -> None:
    variables = Variables()
    assert not Search([Pcre(rb"(?:a?){40}(?:a+)+(?:a*)*b(*SKIP)x|(a+)+$z")]).holds(Buffer(b"a" * 3000), variables)

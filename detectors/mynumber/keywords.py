"""The words beside which twelve digits are an Individual Number, in every way in which text writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote_from_bytes

import numpy as np

from columns.kernel import part
from columns.wire import be32

_JAPANESE = ("個人番号", "マイナンバー")
_HALF_WIDTH = "ﾏｲﾅﾝﾊﾞｰ"
_ENGLISH = ("My Number", "my number", "MY NUMBER", "My number", "MyNumber", "mynumber", "MYNUMBER", "myNumber",
            "Mynumber", "my_number", "MY_NUMBER", "My_Number", "my-number", "My-Number", "my+number", "My+Number",
            "my%20number", "My%20Number")
_WIDE_ENGLISH = ("Ｍｙ Ｎｕｍｂｅｒ", "ＭｙＮｕｍｂｅｒ")

WITHIN_CHARACTERS = 300
"""So near a keyword must stand (characters between it and the number)."""
REACH_BYTES = 960
"""In which that many characters of any encoding find room."""
MOST_KEYWORD_BYTES = 128
"""No pattern is longer."""

_SHORTEST, _STRIDE = 7, 4
_MIX = 0x9E3779B1
_BYTES, _UTF8, _DOUBLE, _HALF, _NINTH, _SIXTH = range(6)
_OF_ENCODING = {"utf-8": _UTF8, "cp932": _DOUBLE, "euc_jp": _DOUBLE, "utf-16-le": _HALF}


class Keywords(NamedTuple):
    """Patterns in order of their first byte.

    data uint8[bytes]; starts int64[patterns + 1]; first int64[257], the patterns that begin with a byte;
    measure uint8[patterns]: how characters are counted around it; parts uint8[65536], by a hash of four bytes: 1 where
    some pattern has those at one of its first four places, so that every fourth place tells of each pattern.
    """

    data: np.ndarray
    starts: np.ndarray
    first: np.ndarray
    measure: np.ndarray
    parts: np.ndarray


def patterns() -> dict[bytes, int]:
    """Return every pattern with the way of counting characters around it."""
    found = {word.encode(): _BYTES for word in _ENGLISH} | {word.encode("utf-16-le"): _HALF for word in _ENGLISH}
    for word in (*_JAPANESE, *_WIDE_ENGLISH, _HALF_WIDTH):
        for encoding, measure in _OF_ENCODING.items():
            found[word.encode(encoding)] = measure
            if encoding != "utf-16-le":
                found |= dict.fromkeys(_escaped(word.encode(encoding)), _NINTH)
        found |= dict.fromkeys(_as_points(word), _SIXTH)
    for word in _JAPANESE:
        found[word.encode("iso2022_jp").removeprefix(b"\x1b$B").removesuffix(b"\x1b(B")] = _HALF
    return found


def _escaped(raw: bytes) -> Iterator[bytes]:
    """Yield bytes as forms send them (percent signs) and as quoted-printable does, in both cases of hexadecimal."""
    upper = quote_from_bytes(raw, safe="")
    yield upper.encode()
    yield re.sub("%..", lambda match: match[0].lower(), upper).encode()
    yield "".join(f"={byte:02X}" for byte in raw).encode()


def _as_points(word: str) -> Iterator[bytes]:
    """Yield a word as JSON and HTML escape it."""
    for form in ("\\u{:04x}", "\\u{:04X}", "&#{};", "&#x{:x};", "&#x{:X};"):
        yield "".join(form.format(ord(c)) for c in word).encode()


def keyword_table() -> Keywords:
    """Return the patterns as the kernels read them."""
    known = sorted(patterns().items())
    sizes = [len(pattern) for pattern, _ in known]
    assert min(sizes) >= _SHORTEST
    assert max(sizes) <= MOST_KEYWORD_BYTES
    starts = np.zeros(len(known) + 1, np.int64)
    np.cumsum([len(pattern) for pattern, _ in known], out=starts[1:])
    begins = [pattern[0] for pattern, _ in known]
    first = np.searchsorted(begins, np.arange(257)).astype(np.int64)
    parts = np.zeros(1 << 16, np.uint8)
    for pattern, _ in known:
        for place in range(_STRIDE):
            parts[(int.from_bytes(pattern[place : place + 4], "big") * _MIX & 0xFFFFFFFF) >> 16] = 1
    return Keywords(np.frombuffer(b"".join(pattern for pattern, _ in known), np.uint8), starts, first,
                    np.array([measure for _, measure in known], np.uint8), parts)


@part
def keyword_at(b, p, hi, words):
    """Return the keyword that begins at p, or -1."""
    c = b[p]
    for k in range(words.first[c], words.first[np.int64(c) + 1]):
        start, size = words.starts[k], words.starts[k + 1] - words.starts[k]
        if p + size > hi:
            continue
        same = 1
        while same < size and b[p + same] == words.data[start + same]:
            same += 1
        if same == size:
            return k
    return -1


@part
def characters(b, start, end, measure):
    """Return how many characters stand between two places, as text around a keyword of that kind is encoded."""
    if measure == _HALF:
        return (end - start) // 2
    if measure == _NINTH:
        return (end - start) // 9
    if measure == _SIXTH:
        return (end - start) // 6
    if measure == _BYTES:
        return end - start
    halves = 0
    for p in range(start, end):
        if measure == _UTF8:
            halves += 2 if b[p] & 0xC0 != 0x80 else 0
        else:
            halves += 1 if b[p] >= 0x80 else 2
    return halves // 2


@part
def list_keywords(b, lo, hi, words, places):
    """Fill places (int64[n, 3]: start, end, way of counting) with the keywords in b[lo:hi] and return how many."""
    count, p, free = 0, lo + _STRIDE - 1, lo
    while p + 4 <= hi and count < places.shape[0]:
        if words.parts[(be32(b, p) * _MIX & 0xFFFFFFFF) >> 16] != 0:
            begin = max(p - _STRIDE + 1, free)
            while begin <= p:
                k = keyword_at(b, begin, hi, words)
                if k >= 0:
                    free = begin + words.starts[k + 1] - words.starts[k]
                    places[count, 0], places[count, 1], places[count, 2] = begin, free, words.measure[k]
                    count += 1
                    break
                begin += 1
        p = max(p + _STRIDE, free + _STRIDE - 1)
    return count


@part
def keyword_near(b, s, e, places, count, begin):
    """Return (whether one of the keywords stands within reach of s..e, where to begin to look the next time).

    Candidates come in order, so that keywords too far before one are too far before all that follow.
    """
    while begin < count and places[begin, 1] + REACH_BYTES < s:
        begin += 1
    k = begin
    while k < count and places[k, 0] <= e + REACH_BYTES:
        start, end, measure = places[k, 0], places[k, 1], places[k, 2]
        if end <= s:
            between = characters(b, end, s, measure)
        else:
            between = characters(b, e, start, measure) if start >= e else 0
        if between <= WITHIN_CHARACTERS:
            return True, begin
        k += 1
    return False, begin

"""The multi-pattern filter: which patterns stand in which of many pieces of bytes, in one pass of a kernel.

Each pattern is found by one gram of it, four bytes where it has them, the rarest of those it has; bitmaps say where one
may begin, and the pattern itself is compared before anything is told. Nothing that is there is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from columns.kernel import kernel, part

_HASH_BITS = 18
_MULTIPLIER = 0x9E3779B1
_ROOM = 1 << 16


class Table(NamedTuple):
    """What the kernel reads. Chains run from heads over next_; gram_at is where the gram stands in its pattern."""

    bitmap: np.ndarray  # uint8: of hashes of four bytes
    heads: np.ndarray  # int32, by hash
    pairs: np.ndarray  # int32[65536]: chains of those with two or three bytes
    singles: np.ndarray  # int32[256]
    next_: np.ndarray  # int32[patterns]
    gram_at: np.ndarray  # int32[patterns]
    starts: np.ndarray  # int64[patterns + 1] in text
    text: np.ndarray  # uint8, as the rule has it, or in lower case where case does not matter
    nocase: np.ndarray  # bool[patterns]
    kinds: np.ndarray  # int64[3]: patterns by four bytes, two, one


@part
def _lower(byte):
    return byte + 32 if 65 <= byte <= 90 else byte


@part
def _same(table, which, data, at, stop):
    """Whether a pattern stands at a place, within a piece."""
    begin, size = table.starts[which], table.starts[which + 1] - table.starts[which]
    if at + size > stop:
        return False
    fold = table.nocase[which]
    for k in range(size):
        byte = np.int64(data[at + k])
        if fold:
            byte = _lower(byte)
        if byte != np.int64(table.text[begin + k]):
            return False
    return True


@part
def _follow(table, which, data, i, start, stop, piece, told, out, count):
    """Compare the patterns of a chain; tell those that are there and were not told of this piece."""
    while which >= 0:
        at = i - np.int64(table.gram_at[which])
        if told[which] != piece and at >= start and _same(table, which, data, at, stop):
            told[which] = piece
            out[count, 0], out[count, 1] = piece, which
            count += 1
        which = np.int64(table.next_[which])
    return count


@kernel
def find_patterns(table, data, starts, sizes, first, told, out):
    """Tell (piece, pattern) once for each pattern in each piece data[starts[p] : starts[p] + sizes[p]], from first on.

    told: int64[patterns], -1 at first, kept between calls; out: int64[n, 2]. Return (the next piece, rows written): less
    than all pieces when out has no room for one more piece.
    """
    count, patterns = np.int64(0), np.int64(told.size)
    fours, twos, ones = table.kinds[0] > 0, table.kinds[1] > 0, table.kinds[2] > 0
    for p in range(first, starts.size):
        if count + patterns > out.shape[0]:
            return p, count
        start = starts[p]
        stop = start + sizes[p]
        rolling = np.int64(0)
        for i in range(start, stop):
            byte = _lower(np.int64(data[i]))
            rolling = (rolling << 8 | byte) & 0xFFFFFFFF
            if fours and i - start >= 3:
                hashed = (rolling * 0x9E3779B1 & 0xFFFFFFFF) >> 14
                if table.bitmap[hashed >> 3] >> (hashed & 7) & 1:
                    count = _follow(table, np.int64(table.heads[hashed]), data, i - 3, start, stop, p, told, out, count)
            if twos and i > start and table.pairs[rolling & 0xFFFF] >= 0:
                count = _follow(table, np.int64(table.pairs[rolling & 0xFFFF]), data, i - 1, start, stop, p, told, out,
                                count)
            if ones and table.singles[byte] >= 0:
                count = _follow(table, np.int64(table.singles[byte]), data, i, start, stop, p, told, out, count)
    return np.int64(starts.size), count


class GramFilter:
    """Patterns compiled for ``find``; patterns are (bytes, whether case does not matter), none of them empty."""

    def __init__(self, patterns: Sequence[tuple[bytes, bool]]) -> None:
        number = len(patterns)
        folded = [p.lower() for p, _ in patterns]
        text = b"".join(f if nocase else p for (p, nocase), f in zip(patterns, folded, strict=True))
        starts = np.zeros(number + 1, np.int64)
        np.cumsum([len(p) for p, _ in patterns], out=starts[1:])
        table = Table(
            np.zeros((1 << _HASH_BITS) // 8, np.uint8), np.full(1 << _HASH_BITS, -1, np.int32),
            np.full(65536, -1, np.int32), np.full(256, -1, np.int32), np.full(max(number, 1), -1, np.int32),
            np.zeros(max(number, 1), np.int32), starts, np.frombuffer(text or b"\0", np.uint8),
            np.array([n for _, n in patterns] or [False]), np.zeros(3, np.int64))
        for which, pattern in enumerate(folded):
            _add(table, which, pattern)
        self.table, self.patterns = table, number
        self._told = np.full(number, -1, np.int64)
        self._out = np.zeros((max(_ROOM, number), 2), np.int64)

    def find(self, data: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Return int64[n, 2] of (piece, pattern), in order of pieces; data uint8, starts and sizes int64[pieces]."""
        if not self.patterns or not starts.size:
            return np.zeros((0, 2), np.int64)
        self._told.fill(-1)
        pieces, found = 0, []
        while pieces < starts.size:
            pieces, count = find_patterns(self.table, data, starts, sizes, pieces, self._told, self._out)
            found.append(self._out[:count].copy())
        return np.concatenate(found)


def _add(table: Table, which: int, pattern: bytes) -> None:
    if len(pattern) >= 4:
        at = max(range(len(pattern) - 3), key=lambda k: (rarity(pattern[k : k + 4]), -k))
        gram = int.from_bytes(pattern[at : at + 4], "big")
        hashed = (gram * _MULTIPLIER & 0xFFFFFFFF) >> (32 - _HASH_BITS)
        table.bitmap[hashed >> 3] |= 1 << (hashed & 7)
        chain, place, kind = table.heads, hashed, 0
    elif len(pattern) >= 2:
        at = max(range(len(pattern) - 1), key=lambda k: (rarity(pattern[k : k + 2]), -k))
        chain, place, kind = table.pairs, int.from_bytes(pattern[at : at + 2], "big"), 1
    else:
        at, chain, place, kind = 0, table.singles, pattern[0], 2
    table.gram_at[which] = at
    table.next_[which] = chain[place]
    chain[place] = which
    table.kinds[kind] += 1


_COMMON = {**{b: 1.0 for b in b"\x00\xff "}, **{b: 1.6 for b in b"etaoinsr"}, **{b: 2.0 for b in b"cdlhmpu-/.:=\r\n\""},
           **{b: 2.4 for b in b"bfgvwy01_;,<>"}, 1: 2.0}


def rarity(gram: bytes) -> float:
    """Return how rare a gram is in what networks carry, roughly: the sum over its bytes, less for repeated ones."""
    return sum(_COMMON.get(b, 3.0) for b in gram) * (0.25 + 0.75 * len(set(gram)) / len(gram))

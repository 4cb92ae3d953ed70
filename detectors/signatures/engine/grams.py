"""The multi-pattern filter: which patterns stand in which of many pieces of bytes, in one pass of a kernel.

Each pattern is found by grams of it, four bytes where it has them, the rarest of those it has; bitmaps say where one
may begin, and the pattern itself is compared before anything is told. Nothing that is there is missed. Where all
patterns are long, each has several grams one after another, and only every second to fourth place is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from columns.kernel import kernel, part
from columns.wire import be32

_HASH_BITS = 18
_MULTIPLIER, _BIT_5 = 0x9E3779B1, 0x20202020
_LONGEST_STEP = 4
_ROOM = 1 << 13
_PLACES = 8  # a pattern that can be in fewer places is looked for in each of them
ANYWHERE = 1 << 40


class Pattern(NamedTuple):
    """Bytes to look for. It must begin at low or later and end at high or before, counted from where a piece counts;
    what may be anywhere may be before that, too.
    """

    text: bytes
    nocase: bool = False
    low: int = 0
    high: int = ANYWHERE


class Table(NamedTuple):
    """What the kernel reads. Chains of grams run from heads and pairs over next_; of is the pattern of each gram,
    gram_at where it stands in it. Bit 5 of every byte of a gram is set, so that case does not show.
    """

    bitmap: np.ndarray  # uint8: of hashes of four bytes
    heads: np.ndarray  # int32, by hash
    pair_bits: np.ndarray  # uint8: which pairs there are
    pairs: np.ndarray  # int32[65536], if there are any: chains of those with fewer bytes
    placed: np.ndarray  # int32: patterns that can only be in a few places, which are looked at one by one
    next_: np.ndarray  # int32[grams]
    of: np.ndarray  # int32[grams]
    gram_at: np.ndarray  # int32[grams]
    starts: np.ndarray  # int64[patterns + 1] in text
    text: np.ndarray  # uint8, as the rule has it, or in lower case where case does not matter
    nocase: np.ndarray  # bool[patterns]
    low: np.ndarray  # int64[patterns]
    high: np.ndarray  # int64[patterns]
    fold: np.ndarray  # uint8[256]: lower case
    numbers: np.ndarray  # int64[4]: grams of four bytes, of two; bits that a hash is shifted by; places of a step


@part
def _same(table, which, data, at, stop, base):
    """Whether a pattern stands at a place, within a piece and within where it may be."""
    begin, size = table.starts[which], table.starts[which + 1] - table.starts[which]
    if at + size > stop or at < base + table.low[which] or at + size > base + table.high[which]:
        return False
    folds = table.nocase[which]
    for k in range(size):
        byte = data[at + k]
        if folds:
            byte = table.fold[byte]
        if byte != table.text[begin + k]:
            return False
    return True


@part
def _follow(table, gram, data, i, start, stop, base, piece, told, out, count):
    """Compare the patterns of a chain; tell those that are there and were not told of this piece."""
    while gram >= 0:
        which, at = np.int64(table.of[gram]), i - np.int64(table.gram_at[gram])
        if told[which] != piece and at >= start and _same(table, which, data, at, stop, base):
            told[which] = piece
            out[count, 0], out[count, 1] = piece, which
            count += 1
        gram = np.int64(table.next_[gram])
    return count


@part
def _follow_pair(table, pair, data, i, start, stop, base, piece, told, out, count):
    """The same for the chain of two bytes, if there is one."""
    if table.pair_bits[pair >> 3] >> (pair & 7) & 1:
        return _follow(table, np.int64(table.pairs[pair]), data, i, start, stop, base, piece, told, out, count)
    return count


@part
def _look_at_places(table, data, start, stop, base, piece, out, count):
    """Compare the patterns that can only be in a few places."""
    for k in range(table.placed.size):
        which = np.int64(table.placed[k])
        size = table.starts[which + 1] - table.starts[which]
        last = min(base + table.high[which], stop) - size
        at = max(base + table.low[which], start)
        while at <= last:
            if _same(table, which, data, at, stop, base):
                out[count, 0], out[count, 1] = piece, which
                count += 1
                break
            at += 1
    return count


@kernel
def find_patterns(table, data, starts, sizes, skips, first, told, out):
    """Tell (piece, pattern) once for each pattern in each piece data[starts[p] : starts[p] + sizes[p]], from first on.

    skips: int64[pieces], places of patterns count from so many bytes within. told: int64[patterns], -1 at first, kept
    between calls; out: int64[n, 2]. Return (the next piece, rows written): less than all pieces when out has no room
    for one more piece.
    """
    count, patterns, bitmap = np.int64(0), np.int64(told.size), table.bitmap
    fours, twos, shift, step = table.numbers[0] > 0, table.numbers[1] > 0, table.numbers[2], table.numbers[3]
    for p in range(first, starts.size):
        if count + patterns > out.shape[0]:
            return p, count
        start = starts[p]
        stop, base = start + sizes[p], start + skips[p]
        count = _look_at_places(table, data, start, stop, base, p, out, count)
        if not fours and not twos:
            continue
        i = start
        while i <= stop - 4:
            word = be32(data, i) | _BIT_5
            hashed = (word * _MULTIPLIER & 0xFFFFFFFF) >> shift
            if bitmap[hashed >> 3] >> (hashed & 7) & 1:
                count = _follow(table, np.int64(table.heads[hashed]), data, i, start, stop, base, p, told, out, count)
            if twos:
                count = _follow_pair(table, word >> 16, data, i, start, stop, base, p, told, out, count)
            i += step
        while twos and i <= stop - 2:
            pair = (np.int64(data[i]) << 8 | np.int64(data[i + 1])) | (_BIT_5 & 0xFFFF)
            count = _follow_pair(table, pair, data, i, start, stop, base, p, told, out, count)
            i += 1
    return np.int64(starts.size), count


class GramFilter:
    """Patterns compiled for ``find``. One byte that may be anywhere is no pattern: ValueError (see searchable)."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        number = len(patterns)
        for pattern in patterns:
            if not searchable(pattern):
                raise ValueError(f"{pattern} is not to be searched for")
        folded = [p.text.lower() for p in patterns]
        text = b"".join(f if p.nocase else p.text for p, f in zip(patterns, folded, strict=True))
        starts = np.zeros(number + 1, np.int64)
        np.cumsum([len(p.text) for p in patterns], out=starts[1:])
        placed = [k for k, p in enumerate(patterns) if _is_placed(p)]
        fold = np.arange(256, dtype=np.uint8)
        fold[65:91] += 32
        searched = [f for k, f in enumerate(folded) if not _is_placed(patterns[k])]
        step, pairs = _step(searched), 1 << 16 if any(len(f) < 4 for f in searched) else 8
        bits = min(max((number * step).bit_length() + 7, 10), _HASH_BITS)
        table = Table(  # type: ignore[call-arg]
            np.zeros((1 << bits) // 8, np.uint8), np.full(1 << bits, -1, np.int32), np.zeros(pairs // 8, np.uint8),
            np.full(pairs, -1, np.int32), np.array(placed, np.int32),
            *np.full((3, max(number * step, 1)), -1, np.int32), starts, np.frombuffer(text or b"\0", np.uint8),
            np.array([p.nocase for p in patterns] or [False]), np.array([_low(p) for p in patterns] or [0], np.int64),
            np.array([p.high for p in patterns] or [0], np.int64), fold, np.array([0, 0, 32 - bits, step], np.int64))
        for which, letters in enumerate(folded):
            if not _is_placed(patterns[which]):
                _add(table, which, letters)
        self.table, self.patterns = table, number
        self._told = np.full(number, -1, np.int64)
        self._out = np.zeros((max(_ROOM, 4 * number), 2), np.int64)

    def find(self, data: np.ndarray, starts: np.ndarray, sizes: np.ndarray,
             skips: np.ndarray | None = None) -> np.ndarray:
        """Return int64[n, 2] of (piece, pattern), in order of pieces; data uint8, the others int64[pieces]."""
        if not self.patterns or not starts.size:
            return np.zeros((0, 2), np.int64)
        self._told.fill(-1)
        skips = np.zeros(starts.size, np.int64) if skips is None else skips
        if data.flags.writeable:
            data = data.view()
            data.flags.writeable = False
        pieces, found = 0, []
        while pieces < starts.size:
            pieces, count = find_patterns(self.table, data, starts, sizes, skips, pieces, self._told, self._out)
            found.append(self._out[:count].copy())
        return np.concatenate(found)


def searchable(pattern: Pattern) -> bool:
    """Return whether a pattern is worth a search: one byte that may be anywhere is not."""
    return len(pattern.text) >= 2 or (bool(pattern.text) and _is_placed(pattern))


def _low(pattern: Pattern) -> int:
    return -ANYWHERE if pattern.low == 0 and pattern.high == ANYWHERE else pattern.low


def _is_placed(pattern: Pattern) -> bool:
    return pattern.high - pattern.low - len(pattern.text) < _PLACES


def _step(patterns: Sequence[bytes]) -> int:
    """Return from how many places one has to be looked at: so many grams has even the shortest pattern."""
    return max(min([_LONGEST_STEP, *(len(p) - 3 for p in patterns)]), 1)


@lru_cache(maxsize=65_536)
def _rarest(pattern: bytes, size: int, count: int) -> int:
    """Return where the rarest grams of a pattern begin, so many one after another: none of them is to be common."""
    rare = [rarity(pattern[k : k + size]) for k in range(len(pattern) - size + 1)]
    return max(range(len(rare) - count + 1), key=lambda k: (min(rare[k : k + count]), -k))


def _add(table: Table, which: int, pattern: bytes) -> None:
    """Add the grams of a pattern: as many, one after another, as a step has places, or two bytes of a short one."""
    size, count = (4, int(table.numbers[3])) if len(pattern) >= 4 else (2, 1)
    first = _rarest(pattern, size, count)
    for at in range(first, first + count):
        gram = int.from_bytes(pattern[at : at + size], "big") | _BIT_5 >> 8 * (4 - size)
        entry = int(table.numbers[0] + table.numbers[1])
        if size == 4:
            place = (gram * _MULTIPLIER & 0xFFFFFFFF) >> int(table.numbers[2])
            chain, bits = table.heads, table.bitmap
        else:
            place, chain, bits = gram, table.pairs, table.pair_bits
        bits[place >> 3] |= 1 << (place & 7)
        table.of[entry], table.gram_at[entry], table.next_[entry] = which, at, chain[place]
        chain[place] = entry
        table.numbers[int(size == 2)] += 1


_COMMON = {
    **dict.fromkeys(b"\x00\xff ", 1.0), **dict.fromkeys(b"etaoinsr", 1.6),
    **dict.fromkeys(b"cdlhmpu-/.:=\r\n\"", 2.0), **dict.fromkeys(b"bfgvwy01_;,<>", 2.4), 1: 2.0}


def rarity(gram: bytes) -> float:
    """Return how rare a gram is in what networks carry, roughly: the sum over its bytes, less for repeated ones."""
    return sum([_COMMON.get(b, 3.0) for b in gram]) * (0.25 + 0.75 * len(set(gram)) / len(gram))

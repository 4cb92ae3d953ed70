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
    """What the kernel reads. Chains run from heads over next_; gram_at is where the gram stands in its pattern."""

    bitmap: np.ndarray  # uint8: of hashes of four bytes
    heads: np.ndarray  # int32, by hash
    pairs: np.ndarray  # int32[65536]: chains of those with fewer bytes
    placed: np.ndarray  # int32: patterns that can only be in a few places, which are looked at one by one
    next_: np.ndarray  # int32[patterns]
    gram_at: np.ndarray  # int32[patterns]
    starts: np.ndarray  # int64[patterns + 1] in text
    text: np.ndarray  # uint8, as the rule has it, or in lower case where case does not matter
    nocase: np.ndarray  # bool[patterns]
    low: np.ndarray  # int64[patterns]
    high: np.ndarray  # int64[patterns]
    fold: np.ndarray  # uint8[256]: lower case
    pair_bits: np.ndarray  # uint8: which pairs there are
    kinds: np.ndarray  # int64[3]: patterns by four bytes, by two; bits that a hash is shifted by


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
def _follow(table, which, data, i, start, stop, base, piece, told, out, count):
    """Compare the patterns of a chain; tell those that are there and were not told of this piece."""
    while which >= 0:
        at = i - np.int64(table.gram_at[which])
        if told[which] != piece and at >= start and _same(table, which, data, at, stop, base):
            told[which] = piece
            out[count, 0], out[count, 1] = piece, which
            count += 1
        which = np.int64(table.next_[which])
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
    count, patterns, fours = np.int64(0), np.int64(told.size), table.kinds[0] > 0
    twos, bitmap, fold, pair_bits = table.kinds[1] > 0, table.bitmap, table.fold, table.pair_bits
    shift = np.uint32(table.kinds[2])
    for p in range(first, starts.size):
        if count + patterns > out.shape[0]:
            return p, count
        start = starts[p]
        stop, base = start + sizes[p], start + skips[p]
        count = _look_at_places(table, data, start, stop, base, p, out, count)
        if not fours and not twos:
            continue
        rolling = np.uint32(0)
        for i in range(start, stop):
            rolling = np.uint32(rolling << np.uint32(8)) | np.uint32(fold[data[i]])
            hashed = np.int64(np.uint32(rolling * np.uint32(_MULTIPLIER)) >> shift)
            if bitmap[hashed >> 3] >> (hashed & 7) & 1 and i - start >= 3:
                count = _follow(table, np.int64(table.heads[hashed]), data, i - 3, start, stop, base, p, told, out,
                                count)
            if twos and pair_bits[(rolling & np.uint32(0xFFFF)) >> 3] >> (rolling & 7) & 1 and i > start:
                count = _follow(table, np.int64(table.pairs[rolling & np.uint32(0xFFFF)]), data, i - 1, start, stop,
                                base, p, told, out, count)
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
        bits = min(max(number.bit_length() + 7, 10), _HASH_BITS)
        table = Table(
            np.zeros((1 << bits) // 8, np.uint8), np.full(1 << bits, -1, np.int32),
            np.full(65536, -1, np.int32), np.array(placed, np.int32), np.full(max(number, 1), -1, np.int32),
            np.zeros(max(number, 1), np.int32), starts, np.frombuffer(text or b"\0", np.uint8),
            np.array([p.nocase for p in patterns] or [False]), np.array([_low(p) for p in patterns] or [0], np.int64),
            np.array([p.high for p in patterns] or [0], np.int64), fold,
            np.zeros(8192, np.uint8), np.array([0, 0, 32 - bits], np.int64))
        for which, pattern in enumerate(folded):
            if not _is_placed(patterns[which]):
                _add(table, which, pattern)
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


def _add(table: Table, which: int, pattern: bytes) -> None:
    if len(pattern) >= 4:
        at = max(range(len(pattern) - 3), key=lambda k: (rarity(pattern[k : k + 4]), -k))
        gram = int.from_bytes(pattern[at : at + 4], "big")
        hashed = (gram * _MULTIPLIER & 0xFFFFFFFF) >> int(table.kinds[2])
        table.bitmap[hashed >> 3] |= 1 << (hashed & 7)
        chain, place, kind = table.heads, hashed, 0
    else:
        at = max(range(len(pattern) - 1), key=lambda k: (rarity(pattern[k : k + 2]), -k))
        chain, place, kind = table.pairs, int.from_bytes(pattern[at : at + 2], "big"), 1
        table.pair_bits[place >> 3] |= 1 << (place & 7)
    table.gram_at[which] = at
    table.next_[which] = chain[place]
    chain[place] = which
    table.kinds[kind] += 1


_COMMON = {
    **dict.fromkeys(b"\x00\xff ", 1.0), **dict.fromkeys(b"etaoinsr", 1.6),
    **dict.fromkeys(b"cdlhmpu-/.:=\r\n\"", 2.0), **dict.fromkeys(b"bfgvwy01_;,<>", 2.4), 1: 2.0}


def rarity(gram: bytes) -> float:
    """Return how rare a gram is in what networks carry, roughly: the sum over its bytes, less for repeated ones."""
    return sum(_COMMON.get(b, 3.0) for b in gram) * (0.25 + 0.75 * len(set(gram)) / len(gram))

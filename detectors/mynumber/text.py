"""A piece of text, with what came before it: its candidates, and whether a keyword stands by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import kernel, part
from detectors.mynumber.candidates import MOST_BYTES, byte_classes
from detectors.mynumber.check_digit import is_mynumber, number_of
from detectors.mynumber.keywords import (
    MOST_KEYWORD_BYTES,
    REACH_BYTES,
    Keywords,
    keyword_near,
    keyword_table,
    list_keywords,
)
from detectors.mynumber.searching import next_candidate
from detectors.mynumber.wraps import wrapped_at

CANDIDATE = np.dtype([
    ("flow_id", "u8"), ("document", "u8"), ("packet_number", "u8"), ("tag", "u8"), ("value", "u8"), ("row", "i8"),
    ("offset", "i8"), ("form", "u1"), ("wrap", "u1"), ("valid", "u1"), ("keyword", "u1"), ("events", "u1"),
    ("upward", "u1"), ("again", "u1"), ("high", "u1"),
])
"""Twelve digits. tag: a keyed hash of them; value: the digits themselves, 0 unless somebody asks for them; offset: of
the first digit in its packet's payload or buffer, negative where it began before; again: told before, now with a
keyword behind it; events, upward: what the flow is; document: what it is counted together with; high: scored so."""

HISTORY_BYTES = 1024
"""So much of what came before is kept: a keyword's reach, and a number cut in two."""
assert HISTORY_BYTES >= REACH_BYTES + MOST_BYTES

SEAM_BYTES = 64
"""So much on each side of a seam holds a candidate that was cut in two."""

WHOLE = 1 << 16
"""A longer text is looked at in pieces of this many bytes."""
_PLACES = 2048
_STRICT = np.int64(1)


class Tables(NamedTuple):
    """What the kernels look up, and the key of the tags (random for each process: a tag leaves none)."""

    classes: np.ndarray
    words: Keywords
    places: np.ndarray
    key: np.ndarray


def new_tables(key: tuple[int, int]) -> Tables:
    """Return the tables, with two numbers of 64 bits as the key of the tags."""
    return Tables(byte_classes(), keyword_table(), np.zeros((_PLACES, 3), np.int64), np.array(key, np.uint64))


def most_candidates(size: int) -> int:
    """Return how many candidates that many bytes can hold."""
    return size // 12 + 2


ROOM = most_candidates(WHOLE + HISTORY_BYTES)
"""So many candidates a piece of a text can hold."""


@part
def tag_of(value, key):
    """Return a keyed hash of a number, for telling equal ones from others within this process."""
    h = value ^ key[0]
    for _ in range(2):
        h = (h ^ (h >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
        h = (h ^ (h >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        h ^= key[1]
    return h ^ (h >> np.uint64(31))


@part
def take_text(b, lo, begin, new, hi, tables, out, at, wrap, keep):
    """Write the candidates of b[new:hi] to out from place at on; b[lo:new] was looked at before.

    begin: from there on candidates of the old part are looked at. Returns (the next place, in how many bytes more a
    keyword may come that one waits for). A candidate that reaches into the new part is written; one before it only if
    a keyword stands in the new part. offset is from new on. keep: write values, too.
    """
    i, words_known, count, first, waits = begin, False, 0, 0, np.int64(0)
    while i < hi:
        s, e, form = next_candidate(b, i, lo, hi, tables.classes, _STRICT)
        if s < 0:
            break
        i = e
        value = number_of(b, s, e, lo, hi, form)
        valid, near = is_mynumber(value), False
        if valid:
            if not words_known:
                count, words_known = list_keywords(b, lo, hi, tables.words, tables.places), True
            near, first = keyword_near(b, s, e, tables.places, count, first)
            if not near:
                waits = max(waits, e + REACH_BYTES - hi)
        if (e > new or near) and at < out.size:
            c = out[at]
            c["tag"], c["offset"], c["form"], c["wrap"] = tag_of(value, tables.key), s - new, form, wrap
            c["valid"], c["keyword"], c["again"], c["high"] = valid, near, e <= new, 0
            c["value"] = value if keep else 0
            at += 1
    return at, waits


@part
def keyword_in_new(b, new, hi, tables):
    """Return whether a keyword ends in b[new:hi]."""
    return list_keywords(b, max(new - MOST_KEYWORD_BYTES, 0), hi, tables.words, tables.places) > 0


@kernel
def scan_texts(b, offsets, keys, wraps, text, at, sextets, tables, out, wrapped, keep):
    """Fill out (CANDIDATE, at least ROOM) with the candidates of texts.

    Text k is b[offsets[k] : offsets[k + 1]], keys[k] what its candidates have as row, wraps[k] how it was wrapped.
    From text on, and in that from at on (0: from its beginning). Sets wrapped[k] to how it is wrapped itself. Returns
    (how many, the next text, where to begin in it); there is more if that is one.
    """
    count = np.int64(0)
    while text < offsets.size - 1:
        lo, end = offsets[text], offsets[text + 1]
        start = max(at, lo)
        if start == lo:
            wrapped[text] = wrapped_at(b, lo, end, sextets)
        while start < end:
            stop, back = min(start + WHOLE, end), max(start - HISTORY_BYTES, lo)
            if count + ROOM > out.size:
                return count, text, start
            first = count
            count = take_text(b, back, back, start, stop, tables, out, count, np.int64(wraps[text]), keep)[0]
            for k in range(first, count):
                out[k]["row"] = keys[text]
                out[k]["offset"] += start - lo
            start = stop
        text, at = text + 1, np.int64(0)
    return count, text, at

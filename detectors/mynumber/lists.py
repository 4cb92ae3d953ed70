"""Lists of numbers: when so many of a sender's candidates have right check digits that it cannot be chance.

One in ten random numbers has a right check digit. Ten that do among at most twenty different candidates since the
beginning, or four of five among the last ten or more, have not come about by chance: the probability is below 10**-5
for a stream of random numbers, and below 10**-8 at each later place in it.
"""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel, part

LEAST = 10
"""So many different numbers with a right check digit make a list."""
_LAST, _WAYS = 64, 4

RING = np.dtype([("key", "u8"), ("stamp", "i8"), ("different", "i8"), ("told", "i8"), ("high", "u1"),
                 ("tags", "u8", (_LAST,)), ("valid", "u1", (_LAST,))])
"""The last candidates of one sender or document that differ. key 0: free; high: a list was found; told: numbers of it
that were handed on."""

FOUND = np.dtype([("candidate", "i8"), ("tags", "u8", (_LAST,)), ("count", "i8")])
"""A list was found at a candidate; tags: the numbers that made it one."""

REPLACED, BEYOND, LISTS, COUNTS = range(4)
COUNT_NAMES = ("lists_forgotten", "numbers_not_told_one_by_one", "lists")


@part
def _key_of(c):
    """Return what a candidate is counted under: its flow and direction, or a document in them."""
    key = (c["flow_id"] << np.uint64(1) | np.uint64(c["upward"])) ^ c["document"] * np.uint64(0x9E3779B97F4A7C15)
    return key if key != 0 else np.uint64(1)


@part
def _ring_of(rings, key, now, counts):
    """Return the place of a key's ring; where there is no room, the one not used for longest is taken over."""
    mixed = key * np.uint64(0xBF58476D1CE4E5B9)
    first = np.int64(mixed >> np.uint64(40)) % (rings.size // _WAYS) * _WAYS
    best = first
    for k in range(first, first + _WAYS):
        if rings[k]["key"] == key:
            rings[k]["stamp"] = now
            return k
        if rings[k]["stamp"] < rings[best]["stamp"]:
            best = k
    r = rings[best]
    counts[REPLACED] += r["key"] != 0
    r["key"], r["stamp"], r["different"], r["told"], r["high"] = key, now, 0, 0, 0
    return best


@part
def _is_known(r, tag):
    """Return whether a number is among the last that differ."""
    for k in range(min(r["different"], _LAST)):  # noqa: SIM110 (kernels know no generators)
        if r["tags"][k] == tag:
            return True
    return False


@part
def _makes_list(r):
    """Return whether the numbers up to the last one, which is valid, are a list."""
    valid, looked = 0, 0
    for back in range(min(r["different"], _LAST)):
        looked += 1
        valid += r["valid"][(r["different"] - 1 - back) % _LAST]
        if valid >= LEAST and 5 * valid >= 4 * looked:
            return True
    return r["different"] <= _LAST and valid >= LEAST and 2 * valid >= looked


@part
def _note(r, c):
    """Add a candidate that was not among the last, and return whether it makes a list of them."""
    place = r["different"] % _LAST
    r["tags"][place], r["valid"][place] = c["tag"], c["valid"]
    r["different"] += 1
    return c["valid"] != 0 and r["high"] == 0 and _makes_list(r)


@part
def _tell_list(r, at, found, filled):
    """Write the valid numbers of a ring to found, if there is room."""
    r["high"] = 1
    if filled < found.size:
        f, count = found[filled], 0
        for k in range(min(r["different"], _LAST)):
            if r["valid"][k]:
                f["tags"][count] = r["tags"][k]
                count += 1
        f["candidate"], f["count"] = at, count
        return filled + 1
    return filled


@kernel
def score(candidates, rings, limit, clock, counts, found):
    """Set high of every candidate that is to be told: bit 1 by a keyword, 2 as one of a list, 4 as the last to be told.

    Candidates come in the one true order; clock (int64[1]) counts them through. A number of a list that is known is
    told once, and of one sender or document limit at most. Returns how many lists were found, in found.
    """
    filled = 0
    for at in range(candidates.size):
        c = candidates[at]
        clock[0] += 1
        if c["again"] != 0:
            c["high"] = 1
            continue
        r = rings[_ring_of(rings, _key_of(c), clock[0], counts)]
        known = _is_known(r, c["tag"])
        if not known and _note(r, c):
            counts[LISTS] += 1
            filled = _tell_list(r, at, found, filled)
            c["high"] = 2
        elif not known and c["valid"] != 0 and r["high"] != 0:
            c["high"] = 2
        if c["keyword"] != 0:
            c["high"] |= 1
        if c["high"] != 0:
            r["told"] += 1
            if r["told"] == limit:
                c["high"] |= 4
            elif r["told"] > limit:
                counts[BEYOND] += 1
                c["high"] = 0
    return filled

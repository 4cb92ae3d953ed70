"""Out-of-order data: pages in a list per direction, in order of place; what overlaps is cut, and compared."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from columns.wire import copy_bytes
from sensor.streams import state as s

_FREE, _USED, _LAST_WINS = s.FREE, s.USED, s.LAST_WINS
_PAGE = s.PAGE_BYTES
_HELD_BYTES, _HELD_SEGMENTS = s.HELD_BYTES, s.HELD_SEGMENTS
_N_CONFLICTS, _N_OVERLAPPING, _N_MEMORY_FULL = s.N_CONFLICTS, s.N_OVERLAPPING, s.N_MEMORY_FULL
_CONFLICT = s.CONFLICT


@part
def take_page(state):
    """Return a free page, or -1."""
    scalars = state.scalars
    page = scalars[_FREE]
    if page >= 0:
        scalars[_FREE] = state.pages[page]["next"]
        return page
    if scalars[_USED] < state.pages.size:
        scalars[_USED] += 1
        return scalars[_USED] - 1
    return np.int64(-1)


@part
def free_page(state, page):
    """Give a page back."""
    state.pages[page]["next"] = state.scalars[_FREE]
    state.scalars[_FREE] = page


@part
def free_all(state, slot, side):
    """Give back all that a direction has waiting."""
    r = state.streams[slot]
    page = np.int64(r["head"][side])
    while page >= 0:
        after = np.int64(state.pages[page]["next"])
        free_page(state, page)
        page = after
    r["head"][side], r["tail"][side], r["segments"][side], r["held"][side] = -1, -1, 0, 0


@part
def differs(state, page, data, start, place, end):
    """Return whether a page and a segment (data from start on is at place) differ where both have bytes."""
    first, pool = state.pages[page]["start"], state.pool
    low, high = max(first, place), min(first + state.pages[page]["size"], end)
    base = page * _PAGE - first
    for at in range(low, high):  # noqa: SIM110 (a kernel has no any())
        if pool[base + at] != data[start + at - place]:
            return True
    return False


@part
def overwrite(state, page, data, start, place, end):
    """Let a segment win over a page where both have bytes."""
    first = state.pages[page]["start"]
    low, high = max(first, place), min(first + state.pages[page]["size"], end)
    if high > low:
        copy_bytes(state.pool, page * _PAGE + low - first, data, start + low - place, high - low)


@part
def insert_piece(state, slot, side, before, data, start, place, size):
    """Put a piece of at most one page into the list after page ``before`` (-1: at its head); return it, or -1."""
    page, pages = take_page(state), state.pages
    if page < 0:
        return page
    r = state.streams[slot]
    copy_bytes(state.pool, page * _PAGE, data, start, size)
    pages[page]["start"], pages[page]["size"] = place, size
    if before < 0:
        pages[page]["next"] = r["head"][side]
        r["head"][side] = page
    else:
        pages[page]["next"] = pages[before]["next"]
        pages[before]["next"] = page
    if pages[page]["next"] < 0:
        r["tail"][side] = page
    r["segments"][side] += 1
    r["held"][side] += size
    return page


@part
def hold(state, slot, side, data, start, place, size):
    """Keep a segment that is ahead of its turn; return False where there is no room for (all of) it.

    Where it overlaps what waits already, the first to come counts, or the last as the setting has it; bytes that
    differ are a conflict.
    """
    r, pages, counts, limits = state.streams[slot], state.pages, state.counts, state.limits
    end, at = place + size, place
    before = np.int64(-1)
    if r["tail"][side] >= 0 and pages[r["tail"][side]]["start"] + pages[r["tail"][side]]["size"] <= place:
        before = np.int64(r["tail"][side])  # the usual case: it comes after all that waits
    page = np.int64(pages[before]["next"]) if before >= 0 else np.int64(r["head"][side])
    while at < end:
        while page >= 0 and pages[page]["start"] + pages[page]["size"] <= at:
            before, page = page, np.int64(pages[page]["next"])
        stop = end
        if page >= 0 and pages[page]["start"] < end:
            stop = max(pages[page]["start"], at)
        while at < stop:
            if r["segments"][side] >= limits[_HELD_SEGMENTS] or r["held"][side] >= limits[_HELD_BYTES]:
                return False
            piece = min(stop - at, _PAGE)
            added = insert_piece(state, slot, side, before, data, start + at - place, at, piece)
            if added < 0:
                counts[_N_MEMORY_FULL] += 1
                return False
            before = added
            at += piece
        if at < end:  # a page stands here
            counts[_N_OVERLAPPING] += 1
            if differs(state, page, data, start, place, end):
                counts[_N_CONFLICTS] += 1
                r["flags"][side] |= _CONFLICT
                if limits[_LAST_WINS]:
                    overwrite(state, page, data, start, place, end)
            at = pages[page]["start"] + pages[page]["size"]
    return True

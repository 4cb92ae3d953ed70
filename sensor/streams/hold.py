"""Out-of-order data: pages in a list per direction, in order of place; what overlaps is cut, and compared."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from columns.wire import copy_bytes
from sensor.streams import state as s
from sensor.streams.overlaps import newer_wins

_FREE, _USED, _SERVER_SHIFT = s.FREE, s.USED, s.SERVER_SHIFT
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
def counts_over(state, slot, side, page, place, end):
    """Return whether a segment counts where it overlaps a page that came before it, as its receiver takes it."""
    both, of = np.int64(state.streams[slot]["overlap"]), state.pages[page]
    policy = both >> _SERVER_SHIFT if side else both & ((1 << _SERVER_SHIFT) - 1)
    return newer_wins(policy, place, end, of["of_start"], of["of_end"])


@part
def insert_page(state, slot, side, before, place, size, of_start, of_end):
    """Put a page, still without its bytes, into the list after page ``before`` (-1: at its head); return it, or -1."""
    page, pages = take_page(state), state.pages
    if page < 0:
        return page
    r = state.streams[slot]
    pages[page]["start"], pages[page]["size"] = place, size
    pages[page]["of_start"], pages[page]["of_end"] = of_start, of_end
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
def cut(state, slot, side, page, at):
    """Divide a page so that its second half begins at a place; return whether there was a page for it."""
    pages, r = state.pages, state.streams[slot]
    kept = at - pages[page]["start"]
    size = pages[page]["size"] - kept
    rest = insert_page(state, slot, side, page, at, size, pages[page]["of_start"], pages[page]["of_end"])
    if rest < 0:
        return False
    copy_bytes(state.pool, rest * _PAGE, state.pool, page * _PAGE + kept, size)
    pages[page]["size"] = kept
    r["held"][side] -= size
    return True


@part
def take_over(state, slot, side, page, data, start, place, end):
    """Let a segment win over a page where both have bytes.

    What is left of the page is cut off, for it still counts as part of the segment that it came in. Where there is no
    room for that, the bytes are replaced all the same.
    """
    pages, room = state.pages, state.streams[slot]["segments"][side] + 2 <= state.limits[_HELD_SEGMENTS]
    if room and end < pages[page]["start"] + pages[page]["size"]:
        room = cut(state, slot, side, page, end)
    mine = page
    if room and place > pages[page]["start"]:
        room = cut(state, slot, side, page, place)
        if room:
            mine = np.int64(pages[page]["next"])
    overwrite(state, mine, data, start, place, end)
    if room:
        pages[mine]["of_start"], pages[mine]["of_end"] = place, end


@part
def hold(state, slot, side, data, start, place, size):
    """Keep a segment that is ahead of its turn; return False where there is no room for (all of) it.

    Where it overlaps what waits already, one of the two counts, as the policy of the receiver has it; bytes that differ
    are a conflict.
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
            added = insert_page(state, slot, side, before, at, piece, place, end)
            if added < 0:
                counts[_N_MEMORY_FULL] += 1
                return False
            copy_bytes(state.pool, added * _PAGE, data, start + at - place, piece)
            before = added
            at += piece
        if at < end:  # a page stands here
            counts[_N_OVERLAPPING] += 1
            after = pages[page]["start"] + pages[page]["size"]
            if differs(state, page, data, start, place, end):
                counts[_N_CONFLICTS] += 1
                r["flags"][side] |= _CONFLICT
            if counts_over(state, slot, side, page, place, end):
                take_over(state, slot, side, page, data, start, place, end)
            at = after
    return True

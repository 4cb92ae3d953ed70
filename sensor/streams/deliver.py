"""Bytes whose turn has come: handed on as chunks, in place or out of the pool, with the gaps in front of them."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from columns.wire import copy_bytes
from sensor.streams import state as s
from sensor.streams.hold import counts_over, differs, free_all, free_page, overwrite

_CONFLICT, _END = s.CONFLICT, s.END
_CHUNKS, _ARENA = s.CHUNKS, s.ARENA
_ENDED, _PASS = s.ENDED, s.PASS
_DEPTH, _PAGE = s.DEPTH, s.PAGE_BYTES
_N_GAPS, _N_GAP_BYTES, _N_OVER_DEPTH = s.N_GAPS, s.N_GAP_BYTES, s.N_OVER_DEPTH
_N_CONFLICTS, _N_OVERLAPPING = s.N_CONFLICTS, s.N_OVERLAPPING
IN_PLACE, COPIED = 0, 2


@part
def advance(r, side, size):
    """Move the place of the next byte on."""
    r["taken"][side] += size
    r["seq"][side] = np.uint32((np.int64(r["seq"][side]) + size) & 0xFFFFFFFF)


@part
def next_chunk(out, r, slot, side, at):
    """Return the next chunk, filled in but for its bytes."""
    c = out.chunks[out.filled[_CHUNKS]]
    out.filled[_CHUNKS] += 1
    c["flow_id"], c["slot"], c["side"] = r["flow_id"], slot, side
    c["ts_ns"], c["packet_number"], c["row"] = at.ts_ns, at.packet_number, at.row
    for each in range(s.SIDES):
        c["passed"][each], r["passed"][each] = r["passed"][each], 0
    return c


@part
def pass_by(r, side, size):
    """Return how many of so many bytes need only be counted; a gap ends that, for it must be told where it is."""
    if r["gap"][side] > 0:
        r["ahead"][side] = 0
        return np.int64(0)
    passed = min(r["ahead"][side], size)
    r["ahead"][side] -= passed
    r["passed"][side] += passed
    return passed


@part
def emit(state, out, slot, side, at, buffer, start, size):
    """Hand bytes on that stand at start of a buffer, unless nobody wants them."""
    r, counts = state.streams[slot], state.counts
    place, depth = r["taken"][side], state.limits[_DEPTH]
    advance(r, side, size)
    if r["mode"] == _PASS:
        return
    if place + size > depth:
        kept = max(depth - place, 0)
        counts[_N_OVER_DEPTH] += size - kept
        size = kept
        if size == 0:
            return
    if r["ahead"][side] > 0:
        passed = pass_by(r, side, size)
        start, size = start + passed, size - passed
        if size == 0:
            return
    c = next_chunk(out, r, slot, side, at)
    c["flags"], c["buffer"], c["start"] = r["flags"][side], buffer, start
    c["size"], c["gap"] = size, r["gap"][side]
    r["flags"][side], r["gap"][side] = 0, 0


@part
def give_up_to(r, side, place, counts):
    """Give up the bytes before a place: they were never captured."""
    gap = place - r["taken"][side]
    advance(r, side, gap)
    counts[_N_GAPS] += 1
    counts[_N_GAP_BYTES] += gap
    r["gap"][side] += gap


@part
def emit_page(state, out, slot, side, at):
    """Hand on what waits at the head, whose turn it is."""
    r, pages = state.streams[slot], state.pages
    page = np.int64(r["head"][side])
    passed = r["taken"][side] - pages[page]["start"]  # of it, when an overlap was delivered from elsewhere
    size = pages[page]["size"] - passed
    if size > 0:
        start = out.filled[_ARENA]
        if r["mode"] != _PASS:
            copy_bytes(out.arena, start, state.pool, page * _PAGE + passed, size)
        emit(state, out, slot, side, at, COPIED, start, size)
        out.filled[_ARENA] += size
    r["head"][side] = pages[page]["next"]
    if r["head"][side] < 0:
        r["tail"][side] = -1
    r["segments"][side] -= 1
    r["held"][side] -= pages[page]["size"]
    free_page(state, page)


@part
def give_up_gap(state, out, slot, side, at):
    """Give up the gap in front of what waits, and hand that on as far as it goes."""
    r, pages = state.streams[slot], state.pages
    give_up_to(r, side, pages[r["head"][side]]["start"], state.counts)
    while r["head"][side] >= 0 and pages[r["head"][side]]["start"] <= r["taken"][side]:
        emit_page(state, out, slot, side, at)


@part
def deliver(state, out, slot, side, at, data, buffer, start, place, end):
    """Hand on a segment whose turn has come (place is not ahead of it), and what waits around it.

    What waits came first; where both overlap one counts, as the policy of the receiver has it; bytes that differ are a
    conflict.
    """
    r, pages, counts = state.streams[slot], state.pages, state.counts
    while True:
        head, taken = np.int64(r["head"][side]), r["taken"][side]
        if head >= 0 and pages[head]["start"] <= taken:
            if max(pages[head]["start"], place) < min(pages[head]["start"] + pages[head]["size"], end):
                counts[_N_OVERLAPPING] += 1
                if differs(state, head, data, start, place, end):
                    counts[_N_CONFLICTS] += 1
                    r["flags"][side] |= _CONFLICT
                    if counts_over(state, slot, side, head, place, end):
                        overwrite(state, head, data, start, place, end)
            emit_page(state, out, slot, side, at)
            continue
        if taken >= end:
            return
        stop = end if head < 0 else min(end, pages[head]["start"])
        emit(state, out, slot, side, at, buffer, start + taken - place, stop - taken)


@part
def finish_stream(state, out, slot, at):
    """End both directions: what waits is handed on with its gaps, then it is told that nothing comes any more."""
    r = state.streams[slot]
    for side in range(s.SIDES):
        if r["mode"] == _PASS:
            free_all(state, slot, side)
        while r["head"][side] >= 0:
            give_up_gap(state, out, slot, side, at)
        r["state"][side] = _ENDED
    if r["over"] == 0:
        c = next_chunk(out, r, slot, 0, at)
        c["flags"], c["buffer"], c["start"], c["size"], c["gap"] = _END, 0, 0, 0, 0
        r["over"] = 1

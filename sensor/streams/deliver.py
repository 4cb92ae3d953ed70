"""Bytes whose turn has come: handed on as chunks, in place or out of the pool, with the gaps in front of them."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from sensor.decode.wire import copy_bytes
from sensor.streams import state as s
from sensor.streams.hold import differs, free_all, free_page

_FIRST, _CONFLICT, _END = s.FIRST, s.CONFLICT, s.END
_ENDED, _PASS = s.ENDED, s.PASS
_DEPTH, _PAGE = s.DEPTH, s.PAGE_BYTES
_N_GAPS, _N_GAP_BYTES, _N_OVER_DEPTH, _N_SKIPPED = s.N_GAPS, s.N_GAP_BYTES, s.N_OVER_DEPTH, s.N_SKIPPED
_N_CONFLICTS, _N_OVERLAPPING = s.N_CONFLICTS, s.N_OVERLAPPING
IN_PLACE, COPIED = 0, 2


@part
def advance(r, side, size):
    """Move the place of the next byte on."""
    r["taken"][side] += size
    r["seq"][side] = np.uint32((np.int64(r["seq"][side]) + size) & 0xFFFFFFFF)


@part
def emit(streams, slot, side, chunks, n, counts, limits, buffer, start, size, ts, number):
    """Hand bytes on that stand at start of a buffer, unless nobody wants them; return chunks so far."""
    r = streams[slot]
    place = r["taken"][side]
    advance(r, side, size)
    if r["mode"] == _PASS:
        return n
    if r["skip"][side] > 0:
        cut = min(r["skip"][side], size)
        r["skip"][side] -= cut
        counts[_N_SKIPPED] += cut
        start, size, place = start + cut, size - cut, place + cut
        if size == 0:
            return n
    if place + size > limits[_DEPTH]:
        kept = max(limits[_DEPTH] - place, 0)
        counts[_N_OVER_DEPTH] += size - kept
        size = kept
        if size == 0:
            return n
    c = chunks[n]
    c["flow_id"], c["slot"], c["side"], c["flags"] = r["flow_id"], slot, side, r["flags"][side]
    c["buffer"], c["start"], c["size"], c["gap"] = buffer, start, size, r["gap"][side]
    c["ts_ns"], c["packet_number"] = ts, number
    r["flags"][side], r["gap"][side] = 0, 0
    return n + 1


@part
def give_up_to(r, side, place, counts):
    """Give up the bytes before a place: they were never captured."""
    gap = place - r["taken"][side]
    advance(r, side, gap)
    counts[_N_GAPS] += 1
    counts[_N_GAP_BYTES] += gap
    cut = min(r["skip"][side], gap)
    r["skip"][side] -= cut
    r["gap"][side] += gap - cut


@part
def emit_page(streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number):
    """Hand on what waits at the head, whose turn it is; return (chunks so far, arena bytes used)."""
    r = streams[slot]
    page = np.int64(r["head"][side])
    passed = r["taken"][side] - pages[page]["start"]  # of it, when an overlap was delivered from elsewhere
    size = pages[page]["size"] - passed
    if size > 0:
        if r["mode"] != _PASS:
            copy_bytes(arena, used, pool, page * _PAGE + passed, size)
        n = emit(streams, slot, side, chunks, n, counts, limits, COPIED, used, size, ts, number)
        used += size
    r["head"][side] = pages[page]["next"]
    if r["head"][side] < 0:
        r["tail"][side] = -1
    r["segments"][side] -= 1
    r["held"][side] -= pages[page]["size"]
    free_page(pages, scalars, page)
    return n, used


@part
def drain(streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number):
    """Hand on all that waits and follows without a gap; return (chunks so far, arena bytes used)."""
    r = streams[slot]
    while r["head"][side] >= 0 and pages[r["head"][side]]["start"] <= r["taken"][side]:
        n, used = emit_page(
            streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number)
    return n, used


@part
def give_up_gap(streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number):
    """Give up the gap in front of what waits, and hand that on as far as it goes."""
    r = streams[slot]
    give_up_to(r, side, pages[r["head"][side]]["start"], counts)
    return drain(streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number)


@part
def deliver(streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number,
            data, buffer, start, place, end):
    """Hand on a segment whose turn has come (place is not ahead of it), and what waits around it.

    What waits came first and counts where both overlap; bytes that differ are a conflict.
    """
    r = streams[slot]
    while True:
        head, taken = np.int64(r["head"][side]), r["taken"][side]
        if head >= 0 and pages[head]["start"] <= taken:
            if max(pages[head]["start"], place) < min(pages[head]["start"] + pages[head]["size"], end):
                counts[_N_OVERLAPPING] += 1
                if differs(pool, head, pages, data, start, place, end):
                    counts[_N_CONFLICTS] += 1
                    r["flags"][side] |= _CONFLICT
            n, used = emit_page(
                streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number)
            continue
        if taken >= end:
            return n, used
        stop = end if head < 0 else min(end, pages[head]["start"])
        n = emit(
            streams, slot, side, chunks, n, counts, limits, buffer, start + taken - place, stop - taken, ts, number)


@part
def finish_stream(streams, slot, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number):
    """End both directions: what waits is handed on with its gaps, then it is told that nothing comes any more."""
    r = streams[slot]
    for side in range(s.SIDES):
        if r["mode"] == _PASS:
            free_all(streams, slot, side, pages, scalars)
        while r["head"][side] >= 0:
            n, used = give_up_gap(
                streams, slot, side, pages, pool, scalars, chunks, n, counts, limits, arena, used, ts, number)
        r["state"][side] = _ENDED
    if r["over"] == 0:
        c = chunks[n]
        c["flow_id"], c["slot"], c["side"], c["flags"], c["buffer"] = r["flow_id"], slot, 0, _END, 0
        c["start"], c["size"], c["gap"], c["ts_ns"], c["packet_number"] = 0, 0, 0, ts, number
        r["over"] = 1
        n += 1
    return n, used

"""Reassembly of IPv4 and IPv6 fragments within a fixed budget.

A datagram is whole when its last fragment has told its length and that many units of 8 bytes are there. The bytes that
came first win; an IPv6 datagram with an overlap is discarded (RFC 5722), and stays discarded until its time is over.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.codes import Status
from columns.kernel import part
from columns.wire import copy_bytes
from sensor.decode.fragment_table import (
    CAPTURED,
    DISCARDED,
    END,
    FRAMES,
    HAVE,
    HIGHEST,
    INNER,
    KNOWN,
    NONE,
    OVERLAPS,
    PAGE_BYTES,
    PROTO,
    WIRE,
    drop_expired,
    find_or_start,
    free_pages,
    release,
    take_page,
)

OK, HELD, BAD, OVERLAP = (
    int(Status.OK), int(Status.FRAGMENT_HELD), int(Status.FRAGMENT_BAD), int(Status.FRAGMENT_OVERLAP))
_UNITS = 64  # of 8 bytes, in a page
_ALL, _ZERO, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0), np.uint64(1)


class Placed(NamedTuple):
    """What became of a fragment; status OK: its datagram is whole, and the rest describes it (``at`` in the arena)."""

    status: int
    at: int
    known_bytes: int
    size: int
    frames: int
    wire_bytes: int
    captured_bytes: int
    proto: int


@part
def place_fragment(table, data, net, context, clock_ns, frame, counts, arena, arena_at):
    """Put the fragment ``net`` of ``data`` into its datagram, and the datagram into the arena when that is whole.

    context tells apart what may not be joined (VLANs, tunnel and depth); frame is (1 for an inner packet, its bytes on
    the wire, its captured bytes); counts[inner, status] takes what becomes of fragments that were held before.
    """
    inner, wire, captured = frame
    size, first = net.end - net.payload, net.fragment_at
    last = first + size
    limit = 65515 if net.version == 4 else 65535
    placed = Placed(BAD, 0, 0, 0, 0, 0, 0, 0)
    if size <= 0 or last > limit or (net.more and size & 7):
        return placed
    drop_expired(table, clock_ns, counts)
    slot = find_or_start(table, net, context, clock_ns, inner, counts)
    slots = table.slots
    end = slots[slot, END]
    status, known, fresh = HELD, net.captured_end - net.payload, 0
    if slots[slot, DISCARDED]:
        status = OVERLAP
    elif (end >= 0 and (last > end or (not net.more and last != end))) or (
            not net.more and last < slots[slot, HIGHEST]):
        status = BAD
    if status == HELD:
        fresh, conflict = _compare(table, slot, data, net, known)
        old = ((size + 7) >> 3) - fresh
        if (conflict and (fresh == 0 or net.version == 6)) or (net.version == 6 and old > 0 and fresh > 0):
            status = OVERLAP
        table.state[OVERLAPS] += conflict or status == OVERLAP
        if status == OVERLAP and net.version == 6:
            _discard(table, slot, counts)
    if status != HELD:
        _forget_if_empty(table, slot)
        return Placed(status, 0, 0, 0, 0, 0, 0, 0)
    if fresh > 0:
        _copy(table, slot, data, net, counts)
    slots[slot, FRAMES] += 1
    slots[slot, WIRE] += wire
    slots[slot, CAPTURED] += captured
    slots[slot, HAVE] += fresh
    slots[slot, HIGHEST] = max(slots[slot, HIGHEST], last)
    if known < size:
        slots[slot, KNOWN] = min(slots[slot, KNOWN], first + known)
    if first == 0:
        slots[slot, PROTO] = net.proto
    if not net.more:
        slots[slot, END] = last
    counts[inner, HELD] += 1
    if slots[slot, END] >= 0 and slots[slot, HAVE] * 8 >= slots[slot, END]:
        placed = _finish_datagram(table, slot, arena, arena_at)
        counts[inner, HELD] -= placed.frames
        release(table, slot)
        return placed
    return Placed(HELD, 0, 0, 0, 0, 0, 0, 0)


@part
def _span(net, page):
    """Return (first unit, one past the last unit) of a page that a fragment covers."""
    first, last = net.fragment_at >> 3, (net.fragment_at + net.end - net.payload + 7) >> 3
    return max(first - page * _UNITS, 0), min(last - page * _UNITS, _UNITS)


@part
def _mask(low, high):
    return _ALL >> np.uint64(_UNITS - (high - low)) << np.uint64(low)


@part
def _page_range(net):
    last = net.fragment_at + net.end - net.payload - 1
    return net.fragment_at // PAGE_BYTES, last // PAGE_BYTES + 1


@part
def _compare(table, slot, data, net, known):
    """Return (units of the fragment that are new, 1 if bytes that are not new differ from those that came first)."""
    fresh, conflict = 0, 0
    first_page, end_page = _page_range(net)
    for page in range(first_page, end_page):
        low, high = _span(net, page)
        here = table.arrived[slot, page] & _mask(low, high)
        if here == _ZERO:
            fresh += high - low
            continue
        base = np.int64(table.pages[slot, page]) * PAGE_BYTES
        for unit in range(low, high):
            if (here >> np.uint64(unit)) & _ONE == _ZERO:
                fresh += 1
                continue
            at = page * PAGE_BYTES + unit * 8
            stop = min(at + 8, min(net.fragment_at + known, table.slots[slot, KNOWN]))
            for i in range(at, stop):
                if table.pool[base + i - page * PAGE_BYTES] != data[net.payload + i - net.fragment_at]:
                    conflict = 1
    return fresh, conflict


@part
def _copy(table, slot, data, net, counts):
    """Copy the units of the fragment that are new, taking pages as needed."""
    first_page, end_page = _page_range(net)
    shift = net.payload - net.fragment_at  # from a place in the datagram to one in data
    for page in range(first_page, end_page):
        if table.pages[slot, page] == NONE:
            take_page(table, slot, page, counts)
        low, high = _span(net, page)
        mask = _mask(low, high)
        here = table.arrived[slot, page] & mask
        table.arrived[slot, page] |= mask
        to_pool = np.int64(table.pages[slot, page]) * PAGE_BYTES - page * PAGE_BYTES
        start = page * PAGE_BYTES + low * 8
        stop = min(page * PAGE_BYTES + high * 8, net.captured_end - shift)
        if here == _ZERO and start < stop:
            copy_bytes(table.pool, start + to_pool, data, start + shift, stop - start)
            continue
        for i in range(start, stop):
            if here >> np.uint64((i >> 3) - page * _UNITS) & _ONE == _ZERO:
                table.pool[i + to_pool] = data[i + shift]


@part
def _discard(table, slot, counts):
    """Keep the slot but nothing of its datagram: what comes later for it is refused too."""
    inner, frames = table.slots[slot, INNER], table.slots[slot, FRAMES]
    counts[inner, HELD] -= frames
    counts[inner, OVERLAP] += frames
    table.slots[slot, FRAMES] = 0
    table.slots[slot, DISCARDED] = 1
    free_pages(table, slot)


@part
def _forget_if_empty(table, slot):
    if table.slots[slot, FRAMES] == 0 and not table.slots[slot, DISCARDED]:
        release(table, slot)


@part
def _finish_datagram(table, slot, arena, arena_at):
    """Copy a whole datagram into the arena and return its Placed."""
    size = table.slots[slot, END]
    for page in range((size + PAGE_BYTES - 1) // PAGE_BYTES):
        base = np.int64(table.pages[slot, page]) * PAGE_BYTES
        count = min(PAGE_BYTES, size - page * PAGE_BYTES)
        start = arena_at + page * PAGE_BYTES
        copy_bytes(arena, start, table.pool, base, count)
    return Placed(OK, arena_at, min(size, table.slots[slot, KNOWN]), size, table.slots[slot, FRAMES],
                  table.slots[slot, WIRE], table.slots[slot, CAPTURED], table.slots[slot, PROTO])

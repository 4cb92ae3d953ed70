"""Reassembly of IPv4 and IPv6 fragments within a fixed budget.

A datagram in the making is a slot: a page table of 128 pages of 512 bytes and, beside each page, one 64-bit word that
says which of its 64 units of 8 bytes have arrived. It is whole when the last fragment has told its length and that
many units are there. Slots stand in a hash table by key and in a list by age, so that the oldest goes first when the
budget is used up. The bytes that came first win; an IPv6 datagram with an overlap is discarded (RFC 5722), and stays
discarded until its time is over.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

import numpy as np

from columns.codes import Status
from columns.kernel import kernel, part
from sensor.decode.wire import copy_bytes

OK, HELD, BAD = int(Status.OK), int(Status.FRAGMENT_HELD), int(Status.FRAGMENT_BAD)
OVERLAP, BUDGET, INCOMPLETE = (
    int(Status.FRAGMENT_OVERLAP), int(Status.FRAGMENT_BUDGET), int(Status.FRAGMENT_INCOMPLETE))

PAGE_BYTES, PAGES_PER_DATAGRAM = 512, 128
MAX_DATAGRAM_BYTES = PAGE_BYTES * PAGES_PER_DATAGRAM
_UNITS = 64  # of 8 bytes, in a page
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZERO, _ONE, _HALF, _LOW = np.uint64(0), np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF)
_NONE = -1

# columns of FragmentTable.slots
(_NEXT, _OLDER, _NEWER, _BUCKET, _STARTED, _END, _HIGHEST, _HAVE, _KNOWN, _FRAMES, _WIRE, _CAPTURED, _PROTO, _INNER,
 _DISCARDED) = range(15)
# fields of FragmentTable.state
OLDEST, NEWEST, FREE_SLOT, FREE_PAGES, HASH_FACTOR, TIMEOUT_NS, OVERLAPS = range(7)


class FragmentTable(NamedTuple):
    """All state of reassembly.

    slots: int64[n, 15] (columns above); keys: uint64[n, 6]; arrived: uint64[n, 128]; pages: int32[n, 128], -1 = none;
    pool: uint8[pages * 512]; free: int32[pages], a stack; buckets: int32[2**k], -1 = empty; state: int64[7].
    """

    slots: np.ndarray
    keys: np.ndarray
    arrived: np.ndarray
    pages: np.ndarray
    pool: np.ndarray
    free: np.ndarray
    buckets: np.ndarray
    state: np.ndarray


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


def new_fragment_table(datagrams: int, pool_bytes: int, timeout_ns: int) -> FragmentTable:
    """Make an empty table for so many datagrams and bytes. The hash is seeded: only speed depends on the seed."""
    pages = pool_bytes // PAGE_BYTES
    slots = np.zeros((datagrams, 15), np.int64)
    slots[:, _NEXT] = np.arange(1, datagrams + 1)
    slots[-1, _NEXT] = _NONE
    state = np.array([_NONE, _NONE, 0, pages, secrets.randbits(32) | 1, timeout_ns, 0], np.int64)
    return FragmentTable(
        slots, np.zeros((datagrams, 6), np.uint64), np.zeros((datagrams, PAGES_PER_DATAGRAM), np.uint64),
        np.full((datagrams, PAGES_PER_DATAGRAM), _NONE, np.int32), np.zeros(pages * PAGE_BYTES, np.uint8),
        np.arange(pages, dtype=np.int32), np.full(1 << (2 * datagrams - 1).bit_length(), _NONE, np.int32), state)


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
    slot = _find_or_start(table, net, context, clock_ns, inner, counts)
    slots = table.slots
    end = slots[slot, _END]
    status, known, fresh = HELD, net.captured_end - net.payload, 0
    if slots[slot, _DISCARDED]:
        status = OVERLAP
    elif (end >= 0 and (last > end or (not net.more and last != end))) or (
            not net.more and last < slots[slot, _HIGHEST]):
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
    slots[slot, _FRAMES] += 1
    slots[slot, _WIRE] += wire
    slots[slot, _CAPTURED] += captured
    slots[slot, _HAVE] += fresh
    slots[slot, _HIGHEST] = max(slots[slot, _HIGHEST], last)
    if known < size:
        slots[slot, _KNOWN] = min(slots[slot, _KNOWN], first + known)
    if first == 0:
        slots[slot, _PROTO] = net.proto
    if not net.more:
        slots[slot, _END] = last
    counts[inner, HELD] += 1
    if slots[slot, _END] >= 0 and slots[slot, _HAVE] * 8 >= slots[slot, _END]:
        placed = _finish_datagram(table, slot, arena, arena_at)
        counts[inner, HELD] -= placed.frames
        _release(table, slot)
        return placed
    return Placed(HELD, 0, 0, 0, 0, 0, 0, 0)


@part
def drop_expired(table, clock_ns, counts):
    """Give up every datagram that was started longer ago than the timeout; its frames count as incomplete."""
    slot = table.state[OLDEST]
    while slot != _NONE and clock_ns - table.slots[slot, _STARTED] > table.state[TIMEOUT_NS]:
        _give_up(table, slot, counts, INCOMPLETE)
        slot = table.state[OLDEST]


@part
def drop_all(table, counts):
    """Give up every datagram that is not whole."""
    while table.state[OLDEST] != _NONE:
        _give_up(table, table.state[OLDEST], counts, INCOMPLETE)


@kernel
def finish_fragments(table, counts):
    """End of input: give up what still waits."""
    drop_all(table, counts)


@part
def _give_up(table, slot, counts, cause):
    inner, frames = table.slots[slot, _INNER], table.slots[slot, _FRAMES]
    counts[inner, HELD] -= frames
    counts[inner, cause] += frames
    _release(table, slot)


@part
def _mix(total, value, factor):
    for half in (value & _LOW, value >> _HALF):
        total = (total & _LOW) * factor + half  # below 2**64: a 32-bit factor
        total ^= total >> _HALF
    return total


@part
def _find_or_start(table, net, context, clock_ns, inner, counts):
    """Return the slot of a fragment's datagram, starting one (and evicting the oldest if there is no free slot)."""
    proto = net.proto if net.version == 4 else 0
    ids = np.uint64(net.ip_id) | np.uint64(proto) << _HALF
    factor = np.uint64(table.state[HASH_FACTOR])
    mixed = _mix(_mix(_mix(_ONE, net.src_hi, factor), net.src_lo, factor), net.dst_hi, factor)
    mixed = _mix(_mix(_mix(mixed, net.dst_lo, factor), ids, factor), np.uint64(context), factor)
    bucket = np.int64(mixed & np.uint64(table.buckets.size - 1))
    keys, slots = table.keys, table.slots
    slot = np.int64(table.buckets[bucket])
    while slot != _NONE:
        if (keys[slot, 0] == net.src_hi and keys[slot, 1] == net.src_lo and keys[slot, 2] == net.dst_hi
                and keys[slot, 3] == net.dst_lo and keys[slot, 4] == ids and keys[slot, 5] == np.uint64(context)):
            return slot
        slot = slots[slot, _NEXT]
    if table.state[FREE_SLOT] == _NONE:
        _give_up(table, table.state[OLDEST], counts, BUDGET)
    slot = table.state[FREE_SLOT]
    table.state[FREE_SLOT] = slots[slot, _NEXT]
    keys[slot, 0], keys[slot, 1], keys[slot, 2], keys[slot, 3] = net.src_hi, net.src_lo, net.dst_hi, net.dst_lo
    keys[slot, 4], keys[slot, 5] = ids, np.uint64(context)
    for field in range(15):
        slots[slot, field] = 0
    slots[slot, _NEXT], slots[slot, _BUCKET] = table.buckets[bucket], bucket
    table.buckets[bucket] = slot
    newest = table.state[NEWEST]
    slots[slot, _OLDER], slots[slot, _NEWER] = newest, _NONE
    if newest == _NONE:
        table.state[OLDEST] = slot
    else:
        slots[newest, _NEWER] = slot
    table.state[NEWEST] = slot
    slots[slot, _STARTED], slots[slot, _INNER] = clock_ns, inner
    slots[slot, _END], slots[slot, _KNOWN] = _NONE, MAX_DATAGRAM_BYTES
    return slot


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
            stop = min(at + 8, min(net.fragment_at + known, table.slots[slot, _KNOWN]))
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
        if table.pages[slot, page] == _NONE:
            _take_page(table, slot, page, counts)
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
def _take_page(table, slot, page, counts):
    if table.state[FREE_PAGES] == 0:
        oldest = table.state[OLDEST]
        _give_up(table, oldest if oldest != slot else table.slots[slot, _NEWER], counts, BUDGET)
        while table.state[FREE_PAGES] == 0:  # what was given up may have been discarded before and held no page
            oldest = table.state[OLDEST]
            _give_up(table, oldest if oldest != slot else table.slots[slot, _NEWER], counts, BUDGET)
    table.state[FREE_PAGES] -= 1
    table.pages[slot, page] = table.free[table.state[FREE_PAGES]]


@part
def _free_pages(table, slot):
    for page in range(PAGES_PER_DATAGRAM):
        table.arrived[slot, page] = _ZERO
        if table.pages[slot, page] != _NONE:
            table.free[table.state[FREE_PAGES]] = table.pages[slot, page]
            table.state[FREE_PAGES] += 1
            table.pages[slot, page] = _NONE


@part
def _discard(table, slot, counts):
    """Keep the slot but nothing of its datagram: what comes later for it is refused too."""
    inner, frames = table.slots[slot, _INNER], table.slots[slot, _FRAMES]
    counts[inner, HELD] -= frames
    counts[inner, OVERLAP] += frames
    table.slots[slot, _FRAMES] = 0
    table.slots[slot, _DISCARDED] = 1
    _free_pages(table, slot)


@part
def _forget_if_empty(table, slot):
    if table.slots[slot, _FRAMES] == 0 and not table.slots[slot, _DISCARDED]:
        _release(table, slot)


@part
def _finish_datagram(table, slot, arena, arena_at):
    """Copy a whole datagram into the arena and return its Placed."""
    size = table.slots[slot, _END]
    for page in range((size + PAGE_BYTES - 1) // PAGE_BYTES):
        base = np.int64(table.pages[slot, page]) * PAGE_BYTES
        count = min(PAGE_BYTES, size - page * PAGE_BYTES)
        start = arena_at + page * PAGE_BYTES
        copy_bytes(arena, start, table.pool, base, count)
    return Placed(OK, arena_at, min(size, table.slots[slot, _KNOWN]), size, table.slots[slot, _FRAMES],
                  table.slots[slot, _WIRE], table.slots[slot, _CAPTURED], table.slots[slot, _PROTO])


@part
def _release(table, slot):
    """Take a slot out of its bucket and out of the list by age, and free it and its pages."""
    slots, state = table.slots, table.state
    _free_pages(table, slot)
    bucket = slots[slot, _BUCKET]
    if table.buckets[bucket] == slot:
        table.buckets[bucket] = slots[slot, _NEXT]
    else:
        before = np.int64(table.buckets[bucket])
        while slots[before, _NEXT] != slot:
            before = slots[before, _NEXT]
        slots[before, _NEXT] = slots[slot, _NEXT]
    older, newer = slots[slot, _OLDER], slots[slot, _NEWER]
    if older == _NONE:
        state[OLDEST] = newer
    else:
        slots[older, _NEWER] = newer
    if newer == _NONE:
        state[NEWEST] = older
    else:
        slots[newer, _OLDER] = older
    slots[slot, _NEXT] = state[FREE_SLOT]
    state[FREE_SLOT] = slot

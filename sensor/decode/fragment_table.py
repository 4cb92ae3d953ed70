"""The table of datagrams in the making: a fixed number of slots and of pages, and who goes when they are used up.

A slot has a page table of 128 pages of 512 bytes and, beside each page, one 64-bit word that says which of its 64 units
of 8 bytes have arrived. Slots stand in a hash table by key and in a list by age: the oldest goes first.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

import numpy as np

from columns.codes import Status
from columns.kernel import kernel, part

HELD, BUDGET, INCOMPLETE = int(Status.FRAGMENT_HELD), int(Status.FRAGMENT_BUDGET), int(Status.FRAGMENT_INCOMPLETE)

PAGE_BYTES, PAGES_PER_DATAGRAM = 512, 128
MAX_DATAGRAM_BYTES = PAGE_BYTES * PAGES_PER_DATAGRAM
NONE = -1
_ZERO, _ONE, _HALF, _LOW = np.uint64(0), np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF)

# columns of FragmentTable.slots
(NEXT, OLDER, NEWER, BUCKET, STARTED, END, HIGHEST, HAVE, KNOWN, FRAMES, WIRE, CAPTURED, PROTO, INNER,
 DISCARDED) = range(15)
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


def new_fragment_table(datagrams: int, pool_bytes: int, timeout_ns: int) -> FragmentTable:
    """Make an empty table for so many datagrams and bytes. The hash is seeded: only speed depends on the seed."""
    pages = pool_bytes // PAGE_BYTES
    slots = np.zeros((datagrams, 15), np.int64)
    slots[:, NEXT] = np.arange(1, datagrams + 1)
    slots[-1, NEXT] = NONE
    state = np.array([NONE, NONE, 0, pages, secrets.randbits(32) | 1, timeout_ns, 0], np.int64)
    return FragmentTable(
        slots, np.zeros((datagrams, 6), np.uint64), np.zeros((datagrams, PAGES_PER_DATAGRAM), np.uint64),
        np.full((datagrams, PAGES_PER_DATAGRAM), NONE, np.int32), np.zeros(pages * PAGE_BYTES, np.uint8),
        np.arange(pages, dtype=np.int32), np.full(1 << (2 * datagrams - 1).bit_length(), NONE, np.int32), state)


@part
def drop_expired(table, clock_ns, counts):
    """Give up every datagram that was started longer ago than the timeout; its frames count as incomplete."""
    slot = table.state[OLDEST]
    while slot != NONE and clock_ns - table.slots[slot, STARTED] > table.state[TIMEOUT_NS]:
        give_up(table, slot, counts, INCOMPLETE)
        slot = table.state[OLDEST]


@part
def drop_all(table, counts):
    """Give up every datagram that is not whole."""
    while table.state[OLDEST] != NONE:
        give_up(table, table.state[OLDEST], counts, INCOMPLETE)


@kernel
def finish_fragments(table, counts):
    """End of input: give up what still waits."""
    drop_all(table, counts)


@part
def give_up(table, slot, counts, cause):
    """Free a slot; the frames that were held in it are counted under the cause."""
    inner, frames = table.slots[slot, INNER], table.slots[slot, FRAMES]
    counts[inner, HELD] -= frames
    counts[inner, cause] += frames
    release(table, slot)


@part
def _mix(total, value, factor):
    for half in (value & _LOW, value >> _HALF):
        total = (total & _LOW) * factor + half  # below 2**64: a 32-bit factor
        total ^= total >> _HALF
    return total


@part
def find_or_start(table, net, context, clock_ns, inner, counts):
    """Return the slot of a fragment's datagram, starting one (and evicting the oldest if there is no free slot)."""
    proto = net.proto if net.version == 4 else 0
    ids = np.uint64(net.ip_id) | np.uint64(proto) << _HALF
    factor = np.uint64(table.state[HASH_FACTOR])
    mixed = _mix(_mix(_mix(_ONE, net.src_hi, factor), net.src_lo, factor), net.dst_hi, factor)
    mixed = _mix(_mix(_mix(mixed, net.dst_lo, factor), ids, factor), np.uint64(context), factor)
    bucket = np.int64(mixed & np.uint64(table.buckets.size - 1))
    keys, slots = table.keys, table.slots
    slot = np.int64(table.buckets[bucket])
    while slot != NONE:
        if (keys[slot, 0] == net.src_hi and keys[slot, 1] == net.src_lo and keys[slot, 2] == net.dst_hi
                and keys[slot, 3] == net.dst_lo and keys[slot, 4] == ids and keys[slot, 5] == np.uint64(context)):
            return slot
        slot = slots[slot, NEXT]
    if table.state[FREE_SLOT] == NONE:
        give_up(table, table.state[OLDEST], counts, BUDGET)
    slot = table.state[FREE_SLOT]
    table.state[FREE_SLOT] = slots[slot, NEXT]
    keys[slot, 0], keys[slot, 1], keys[slot, 2], keys[slot, 3] = net.src_hi, net.src_lo, net.dst_hi, net.dst_lo
    keys[slot, 4], keys[slot, 5] = ids, np.uint64(context)
    for field in range(15):
        slots[slot, field] = 0
    slots[slot, NEXT], slots[slot, BUCKET] = table.buckets[bucket], bucket
    table.buckets[bucket] = slot
    newest = table.state[NEWEST]
    slots[slot, OLDER], slots[slot, NEWER] = newest, NONE
    if newest == NONE:
        table.state[OLDEST] = slot
    else:
        slots[newest, NEWER] = slot
    table.state[NEWEST] = slot
    slots[slot, STARTED], slots[slot, INNER] = clock_ns, inner
    slots[slot, END], slots[slot, KNOWN] = NONE, MAX_DATAGRAM_BYTES
    return slot


@part
def take_page(table, slot, page, counts):
    """Give the slot a page, at the cost of the oldest other datagrams where none is free.

    There always are others: a datagram has at most 128 pages, and the pool at least 2048.
    """
    while table.state[FREE_PAGES] == 0:
        oldest = table.state[OLDEST]
        give_up(table, oldest if oldest != slot else table.slots[slot, NEWER], counts, BUDGET)
    table.state[FREE_PAGES] -= 1
    table.pages[slot, page] = table.free[table.state[FREE_PAGES]]


@part
def free_pages(table, slot):
    """Forget what arrived for a slot, and put its pages back."""
    for page in range((table.slots[slot, HIGHEST] + PAGE_BYTES - 1) // PAGE_BYTES):
        table.arrived[slot, page] = _ZERO
        if table.pages[slot, page] != NONE:
            table.free[table.state[FREE_PAGES]] = table.pages[slot, page]
            table.state[FREE_PAGES] += 1
            table.pages[slot, page] = NONE


@part
def release(table, slot):
    """Take a slot out of its bucket and out of the list by age, and free it and its pages."""
    slots, state = table.slots, table.state
    free_pages(table, slot)
    bucket = slots[slot, BUCKET]
    if table.buckets[bucket] == slot:
        table.buckets[bucket] = slots[slot, NEXT]
    else:
        before = np.int64(table.buckets[bucket])
        while slots[before, NEXT] != slot:
            before = slots[before, NEXT]
        slots[before, NEXT] = slots[slot, NEXT]
    older, newer = slots[slot, OLDER], slots[slot, NEWER]
    if older == NONE:
        state[OLDEST] = newer
    else:
        slots[older, NEWER] = newer
    if newer == NONE:
        state[NEWEST] = older
    else:
        slots[newer, OLDER] = older
    slots[slot, NEXT] = state[FREE_SLOT]
    state[FREE_SLOT] = slot


"""Bounded state keyed by what an attacker chooses: a set-associative table, a distinct counter, a seen-before set.

A key hashes to one set of eight slots and lives in one of them or nowhere, so a table has a fixed size, a lookup a
fixed cost, and nothing ever has to be moved or cleaned. Beside the records stand their tags, 32 bits of each key's
hash: a lookup reads the tags of its set (half a cache line) and then, nearly always, one record or none. When a set is
full the slot with the least evidence gives way (least recently used among equals); pinned slots never do. What an
attacker can reach by choosing keys that fall into one set is to evict other keys with less evidence than his own: the
loss is counted, never silent.
"""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

import numpy as np

from columns.kernel import part
from columns.memory import zeros
from columns.prefetch import prefetch, prefetch_line

WAYS = 8
FREE, USED, PINNED = 0, 1, 2

HEAD = [("k0", "u8"), ("k1", "u8"), ("k2", "u8"), ("k3", "u8"), ("stamp", "i8"), ("weight", "i8"), ("state", "u1")]
"""The fields with which the record of every table begins: four key words, event time of the last touch, evidence."""

_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_ONE = np.uint64(1)
_RANK_BITS = 40
SEEN_EXACTLY = 32
_SEEN_BITS = 1024
_HIGHEST = np.int64(2**63 - 1)


def salts_of(seed: int) -> tuple[np.uint64, ...]:
    """Return the four odd multipliers of hash_key for a seed.

    One seed gives the same tables, and so the same alerts, in every run. A site that fears crafted collisions sets a
    seed of its own: the multipliers are then unknown outside (multilinear hashing is universal in them).
    """
    digest = hashlib.blake2b(seed.to_bytes(8, "big"), digest_size=32).digest()
    return tuple(np.frombuffer(digest, "<u8").astype(np.uint64) | np.uint64(1))


@part
def mix(x):
    """Return a 64-bit word with every bit of x in every bit of it (finalizer of SplitMix64, Steele et al. 2014)."""
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


@part
def hash_key(salts, k0, k1, k2, k3):
    """Return the hash of a key of four words."""
    return mix(k0 * salts[0] + k1 * salts[1] + k2 * salts[2] + k3 * salts[3])


class Tagged(NamedTuple):
    """A table: records (their dtype begins with HEAD), and the uint32 tag of each; all zero when it is new."""

    records: np.ndarray
    tags: np.ndarray


def new_table(slots: int, dtype: np.dtype) -> Tagged:
    """Return an empty table of so many slots (a power of two, or a sum of them where it has several parts)."""
    return Tagged(zeros(slots, dtype), zeros(slots, np.uint32))


@part
def tag_of(h):
    """Return the tag of a key of hash h; 0 is the tag of a slot that was never used."""
    return np.uint32(h >> _S32) | np.uint32(1)


@part
def find(table, first, size, h, k0, k1, k2, k3):
    """Return the slot of a key in the part of a table that has size slots (a power of two) from first on, or -1."""
    base, tag = first + np.int64(h & np.uint64(size - WAYS)), tag_of(h)
    for slot in range(base, base + WAYS):
        if table.tags[slot] == tag:
            r = table.records[slot]
            if r["k1"] == k1 and r["k0"] == k0 and r["k2"] == k2 and r["k3"] == k3 and r["state"] != FREE:
                return slot
    return -1


@part
def fetch_tags(table, first, size, h):
    """Ask for the tags that find() will look at, some time before it is called."""
    prefetch(table.tags, first + np.int64(h & np.uint64(size - WAYS)))


@part
def fetch_record(table, first, size, h, lines):
    """Ask for the first lines of the record that find() will come to; its tags should be there by now."""
    base, tag = first + np.int64(h & np.uint64(size - WAYS)), tag_of(h)
    for slot in range(base, base + WAYS):
        if table.tags[slot] == tag:
            for line in range(lines):
                prefetch_line(table.records, slot, line)


@part
def claim(table, first, size, h, stale_before):
    """Return the slot in which a new key of hash h may live (see find), or -1 if its set is full of pinned slots.

    A free slot is taken first, else the one with the least evidence; a slot last touched before stale_before counts
    as having none. The slot gets the key's tag; the caller fills its record.
    """
    base = first + np.int64(h & np.uint64(size - WAYS))
    for slot in range(base, base + WAYS):
        if table.tags[slot] == 0:  # never used: no record has to be looked at
            table.tags[slot] = tag_of(h)
            return slot
    best, least, oldest = -1, _HIGHEST, _HIGHEST
    for slot in range(base, base + WAYS):
        r = table.records[slot]
        if r["state"] == FREE:
            best = slot
            break
        if r["state"] == PINNED:
            continue
        weight = r["weight"] if r["stamp"] >= stale_before else np.int64(-1)
        if weight < least or (weight == least and r["stamp"] < oldest):
            best, least, oldest = slot, weight, r["stamp"]
    if best >= 0:
        table.tags[best] = tag_of(h)
    return best


@part
def sketch_add(r, registers, h):
    """Count a hashed element in field "sketch" of a record: uint8[registers], a HyperLogLog (Flajolet et al. 2007)."""
    register = np.int64(h & np.uint64(registers - 1))
    rest = h >> np.uint64(64 - _RANK_BITS)
    rank = 1
    while rank < _RANK_BITS and rest & _ONE == 0:
        rest >>= _ONE
        rank += 1
    if r["sketch"][register] < rank:
        r["sketch"][register] = rank


def sketch_count(registers: np.ndarray) -> float:
    """Return the estimated number of distinct elements in one row of a sketch.

    Linear counting while registers are empty and the estimate is small. Standard error 1.04 / sqrt(registers).
    """
    size = registers.size
    empty = int(np.count_nonzero(registers == 0))
    raw = 0.7213 / (1 + 1.079 / size) * size * size / float(np.sum(np.exp2(-registers.astype(np.float64))))
    return size * math.log(size / empty) if raw <= 2.5 * size and empty else raw


@part
def mark_of(h):
    """Return the 32-bit fingerprint of a hashed element."""
    return np.uint32(h >> _S32)


@part
def see_first(r, mark):
    """Note a fingerprint in a record's fields "seen", "bits" (uint32[32] each), "known"; return True if it is new.

    The first 32 elements are told apart exactly, in seen. Those after them are bits of a bitmap of 1,024: an element
    whose bit another one has set passes for seen. Half full, the bitmap starts afresh. known counts both; a record is
    empty when it is 0, whatever is left in the fields.
    """
    known = r["known"]
    for k in range(min(known, SEEN_EXACTLY)):
        if r["seen"][k] == mark:
            return False
    if known < SEEN_EXACTLY:
        r["seen"][known] = mark
        r["known"] = known + 1
        return True
    if known == SEEN_EXACTLY or known > SEEN_EXACTLY + _SEEN_BITS // 2:
        for k in range(SEEN_EXACTLY):
            r["bits"][k] = 0
        known = SEEN_EXACTLY
    word, bit = np.int64(mark) % _SEEN_BITS // 32, np.uint32(1) << np.uint32(mark % np.uint32(32))
    if r["bits"][word] & bit:
        return False
    r["bits"][word] |= bit
    r["known"] = known + 1
    return True


@part
def count_of_bits(bits_set, bits):
    """Return how many distinct elements left that many bits set (linear counting, Whang et al. 1990)."""
    return bits * math.log(bits / max(bits - bits_set, 0.5))


@part
def is_group(hi, lo):
    """Return True for an address that is not one host: multicast, broadcast, reserved (IPv4 224/3, IPv6 ff00::/8)."""
    if hi == 0 and lo >> _S32 == 0xFFFF:
        return lo & np.uint64(0xE0000000) == 0xE0000000
    return hi >> np.uint64(56) == 0xFF


@part
def is_nobody(hi, lo):
    """Return True for 0.0.0.0 and ::, which a host uses before it has an address."""
    return hi == 0 and (lo == 0 or lo == 0xFFFF00000000)


@part
def in_networks(networks, hi, lo):
    """Return True if an address lies in one of uint64[n, 4]: mask hi, mask lo, network hi, network lo."""
    for k in range(networks.shape[0]):
        if hi & networks[k, 0] == networks[k, 2] and lo & networks[k, 1] == networks[k, 3]:
            return True
    return False

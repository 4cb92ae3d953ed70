"""The hash index of the flow table: open addressing, one probe sequence for both directions of a flow."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel, part

_M1 = np.uint64(0x9E3779B97F4A7C15)
_M2 = np.uint64(0xD6E8FEB86659FD93)
_M3 = np.uint64(0xA0761D6478BD642F)
_S32 = np.uint64(32)
_S29 = np.uint64(29)
_LOW32 = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)
_ZERO = np.uint64(0)


@part
def endpoint_hash(hi, lo, port, seed):
    """Return 64 mixed bits of an address and a port."""
    h = (hi ^ seed) * _M1
    h ^= h >> _S32
    h = (h ^ lo) * _M2
    h ^= h >> _S29
    h = (h ^ np.uint64(port)) * _M3
    return h ^ (h >> _S32)


@part
def flow_tag(src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port, proto, vlan, seed):
    """Return the 32-bit tag of a flow key, the same for both directions."""
    h = endpoint_hash(src_hi, src_lo, src_port, seed) + endpoint_hash(dst_hi, dst_lo, dst_port, seed)
    h = (h ^ (np.uint64(vlan) << np.uint64(8)) ^ np.uint64(proto)) * _M1
    return h >> _S32


@part
def find(index, records, tag, mask, src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port, proto, vlan):
    """Return (slot, 1 if sent by the flow's source else 0), or (-1, 1) where the flow is not in the table.

    The key's parts are uint64 throughout.
    """
    at = np.int64(tag) & mask
    while True:
        entry = index[at]
        if entry == _ZERO:
            return np.int64(-1), np.int64(1)
        if entry >> _S32 == tag:
            slot = np.int64(entry & _LOW32) - 1
            r = records[slot]
            # compared without branches: which way a packet goes is a coin toss that no processor predicts
            other_key = (np.uint64(r["proto"]) ^ proto) | (np.uint64(r["vlan"]) ^ vlan)
            forward = (
                (r["src_lo"] ^ src_lo) | (r["src_hi"] ^ src_hi) | (r["dst_lo"] ^ dst_lo) | (r["dst_hi"] ^ dst_hi)
                | (np.uint64(r["src_port"]) ^ src_port) | (np.uint64(r["dst_port"]) ^ dst_port) | other_key)
            reverse = (
                (r["src_lo"] ^ dst_lo) | (r["src_hi"] ^ dst_hi) | (r["dst_lo"] ^ src_lo) | (r["dst_hi"] ^ src_hi)
                | (np.uint64(r["src_port"]) ^ dst_port) | (np.uint64(r["dst_port"]) ^ src_port) | other_key
                | np.uint64(r["one_way"]))
            if (forward == _ZERO) | (reverse == _ZERO):
                return slot, np.int64(forward == _ZERO)
        at = (at + 1) & mask


@part
def insert(index, mask, tag, slot):
    """Put a slot into the first free place of its probe sequence."""
    at = np.int64(tag) & mask
    while index[at] != _ZERO:
        at = (at + 1) & mask
    index[at] = (tag << _S32) | np.uint64(slot + 1)


@part
def remove(index, mask, tag, slot):
    """Take a slot out and close the gap (Knuth, TAOCP 3, 6.4 algorithm R), so that no tombstones pile up."""
    wanted = (tag << _S32) | np.uint64(slot + 1)
    at = np.int64(tag) & mask
    while index[at] != wanted:
        at = (at + 1) & mask
    hole = at
    while True:
        at = (at + 1) & mask
        entry = index[at]
        if entry == _ZERO:
            break
        home = np.int64(entry >> _S32) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):
            index[hole] = entry
            hole = at
    index[hole] = _ZERO


@kernel
def rebuild(old, new):
    """Move every entry of an index into a larger one."""
    mask = new.size - 1
    for i in range(old.size):
        entry = old[i]
        if entry != _ZERO:
            at = np.int64(entry >> _S32) & mask
            while new[at] != _ZERO:
                at = (at + 1) & mask
            new[at] = entry

"""Whose flow is whose: the flows between two hosts belong to one worker, for some announce others (FTP's data)."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Status
from columns.kernel import kernel

_ICMP, _ICMP6 = 1, 58


def shares_of_packets(packets: Packets, workers: int, seed: int) -> np.ndarray:
    """Return as uint8[n] to which worker each packet belongs, see shares_of; what an error quotes goes with it."""
    shares = shares_of(packets, workers, seed)
    quoted = np.flatnonzero(packets.status == Status.QUOTED)
    quoted = quoted[quoted > 0]
    shares[quoted] = shares[quoted - 1]
    return shares


def shares_of(rows: Packets | Flows, workers: int, seed: int) -> np.ndarray:
    """Return as uint8[n] to which worker each row belongs; what has no flow belongs to the first.

    ICMP goes by flow: errors come from hosts that the flow they tell of does not name. seed: anything, the same for
    all workers, so that nobody outside can know who shares.
    """
    shares = np.empty(rows.flow_id.size, np.uint8)
    with np.errstate(over="ignore"):
        _fill(rows.src_ip_hi, rows.src_ip_lo, rows.dst_ip_hi, rows.dst_ip_lo, rows.proto, rows.flow_id,
              np.uint64(seed), np.uint64(workers), shares)
    return shares


@kernel
def _fill(src_hi, src_lo, dst_hi, dst_lo, proto, flow_id, seed, workers, shares):
    for i in range(shares.size):
        if flow_id[i] == 0:
            shares[i] = 0
            continue
        if proto[i] == _ICMP or proto[i] == _ICMP6:
            mixed = _mixed(flow_id[i] ^ seed)
        else:
            mixed = _mixed(_mixed(src_hi[i] ^ seed) ^ src_lo[i]) + _mixed(_mixed(dst_hi[i] ^ seed) ^ dst_lo[i])
        shares[i] = ((_mixed(mixed) >> np.uint64(32)) * workers) >> np.uint64(32)


@kernel
def _mixed(value):
    """The finish of splitmix64: every bit of the value moves every bit of the result."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))

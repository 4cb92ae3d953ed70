"""Which of two overlapping segments counts: hosts differ, and who knows how can hide bytes from a sensor that does not.

Source: J. Novak and S. Sturges, "Target-Based TCP Stream Reassembly", 2007 (what systems do with a segment that came
first and one that came after it). An end that the sensor believes is chosen by the receiver's address.
"""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from sensor.streams import state as s
from sensor.streams.settings import OVERLAPS

_LAST, _BSD, _LINUX, _OLD_LINUX, _SOLARIS = (
    OVERLAPS.index(name) for name in ("last", "bsd", "linux", "old-linux", "solaris"))
_OVERLAP, _SERVER_SHIFT = s.OVERLAP, s.SERVER_SHIFT


@part
def policy_of(state, hi, lo):
    """Return the number of the policy of the host with an address."""
    hosts = state.hosts
    for k in range(hosts.shape[0]):
        if hi & hosts[k, 0] == hosts[k, 2] and lo & hosts[k, 1] == hosts[k, 3]:
            return np.int64(hosts[k, 4])
    return state.limits[_OVERLAP]


@part
def choose_policies(state, r, side, src_hi, src_lo, dst_hi, dst_lo):
    """Note by whose policy each direction of a new stream goes: that of its receiver."""
    to_dst, to_src = policy_of(state, dst_hi, dst_lo), policy_of(state, src_hi, src_lo)
    r["overlap"] = to_dst | to_src << _SERVER_SHIFT if side == 0 else to_src | to_dst << _SERVER_SHIFT


@part
def newer_wins(policy, place, end, old_start, old_end):
    """Return whether a segment counts where it overlaps one that came before it, by their places and ends."""
    if policy == _BSD or policy == _LINUX or policy == _OLD_LINUX:
        if place != old_start or policy == _BSD:
            return place < old_start
        return end > old_end if policy == _LINUX else end >= old_end
    if policy == _SOLARIS:
        return end >= old_end if place <= old_start else end > old_end
    return policy == _LAST

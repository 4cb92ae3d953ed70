"""What the flood detector keeps: one meter per destination and kind, of hosts and of networks, and their thresholds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.tables import HEAD, Tagged, new_table

SYN, UDP, ICMP, STRAY = range(4)
KINDS = 4
HOST, PREFIX = 0, 1

# columns of a bucket of one second
ONE_WAY, ONE_WAY_BYTES, ANSWERED, ASKED, ASKED_BYTES, REPLIES = range(6)
COLUMNS = 6

MAX_WINDOW_S = 8
REGISTERS = 64

METER = np.dtype(
    [
        *HEAD, ("born", "i8"), ("second", "i8"), ("opened_ns", "i8"), ("size", "i8"), ("sketched", "i8"),
        ("source_hi", "u8"), ("source_lo", "u8"), ("source_votes", "i8"), ("port", "i8"), ("port_votes", "i8"),
        ("buckets", "i8", (MAX_WINDOW_S * COLUMNS,)), ("sketch", "u1", (REGISTERS,)),
    ], align=True)
"""One destination and kind: window total (weight packets, size bytes), majority source and port, buckets of the last
seconds (those before second born are not valid), sketch of its sources. Key: hi, lo, kind, level."""

ENTRY = np.dtype([("slot", "i8"), ("packet_number", "u8"), ("flow_id", "u8")])
"""A meter whose window total reached its threshold, and the packet that brought it there: it is to be watched."""

# places in FloodState.scalars
SECOND, CLOCK, STARTED, WATCHED, ENTERED, ERA = range(6)
SCALARS = 6

COUNTS = ("packets", "evicted_hosts", "evicted_prefixes", "untracked", "unwatched", "clock_resets")
N_PACKETS, N_EVICTED, _, N_UNTRACKED, N_UNWATCHED, N_RESETS = range(6)

ANSWERED_WORDS = 1 << 15
"""32-bit words of the set of flows with packets both ways, per generation: 1 Mbit."""


class FloodState(NamedTuple):
    """The whole state, as arrays that a kernel takes whole.

    meters: of METER[hosts + prefixes], hosts first; answered: uint32[2, ANSWERED_WORDS], flows with packets
    both ways, this generation and the one before;
    entered: ENTRY[most watched at once], to be put on the watch list; scalars, counts: int64, places named above.
    """

    meters: Tagged
    answered: np.ndarray
    entered: np.ndarray
    scalars: np.ndarray
    counts: np.ndarray


class FloodPackets(NamedTuple):
    """The columns of Packets that speak of floods."""

    packet_number: np.ndarray
    clock_ns: np.ndarray
    status: np.ndarray
    ip_version: np.ndarray
    proto: np.ndarray
    dst_mac: np.ndarray
    src_ip_hi: np.ndarray
    src_ip_lo: np.ndarray
    dst_ip_hi: np.ndarray
    dst_ip_lo: np.ndarray
    src_port: np.ndarray
    dst_port: np.ndarray
    icmp_type: np.ndarray
    tcp_flags: np.ndarray
    frames: np.ndarray
    wire_bytes: np.ndarray
    flow_id: np.ndarray
    to_server: np.ndarray
    flow_event: np.ndarray


class FloodRules(NamedTuple):
    """What the kernel needs of the settings: the window totals by [level, kind] that call for a watch, and sizes."""

    watch_events: np.ndarray
    watch_bytes: np.ndarray
    salts: tuple[np.uint64, ...]
    exempt: np.ndarray
    hosts: int
    prefixes: int
    window: int


def new_state(hosts: int, prefixes: int, watched: int) -> FloodState:
    """Return an empty state of that many hosts and prefixes (powers of two) and watch places."""
    return FloodState(
        new_table(hosts + prefixes, METER), np.zeros((2, ANSWERED_WORDS), np.uint32), np.zeros(watched, ENTRY),
        np.zeros(SCALARS, np.int64), np.zeros(len(COUNTS), np.int64))

"""What the scan detector keeps: walks (a test in progress), slow sources, and episodes (a scan under way)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.tables import HEAD, SEEN_EXACTLY, Tagged, new_table

SWEEP, PORTS, SLOW = np.int64(0), np.int64(1), np.int64(2)  # as int64: a kernel is compiled anew for each literal
FAILED, SUCCEEDED, SILENT, HALF_OPEN = range(4)

NO_ADDRESS = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Stands for the high half of an address in keys that are not about one target: no host has ffff:.. (multicast)."""

WALK = np.dtype(
    [
        *HEAD, ("walk", "f8"), ("succeeded", "i8"), ("opened", "i8"), ("open_port", "i8"), ("serial", "i8"),
        ("first_ns", "i8"), ("packet_number", "u8"), ("flow_id", "u8"),
        ("known", "i8"), ("seen", "u4", (SEEN_EXACTLY,)), ("bits", "u4", (SEEN_EXACTLY,)),
    ], align=True)
"""A sequential test: of a source and a service (targets: hosts), or of a source and a host (targets: services).

walk is the log of the likelihood ratio, weight the failed first contacts, opened those that found something open,
serial the episode it became part of or 0.
"""

CONTACT = np.dtype(
    [
        ("clock", "i8"), ("began_ns", "i8"), ("src_hi", "u8"), ("src_lo", "u8"), ("dst_hi", "u8"), ("dst_lo", "u8"),
        ("proto", "i8"), ("port", "i8"), ("result", "i8"), ("packet_number", "u8"), ("flow_id", "u8"),
        ("sweep_hash", "u8"), ("ports_hash", "u8"), ("source_hash", "u8"),
    ], align=True)
"""One outcome on its way through the kernels: who asked which service of which host when, and what came of it; and the
hashes of its two tests and of its source."""

SLOW_BITS = 1024
PLANES = 3
SLOW_SOURCE = np.dtype(
    [
        *HEAD, ("turned_ns", "i8"), ("first_ns", "i8"), ("packet_number", "u8"), ("flow_id", "u8"),
        ("ones", "i8", (2 * PLANES,)), ("bits", "u4", (2 * PLANES * SLOW_BITS // 32,)),
    ], align=True)
"""Distinct services by outcome (failed, succeeded, silent) of one source, as bitmaps of this half of the window and of
the one before. ones: bits set in this half, then in both together."""

EXAMPLES = 8
REGISTERS = 1024
EPISODE = np.dtype(
    [
        *HEAD, ("serial", "i8"), ("kind", "u1"), ("what", "u1"), ("proto", "u1"), ("told_open", "u1"),
        ("port", "i8"), ("revision", "i8"), ("ts_ns", "i8"), ("start_ns", "i8"), ("peak_ns", "i8"),
        ("packet_number", "u8"), ("flow_id", "u8"), ("silent", "i8"), ("opened", "i8"), ("established", "i8"),
        ("next_told", "i8"), ("measured", "f8"), ("peak", "f8"), ("threshold", "f8"),
        ("ports", "u2", (EXAMPLES,)), ("port_count", "i8"), ("open_ports", "u2", (EXAMPLES,)), ("open_count", "i8"),
        ("sketch", "u1", (REGISTERS,)),
    ], align=True)
"""A scan under way. weight counts failed first contacts, stamp is the last of them; measured is log(likelihood ratio)
or a number of services, as threshold is."""

# places in ScanState.scalars
CLOCK, STARTED, DEADLINE, SERIAL, ACTIVE, TOLD = range(6)
SCALARS = 6

COUNTS = ("outcomes", "failed", "succeeded", "silent", "permitted_scanner", "evicted_walks", "evicted_slow",
          "evicted_episodes", "episodes", "absorbed", "benign", "clock_resets")
(N_OUTCOMES, N_FAILED, N_SUCCEEDED, N_SILENT, N_PERMITTED, N_EVICTED_WALKS, N_EVICTED_SLOW, N_EVICTED_EPISODES,
 N_EPISODES, N_ABSORBED, N_BENIGN, N_RESETS) = range(12)

NEVER = np.int64(2**63 - 1)
TOLD_ROOM = 8
"""One contact gives rise to fewer reports than this."""


CONTACTS_AT_ONCE = 8192


class ScanState(NamedTuple):
    """The whole state: tables of WALK, SLOW_SOURCE and EPISODE; told takes copies of episodes that are to be told."""

    walks: Tagged
    slows: Tagged
    episodes: Tagged
    told: np.ndarray
    scalars: np.ndarray
    counts: np.ndarray


class ScanRules(NamedTuple):
    """The settings as the kernels take them: steps and bounds of the walk are logarithms, times are ns."""

    up: float
    down: float
    benign: float
    scanner: float
    min_hosts: int
    min_ports: int
    slow_targets: float
    slow_silent: float
    slow_share: float
    half_window_ns: int
    quiet_ns: int
    slow_quiet_ns: int
    forget_ns: int
    wait_ns: int
    salts: tuple[np.uint64, ...]


class ScanPackets(NamedTuple):
    """The columns of Packets that speak of outcomes."""

    packet_number: np.ndarray
    clock_ns: np.ndarray
    status: np.ndarray
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
    flow_id: np.ndarray
    to_server: np.ndarray
    flow_event: np.ndarray


class ScanFlows(NamedTuple):
    """The columns of Flows that speak of outcomes."""

    emitted_before: np.ndarray
    clock_ns: np.ndarray
    part: np.ndarray
    ts_start_ns: np.ndarray
    src_ip_hi: np.ndarray
    src_ip_lo: np.ndarray
    dst_ip_hi: np.ndarray
    dst_ip_lo: np.ndarray
    dst_port: np.ndarray
    proto: np.ndarray
    icmp_type: np.ndarray
    dst_mac: np.ndarray
    pkts_toserver: np.ndarray
    pkts_toclient: np.ndarray
    tcp_flags_toserver: np.ndarray
    tcp_flags_toclient: np.ndarray
    outcome: np.ndarray
    first_packet: np.ndarray
    flow_id: np.ndarray


def new_state(walks: int, slow_sources: int, episodes: int) -> ScanState:
    """Return an empty state of that many walks, slow sources and episodes (powers of two)."""
    scalars = np.zeros(SCALARS, np.int64)
    scalars[DEADLINE] = NEVER
    return ScanState(new_table(walks, WALK), new_table(slow_sources, SLOW_SOURCE), new_table(episodes, EPISODE),
                     np.zeros(64, EPISODE), scalars, np.zeros(len(COUNTS), np.int64))

"""What the flow table keeps of each live flow, and of itself.

The table is looked up at random, so a flow is one record (three cache lines) and not a row across forty columns;
the rows it writes are columns again. Records are never moved: a flow keeps its slot until it ends, slots are handed
out in one fixed order, and nothing else depends on the hash, whose seed can therefore differ in every process.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.memory import zeros
from sensor.flow.settings import FlowSettings

RECORD = np.dtype(
    [  # the first two cache lines are all that an ordinary packet touches
        ("src_hi", "u8"), ("src_lo", "u8"), ("dst_hi", "u8"), ("dst_lo", "u8"),
        ("src_port", "u2"), ("dst_port", "u2"), ("vlan", "u2"), ("proto", "u1"), ("one_way", "u1"),
        ("last_clock", "i8"), ("row_end", "i8"), ("flow_id", "u8"),
        # --- second line
        ("bytes_toserver", "u8"), ("bytes_toclient", "u8"), ("payload_toserver", "u8"), ("payload_toclient", "u8"),
        ("row_start", "i8"), ("pkts_toserver", "u4"), ("pkts_toclient", "u4"), ("fragments", "u4"),
        ("certainty", "u1"), ("outcome", "u1"), ("icmp_type", "u1"), ("icmp_code", "u1"),
        ("flags_toserver", "u1"), ("flags_toclient", "u1"), ("ttl_toserver", "u1"), ("ttl_toclient", "u1"),
        ("tcp_state", "u1"), ("seen", "u1"), ("answered", "u1"), ("fins", "u1"),
        # --- the rest is for the wheel and for rows
        ("row_clock", "i8"), ("wheel_next", "i4"), ("wheel_prev", "i4"), ("wheel_slot", "i4"), ("part", "u4"),
        ("tag", "u4"), ("tunnel", "u1"), ("tunnel_depth", "u1"), ("vlan_inner", "u2"),
        ("src_mac", "u8"), ("dst_mac", "u8"), ("first_packet", "u8"),
        ("emitted_before", "i8"), ("emitted_clock", "i8"), ("end_reason", "u1"),  # only in copies that became rows
        ("slot", "i4"), ("reply_src_mac", "u8"), ("reply_dst_mac", "u8"),
        ("reply_icmp_type", "u1"), ("reply_icmp_code", "u1"), ("input_ended", "u1"), ("unused", "u1", 29),
    ],
    align=True,
)
LINE_BYTES = 64
RECORD_WORDS, LINE_WORDS = RECORD.itemsize // 8, LINE_BYTES // 8

WHEEL_SLOTS = 1024
TICK_NS = 1_000_000_000

# places in FlowState.scalars
CLOCK, TICK, LIVE, HIGH_WATER, FREE, MASK, DRAIN, STARTED = range(8)
COUNTS = ("packets", "flows_opened", "rows", "evicted", "clock_resets", "quotes_matched", "quotes_unmatched")
N_PACKETS, N_OPENED, N_ROWS, N_EVICTED, N_RESETS, N_QUOTED, N_UNQUOTED = range(8, 15)
SCALARS = 15

# places in the limits array, ns
(HALF_OPEN, TCP, CLOSING, CLOSED, UNANSWERED, ANSWERED, ACTIVE, RESET_BEHIND, VLAN_IN_KEY) = range(9)


class FlowState(NamedTuple):
    """The whole state, as arrays that a kernel takes whole.

    records: RECORD[max_flows], touched (and so paid for) only as far as flows were ever live at once; words: the same
    memory as uint64, for prefetching; index: uint64, open addressing, tag << 32 | slot + 1, 0 = empty; wheel:
    int32[WHEEL_SLOTS], first slot due in that second or -1; free: int32[max_flows], slots given back; scalars: int64,
    places named above.
    """

    records: np.ndarray
    words: np.ndarray
    index: np.ndarray
    wheel: np.ndarray
    free: np.ndarray
    scalars: np.ndarray


def new_state(settings: FlowSettings) -> FlowState:
    """Return an empty flow table."""
    scalars = np.zeros(SCALARS, np.int64)
    index = np.zeros(1 << 16, np.uint64)
    scalars[MASK] = index.size - 1
    size = settings.max_flows * RECORD.itemsize
    memory = zeros(size + LINE_BYTES, np.uint8)  # not touched before flows are
    start = -memory.ctypes.data % LINE_BYTES
    aligned = memory[start : start + size]
    return FlowState(
        aligned.view(RECORD), aligned.view(np.uint64), index, np.full(WHEEL_SLOTS, -1, np.int32),
        np.empty(settings.max_flows, np.int32), scalars,
    )


def limits_of(settings: FlowSettings) -> np.ndarray:
    """Return the settings as the int64 array that kernels read: times in ns, then the flag."""
    seconds = (
        settings.half_open_timeout_s, settings.tcp_timeout_s, settings.closing_timeout_s, settings.closed_timeout_s,
        settings.unanswered_timeout_s, settings.answered_timeout_s, settings.active_timeout_s, settings.clock_reset_s,
    )
    return np.array([s * 1_000_000_000 for s in seconds] + [int(settings.vlan_in_key)], np.int64)

"""What the streams keep: one record per place in the flow table, a pool of pages for data that waits, counters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sensor.streams.settings import OVERLAPS, StreamSettings

SIDES = 2
CLIENT, SERVER = 0, 1
NOT_STARTED, STARTED, ENDED = range(3)
FOLLOW, PASS = range(2)

STREAM = np.dtype(
    [
        ("flow_id", "u8"), ("taken", "i8", (SIDES,)), ("acked", "i8", (SIDES,)), ("fin", "i8", (SIDES,)),
        ("gap", "i8", (SIDES,)), ("ahead", "i8", (SIDES,)), ("passed", "i8", (SIDES,)),
        ("held", "i8", (SIDES,)), ("seq", "u4", (SIDES,)),
        ("head", "i4", (SIDES,)), ("tail", "i4", (SIDES,)), ("segments", "i4", (SIDES,)), ("state", "u1", (SIDES,)),
        ("flags", "u1", (SIDES,)), ("mode", "u1"), ("syn", "u1"), ("over", "u1"), ("overlap", "u1"),
    ], align=True)
"""Both directions of one connection. taken: bytes of the direction that were handed on or given up, which is also the
place of the next one; seq: its sequence number; acked: place up to which the other end confirmed; fin: place of the
end, -1 unknown; gap: bytes given up since the last chunk; ahead: bytes that
are to be passed by; passed: bytes that were, since the last chunk of either direction; head, tail: pages that wait,
in order of place; flags: what the next chunk has to say. A record of zeros is none; mode: FOLLOW or PASS; overlap: by
which policy the server takes overlapping segments, and from SERVER_SHIFT on the client."""

SERVER_SHIFT = 4

PAGE_BYTES = 2048
PAGE = np.dtype([("start", "i8"), ("size", "i4"), ("next", "i4"), ("of_start", "i8"), ("of_end", "i8")], align=True)
"""A piece of out-of-order data: its place in its direction, its size, the page after it or -1; place and end of the
segment that it came in."""

CHUNK = np.dtype(
    [
        ("flow_id", "u8"), ("slot", "i4"), ("side", "u1"), ("flags", "u1"), ("buffer", "u1"), ("unused", "u1"),
        ("start", "i8"), ("size", "i8"), ("gap", "i8"), ("passed", "i8", (SIDES,)), ("ts_ns", "i8"),
        ("packet_number", "u8"), ("row", "i8"),
    ], align=True)
"""Bytes of one direction, in order: data[start : start + size] of a buffer (0 the capture block, 1 the fragment arena,
2 the arena of the streams), after gap bytes that were lost. passed: bytes of each direction that were passed by since
the last chunk of either. The packet is the one that made them deliverable, row is
its row (-1: a flow ended)."""

FIRST, MIDSTREAM, CONFLICT, END = 1, 2, 4, 8
"""Bits of CHUNK.flags: begins the direction; it was picked up without its SYN; overlapping segments differed;
nothing comes any more in either direction (size 0)."""

COUNTS = ("segments", "bytes", "in_order", "held", "retransmitted", "overlapping", "conflicts", "gaps", "gap_bytes",
          "out_of_window", "not_followed", "reset", "reset_invalid", "over_depth_bytes", "memory_full", "keep_alive",
          "connections")
(N_SEGMENTS, N_BYTES, N_IN_ORDER, N_HELD, N_RETRANSMITTED, N_OVERLAPPING, N_CONFLICTS, N_GAPS, N_GAP_BYTES,
 N_OUT_OF_WINDOW, N_NOT_FOLLOWED, N_RESET, N_RESET_INVALID, N_OVER_DEPTH, N_MEMORY_FULL, N_KEEP_ALIVE,
 N_CONNECTIONS) = range(17)

# places in StreamState.scalars
FREE, USED = range(2)  # first free page of those given back or -1, pages ever used

# places in the limits array
DEPTH, HELD_BYTES, HELD_SEGMENTS, WINDOW, MIDSTREAM_TOO, OVERLAP = range(6)


class StreamState(NamedTuple):
    """The whole state, as arrays that a kernel takes whole.

    streams: STREAM by place in the flow table; pages: PAGE; pool: uint8, PAGE_BYTES for each page; scalars, counts,
    limits: int64, places named above; hosts: uint64[networks, 5], overlap policies by receiver. Memory is paid for only
    as far as it was ever used.
    """

    streams: np.ndarray
    pages: np.ndarray
    pool: np.ndarray
    scalars: np.ndarray
    counts: np.ndarray
    limits: np.ndarray
    hosts: np.ndarray


class Output(NamedTuple):
    """Where chunks go: CHUNK records, an arena for what has to be copied, and how far both are filled."""

    chunks: np.ndarray
    arena: np.ndarray
    filled: np.ndarray


CHUNKS, ARENA = range(2)
"""Places in Output.filled: chunks, bytes of the arena."""


class At(NamedTuple):
    """The packet that makes something happen: its event time, number and row."""

    ts_ns: int
    packet_number: int
    row: int


def new_state(settings: StreamSettings, flows: int) -> StreamState:
    """Return the state of no streams, for a flow table of so many flows."""
    pages = max(settings.memory_mib * (1 << 20) // PAGE_BYTES, 2)
    limits = np.array([settings.depth_kib << 10, settings.held_kib << 10, settings.held_segments,
                       settings.window_kib << 10, settings.midstream, OVERLAPS.index(settings.overlap)], np.int64)
    scalars = np.zeros(2, np.int64)
    scalars[FREE] = -1
    return StreamState(np.zeros(flows, STREAM), np.zeros(pages, PAGE), np.zeros(pages * PAGE_BYTES, np.uint8), scalars,
                       np.zeros(len(COUNTS), np.int64), limits, settings.overlaps_by_host())

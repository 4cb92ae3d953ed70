"""What the walks over records share: their state, the columns they fill, and how they refuse a record."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import kernel
from sensor.capture.counts import Count

# state: int64[STATE_SIZE], kept between calls so that a walk goes on where it stopped
POSITION, BASE, STATUS, NEEDED = 0, 1, 2, 3  # BASE is the place of buffer[0] within the capture
CAUSE = 4  # of the last refusal
BIG_ENDIAN, INTERFACES, LAST_TS, SUSPECT = 5, 6, 7, 8  # pcapng only
STATE_SIZE = 9

# state[STATUS] after a walk
FULL, NEED_MORE, STOPPED = 0, 1, 2

_RECORDS_FOUND, _FRAMES = int(Count.RECORDS_FOUND), int(Count.FRAMES)


class Records(NamedTuple):
    """Columns of the frames of a block, as in FrameBlock."""

    offset: np.ndarray
    captured_bytes: np.ndarray
    wire_bytes: np.ndarray
    ts_ns: np.ndarray
    link_type: np.ndarray
    interface: np.ndarray


def empty_records(count: int) -> Records:
    """Return room for ``count`` frames."""
    return Records(
        np.empty(count, np.int64), np.empty(count, np.uint32), np.empty(count, np.uint32),
        np.empty(count, np.int64), np.empty(count, np.uint16), np.empty(count, np.uint16),
    )


# An unsigned index spares the question whether it counts from the end, for every byte.
_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)


@kernel
def unsigned16(buffer, position, big_endian):
    """Return two bytes as a number."""
    place = np.uint64(position)
    a, b = np.int64(buffer[place]), np.int64(buffer[place + _1])
    if big_endian:
        return a << 8 | b
    return b << 8 | a


@kernel
def unsigned32(buffer, position, big_endian):
    """Return four bytes as a number."""
    place = np.uint64(position)
    a, b = np.int64(buffer[place]), np.int64(buffer[place + _1])
    c, d = np.int64(buffer[place + _2]), np.int64(buffer[place + _3])
    if big_endian:
        return a << 24 | b << 16 | c << 8 | d
    return d << 24 | c << 16 | b << 8 | a


@kernel
def refuse(cause, position, frames, state, counts, first):
    """Count a record that gives no frame, and remember where each cause was met first.

    first: int64[counters, 2], frames before it and its place in the capture, -1 where not met.
    """
    counts[_RECORDS_FOUND] += 1
    counts[cause] += 1
    state[CAUSE] = cause
    if first[cause, 0] < 0:
        first[cause, 0] = counts[_FRAMES] + frames
        first[cause, 1] = state[BASE] + position

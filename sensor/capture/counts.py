"""What a reader counts: records in, frames out, refusals by cause, oddities, skipped blocks."""

from __future__ import annotations

from enum import IntEnum


class Count(IntEnum):
    """Index of a counter; ``records_found == frames + sum of the refusals`` holds at any time."""

    RECORDS_FOUND = 0
    FRAMES = 1
    BYTES = 2  # captured bytes of the frames
    WIRE_BYTES = 3
    # --- refused, by cause; each is one record found that gave no frame
    TRUNCATED_RECORD = 4  # the input ends within it
    RECORD_LENGTH = 5  # captured length beyond the limit, or beyond its block
    UNKNOWN_INTERFACE = 6  # no description of its interface in this section
    TRAILING_LENGTH = 7  # the two lengths of a pcapng block disagree
    BLOCK_LENGTH = 8  # impossible length of a pcapng block
    SECTION_HEADER = 9  # later section of unknown byte order or version
    # --- odd, but the frame is kept
    TIMESTAMP_CLAMPED = 10
    TIMESTAMP_MISSING = 11  # simple packet block: the last time seen is used
    WIRE_LENGTH_RAISED = 12  # length on the wire said to be less than what was captured
    INTERFACE_IGNORED = 13  # more interfaces in a section than can be numbered
    # --- pcapng blocks that hold no packet
    NAME_BLOCKS = 14
    STATISTICS_BLOCKS = 15
    SECRETS_BLOCKS = 16
    CUSTOM_BLOCKS = 17
    UNKNOWN_BLOCKS = 18
    # --- the input itself
    INPUT_TRUNCATED = 19  # compressed data that ends early, or a file that shrank while it was read
    INPUT_DAMAGED = 20  # compressed data that cannot be unpacked any further
    READ_ERROR = 21


REFUSALS = tuple(c.name.lower() for c in Count if Count.TRUNCATED_RECORD <= c <= Count.SECTION_HEADER)
"""The counters that say why a record gave no frame."""

REASONS = {
    Count.RECORD_LENGTH: "a captured length that cannot be, and nothing tells where the next record begins",
    Count.TRAILING_LENGTH: "the two lengths of a block disagree",
    Count.BLOCK_LENGTH: "a block length that cannot be",
    Count.SECTION_HEADER: "a section of unknown byte order or version",
}
"""Why reading stopped, for people."""

TS_MAX_NS = 9_183_110_399_999_999_999
"""The end of 2260. Times beyond, or before 1970, are clamped: a year is left for sums before int64 overflows."""

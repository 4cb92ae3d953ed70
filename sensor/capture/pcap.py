"""pcap: the file header, and the walk over its records.

Source: draft-ietf-opsawg-pcap; the extended record header (magic a1b2cd34) and the order of the two lengths in old
versions as libpcap reads them.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from columns.kernel import kernel
from columns.prefetch import prefetch_run
from sensor.capture.counts import Count
from sensor.capture.walk import (
    FULL,
    NEED_MORE,
    NEEDED,
    POSITION,
    STATUS,
    STOPPED,
    refuse,
    unsigned32,
)

HEADER_BYTES = 24
MAX_CAPTURED_BYTES = 262_144
"""Largest captured length that is believed without a word from the file; libpcap's limit."""
SNAPLEN_CAP_BYTES = 16 * 2**20
"""A larger snaplen raises the limit, but not beyond this."""

IN_ORDER, SWAPPED, PERHAPS_SWAPPED = 0, 1, 2
_FORMS = {0xA1B2C3D4: (1000, 16), 0xA1B23C4D: (1, 16), 0xA1B2CD34: (1000, 24)}  # ns per unit, record header bytes

_FRAMES, _BYTES, _WIRE_BYTES = int(Count.FRAMES), int(Count.BYTES), int(Count.WIRE_BYTES)
_FOUND, _RECORD_LENGTH = int(Count.RECORDS_FOUND), int(Count.RECORD_LENGTH)
_CLAMPED, _RAISED = int(Count.TIMESTAMP_CLAMPED), int(Count.WIRE_LENGTH_RAISED)


class PcapLayout(NamedTuple):
    """How the records of one file are laid out; all plain numbers, so that a kernel takes it whole."""

    big_endian: int
    ns_per_unit: int
    header_bytes: int
    max_captured: int
    length_order: int
    link_type: int


def is_pcap(head: bytes) -> bool:
    """Return True when the first four bytes are one of the pcap magic numbers, in either byte order."""
    return len(head) >= 4 and any(struct.unpack(order + "I", head[:4])[0] in _FORMS for order in "<>")


def read_layout(head: bytes) -> PcapLayout:
    """Return the layout that a file header of 24 bytes announces.

    The FCS bits above the link type are masked away; a snaplen of 0 means the default limit.
    """
    order = "<" if struct.unpack("<I", head[:4])[0] in _FORMS else ">"
    magic, major, minor, _, _, snaplen, network = struct.unpack(order + "IHHiIII", head[:HEADER_BYTES])
    ns_per_unit, header_bytes = _FORMS[magic]
    length_order = IN_ORDER
    if (major == 2 and minor < 3) or (major, minor) == (543, 0):
        length_order = SWAPPED
    elif (major, minor) == (2, 3):
        length_order = PERHAPS_SWAPPED
    return PcapLayout(
        int(order == ">"), ns_per_unit, header_bytes,
        max(MAX_CAPTURED_BYTES, min(snaplen, SNAPLEN_CAP_BYTES)), length_order, network & 0xFFFF,
    )


@kernel
def in_order(captured, wire, length_order):
    """Return the captured length and the length on the wire from the two fields of a record."""
    if length_order == SWAPPED or (length_order == PERHAPS_SWAPPED and captured > wire):
        return wire, captured
    return captured, wire


@kernel
def walk_pcap(buffer, layout, stop, state, counts, first, out):
    """Fill ``out`` with the frames from state[POSITION] on; return how many.

    buffer: uint8; layout: PcapLayout; stop: no record that begins at or after it is taken; state, counts, first: see
    walk and counts; out: Records. A captured length beyond the limit ends the walk (STOPPED), because nothing tells
    where the next record begins; a record that is not whole in the buffer ends it with NEED_MORE. A fraction of a
    second that is a second or more is clamped and counted.
    """
    position, filled, status = state[POSITION], 0, FULL
    big_endian, header = layout.big_endian != 0, layout.header_bytes
    captured_sum, wire_sum = 0, 0
    offset, captured_bytes, wire_bytes, ts_ns, link_type, interface = out
    last_unit = 1_000_000_000 // layout.ns_per_unit - 1
    fetched = position
    while filled < offset.size and position < stop:
        fetched = prefetch_run(buffer, position, max(fetched, position))
        if position + header > buffer.size:
            status, state[NEEDED] = NEED_MORE, header
            break
        captured = unsigned32(buffer, position + 8, big_endian)
        wire = unsigned32(buffer, position + 12, big_endian)
        if layout.length_order != IN_ORDER:
            captured, wire = in_order(captured, wire, layout.length_order)
        record = header + captured
        if captured > layout.max_captured:
            refuse(_RECORD_LENGTH, position, filled, state, counts, first)
            status = STOPPED
            break
        if position + record > buffer.size:
            status, state[NEEDED] = NEED_MORE, record
            break
        unit = unsigned32(buffer, position + 4, big_endian)
        if unit > last_unit:
            unit = last_unit
            counts[_CLAMPED] += 1
        if wire < captured:
            wire = captured
            counts[_RAISED] += 1
        offset[filled] = position + header
        captured_bytes[filled] = captured
        wire_bytes[filled] = wire
        ts_ns[filled] = (
            unsigned32(buffer, position, big_endian) * np.int64(1_000_000_000) + unit * layout.ns_per_unit
        )
        link_type[filled] = layout.link_type
        interface[filled] = 0
        captured_sum += captured
        wire_sum += wire
        filled += 1
        position += record
    state[POSITION], state[STATUS] = position, status
    counts[_FRAMES] += filled
    counts[_FOUND] += filled
    counts[_BYTES] += captured_sum
    counts[_WIRE_BYTES] += wire_sum
    return filled

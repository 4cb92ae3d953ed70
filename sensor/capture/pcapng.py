"""pcapng: sections, interfaces, and the walk over blocks.

Source: draft-ietf-opsawg-pcapng. The length of a section is not needed, because its blocks lead to the next one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import kernel
from columns.prefetch import prefetch_run
from sensor.capture.counts import Count
from sensor.capture.pcap import MAX_CAPTURED_BYTES
from sensor.capture.pcapng_time import block_time
from sensor.capture.walk import (
    BIG_ENDIAN,
    FULL,
    INTERFACES,
    LAST_TS,
    NEED_MORE,
    NEEDED,
    POSITION,
    STATUS,
    STOPPED,
    SUSPECT,
    refuse,
    unsigned16,
    unsigned32,
)

SECTION_HEADER, INTERFACE, PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
NAME_RESOLUTION, STATISTICS, SECRETS, CUSTOM, CUSTOM_NOT_COPIED = 4, 5, 10, 0xBAD, 0x40000BAD
BYTE_ORDER_MAGIC = 0x1A2B3C4D
SECTION_HEADER_BYTES, INTERFACE_BYTES = 28, 20  # at least
MAX_BLOCK_BYTES = 16 * 2**20
"""Largest block that is believed, as in libpcap."""
MAX_INTERFACES = 65_536

_OPTION_RESOLUTION, _OPTION_OFFSET = 9, 14
_MICROSECONDS = 6
_SHORT_WAY = 2**29  # times 2**32 ns: up to 2043 one multiplication gives the time
_CLAMPED, _MISSING = int(Count.TIMESTAMP_CLAMPED), int(Count.TIMESTAMP_MISSING)
_RAISED, _IGNORED = int(Count.WIRE_LENGTH_RAISED), int(Count.INTERFACE_IGNORED)
_FOUND, _FRAMES = int(Count.RECORDS_FOUND), int(Count.FRAMES)
_BYTES, _WIRE_BYTES = int(Count.BYTES), int(Count.WIRE_BYTES)
_RECORD_LENGTH, _UNKNOWN_INTERFACE = int(Count.RECORD_LENGTH), int(Count.UNKNOWN_INTERFACE)
_TRAILING_LENGTH, _BLOCK_LENGTH = int(Count.TRAILING_LENGTH), int(Count.BLOCK_LENGTH)
_SECTION_HEADER = int(Count.SECTION_HEADER)
_NAMES, _STATISTICS, _SECRETS = int(Count.NAME_BLOCKS), int(Count.STATISTICS_BLOCKS), int(Count.SECRETS_BLOCKS)
_CUSTOM, _UNKNOWN = int(Count.CUSTOM_BLOCKS), int(Count.UNKNOWN_BLOCKS)


class Interfaces(NamedTuple):
    """What the interface blocks of the current section say, by their number in it."""

    link_type: np.ndarray  # uint16
    snaplen: np.ndarray  # uint32, bytes; 0 means no limit
    resolution: np.ndarray  # uint8, if_tsresol as stored
    offset_seconds: np.ndarray  # int64, if_tsoffset
    tick_ns: np.ndarray  # int64, whole nanoseconds of a count, where that and no offset makes the time; else 0


def empty_interfaces() -> Interfaces:
    """Return room for the interfaces of a section."""
    return Interfaces(
        np.zeros(MAX_INTERFACES, np.uint16), np.zeros(MAX_INTERFACES, np.uint32),
        np.zeros(MAX_INTERFACES, np.uint8), np.zeros(MAX_INTERFACES, np.int64), np.zeros(MAX_INTERFACES, np.int64),
    )


def is_pcapng(head: bytes) -> bool:
    """Return True when a section header block begins here."""
    return head[:4] == b"\x0a\x0d\x0d\x0a"


@kernel
def section_order(buffer, position):
    """Return 1 for a big-endian section beginning here, 0 for a little-endian one, -1 for neither or not 1.x."""
    for big_endian in (False, True):
        magic = unsigned32(buffer, position + 8, big_endian)
        if magic == BYTE_ORDER_MAGIC and unsigned16(buffer, position + 12, big_endian) == 1:
            return int(big_endian)
    return -1


@kernel
def add_interface(buffer, position, length, state, counts, interfaces):
    """Note the interface whose block begins here; more than can be numbered are counted instead.

    Without if_tsresol times are in microseconds.
    """
    big_endian = state[BIG_ENDIAN] != 0
    number = state[INTERFACES]
    if number == interfaces.link_type.size:
        counts[_IGNORED] += 1
        return
    interfaces.link_type[number] = unsigned16(buffer, position + 8, big_endian)
    interfaces.snaplen[number] = unsigned32(buffer, position + 12, big_endian)
    interfaces.resolution[number] = _MICROSECONDS
    interfaces.offset_seconds[number] = 0
    option, end = position + 16, position + length - 4
    while option + 4 <= end:
        code = unsigned16(buffer, option, big_endian)
        size = unsigned16(buffer, option + 2, big_endian)
        if code == 0 or option + 4 + size > end:
            break
        if code == _OPTION_RESOLUTION and size == 1:
            interfaces.resolution[number] = buffer[option + 4]
        elif code == _OPTION_OFFSET and size == 8:
            upper = unsigned32(buffer, option + (4 if big_endian else 8), big_endian)
            lower = unsigned32(buffer, option + (8 if big_endian else 4), big_endian)
            interfaces.offset_seconds[number] = (upper - (upper >> 31 << 32)) * 2**32 + lower  # two's complement
        option += 4 + (size + 3) // 4 * 4
    interfaces.tick_ns[number] = 0
    if interfaces.resolution[number] <= 9 and interfaces.offset_seconds[number] == 0:
        interfaces.tick_ns[number] = 10 ** (9 - np.int64(interfaces.resolution[number]))
    state[INTERFACES] = number + 1


@kernel
def skipped(kind):
    """Return the counter of a block that holds no packet."""
    if kind == NAME_RESOLUTION:
        return _NAMES
    if kind == STATISTICS:
        return _STATISTICS
    if kind == SECRETS:
        return _SECRETS
    if kind == CUSTOM or kind == CUSTOM_NOT_COPIED:
        return _CUSTOM
    return _UNKNOWN


@kernel
def begin_section(buffer, position, state):
    """Set the byte order from the section header here and forget the interfaces before it; return False if unknown."""
    order = section_order(buffer, position)
    if order >= 0:
        state[BIG_ENDIAN], state[INTERFACES] = order, 0
    return order >= 0


@kernel
def walk_pcapng(buffer, interfaces, stop, state, counts, first, out):
    """Fill ``out`` with the frames from state[POSITION] on; return how many.

    buffer: uint8; interfaces: Interfaces; stop: no block that begins at or after it is taken; state, counts, first:
    see walk and counts; out: Records. A packet block whose content is impossible is refused and passed over, because
    its two lengths agree. A block whose lengths disagree is refused, and passed over by its first length; a second
    one in a row, or one that other blocks depend on, ends the walk (STOPPED), as does an impossible length. A block
    that is not whole in the buffer ends it with NEED_MORE. A simple packet block has neither time nor interface: it
    gets the last time seen in the capture (1970 before any) and interface 0.
    """
    position, filled, status, end = state[POSITION], 0, FULL, buffer.size
    captured_sum, wire_sum = 0, 0
    big_endian, last_ts, suspect = state[BIG_ENDIAN] != 0, state[LAST_TS], state[SUSPECT]
    offset, captured_bytes, wire_bytes, ts_ns, link_type, interface = out
    if_link_type, if_snaplen, if_resolution, if_offset_seconds, if_tick_ns = interfaces
    fetched = position
    while filled < offset.size and position < stop:
        fetched = prefetch_run(buffer, position, max(fetched, position))
        kind, cause, needed = np.int64(0), 0, np.int64(12)
        if position + needed <= end:
            kind = unsigned32(buffer, position, big_endian)
            if kind == SECTION_HEADER:  # reads the same both ways
                needed = SECTION_HEADER_BYTES
        if position + needed > end:
            status, state[NEEDED] = NEED_MORE, needed
            break
        if kind == SECTION_HEADER:
            if not begin_section(buffer, position, state):
                cause = _SECTION_HEADER
            big_endian = state[BIG_ENDIAN] != 0
        elif kind == INTERFACE:
            needed = INTERFACE_BYTES
        length = unsigned32(buffer, position + 4, big_endian)
        if cause == 0 and (length < needed or length & 3 or length > MAX_BLOCK_BYTES):
            cause = _BLOCK_LENGTH
        if cause == 0 and position + length > end:
            status, state[NEEDED] = NEED_MORE, length
            break
        if cause == 0 and unsigned32(buffer, position + length - 4, big_endian) != length:
            cause = _TRAILING_LENGTH
        if cause > 0:
            refuse(cause, position, filled, state, counts, first)
            if cause != _TRAILING_LENGTH or suspect or kind == SECTION_HEADER or kind == INTERFACE:
                status = STOPPED
                break
            suspect = 1
            position += length
            continue
        suspect = 0
        if kind == ENHANCED_PACKET or kind == SIMPLE_PACKET or kind == PACKET:
            simple = kind == SIMPLE_PACKET
            body = 12 if simple else 28
            number = np.int64(0)
            if kind == ENHANCED_PACKET:
                number = unsigned32(buffer, position + 8, big_endian)
            elif kind == PACKET:
                number = unsigned16(buffer, position + 8, big_endian)
            captured, wire = np.int64(0), np.int64(0)
            if length < body + 4:
                cause = _RECORD_LENGTH
            elif number >= state[INTERFACES]:
                cause = _UNKNOWN_INTERFACE
            else:
                snaplen = np.int64(if_snaplen[number])
                if snaplen == 0:
                    snaplen = MAX_BLOCK_BYTES
                wire = unsigned32(buffer, position + body - 4, big_endian)
                captured = min(wire, snaplen) if simple else unsigned32(buffer, position + 20, big_endian)
                if captured > length - body - 4 or captured > max(snaplen, MAX_CAPTURED_BYTES):
                    cause = _RECORD_LENGTH
            if cause > 0:
                refuse(cause, position, filled, state, counts, first)
                position += length
                continue
            if simple:
                counts[_MISSING] += 1
            else:
                high = unsigned32(buffer, position + 12, big_endian)
                low = unsigned32(buffer, position + 16, big_endian)
                if 0 < (high + 1) * if_tick_ns[number] <= _SHORT_WAY:
                    last_ts = (high << 32 | low) * if_tick_ns[number]
                else:
                    last_ts, clamped = block_time(high, low, np.int64(if_resolution[number]), if_offset_seconds[number])
                    counts[_CLAMPED] += clamped
            if wire < captured:
                wire = captured
                counts[_RAISED] += 1
            offset[filled], captured_bytes[filled], wire_bytes[filled] = position + body, captured, wire
            ts_ns[filled], link_type[filled], interface[filled] = last_ts, if_link_type[number], number
            captured_sum += captured
            wire_sum += wire
            filled += 1
        elif kind == INTERFACE:
            add_interface(buffer, position, length, state, counts, interfaces)
        elif kind != SECTION_HEADER:
            counts[skipped(kind)] += 1
        position += length
    state[POSITION], state[STATUS], state[LAST_TS], state[SUSPECT] = position, status, last_ts, suspect
    counts[_FRAMES] += filled
    counts[_FOUND] += filled
    counts[_BYTES] += captured_sum
    counts[_WIRE_BYTES] += wire_sum
    return filled

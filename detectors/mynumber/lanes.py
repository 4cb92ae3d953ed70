"""The payloads of packets, each with the end of what its sender said before, and the candidates in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns import Packets
from columns.codes import FlowEvent, Status
from columns.kernel import kernel, part
from detectors.mynumber.base64 import decode, holds_base64, known_phase, phase_at, sift
from detectors.mynumber.candidates import MOST_BYTES
from detectors.mynumber.keywords import REACH_BYTES
from detectors.mynumber.lane_state import (
    BYTES,
    CANDIDATES,
    DECODED,
    LANE_BYTES,
    PACKETS,
    TOO_LONG,
    join,
    lane_of,
    remember,
)
from detectors.mynumber.quoted import decode_quoted, holds_quoted
from detectors.mynumber.searching import next_candidate
from detectors.mynumber.text import SEAM_BYTES, WHOLE, keyword_in_new, most_candidates, take_text
from detectors.mynumber.wraps import BASE64, QUOTED

SYN_SEEN = 128
"""Bit of the events of a flow: its SYN was seen."""

# numba compiles a part anew for each Python number it is called with, but not for numpy's
_ZERO, _LOOSE, _BASE64, _QUOTED = np.int64(0), np.int64(0), np.int64(BASE64), np.int64(QUOTED)
_OPENED, _OK, _TCP, _SYN = int(FlowEvent.OPENED), int(Status.OK), 6, 2
_REACH, _SEAM = REACH_BYTES + MOST_BYTES, SEAM_BYTES
_CODED_EDGE, _CODED_SEAM = 72, 160  # the longest candidate in base64, with a line break; two lines
_ROOM = most_candidates(WHOLE + LANE_BYTES)
OUT_ROWS = 4 * _ROOM


class Payloads(NamedTuple):
    """The columns of Packets that are read here."""

    packet_number: np.ndarray
    status: np.ndarray
    proto: np.ndarray
    tunnel_depth: np.ndarray
    tcp_flags: np.ndarray
    tcp_seq: np.ndarray
    payload_offset: np.ndarray
    payload_captured_bytes: np.ndarray
    buffer: np.ndarray
    flow_id: np.ndarray
    flow_slot: np.ndarray
    to_server: np.ndarray
    flow_event: np.ndarray


def payloads_of(packets: Packets) -> Payloads:
    """Return the columns that are read."""
    return Payloads(*[getattr(packets, name) for name in Payloads._fields])


@part
def take_payload(state, index, b, start, size, plain, tables, out, at, keep):
    """Write the candidates of a payload that follows the history of lane index; -1: it has none.

    plain: the payload itself may hold candidates.
    """
    end = start + size
    met = plain and next_candidate(b, start, start, end, tables.classes, _LOOSE)[0] >= 0
    if index < 0 or state.lanes[index]["size"] == 0:
        waits = _ZERO
        if met:
            at, waits = take_text(b, start, start, start, end, tables, out, at, _ZERO, keep)
        if index >= 0:
            state.lanes[index]["waits"] = waits
        return at
    lane = state.lanes[index]
    back, waits = lane["size"], np.int64(lane["waits"])
    lane["waits"] = max(waits - size, 0)
    if not met and waits == 0:
        if lane["edge"] == 0:
            return at
        little, ahead = min(back, _SEAM), min(size, _SEAM)
        join(state, index, little, b, start, ahead)
        if next_candidate(state.seam_text, _ZERO, _ZERO, little + ahead, tables.classes, _LOOSE)[0] < 0:
            return at
    ahead = size if met else min(size, _REACH)
    join(state, index, back, b, start, ahead)
    begin = np.int64(max(back - _SEAM, 0))
    if waits != 0 and keyword_in_new(state.seam_text, back, back + ahead, tables):
        begin = _ZERO
    elif not met and waits != 0 and lane["edge"] == 0:
        return at
    at, later = take_text(state.seam_text, _ZERO, begin, back, back + ahead, tables, out, at, _ZERO, keep)
    lane["waits"] = max(np.int64(lane["waits"]), later)
    return at


@part
def sift_base64(state, index, b, start, size):
    """Return (first, last, plain, phase, over): what sift says of a payload, and the phase in which it begins.

    Where the payload holds no base64 the phase is -1, and it is plain.
    """
    end = start + size
    if not holds_base64(b, start, end, state.base64.sextets):
        return np.int64(-1), np.int64(-1), True, np.int64(-1), np.int64(0)
    state.counts[DECODED] += 1
    phase = np.int64(0)
    if index >= 0:
        lane = state.lanes[index]
        phase = np.int64(phase_at(state.history[index], lane["begin"], lane["begin"] + lane["size"],
                                  lane["size"] < LANE_BYTES, state.base64.sextets, np.int64(lane["over"])))
    first, last, plain, over = sift(b, start, end, phase, state.base64)
    return first, last, plain, phase, np.int64(over)


@part
def met_in_base64(state, index, back, b, start, size, first, edge, phase, classes):
    """Return whether what a payload says in base64 holds a candidate, or goes on with one that began before it."""
    if first < 0 and (edge == 0 or back == 0):
        return False
    if back == 0:
        length = decode(b, start, start, start + size, state.base64, state.decoded)[0]
    else:
        little, ahead = min(back, _CODED_SEAM), size if first >= 0 else min(size, _CODED_SEAM)
        join(state, index, little, b, start, ahead)
        begin = known_phase(state.seam_text, _ZERO, little, state.base64.sextets, phase)
        length = decode(state.seam_text, begin, begin, little + ahead, state.base64, state.decoded)[0]
    return next_candidate(state.decoded_text, _ZERO, _ZERO, length, classes, _LOOSE)[0] >= 0


@part
def take_base64(state, index, b, start, size, sifted, tables, out, at, keep):
    """Write the candidates of what a payload says in base64, in one text with what the history says."""
    first, last, _, phase, over = sifted
    back, waits, edge, end = np.int64(0), np.int64(0), np.int64(0), start + size
    if index >= 0:
        lane = state.lanes[index]
        back, waits, edge = lane["size"], np.int64(lane["coded_waits"]), np.int64(lane["coded_edge"])
        lane["over"], lane["coded_waits"], lane["coded_edge"] = over, 0, last >= max(end - _CODED_EDGE, 0)
    if phase < 0 or (waits == 0 and not met_in_base64(state, index, back, b, start, size, first, edge,
                                                      phase, tables.classes)):
        return at
    if back == 0:
        length, _, _ = decode(b, start, start, end, state.base64, state.decoded)
        mark = np.int64(0)
    else:
        join(state, index, back, b, start, size)
        begin = known_phase(state.seam_text, _ZERO, back, state.base64.sextets, phase)
        length, mark, _ = decode(state.seam_text, begin, back, back + size, state.base64, state.decoded)
    at, later = take_text(state.decoded_text, _ZERO, _ZERO, mark, length, tables, out, at, _BASE64, keep)
    if index >= 0:
        state.lanes[index]["coded_waits"] = later
    return at


@part
def take_quoted(state, index, b, start, size, tables, out, at, keep):
    """Write the candidates of what a payload says in quoted-printable, in one text with what the history says."""
    end = start + size
    if not holds_quoted(b, start, end):
        return at
    state.counts[DECODED] += 1
    if index < 0 or state.lanes[index]["size"] == 0:
        length, mark = decode_quoted(b, start, start, end, state.decoded)
    else:
        back = state.lanes[index]["size"]
        join(state, index, back, b, start, size)
        length, mark = decode_quoted(state.seam_text, _ZERO, back, back + size, state.decoded)
    return take_text(state.decoded_text, _ZERO, _ZERO, mark, length, tables, out, at, _QUOTED, keep)[0]


@part
def has_inner(p, row):
    """Return whether the next row is what this one carries: that one is looked at, and not this."""
    return (row + 1 < p.flow_id.size and p.packet_number[row + 1] == p.packet_number[row]
            and p.tunnel_depth[row + 1] > p.tunnel_depth[row])


@kernel
def scan_packets(p, row, first, second, state, tables, flow_events, out, keep):
    """Fill out with the candidates of the payloads from row on and return (how many, the next row).

    p: Payloads; first, second: the buffers that p.buffer names; flow_events: uint8 by place in the flow table.
    """
    at = np.int64(0)
    while row < p.flow_id.size and at + 3 * _ROOM <= out.size:
        here, flow_id, slot = row, p.flow_id[row], p.flow_slot[row]
        row += 1
        if flow_id == 0 or p.status[here] != _OK:
            continue
        event = p.flow_event[here]
        if event & _OPENED:
            flow_events[slot] = SYN_SEEN if p.proto[here] == _TCP and p.tcp_flags[here] & _SYN else 0
        flow_events[slot] |= event
        size, start = np.int64(p.payload_captured_bytes[here]), p.payload_offset[here]
        if size == 0 or has_inner(p, here):
            continue
        if size > WHOLE:
            state.counts[TOO_LONG] += 1
            size = WHOLE
        state.counts[BYTES] += size
        state.counts[PACKETS] += 1
        index = -1
        if p.proto[here] == _TCP:
            index = lane_of(state, flow_id, slot, np.int64(p.to_server[here]), p.tcp_seq[here])[0]
        b = first if p.buffer[here] == 0 else second
        before = at
        sifted = sift_base64(state, index, b, start, size)
        at = take_payload(state, index, b, start, size, sifted[2], tables, out, at, keep)
        at = take_base64(state, index, b, start, size, sifted, tables, out, at, keep)
        if sifted[2]:
            at = take_quoted(state, index, b, start, size, tables, out, at, keep)
        if index >= 0:
            remember(state, index, b, start, size, p.tcp_seq[here])
        for k in range(before, at):
            c = out[k]
            c["flow_id"], c["document"], c["packet_number"], c["row"] = flow_id, 0, p.packet_number[here], here
            c["events"], c["upward"] = flow_events[slot], p.to_server[here]
        state.counts[CANDIDATES] += at - before
    return at, row

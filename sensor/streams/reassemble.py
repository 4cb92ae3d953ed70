"""The walk over packets and ended flows in their one order: each segment is handed on, held, or refused."""

from __future__ import annotations

import numpy as np

from columns.codes import EndReason, FlowEvent, Status
from columns.kernel import kernel, part
from sensor.streams import state as s
from sensor.streams.deliver import IN_PLACE, deliver, finish_stream, give_up_gap, give_up_to
from sensor.streams.hold import free_all, hold
from sensor.streams.overlaps import choose_policies

_TCP, _OK = 6, int(Status.OK)
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_OPENED, _ACTIVE = int(FlowEvent.OPENED), int(EndReason.ACTIVE_TIMEOUT)
_NOT_STARTED, _STARTED, _ENDED, _PASS = s.NOT_STARTED, s.STARTED, s.ENDED, s.PASS
_FIRST, _MIDSTREAM = s.FIRST, s.MIDSTREAM
_WINDOW, _MIDSTREAM_TOO, _HELD_BYTES = s.WINDOW, s.MIDSTREAM_TOO, s.HELD_BYTES
_N_SEGMENTS, _N_BYTES, _N_IN_ORDER, _N_HELD = s.N_SEGMENTS, s.N_BYTES, s.N_IN_ORDER, s.N_HELD
_N_RETRANSMITTED, _N_OVERLAPPING, _N_OUT_OF_WINDOW = s.N_RETRANSMITTED, s.N_OVERLAPPING, s.N_OUT_OF_WINDOW
_N_NOT_FOLLOWED, _N_RESET, _N_RESET_INVALID = s.N_NOT_FOLLOWED, s.N_RESET, s.N_RESET_INVALID
_N_KEEP_ALIVE, _N_CONNECTIONS = s.N_KEEP_ALIVE, s.N_CONNECTIONS


@part
def signed(difference):
    """Return the difference of two sequence numbers as the shorter way round (RFC 9293, 3.4)."""
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@part
def begin_stream(r, flow_id, counts):
    """Make an empty record for a new connection."""
    r["flow_id"], r["mode"], r["syn"], r["over"] = flow_id, 0, 0, 0
    for side in range(s.SIDES):
        r["taken"][side], r["acked"][side], r["fin"][side] = 0, 0, -1
        r["gap"][side], r["held"][side], r["seq"][side] = 0, 0, 0
        r["ahead"][side], r["passed"][side] = 0, 0
        r["head"][side], r["tail"][side], r["segments"][side] = -1, -1, 0
        r["state"][side], r["flags"][side] = _NOT_STARTED, 0
    counts[_N_CONNECTIONS] += 1


@part
def start_side(r, side, seq, flags):
    """Begin a direction whose first byte has sequence number seq."""
    r["state"][side], r["seq"][side], r["flags"][side] = _STARTED, np.uint32(seq & 0xFFFFFFFF), _FIRST | flags


@part
def take_signs(r, side, flags, seq, ack, size, midstream):
    """Learn from flags and numbers where the directions begin.

    A SYN says it. So does what the other end acknowledges right after its own SYN, where the answer was not captured.
    """
    other = 1 - side
    if flags & _SYN:
        if r["state"][side] == _NOT_STARTED or (r["taken"][side] == 0 and r["head"][side] < 0):
            start_side(r, side, seq + 1, 0)
        r["syn"] = 1
    elif r["state"][side] == _NOT_STARTED and (size > 0 or flags & _FIN) and (midstream or r["syn"]):
        start_side(r, side, seq, _MIDSTREAM)
    if flags & _ACK and not flags & _RST and r["state"][other] == _NOT_STARTED and r["state"][side] == _STARTED and (
            midstream or r["syn"]) and not flags & _SYN:
        start_side(r, other, ack, 0 if r["syn"] else _MIDSTREAM)


@part
def note_ack(r, side, ack):
    """Note up to which place the sender of an ACK has all of the other direction.

    A far place is noted too: only when the other end sends from there, do both agree that what lies between is lost.
    """
    other = 1 - side
    if r["state"][other] != _STARTED:
        return
    place = r["taken"][other] + signed(np.int64(ack) - np.int64(r["seq"][other]))
    if r["acked"][other] < place:
        r["acked"][other] = place


@part
def take_payload(state, out, slot, side, at, data, buffer, start, place, size):
    """Hand on, hold, or refuse the payload of a segment that belongs at a place of its direction."""
    r, counts, end = state.streams[slot], state.counts, place + size
    if end <= r["taken"][side]:
        counts[_N_KEEP_ALIVE if size == 1 and end == r["taken"][side] else _N_RETRANSMITTED] += 1
        return
    if place > r["taken"][side] + state.limits[_WINDOW] and r["acked"][side] < place:
        counts[_N_OUT_OF_WINDOW] += 1
        return
    counts[_N_OVERLAPPING] += place < r["taken"][side]
    if place > r["taken"][side] and r["acked"][side] >= place and r["head"][side] < 0:
        give_up_to(r, side, place, counts)  # acknowledged, and never captured
    while place > r["taken"][side]:
        if r["mode"] == _PASS:
            free_all(state, slot, side)
            give_up_to(r, side, place, counts)
        elif hold(state, slot, side, data, start, place, size):
            counts[_N_HELD] += 1
            return
        elif r["head"][side] >= 0:
            give_up_gap(state, out, slot, side, at)
        else:
            give_up_to(r, side, place, counts)
    counts[_N_IN_ORDER] += 1
    deliver(state, out, slot, side, at, data, buffer, start, place, end)


@kernel
def reassemble(p, f, i, j, capture, fragments, state, out):
    """Take packets from i and flow rows from j on, a row before the packet it was written before.

    capture, fragments: the buffers that p.buffer names. Return the next (i, j); they are less than all where there is
    no room in out for what one more packet may release.
    """
    streams, pages, counts, limits = state.streams, state.pages, state.counts, state.limits
    window, midstream = limits[_WINDOW], limits[_MIDSTREAM_TOO] != 0
    packets, flows = p.clock_ns.size, f.flow_id.size
    last_chunk = out.chunks.size - 4 * limits[s.HELD_SEGMENTS] - 16
    last_byte = out.arena.size - 2 * limits[_HELD_BYTES] - (1 << 17)
    out.filled[:] = 0
    while True:
        is_flow = j < flows and (i >= packets or f.emitted_before[j] <= p.packet_number[i])
        if (not is_flow and i >= packets) or out.filled[s.CHUNKS] > last_chunk or out.filled[s.ARENA] > last_byte:
            return i, j
        if is_flow:
            k, j = j, j + 1
            slot = np.int64(f.flow_slot[k])
            if f.end_reason[k] != _ACTIVE and streams[slot]["flow_id"] == f.flow_id[k]:
                finish_stream(state, out, slot, s.At(f.ts_end_ns[k], np.uint64(f.emitted_before[k] - 1), np.int64(-1)))
                streams[slot]["flow_id"] = 0
            continue
        k, i = i, i + 1
        if p.proto[k] != _TCP or p.status[k] != _OK or p.flow_id[k] == 0:
            continue
        slot, flags, size = np.int64(p.flow_slot[k]), np.int64(p.tcp_flags[k]), np.int64(p.payload_captured_bytes[k])
        side, at = 1 - np.int64(p.to_server[k]), s.At(p.ts_ns[k], p.packet_number[k], np.int64(k))
        r, other = streams[slot], 1 - side
        if r["flow_id"] != p.flow_id[k]:
            begin_stream(r, p.flow_id[k], counts)
            choose_policies(state, r, side, p.src_ip_hi[k], p.src_ip_lo[k], p.dst_ip_hi[k], p.dst_ip_lo[k])
        counts[_N_SEGMENTS] += size > 0
        counts[_N_BYTES] += size
        seq, ack = np.int64(p.tcp_seq[k]), np.int64(p.tcp_ack[k])
        take_signs(r, side, flags, seq, ack, size, midstream)
        if r["state"][side] == _NOT_STARTED and (not flags & _RST or r["syn"] == 0):
            counts[_N_NOT_FOLLOWED] += size > 0
            continue
        if flags & _ACK:
            note_ack(r, side, ack)
            if r["head"][other] >= 0 and r["acked"][other] >= pages[r["head"][other]]["start"]:
                give_up_gap(state, out, slot, other, at)  # the receiver has what was never captured: do not wait for it
        place = r["taken"][side] + signed(seq + (1 if flags & _SYN else 0) - np.int64(r["seq"][side]))
        if flags & _RST:
            if r["state"][side] == _STARTED and not -1 <= place - r["taken"][side] <= window:
                counts[_N_RESET_INVALID] += 1
            else:
                counts[_N_RESET] += 1
                finish_stream(state, out, slot, at)
            continue
        if flags & _FIN and r["fin"][side] < 0 and place + size >= r["taken"][side]:
            r["fin"][side] = place + np.int64(p.payload_bytes[k])
        if size > 0 and r["state"][side] == _STARTED:
            buffer = np.int64(p.buffer[k])
            take_payload(state, out, slot, side, at, capture if buffer == IN_PLACE else fragments, buffer,
                         p.payload_offset[k], place, size)
        if r["fin"][side] >= 0 and r["taken"][side] >= r["fin"][side]:
            r["state"][side] = _ENDED
            if r["state"][other] == _ENDED and r["over"] == 0:
                finish_stream(state, out, slot, at)

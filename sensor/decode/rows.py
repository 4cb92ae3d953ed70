"""The one pass over the frames of a block: every IP layer of every frame becomes a row."""

from __future__ import annotations

import numpy as np

from columns.codes import Status, Tunnel
from columns.kernel import kernel, part
from columns.prefetch import prefetch_run
from sensor.decode.checksum import BAD, UNVERIFIED, header_bad, transport_checksum
from sensor.decode.fragment_table import MAX_DATAGRAM_BYTES, drop_all
from sensor.decode.fragments import place_fragment
from sensor.decode.link import NO_IP, link_layer
from sensor.decode.network import NO_PROTO, extension_headers, network_layer
from sensor.decode.transport import OTHER_PROTO, quoted_transport, transport_layer
from sensor.decode.tunnel import inner_packet, may_carry

_TCP = 6
OK, HELD, QUOTED = int(Status.OK), int(Status.FRAGMENT_HELD), int(Status.QUOTED)
CHECKSUM_BAD, LAYERS_TOO_DEEP = int(Status.CHECKSUM_BAD), int(Status.LAYERS_TOO_DEEP)
IPV6_EXTENSION = int(Status.IPV6_EXTENSION)
NO_TUNNEL, ICMP_QUOTE = int(Tunnel.NONE), int(Tunnel.ICMP_QUOTE)

MAX_IP_LAYERS = 8
"""IP layers of one frame that become rows; the layer after the last becomes a row LAYERS_TOO_DEEP."""
ROWS_PER_FRAME = MAX_IP_LAYERS + 1
ARENA_RESERVE = MAX_IP_LAYERS * MAX_DATAGRAM_BYTES

PLACES = ("tcp_seq", "tcp_ack", "tcp_window", "network_offset", "transport_offset", "payload_offset",
          "payload_captured_bytes", "buffer")
"""Columns that only those read who look at bytes."""

# fields of the state array
CLOCK_NS, CLOCK_RESET_NS, CLOCK_RESETS, CHECKSUM_MODE, CHECKSUMS_SEEN, CHECKSUMS_BAD, ARENA_USED, TCP_ONLY = range(8)
STATE_FIELDS = 8

# CHECKSUM_MODE
IGNORE, VALIDATE, UNDECIDED = range(3)
AUTO_SAMPLE = 1000
"""Frames with verifiable checksums after which ``auto`` decides; a tenth of them bad means offloading."""


@part
def _restart_clock(ts_ns, state, table, counts):
    """Time fell far behind the event clock (another capture): start it again, without the old fragments."""
    drop_all(table, counts)
    state[CLOCK_NS] = ts_ns
    state[CLOCK_RESETS] += 1


@part
def _judge_checksum(state, bad):
    """Count a verified frame, and decide once there are enough of them."""
    state[CHECKSUMS_SEEN] += 1
    state[CHECKSUMS_BAD] += bad
    if state[CHECKSUMS_SEEN] == AUTO_SAMPLE:
        state[CHECKSUM_MODE] = IGNORE if state[CHECKSUMS_BAD] * 10 >= AUTO_SAMPLE else VALIDATE


@kernel
def decode_frames(block, start, rows, filled, places, arena, arena_bytes, table, counts, state):
    """Decode frames from ``start`` on into rows from ``filled`` on until the frames or the room (rows, arena) end.

    places: whether the columns of PLACES are filled in. arena is the read-only view of arena_bytes. counts:
    int64[2, 256], what became of frames and of inner packets.
    Returns (next frame, rows filled). A frame's rows and arena bytes are never divided between two calls.
    """
    buffer = block.buffer
    frame, row, room = start, filled, rows.status.size - ROWS_PER_FRAME
    data, in_arena, tunnel, depth, ts_ns = buffer, 0, NO_TUNNEL, 0, np.int64(0)
    at, captured_end, end, link_start, fetched = 0, 0, 0, 0, 0
    ether_type, vlan, vlan_inner, src_mac, dst_mac = 0, 0, 0, np.uint64(0), np.uint64(0)
    # One loop, not one of layers within one of frames: there LLVM would compute all column addresses anew per frame.
    while True:
        if tunnel == NO_TUNNEL:
            if frame >= block.offset.size or row > room or arena.size - state[ARENA_USED] < ARENA_RESERVE:
                break
            ts_ns = block.ts_ns[frame]
            if ts_ns > state[CLOCK_NS]:
                state[CLOCK_NS] = ts_ns
            elif ts_ns < state[CLOCK_NS] - state[CLOCK_RESET_NS]:
                _restart_clock(ts_ns, state, table, counts)
            data, in_arena, depth, at = buffer, 0, 0, np.int64(block.offset[frame])
            captured_end = at + np.int64(block.captured_bytes[frame])
            end = max(captured_end, at + np.int64(block.wire_bytes[frame]))
            link_start = np.int64(block.link_type[frame])
            fetched = prefetch_run(buffer, at, max(at, fetched))
        captured_bytes, wire_bytes, frames = captured_end - at, end - at, np.int64(depth == 0)
        quoted = tunnel == ICMP_QUOTE
        checksum = UNVERIFIED
        link = link_layer(data, at, captured_end, link_start)
        status, version = link.status, link.version
        if depth == 0 or link.ethernet:  # a row has the MACs and VLANs of the nearest link header around it
            src_mac, dst_mac, ether_type = link.src_mac, link.dst_mac, link.ether_type
            vlan, vlan_inner = link.vlan, link.vlan_inner
        if depth == MAX_IP_LAYERS:
            status = LAYERS_TOO_DEEP
        net = network_layer(data, link.at, captured_end, end, version if status == OK else NO_IP, quoted)
        status = status if status != OK else net.status
        proto, payload, captured_end, end = net.proto, net.payload, net.captured_end, net.end
        fragment, verifiable = net.fragment, net.verifiable
        mode = IGNORE if quoted else state[CHECKSUM_MODE]
        if mode != IGNORE and net.version == 4 and status == OK and header_bad(data, link.at, payload):
            checksum = BAD
            status = CHECKSUM_BAD if mode == VALIDATE and not state[TCP_ONLY] else OK
        if fragment and status == OK and not quoted:
            context = vlan | vlan_inner << 12 | tunnel << 24 | depth << 32
            placed = place_fragment(table, data, net, context, state[CLOCK_NS],
                                    (np.int64(depth > 0), wire_bytes, captured_bytes), counts,
                                    arena_bytes, state[ARENA_USED])
            status = placed.status
            if status == OK:
                data, in_arena, fragment = arena, 1, 2
                payload, end = placed.at, placed.at + placed.size
                captured_end = placed.at + placed.known_bytes
                state[ARENA_USED] += placed.size
                wire_bytes, captured_bytes = placed.wire_bytes, placed.captured_bytes
                frames = placed.frames if depth == 0 else 0
                if net.version == 6:
                    ext = extension_headers(data, payload, captured_end, end, placed.proto)
                    status = IPV6_EXTENSION if ext.fragment else ext.status
                    proto, payload, verifiable = ext.proto, ext.payload, verifiable & ext.verifiable
        if quoted:
            if status != OK or net.version == 0:
                frame, tunnel = frame + 1, NO_TUNNEL
                continue
            transport = quoted_transport(data, NO_PROTO if net.fragment_at else proto, payload, captured_end)
            status = QUOTED
        else:
            reads = proto if status == OK else OTHER_PROTO if status == HELD else NO_PROTO
            transport = transport_layer(data, reads, payload, captured_end, end, net.unsized)
            status = status if status != OK else transport.status
        if mode != IGNORE and status == OK and checksum == UNVERIFIED and verifiable and net.version:
            if captured_end >= transport.end:
                checksum = transport_checksum(data, net, proto, payload, transport.end)
            if checksum == BAD and mode == VALIDATE and (proto == _TCP or not state[TCP_ONLY]):
                status = CHECKSUM_BAD
        if mode == UNDECIDED and checksum != UNVERIFIED and depth == 0:
            _judge_checksum(state, checksum == BAD)
        tunnel_of_row = tunnel
        inner_link, inner_at = 0, 0
        tunnel = NO_TUNNEL
        if status == OK and may_carry(proto, transport.src_port, transport.dst_port):
            inner = inner_packet(data, net.version, proto, transport)
            status, tunnel, inner_link, inner_at = inner.status, inner.tunnel, inner.link_start, inner.at
        counts[np.int64(depth > 0), status] += 1 if depth > 0 else 0 if status == HELD else frames

        k = np.uint64(row)
        rows.packet_number[k] = block.first_packet + frame
        rows.ts_ns[k] = ts_ns
        rows.clock_ns[k] = 0
        rows.interface[k] = block.interface[frame]
        rows.link_type[k] = block.link_type[frame]
        rows.captured_bytes[k] = captured_bytes
        rows.wire_bytes[k] = wire_bytes
        rows.frames[k] = min(frames, 0xFFFF)
        rows.status[k] = status
        rows.checksum[k] = checksum
        rows.tunnel[k] = tunnel_of_row
        rows.tunnel_depth[k] = depth
        rows.src_mac[k] = src_mac
        rows.dst_mac[k] = dst_mac
        rows.ether_type[k] = ether_type
        rows.vlan[k] = vlan
        rows.vlan_inner[k] = vlan_inner
        rows.ip_version[k] = net.version
        rows.proto[k] = max(proto, 0)
        rows.ip_ttl[k] = net.ttl
        rows.ip_tos[k] = net.tos
        rows.ip_id[k] = net.ip_id
        rows.fragment[k] = fragment
        rows.src_ip_hi[k] = net.src_hi
        rows.src_ip_lo[k] = net.src_lo
        rows.dst_ip_hi[k] = net.dst_hi
        rows.dst_ip_lo[k] = net.dst_lo
        rows.src_port[k] = transport.src_port
        rows.dst_port[k] = transport.dst_port
        rows.icmp_type[k] = transport.icmp_type
        rows.icmp_code[k] = transport.icmp_code
        rows.tcp_flags[k] = transport.flags
        rows.payload_bytes[k] = transport.end - transport.payload
        if places:
            rows.tcp_seq[k] = transport.seq
            rows.tcp_ack[k] = transport.ack
            rows.tcp_window[k] = transport.window
            rows.network_offset[k] = link.at if net.version and not in_arena else -1
            rows.transport_offset[k] = payload
            rows.payload_offset[k] = transport.payload
            rows.payload_captured_bytes[k] = transport.captured_end - transport.payload
            rows.buffer[k] = in_arena
        rows.flow_id[k] = 0
        rows.flow_slot[k] = -1
        rows.to_server[k] = 0
        rows.flow_event[k] = 0
        row += 1
        if tunnel == NO_TUNNEL:
            frame += 1
        else:
            depth += 1
            at, captured_end, end, link_start = inner_at, transport.captured_end, transport.end, inner_link
    return frame, row

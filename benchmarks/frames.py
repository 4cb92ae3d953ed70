"""Seeded packets, described in columns, written as the bytes of a pcap file with valid checksums."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

kernel = numba.njit(nogil=True, boundscheck=True)  # not cached on disk: it runs once, and can then never be stale
PCAP_MAGIC_US = 0xA1B2C3D4
RECORD_HEADER_BYTES = 16
FILE_HEADER_BYTES = 24
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class FlowColumns(NamedTuple):
    """One row per conversation; ``src`` is the initiator. IPv4 addresses stand in the first 4 of 16 bytes."""

    version: np.ndarray  # uint8: 4 or 6
    proto: np.ndarray  # uint8
    src_ip: np.ndarray  # uint8[n, 16]
    dst_ip: np.ndarray  # uint8[n, 16]
    src_mac: np.ndarray  # uint8[n, 6]
    dst_mac: np.ndarray  # uint8[n, 6]
    src_port: np.ndarray  # int64
    dst_port: np.ndarray  # int64
    vlan: np.ndarray  # int64: 0 = untagged


class FrameColumns(NamedTuple):
    """One row per frame of a flow, in any order."""

    ts_us: np.ndarray  # int64
    flow: np.ndarray  # int64: row in FlowColumns
    backward: np.ndarray  # uint8: 1 = sent by the responder
    tcp_flags: np.ndarray  # uint8
    seq: np.ndarray  # int64
    ack: np.ndarray  # int64
    option_bytes: np.ndarray  # int64: TCP options, a multiple of 4
    payload_bytes: np.ndarray  # int64
    payload_at: np.ndarray  # int64: where the payload starts in the pool
    frame_bytes: np.ndarray  # int64: whole frame, padding included


def frame_bytes(flows: FlowColumns, flow: np.ndarray, options: np.ndarray, payload: np.ndarray) -> np.ndarray:
    """Return the length of each frame, int64[rows], padded to the 60 bytes that Ethernet asks for."""
    transport = np.where(flows.proto[flow] == TCP, 20 + options, 8)
    network = np.where(flows.version[flow] == 4, 20, 40)
    return np.maximum(14 + 4 * (flows.vlan[flow] > 0) + network + transport + payload, 60)


def file_header(link_type: int = 1) -> np.ndarray:
    """Return the 24 bytes at the start of a little-endian microsecond pcap file."""
    fields = np.array([PCAP_MAGIC_US, 0x00040002, 0, 0, 262144, link_type], "<u4")
    return fields.view(np.uint8)


@kernel
def write_frames(out, at, frames, flows, pool):
    """Write frame i as a pcap record at out[at[i]:]; out has to be zeroed before."""
    for i in range(frames.flow.size):
        put_record(out, at[i], frames.ts_us[i], frames.frame_bytes[i])
        write_frame(out, at[i] + 16, i, frames, flows, pool)


@kernel
def put_record(out, o, ts_us, length):
    """Write a little-endian pcap record header."""
    values = (ts_us // 1_000_000, ts_us % 1_000_000, length, length)
    for k in range(4):
        v = values[k]
        for b in range(4):
            out[o + 4 * k + b] = (v >> (8 * b)) & 255


@kernel
def write_frame(out, o, i, frames, flows, pool):
    """Write link, network and transport headers and the payload of one frame."""
    f = frames.flow[i]
    back = frames.backward[i] == 1
    version = flows.version[f]
    proto = flows.proto[f]
    put_bytes(out, o, flows.src_mac[f] if back else flows.dst_mac[f], 6)
    put_bytes(out, o + 6, flows.dst_mac[f] if back else flows.src_mac[f], 6)
    o += 12
    if flows.vlan[f] > 0:
        put16(out, o, 0x8100)
        put16(out, o + 2, flows.vlan[f])
        o += 4
    put16(out, o, 0x0800 if version == 4 else 0x86DD)
    ip = o + 2
    transport_bytes = (20 + frames.option_bytes[i] if proto == 6 else 8) + frames.payload_bytes[i]
    src = flows.dst_ip[f] if back else flows.src_ip[f]
    dst = flows.src_ip[f] if back else flows.dst_ip[f]
    if version == 4:
        put_ipv4(out, ip, proto, transport_bytes, src, dst, i)
        address, address_bytes, transport = ip + 12, 8, ip + 20
    else:
        put_ipv6(out, ip, proto, transport_bytes, src, dst)
        address, address_bytes, transport = ip + 8, 32, ip + 40
    payload = transport + transport_bytes - frames.payload_bytes[i]
    start = frames.payload_at[i]
    for k in range(frames.payload_bytes[i]):
        out[payload + k] = pool[start + k]
    pseudo = sum16(out, address, address_bytes) + proto + transport_bytes
    put_transport(out, transport, transport_bytes, i, frames, flows, pseudo)


@kernel
def put_ipv4(out, ip, proto, transport_bytes, src, dst, number):
    """Write an IPv4 header without options."""
    out[ip] = 0x45
    put16(out, ip + 2, 20 + transport_bytes)
    put16(out, ip + 4, number & 0xFFFF)
    put16(out, ip + 6, 0x4000)
    out[ip + 8] = 64
    out[ip + 9] = proto
    put_bytes(out, ip + 12, src, 4)
    put_bytes(out, ip + 16, dst, 4)
    put16(out, ip + 10, folded(sum16(out, ip, 20)))


@kernel
def put_ipv6(out, ip, proto, transport_bytes, src, dst):
    """Write an IPv6 header without extension headers."""
    out[ip] = 0x60
    put16(out, ip + 4, transport_bytes)
    out[ip + 6] = proto
    out[ip + 7] = 64
    put_bytes(out, ip + 8, src, 16)
    put_bytes(out, ip + 24, dst, 16)


@kernel
def put_transport(out, t, size, i, frames, flows, pseudo):
    """Write the TCP, UDP or ICMP header before the payload that is there already, and its checksum."""
    f = frames.flow[i]
    back = frames.backward[i] == 1
    proto = flows.proto[f]
    if proto == 1 or proto == 58:
        request = 8 if proto == 1 else 128
        reply = 0 if proto == 1 else 129
        out[t] = reply if back else request
        put16(out, t + 4, flows.src_port[f])
        put16(out, t + 6, frames.seq[i] & 0xFFFF)
        put16(out, t + 2, folded(sum16(out, t, size) + (0 if proto == 1 else pseudo)))
        return
    put16(out, t, flows.dst_port[f] if back else flows.src_port[f])
    put16(out, t + 2, flows.src_port[f] if back else flows.dst_port[f])
    if proto == 17:
        put16(out, t + 4, size)
        value = folded(sum16(out, t, size) + pseudo)
        put16(out, t + 6, value if value else 0xFFFF)
        return
    put16(out, t + 4, frames.seq[i] >> 16)
    put16(out, t + 6, frames.seq[i])
    put16(out, t + 8, frames.ack[i] >> 16)
    put16(out, t + 10, frames.ack[i])
    out[t + 12] = (20 + frames.option_bytes[i]) << 2
    out[t + 13] = frames.tcp_flags[i]
    put16(out, t + 14, 64240)
    put_options(out, t + 20, frames.option_bytes[i], frames.ts_us[i])
    put16(out, t + 16, folded(sum16(out, t, size) + pseudo))


@kernel
def put_options(out, o, size, ts_us):
    """Write TCP options: 20 bytes as in a SYN (MSS, SACK permitted, timestamps, window scale), 12 as later on."""
    if size == 20:
        out[o], out[o + 1] = 2, 4
        put16(out, o + 2, 1460)
        out[o + 4], out[o + 5] = 4, 2
        out[o + 6], out[o + 7] = 8, 10
        put16(out, o + 8, ts_us >> 26)
        put16(out, o + 10, ts_us >> 10)
        out[o + 16], out[o + 17], out[o + 18], out[o + 19] = 1, 3, 3, 7
    elif size == 12:
        out[o], out[o + 1], out[o + 2], out[o + 3] = 1, 1, 8, 10
        put16(out, o + 4, ts_us >> 26)
        put16(out, o + 6, ts_us >> 10)


@kernel
def put16(out, o, value):
    """Write the low 16 bits of value, big-endian."""
    out[o] = (value >> 8) & 255
    out[o + 1] = value & 255


@kernel
def put_bytes(out, o, values, count):
    """Copy the first count values."""
    for k in range(count):
        out[o + k] = values[k]


@kernel
def sum16(out, start, count):
    """Sum big-endian 16-bit words; an odd last byte counts as a high byte (RFC 1071)."""
    total = 0
    for k in range(start, start + count - 1, 2):
        total += (np.int64(out[k]) << 8) + np.int64(out[k + 1])
    if count & 1:
        total += np.int64(out[start + count - 1]) << 8
    return total


@kernel
def folded(total):
    """Return the ones' complement of a sum folded to 16 bits (RFC 1071)."""
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total

"""Frames from templates: addresses, numbers, lengths and checksums are patched in; nothing is built anew per packet."""

from __future__ import annotations

import struct
from typing import NamedTuple

from pcaps import templates

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TCP_PROTO, UDP_PROTO, ICMP_PROTO, ICMP6_PROTO, SIXIN4_PROTO = 6, 17, 1, 58, 41
MIN_FRAME = 60


class Way(NamedTuple):
    """One direction between two hosts as the tap sees it: MAC and IP addresses packed, VLAN id (0: no tag), TTL."""

    src_mac: bytes
    dst_mac: bytes
    vlan: int
    src: bytes
    dst: bytes
    ttl: int


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071): the ones' complement of the sum of all 16-bit words."""
    if len(data) & 1:
        data += b"\0"
    return (0xFFFF - int.from_bytes(data, "big") % 0xFFFF) % 0xFFFF


def pseudo_header(way: Way, proto: int, size: int) -> bytes:
    """Return the pseudo header that transport checksums cover; its sum is the same for IPv4 and IPv6."""
    return way.src + way.dst + struct.pack("!HH", proto, size)


def link(way: Way, ether_type: int, payload: bytes) -> bytes:
    """Return an Ethernet frame, padded to the shortest one allowed."""
    head = bytearray(templates.link(way.vlan > 0, ether_type))
    head[0:6], head[6:12] = way.dst_mac, way.src_mac
    if way.vlan:
        struct.pack_into("!H", head, 14, way.vlan)
    return (bytes(head) + payload).ljust(MIN_FRAME, b"\0")


def ip(way: Way, proto: int, payload: bytes, *, ip_id: int = 0, more: bool = False, offset: int = 0) -> bytes:
    """Return an IP packet; ``more`` and ``offset`` (bytes) make it a fragment, in IPv6 by an extension header."""
    if len(way.src) == 4:
        head = bytearray(templates.network(4))
        struct.pack_into("!HHHBB", head, 2, 20 + len(payload), ip_id & 0xFFFF,
                         offset // 8 | more << 13 if more or offset else 0x4000, way.ttl, proto)
        head[12:16], head[16:20] = way.src, way.dst
        struct.pack_into("!H", head, 10, checksum(bytes(head)))
        return bytes(head) + payload
    if more or offset:
        extension = bytearray(templates.fragment6(proto))
        struct.pack_into("!HI", extension, 2, offset | more, ip_id)
        proto, payload = 44, bytes(extension) + payload
    head = bytearray(templates.network(6))
    struct.pack_into("!HBB", head, 4, len(payload), proto, way.ttl)
    head[8:24], head[24:40] = way.src, way.dst
    return bytes(head) + payload


def frame(way: Way, proto: int, payload: bytes, **fragment: int) -> bytes:
    """Return the whole frame of one IP packet."""
    return link(way, 0x0800 if len(way.src) == 4 else 0x86DD, ip(way, proto, payload, **fragment))


def tcp(way: Way, sport: int, dport: int, seq: int, ack: int, flags: int, payload: bytes = b"", *,
        window: int = 1026) -> bytes:
    """Return a TCP segment with its checksum; a SYN carries options."""
    syn = bool(flags & SYN)
    segment = bytearray(templates.tcp(syn, 1460 if len(way.src) == 4 else 1440))
    struct.pack_into("!HHII", segment, 0, sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF)
    segment[13] = flags
    struct.pack_into("!H", segment, 14, 64240 if syn else window)
    segment += payload
    struct.pack_into("!H", segment, 16, checksum(pseudo_header(way, TCP_PROTO, len(segment)) + segment))
    return bytes(segment)


def udp(way: Way, sport: int, dport: int, payload: bytes) -> bytes:
    """Return a UDP datagram with its checksum."""
    datagram = bytearray(templates.udp())
    struct.pack_into("!HHH", datagram, 0, sport, dport, 8 + len(payload))
    datagram += payload
    struct.pack_into("!H", datagram, 6, checksum(pseudo_header(way, UDP_PROTO, len(datagram)) + datagram) or 0xFFFF)
    return bytes(datagram)


def icmp(way: Way, message: bytes) -> bytes:
    """Return an ICMP or ICMPv6 message (its checksum field zero) with its checksum."""
    covered = message if len(way.src) == 4 else pseudo_header(way, ICMP6_PROTO, len(message)) + message
    return message[:2] + checksum(covered).to_bytes(2, "big") + message[4:]


def echo(way: Way, *, reply: bool, ident: int, seq: int, payload: bytes) -> bytes:
    """Return an ICMP or ICMPv6 echo message."""
    head = templates.echo(4 if len(way.src) == 4 else 6, reply)
    return icmp(way, head[:4] + struct.pack("!HH", ident, seq & 0xFFFF) + payload)


def icmp_proto(way: Way) -> int:
    """Return the protocol number of ICMP for the IP version of a way."""
    return ICMP_PROTO if len(way.src) == 4 else ICMP6_PROTO


def fragments(way: Way, proto: int, payload: bytes, *, ip_id: int, size: int) -> list[bytes]:
    """Return the frames of one IP packet cut into pieces of at most ``size`` bytes (a multiple of 8)."""
    return [
        frame(way, proto, payload[at : at + size], ip_id=ip_id, more=at + size < len(payload), offset=at)
        for at in range(0, len(payload), size)
    ]

"""Frames by hand, from the inside out: ``ethernet(ipv4(tcp(b"hello", dport=80), src="10.0.0.1"))``.

Transport builders return a Segment, which knows its protocol number; the IP builders fill in lengths, and checksums
where they can (``checksum=`` overrides any of them). Nothing here checks what it is given: broken frames are wanted.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from itertools import pairwise

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ICMP, TCP, UDP, IPV6, GRE, ICMPV6, SCTP = 1, 6, 17, 41, 47, 58, 132
KEEP = -1
_CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}


@dataclass(frozen=True)
class Segment:
    """What an IP packet carries: its bytes, its protocol number, and its checksum (None: the right one; KEEP)."""

    data: bytes
    proto: int
    checksum: int | None = None

    def sealed(self, src: bytes, dst: bytes) -> bytes:
        """Return the bytes with the checksum for these addresses (packed) filled in."""
        at = _CHECKSUM_AT.get(self.proto)
        if at is None or self.checksum == KEEP or len(self.data) < at + 2:
            return self.data
        value = self.checksum
        if value is None:
            pseudo = b"" if self.proto == ICMP else src + dst + struct.pack(">II", len(self.data), self.proto)
            value = internet_checksum(pseudo + self.data)
            if self.proto == UDP and value == 0:
                value = 0xFFFF
        return self.data[:at] + struct.pack(">H", value) + self.data[at + 2 :]


def internet_checksum(data: bytes) -> int:
    """Return the checksum of RFC 1071 over data whose checksum field is 0."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total ^ 0xFFFF


def tcp(payload: bytes = b"", *, sport: int = 40000, dport: int = 80, seq: int = 0, ack: int = 0, flags: int = ACK,
        window: int = 64240, options: bytes = b"", data_offset: int | None = None,
        checksum: int | None = None) -> Segment:
    offset = 5 + (len(options) + 3) // 4 if data_offset is None else data_offset
    options += b"\0" * (-len(options) % 4)
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, offset << 4, flags, window, 0, 0)
    return Segment(head + options + payload, TCP, checksum)


def udp(payload: bytes = b"", *, sport: int = 40000, dport: int = 53, length: int | None = None,
        checksum: int | None = None) -> Segment:
    size = 8 + len(payload) if length is None else length
    return Segment(struct.pack(">HHHH", sport, dport, size & 0xFFFF, 0) + payload, UDP, checksum)


def icmp(payload: bytes = b"", *, kind: int = 8, code: int = 0, rest: int = 0, checksum: int | None = None) -> Segment:
    return Segment(struct.pack(">BBHI", kind, code, 0, rest) + payload, ICMP, checksum)


def icmpv6(payload: bytes = b"", *, kind: int = 128, code: int = 0, rest: int = 0,
           checksum: int | None = None) -> Segment:
    return Segment(struct.pack(">BBHI", kind, code, 0, rest) + payload, ICMPV6, checksum)


def sctp(payload: bytes = b"", *, sport: int = 40000, dport: int = 2905) -> Segment:
    return Segment(struct.pack(">HHII", sport, dport, 1, 0) + payload, SCTP)


def gre(payload: bytes, *, ether_type: int = 0x0800, checksum: bool = False, key: int | None = None,
        sequence: int | None = None) -> Segment:
    flags = (0x8000 if checksum else 0) | (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    head = struct.pack(">HH", flags, ether_type)
    head += b"\0\0\0\0" if checksum else b""
    head += b"".join(struct.pack(">I", v) for v in (key, sequence) if v is not None)
    return Segment(head + payload, GRE)


def raw(payload: bytes, proto: int) -> Segment:
    """Return bytes as a segment of any protocol, as they are (IPIP is 4, 6in4 is 41)."""
    return Segment(payload, proto, KEEP)


def ipv4(segment: Segment, *, src: str = "192.0.2.1", dst: str = "198.51.100.1", ttl: int = 64, tos: int = 0,
         ip_id: int = 1, flags: int = 0, offset: int = 0, options: bytes = b"", version: int = 4,
         header_length: int | None = None, total_length: int | None = None, checksum: int | None = None) -> bytes:
    """Return an IPv4 packet; flags: 1 more fragments, 2 do not fragment; offset in units of 8 bytes."""
    a, b = ipaddress.IPv4Address(src).packed, ipaddress.IPv4Address(dst).packed
    data = segment.sealed(a, b)
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4 if header_length is None else header_length
    total = 20 + len(options) + len(data) if total_length is None else total_length
    head = struct.pack(">BBHHHBBH", version << 4 | words, tos, total & 0xFFFF, ip_id, flags << 13 | offset, ttl,
                       segment.proto, 0) + a + b + options
    value = internet_checksum(head) if checksum is None else checksum
    return head[:10] + struct.pack(">H", value) + head[12:] + data


def ipv6(segment: Segment, *, src: str = "2001:db8::1", dst: str = "2001:db8::2", hop_limit: int = 64,
         traffic_class: int = 0, extensions: bytes = b"", next_header: int | None = None,
         payload_length: int | None = None) -> bytes:
    """Return an IPv6 packet; extensions are bytes of extension headers, and next_header the number of the first."""
    a, b = ipaddress.IPv6Address(src).packed, ipaddress.IPv6Address(dst).packed
    data = extensions + segment.sealed(a, b)
    length = len(data) if payload_length is None else payload_length
    first = segment.proto if next_header is None else next_header
    return struct.pack(">IHBB", 6 << 28 | traffic_class << 20, length & 0xFFFF, first, hop_limit) + a + b + data


def extension(following: int, body: bytes = b"\0" * 6) -> bytes:
    """Return an IPv6 extension header of the usual layout; its body is padded to fill units of 8 bytes."""
    body += b"\0" * (-(2 + len(body)) % 8)
    return struct.pack(">BB", following, (2 + len(body)) // 8 - 1) + body


def fragment_header(following: int, *, offset: int = 0, more: bool = False, ip_id: int = 1) -> bytes:
    """Return an IPv6 fragment header; offset in units of 8 bytes."""
    return struct.pack(">BBHI", following, 0, offset << 3 | more, ip_id)


def fragments_v4(segment: Segment, cuts: list[int], *, src: str = "192.0.2.1", dst: str = "198.51.100.1",
                 ip_id: int = 1) -> list[bytes]:
    """Cut a segment at these byte offsets (multiples of 8) into IPv4 fragments, in order."""
    data = segment.sealed(ipaddress.IPv4Address(src).packed, ipaddress.IPv4Address(dst).packed)
    edges = [0, *cuts, len(data)]
    return [ipv4(raw(data[a:b], segment.proto), src=src, dst=dst, ip_id=ip_id, flags=int(b < len(data)),
                 offset=a // 8) for a, b in pairwise(edges)]


def fragments_v6(segment: Segment, cuts: list[int], *, src: str = "2001:db8::1", dst: str = "2001:db8::2",
                 ip_id: int = 1) -> list[bytes]:
    """Cut a segment at these byte offsets (multiples of 8) into IPv6 fragments, in order."""
    data = segment.sealed(ipaddress.IPv6Address(src).packed, ipaddress.IPv6Address(dst).packed)
    edges = [0, *cuts, len(data)]
    return [ipv6(raw(data[a:b], segment.proto), src=src, dst=dst, next_header=44,
                 extensions=fragment_header(segment.proto, offset=a // 8, more=b < len(data), ip_id=ip_id))
            for a, b in pairwise(edges)]


def ethernet(packet: bytes, *, src: int = 0x020000000001, dst: int = 0x020000000002, ether_type: int | None = None,
             vlans: tuple[int, ...] = (), tag_type: int = 0x8100, pad: bool = False) -> bytes:
    """Return an Ethernet II frame, tagged with these VLAN ids from the outside in, padded to 60 bytes if asked."""
    if ether_type is None:
        ether_type = 0x86DD if packet[:1] and packet[0] >> 4 == 6 else 0x0800
    tags = b"".join(struct.pack(">HH", tag_type, vlan) for vlan in vlans)
    frame = dst.to_bytes(6, "big") + src.to_bytes(6, "big") + tags + struct.pack(">H", ether_type) + packet
    return frame.ljust(60, b"\0") if pad else frame


def arp(*, sender: str = "192.0.2.1", target: str = "192.0.2.2", operation: int = 1) -> bytes:
    """Return an ARP packet for Ethernet and IPv4 (EtherType 0x0806)."""
    a, b = ipaddress.IPv4Address(sender).packed, ipaddress.IPv4Address(target).packed
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + b"\2\0\0\0\0\1" + a + bytes(6) + b


def mpls(packet: bytes, *labels: int) -> bytes:
    """Return a packet below a stack of MPLS labels (EtherType 0x8847)."""
    stack = [struct.pack(">I", label << 12 | (i == len(labels) - 1) << 8 | 64) for i, label in enumerate(labels)]
    return b"".join(stack) + packet


def pppoe(packet: bytes, *, session: int = 1) -> bytes:
    """Return a packet in a PPPoE session (EtherType 0x8864)."""
    proto = 0x0057 if packet[0] >> 4 == 6 else 0x0021
    return struct.pack(">BBHHH", 0x11, 0, session, len(packet) + 2, proto) + packet


def cooked_v1(packet: bytes, *, ether_type: int = 0x0800, src: int = 0x020000000001) -> bytes:
    """Return a frame of link type 113 (Linux cooked)."""
    return struct.pack(">HHH", 0, 1, 6) + src.to_bytes(6, "big") + b"\0\0" + struct.pack(">H", ether_type) + packet


def cooked_v2(packet: bytes, *, ether_type: int = 0x0800, src: int = 0x020000000001) -> bytes:
    """Return a frame of link type 276 (Linux cooked v2)."""
    return struct.pack(">HHIHBB", ether_type, 0, 2, 1, 0, 6) + src.to_bytes(6, "big") + b"\0\0" + packet


def vxlan(frame: bytes, *, vni: int = 1, sport: int = 50000) -> Segment:
    return udp(struct.pack(">II", 0x08000000, vni << 8) + frame, sport=sport, dport=4789)


def geneve(packet: bytes, *, ether_type: int = 0x6558, options: bytes = b"", vni: int = 1) -> Segment:
    return udp(struct.pack(">BBHI", len(options) // 4, 0, ether_type, vni << 8) + options + packet, dport=6081)


def teredo(packet: bytes, *, origin: bool = False, authentication: bool = False) -> Segment:
    head = b"\0\1\0\0" + bytes(9) if authentication else b""
    head += b"\0\0" + bytes(6) if origin else b""
    return udp(head + packet, sport=3544, dport=50000)


def gtp(packet: bytes, *, teid: int = 1, sequence: int | None = None) -> Segment:
    extra = b"" if sequence is None else struct.pack(">HBB", sequence, 0, 0)
    flags = 0x30 if sequence is None else 0x32
    return udp(struct.pack(">BBHI", flags, 0xFF, len(extra) + len(packet), teid) + extra + packet,
               sport=2152, dport=2152)

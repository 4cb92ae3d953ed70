"""What rules ask of a packet's headers beyond the columns: read from its bytes, for the few that come so far."""

from __future__ import annotations

from struct import unpack_from

from columns.codes import Checksum, Status
from detectors.signatures.engine.scene import PacketView

_IP_OPTIONS = {0: "eol", 1: "nop", 7: "rr", 68: "ts", 130: "sec", 131: "lsrr", 133: "esec", 134: "cipso",
               136: "satid", 137: "ssrr", 148: "rtralt"}
STATUS_EVENTS: dict[int, tuple[str, ...]] = {
    Status.IPV4_TRUNCATED: ("ipv4.pkt_too_small", "ipv4.trunc_pkt"),
    Status.IPV4_HEADER_LENGTH: ("ipv4.hlen_too_small",),
    Status.IPV4_TOTAL_LENGTH: ("ipv4.iplen_smaller_than_hlen", "ipv4.trunc_pkt"),
    Status.IPV6_TRUNCATED: ("ipv6.pkt_too_small", "ipv6.trunc_pkt"),
    Status.IPV6_PAYLOAD_LENGTH: ("ipv6.trunc_pkt",), Status.IPV6_EXTENSION: ("ipv6.trunc_exthdr",),
    Status.TCP_TRUNCATED: ("tcp.pkt_too_small",), Status.TCP_DATA_OFFSET: ("tcp.hlen_too_small", "tcp.invalid_optlen"),
    Status.UDP_TRUNCATED: ("udp.pkt_too_small",), Status.UDP_LENGTH: ("udp.hlen_invalid", "udp.len_invalid"),
    Status.ICMP_TRUNCATED: ("icmpv4.pkt_too_small", "icmpv6.pkt_too_small"),
    Status.SCTP_TRUNCATED: ("sctp.pkt_too_small",), Status.LINK_TRUNCATED: ("ethernet.pkt_too_small",),
    Status.VLAN_TRUNCATED: ("vlan.header_too_small",),
    Status.FRAGMENT_OVERLAP: ("ipv4.frag_overlap", "ipv6.frag_overlap"), Status.FRAGMENT_BAD: (),
    Status.LAYERS_TOO_DEEP: ("ip.max_layers",), Status.LINK_TYPE_UNKNOWN: ("pkt_too_small",),
    Status.PPPOE_TRUNCATED: ("pppoe.pkt_too_small",),
}
"""Suricata's events for what becomes of a frame in decoding; for a bad fragment its bytes tell which."""


def events(packet: PacketView, layer: str) -> set[str]:
    """Return the names of Suricata's events that what became of a packet in decoding stands for."""
    if layer != "decoder":
        return set()
    found = set(STATUS_EVENTS.get(packet.status, ()))
    if packet.status == Status.FRAGMENT_BAD:
        found.add(f"ipv{packet.ip_version}.frag_{_bad_fragment(packet)}")
    if packet.ip_version == 6:
        found |= ipv6_events(packet.network)
    return found


def _bad_fragment(packet: PacketView) -> str:
    """What is wrong with a fragment: a length that no middle piece can have, or an end beyond a datagram's."""
    payload = packet.transport_offset
    head = packet.network
    if packet.ip_version == 4:
        offset, more = ((head[6] << 8 | head[7]) & 0x1FFF) * 8, head[6] & 0x20
        size = int.from_bytes(head[2:4], "big") - 4 * (head[0] & 15)
    else:
        place = head.find(bytes((packet.proto, 0)), 40, payload - packet.network_offset)
        word = int.from_bytes(head[place + 2 : place + 4], "big") if place >= 0 else 0
        offset, more = word & 0xFFF8, word & 1
        size = int.from_bytes(head[4:6], "big") + 40 - (place + 8 if place >= 0 else 48)
    return "invalid_length" if more and size % 8 and offset + size <= 65535 else "pkt_too_large"


_EXTENSIONS = {0: "hh", 43: "rh", 60: "dh", 51: "ah"}
_MOST_EXTENSIONS = 32


def ipv6_events(head: bytes) -> set[str]:
    """Return what is odd about the extension headers of IPv6."""
    if len(head) < 40 or head[0] >> 4 != 6:
        return set()
    found: set[str] = set()
    seen: set[str] = set()
    kind, at = head[6], 40
    for _ in range(_MOST_EXTENSIONS):
        if at > 40 and len(head) - at < 2:
            found.add("ipv6.trunc_exthdr")
            break
        name = "fh" if kind == 44 else _EXTENSIONS.get(kind)
        if name is None:
            break
        if at + 8 > len(head):
            found.add("ipv6.trunc_exthdr")
            break
        if name in seen:
            found.add(f"ipv6.exthdr_dupl_{name}")
        seen.add(name)
        if kind == 44:
            offset = head[at + 2] << 8 | head[at + 3]
            if not offset & 0xFFF9:
                found.add("ipv6.exthdr_useless_fh")
            if head[at + 1]:
                found.add("ipv6.fh_non_zero_reserved_field")
            if offset >> 3:  # no first fragment: nothing that could be read follows
                break
            kind, at = head[at], at + 8
        else:
            kind, at = head[at], at + 8 * (head[at + 1] + 1) if kind != 51 else at + 4 * (head[at + 1] + 2)
    return found




def _ipv4(packet: PacketView) -> bytes:
    head = packet.network
    return head if len(head) >= 20 and head[0] >> 4 == 4 else b""


def fragment_bits(packet: PacketView) -> int | None:
    """Return the three fragment bits of IPv4: reserved 4, don't fragment 2, more fragments 1."""
    head = _ipv4(packet)
    return head[6] >> 5 if head else None


def fragment_offset(packet: PacketView) -> int | None:
    """Return the fragment offset of IPv4 in units of 8 bytes."""
    head = _ipv4(packet)
    return (head[6] << 8 | head[7]) & 0x1FFF if head else None


def ip_options(packet: PacketView) -> frozenset[str]:
    """Return the names of the IPv4 options."""
    head = _ipv4(packet)
    found, at, end = set(), 20, 4 * (head[0] & 15) if head else 0
    while at < min(end, len(head)):
        kind = head[at]
        found.add(_IP_OPTIONS.get(kind, str(kind)))
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(head) or head[at + 1] < 2:
            break
        at += head[at + 1]
    return frozenset(found)


def transport(packet: PacketView) -> bytes:
    """Return the bytes from the transport header on, with the payload, as far as they were captured."""
    return packet.transport


def network_header(packet: PacketView, version: int) -> bytes | None:
    """Return the IP header of a version, None where it is another."""
    head = packet.network
    if not head or head[0] >> 4 != version:
        return None
    return head[: packet.transport_offset - packet.network_offset]


def transport_header(packet: PacketView, proto: int) -> bytes | None:
    """Return the header of TCP (with options), UDP or ICMP; None where it is another protocol."""
    if packet.proto != proto:
        return None
    data = transport(packet)
    if proto == 6:
        return data[: 4 * (data[12] >> 4)] if len(data) >= 20 else None
    return data[: _icmp_bytes(data) if proto == 1 else 8] if len(data) >= 8 else None


def _icmp_bytes(data: bytes) -> int:
    """Size of an ICMP header: timestamps, masks and advertised routers belong to it (RFC 792, 950, 1256)."""
    if data[0] == 9:
        return 8 + 4 * data[4] * data[5]
    return {13: 20, 14: 20, 17: 12, 18: 12}.get(data[0], 8)


def icmp_id(packet: PacketView) -> int | None:
    """Return the identifier of an echo or query."""
    return _icmp_word(packet, 4)


def icmp_seq(packet: PacketView) -> int | None:
    """Return the sequence number of an echo or query."""
    return _icmp_word(packet, 6)


def _icmp_word(packet: PacketView, at: int) -> int | None:
    asks = packet.icmp_type in ((0, 8, 13, 14, 15, 16, 17, 18) if packet.proto == 1 else (128, 129))
    if packet.proto not in (1, 58) or not asks:
        return None
    data = transport(packet)
    return int.from_bytes(data[at : at + 2], "big") if len(data) >= 8 else None


def icmp6_mtu(packet: PacketView) -> int | None:
    """Return the MTU of an ICMPv6 packet-too-big."""
    if packet.proto != 58 or packet.icmp_type != 2:
        return None
    data = transport(packet)
    return int.from_bytes(data[4:8], "big") if len(data) >= 8 else None


def tcp_mss(packet: PacketView) -> int | None:
    """Return the maximum segment size among the TCP options."""
    head = transport_header(packet, 6) or b""
    at = 20
    while at < len(head):
        kind = head[at]
        if kind == 0:
            return None
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(head) or head[at + 1] < 2:
            return None
        if kind == 2 and head[at + 1] == 4:
            return int.from_bytes(head[at + 2 : at + 4], "big")
        at += head[at + 1]
    return None


_TAG_TYPES = frozenset((b"\x81\x00", b"\x88\xa8", b"\x91\x00", b"\x92\x00", b"\x93\x00"))
_MOST_TAGS = 8


def vlan_tags(packet: PacketView) -> list[int]:
    """Return the VLAN identifiers from the outside in, read backwards from the IP header."""
    before = packet.before_network(4 * _MOST_TAGS + 2)
    found: list[int] = []
    at = len(before) - 4
    while at >= 2 and before[at - 2 : at] in _TAG_TYPES:
        found.insert(0, int.from_bytes(before[at : at + 2], "big") & 0xFFF)
        at -= 4
    return found or [tag for tag in (packet.vlan, packet.vlan_inner) if tag]


def checksum_valid(packet: PacketView, header: str) -> bool | None:
    """Return whether the checksum of a header is valid; None where the packet has none of that kind."""
    version, proto = int(header[-1]), {"tcp": 6, "udp": 17, "icm": 1 if header.endswith("4") else 58}.get(header[:3])
    if packet.ip_version != version or (proto is not None and packet.proto != proto):
        return None
    if packet.checksum == Checksum.UNVERIFIED:
        return None
    return packet.checksum == Checksum.GOOD


def rpc_call(data: bytes, tcp: bool, program: int, version: int | None, procedure: int | None) -> bool:
    """Return whether data begins with a Sun RPC call of a program (RFC 5531), after a record mark on TCP."""
    data = data[4:] if tcp else data
    if len(data) < 24:
        return False
    _, kind, rpc_version, prog, vers, proc = unpack_from(">6I", data)
    return (kind == 0 and rpc_version == 2 and prog == program and version in (None, vers)
            and procedure in (None, proc))

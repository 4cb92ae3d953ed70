"""What rules ask of a packet's headers beyond the columns: read from its bytes, for the few that come so far."""

from __future__ import annotations

from struct import unpack_from

from columns.codes import Checksum
from detectors.signatures.engine.scene import PacketView

_IP_OPTIONS = {0: "eol", 1: "nop", 7: "rr", 68: "ts", 130: "sec", 131: "lsrr", 133: "esec", 134: "cipso",
               136: "satid", 137: "ssrr", 148: "rtralt"}


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

"""Who stands on a segment: senders of what no router passes on, with their address, MAC address and VLAN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from columns import Packets
from columns.address import MAPPED_LO
from columns.codes import Status
from detectors.leaks.thin import Thinner, mixed

_ARP, _NOT_IP = int(Status.ARP), int(Status.NOT_IP)
_LLDP = 0x88CC
_LINK_4, _GROUPS, _EVERYBODY = np.uint32(0xE0000000), np.uint32(256), np.uint32(0xFFFFFFFF)
_LINK_6 = np.uint16(0xFF02)
PROTOCOLS = {1: "ICMP", 2: "IGMP", 17: "UDP", 58: "ICMPv6", 88: "EIGRP", 89: "OSPF", 103: "PIM", 112: "VRRP"}
PORTS = {67: "DHCP", 68: "DHCP", 137: "NetBIOS", 138: "NetBIOS", 520: "RIP", 1985: "HSRP", 5353: "mDNS", 5355: "LLMNR",
         1900: "SSDP", 3702: "WS-Discovery"}


class Sighting(NamedTuple):
    """A sender on a segment: address as a 128-bit int (0: told by VLAN alone), the VLAN id that it names (or 0)."""

    row: int
    protocol: str
    mac: int
    address: int
    names_vlan: int = 0


class Sightings:
    """Finds link-local senders in packets, each at most once a second."""

    def __init__(self) -> None:
        self.thinner = Thinner()

    def of(self, packets: Packets, buffers: Sequence[np.ndarray]) -> list[Sighting]:
        """Return who was seen; without buffers (payload is not looked into) only senders of IP."""
        rows = _link_scope(packets)
        if not rows.size:
            return []
        key = mixed(packets.src_mac[rows], packets.src_ip_hi[rows], packets.src_ip_lo[rows], packets.vlan[rows],
                    packets.proto[rows], packets.dst_port[rows], packets.ether_type[rows])
        rows = rows[self.thinner.keep(key, packets.ts_ns[rows])]
        found = []
        for row in rows.tolist():
            if packets.ip_version[row]:
                found.append(_ip(packets, row))
            elif buffers:
                seen = _arp(packets, buffers, row) if packets.status[row] == _ARP else _bridge(packets, buffers, row)
                found += [seen] if seen else []
        return found


def _link_scope(packets: Packets) -> np.ndarray:
    """Return the indices of packets that no router passes on: those without IP, and those to 224.0.0.0/24,
    255.255.255.255 or ff02::/16. What can be told by the address alone is asked of all, the rest of few.
    """
    last = packets.dst_ip_lo.view(np.uint32)[::2]  # little-endian: the last 32 bits of each address
    first = packets.dst_ip_hi.view(np.uint16)[3::4]  # and the first 16
    rows = np.flatnonzero((last - _LINK_4 < _GROUPS) | (last == _EVERYBODY) | (first == _LINK_6)
                          | (packets.status == _ARP) | (packets.status == _NOT_IP))
    if not rows.size:
        return rows
    version, status = packets.ip_version[rows], packets.status[rows]
    fits = (status == _ARP) | (status == _NOT_IP) | (version == 4) | ((version == 6) & (first[rows] == _LINK_6))
    return rows[fits & (packets.tunnel_depth[rows] == 0)]


def _ip(packets: Packets, row: int) -> Sighting:
    proto = int(packets.proto[row])
    name = PORTS.get(int(packets.dst_port[row]), "") if proto == 17 else ""
    address = int(packets.src_ip_hi[row]) << 64 | int(packets.src_ip_lo[row])
    return Sighting(row, name or PROTOCOLS.get(proto, f"IP protocol {proto}"), int(packets.src_mac[row]), address)


def raw(packets: Packets, buffers: Sequence[np.ndarray], row: int, most: int = 600) -> bytes:
    """Return what follows the link header of a frame that is not IP."""
    start = int(packets.payload_offset[row])
    return bytes(buffers[packets.buffer[row]][start : start + min(most, max(int(packets.captured_bytes[row]) - 14, 0))])


def _arp(packets: Packets, buffers: Sequence[np.ndarray], row: int) -> Sighting | None:
    """ARP for IPv4 over Ethernet (RFC 826); a probe (RFC 5227) has no sender address."""
    data = raw(packets, buffers, row, 28)
    if len(data) < 28 or data[:6] != b"\0\x01\x08\0\x06\x04" or data[14:18] == bytes(4):
        return None
    return Sighting(row, "ARP", int.from_bytes(data[8:14], "big"), MAPPED_LO | int.from_bytes(data[14:18], "big"))


def _bridge(packets: Packets, buffers: Sequence[np.ndarray], row: int) -> Sighting | None:
    """Spanning tree (IEEE 802.1D: the bridge identifier ends in the VLAN id), Cisco's PVST+ likewise, or LLDP."""
    data, mac = raw(packets, buffers, row), int(packets.src_mac[row])
    if packets.ether_type[row] == _LLDP:
        address = _lldp_address(data)
        return Sighting(row, "LLDP", mac, address) if address else None
    head = 3 if data[:3] == b"\x42\x42\x03" else 8 if data[:8] == b"\xaa\xaa\x03\0\0\x0c\x01\x0b" else 0
    if not head or len(data) < head + 27 or data[head : head + 2] != b"\0\0":
        return None
    vlan = int.from_bytes(data[head + 17 : head + 19], "big") & 0xFFF
    return Sighting(row, "STP", mac, 0, vlan) if vlan else None


def _lldp_address(data: bytes) -> int:
    """Return the first IPv4 management address of an LLDP frame (IEEE 802.1AB, type 8), or 0."""
    at = 0
    while at + 2 <= len(data):
        kind, size = data[at] >> 1, (data[at] & 1) << 8 | data[at + 1]
        value = data[at + 2 : at + 2 + size]
        if kind == 0:
            break
        if kind == 8 and len(value) >= 6 and value[0] == 5 and value[1] == 1:
            return MAPPED_LO | int.from_bytes(value[2:6], "big")
        at += 2 + size
    return 0

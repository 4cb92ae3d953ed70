"""Addresses as two uint64 halves (IPv4 mapped into ::ffff:0:0/96), and as the text people read."""

from __future__ import annotations

import ipaddress
import socket

import numpy as np

MAPPED_LO = 0xFFFF00000000
"""Low half of ::ffff:0.0.0.0: an IPv4 address is hi = 0, lo = MAPPED_LO | address."""


def address_int(text: str) -> int:
    """Return an address in text as a 128-bit int, IPv4 mapped; ValueError for anything else."""
    ip = ipaddress.ip_address(text)
    return int(ip) | MAPPED_LO if ip.version == 4 else int(ip)


def address_text(hi: int, lo: int) -> str:
    """Return the text of an address given as its two halves: dotted for IPv4, RFC 5952 for IPv6."""
    if hi == 0 and lo >> 32 == 0xFFFF:
        return f"{lo >> 24 & 0xFF}.{lo >> 16 & 0xFF}.{lo >> 8 & 0xFF}.{lo & 0xFF}"
    if hi == 0:  # C libraries write some of these with a dotted end
        return str(ipaddress.IPv6Address(lo))
    return socket.inet_ntop(socket.AF_INET6, (hi << 64 | lo).to_bytes(16, "big"))


def full_address_text(hi: int, lo: int) -> str:
    """Return the same with all zeros of an IPv6 address, as Suricata writes it."""
    if hi == 0 and lo >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(lo & 0xFFFFFFFF))
    return ipaddress.IPv6Address(hi << 64 | lo).exploded


def address_texts(hi: np.ndarray, lo: np.ndarray) -> list[str]:
    """Return the texts of whole columns of addresses."""
    return [address_text(h, low) for h, low in zip(hi.tolist(), lo.tolist(), strict=True)]


def mac_text(mac: int) -> str:
    """Return a MAC address in the low 48 bits of an int as colon-separated hex."""
    return ":".join(f"{mac >> shift & 0xFF:02x}" for shift in range(40, -8, -8))


PROTO_NAMES = {1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH",
               58: "IPv6-ICMP", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP"}


def proto_text(proto: int) -> str:
    """Return the name that EVE uses for an IP protocol, or its number where there is none."""
    return PROTO_NAMES.get(proto, str(proto))

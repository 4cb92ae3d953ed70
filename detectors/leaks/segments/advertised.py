"""The prefixes that a message of RIP, OSPF or BGP advertises."""

from __future__ import annotations

from collections.abc import Iterator

from columns.address import MAPPED_LO

MOST = 64
"""So many prefixes of one message are looked at."""

_ROUTER, _SUMMARY, _EXTERNAL, _NSSA = 1, 3, 5, 7
_UPDATE = 4
Route = tuple[str, int, int]


def advertised(proto: int, dst_port: int, data: bytes) -> list[Route]:
    """Return (protocol, address as a 128-bit int, prefix length) of each prefix; what is broken ends the list."""
    reader = _ospf if proto == 89 else _bgp if proto == 6 else _ripng if dst_port == 521 else _rip
    found: list[Route] = []
    for route in reader(data):
        if len(found) == MOST:
            break
        found.append(route)
    return found


def _four(raw: bytes) -> int:
    return MAPPED_LO | int.from_bytes(raw.ljust(4, b"\0")[:4], "big")


def _mask_bits(raw: bytes) -> int:
    return int.from_bytes(raw, "big").bit_count()


def _rip(data: bytes) -> Iterator[Route]:
    """RIP versions 1 and 2 (RFC 2453): a response holds entries of 20 bytes; metric 16 takes a route back."""
    if len(data) < 4 or data[0] != 2:
        return
    for at in range(4, len(data) - 19, 20):
        entry = data[at : at + 20]
        if entry[:2] != b"\0\x02" or int.from_bytes(entry[16:20], "big") >= 16:
            continue
        bits = _mask_bits(entry[8:12]) if data[1] == 2 else 0 if entry[4:8] == bytes(4) else 24
        yield "RIP", _four(entry[4:8]), bits


def _ripng(data: bytes) -> Iterator[Route]:
    """RIPng (RFC 2080)."""
    if len(data) < 4 or data[0] != 2:
        return
    for at in range(4, len(data) - 19, 20):
        entry = data[at : at + 20]
        if entry[19] < 16:
            yield "RIPng", int.from_bytes(entry[:16], "big"), entry[18]


def _ospf(data: bytes) -> Iterator[Route]:
    """OSPF version 2 (RFC 2328): a link state update holds advertisements of routers, areas and other networks."""
    if len(data) < 28 or data[0] != 2 or data[1] != _UPDATE:
        return
    at = 28
    for _ in range(min(int.from_bytes(data[24:28], "big"), 256)):
        if at + 20 > len(data):
            return
        kind, size = data[at + 3], int.from_bytes(data[at + 18 : at + 20], "big")
        gone = int.from_bytes(data[at : at + 2], "big") & 0x7FFF >= 3600
        body = data[at + 20 : at + size]
        if size < 20:
            return
        if not gone:
            yield from _lsa(kind, data[at + 4 : at + 8], body)
        at += size


def _lsa(kind: int, link_state_id: bytes, body: bytes) -> Iterator[Route]:
    if kind in (_SUMMARY, _EXTERNAL, _NSSA) and len(body) >= 4:
        bits = _mask_bits(body[:4])
        yield "OSPF", _four(link_state_id), bits
    elif kind == _ROUTER and len(body) >= 4:
        at = 4
        for _ in range(min(int.from_bytes(body[2:4], "big"), 256)):
            link = body[at : at + 12]
            if len(link) < 12:
                return
            if link[8] == 3:  # a stub network: its number and mask
                yield "OSPF", _four(link[:4]), _mask_bits(link[4:8])
            at += 12 + 4 * link[9]


def _bgp(data: bytes) -> Iterator[Route]:
    """BGP-4 (RFC 4271): the IPv4 prefixes of updates that stand whole in the segment."""
    at = 0
    while at + 19 <= len(data) and data[at : at + 16] == b"\xff" * 16:
        size = int.from_bytes(data[at + 16 : at + 18], "big")
        message = data[at : at + size]
        if size < 19 or len(message) < size:
            return
        if message[18] == 2 and size >= 23:
            withdrawn = int.from_bytes(message[19:21], "big")
            attributes = int.from_bytes(message[21 + withdrawn : 23 + withdrawn], "big")
            yield from _nlri(message[23 + withdrawn + attributes :])
        at += size


def _nlri(data: bytes) -> Iterator[Route]:
    at = 0
    while at < len(data) and data[at] <= 32:
        octets = (data[at] + 7) // 8
        if at + 1 + octets > len(data):
            return
        yield "BGP", _four(data[at + 1 : at + 1 + octets]), data[at]
        at += 1 + octets

"""Suricata's decoder events: what is odd about the headers of a packet, as its bytes and what became of it tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from columns import Packets
from columns.codes import Status
from detectors.signatures.engine.scene import PacketView

_TCP, _ICMP, _ICMP6 = 6, 1, 58
_IPV4_BYTES, _IPV6_BYTES, _TCP_BYTES = 20, 40, 20
_STAMP = (1, 1, 8, 10)
"""How the options of most segments begin: two bytes to fill, and the time stamps, 12 bytes in all."""

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


_IPV4_SIZES = {130: 11, 136: 4, 148: 4, 25: 8}
_IPV4_ROUTES = {7: "rr", 131: "lsrr", 137: "ssrr"}
_IPV4_KNOWN = {*_IPV4_SIZES, *_IPV4_ROUTES, 68, 133, 134}


def _options(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Yield kind and body of each option up to the end of the list; None for one that is not whole, which is the last.

    IPv4 and TCP write them alike: 0 ends the list, 1 fills a byte, all others have a length that counts kind and
    length, too (RFC 791, RFC 9293).
    """
    at = 0
    while at < len(data):
        kind = data[at]
        if kind == 0:
            return
        if kind == 1:
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else 0
        if size < 2 or at + size > len(data):
            yield kind, None
            return
        yield kind, data[at + 2 : at + size]
        at += size


def ipv4_events(head: bytes) -> set[str]:
    """Return what is odd about the options of an IPv4 header."""
    size = 4 * (head[0] & 15) if head else 0
    if len(head) < size or size <= _IPV4_BYTES or head[0] >> 4 != 4:
        return set()
    options, found, seen = head[_IPV4_BYTES:size], set(), set()
    if len(options) % 8:
        found.add("ipv4.opt_pad_required")
    for kind, body in _options(options):
        if body is None:
            found.add("ipv4.opt_eol_required" if options.endswith(bytes([kind])) else "ipv4.opt_invalid_len")
        elif kind not in _IPV4_KNOWN:
            found.add("ipv4.opt_unknown")
        elif kind in seen:
            found.add("ipv4.opt_duplicate")
        else:
            found |= _ipv4_option(kind, body)
        seen.add(kind)
    return found


def _ipv4_option(kind: int, body: bytes) -> set[str]:
    """Return what is odd about one option whose length fits into the header."""
    if kind in _IPV4_SIZES:
        return set() if len(body) + 2 == _IPV4_SIZES[kind] else {"ipv4.opt_invalid_len"}
    if kind in _IPV4_ROUTES:
        if len(body) < 1:
            return {"ipv4.opt_invalid_len"}
        pointer = body[0]
        return {"ipv4.opt_malformed"} if pointer < 4 or pointer % 4 or pointer > len(body) + 3 else set()
    if kind == 68:
        if len(body) < 3:
            return {"ipv4.opt_invalid_len"}
        return {"ipv4.opt_malformed"} if body[0] < 5 else set()
    return set()


_TCP_SIZES = {2: (4,), 3: (3,), 4: (2,), 5: (10, 18, 26, 34), 8: (10,), 19: (18,), 34: (2, *range(6, 19, 2))}
_TCP_ONCE = (2, 3, 4, 5, 8)


def tcp_events(options: bytes) -> set[str]:
    """Return what is odd about the options of a TCP header (RFC 9293, 2018, 7323, 7413, 2385)."""
    found, seen = set(), set()
    for kind, body in _options(options):
        if body is None or len(body) + 2 not in _TCP_SIZES.get(kind, (len(body) + 2,)):
            found.add("tcp.opt_invalid_len")
        if kind in seen and kind in _TCP_ONCE:
            found.add("tcp.opt_duplicate")
        seen.add(kind)
    return found


_ICMP_CODES = {0: 0, 3: 15, 4: 0, 5: 3, 8: 0, 9: 255, 10: 0, 11: 1, 12: 2, 13: 0, 14: 0, 15: 0, 16: 0, 17: 0, 18: 0}
_ICMP6_CODES = {1: 7, 2: 0, 3: 1, 4: 3, 128: 0, 129: 0, 130: 0, 131: 0, 132: 0, 133: 0, 134: 0, 135: 0, 136: 0, 137: 0,
                138: 255, 139: 2, 140: 2, 141: 0, 142: 0, 143: 0, 144: 0, 145: 0, 146: 0, 147: 0, 148: 255, 149: 255,
                151: 255, 152: 255, 153: 255, 154: 255, 155: 255}
"""The highest code of each type (the registries of ICMP and ICMPv6 parameters at IANA)."""
_EXPERIMENTS = (100, 101, 200, 201)
_MLD = (130, 131, 132)


def icmp_events(version: int, proto: int, kind: int, code: int, hops: int) -> set[str]:
    """Return what is odd about type and code of ICMP, and about its version."""
    found = {f"ipv{version}.icmpv{4 if proto == _ICMP else 6}"} if (proto == _ICMP) == (version == 6) else set()
    codes = _ICMP_CODES if proto == _ICMP else _ICMP6_CODES
    name = "icmpv4" if proto == _ICMP else "icmpv6"
    if kind in codes:
        found |= {f"{name}.unknown_code"} if code > codes[kind] else set()
        if proto == _ICMP6 and kind in _MLD and hops != 1:
            found.add("icmpv6.mld_message_with_invalid_hl")
    elif proto == _ICMP:
        found.add("icmpv4.unknown_type")
    elif kind in _EXPERIMENTS:
        found.add("icmpv6.experimentation_type")
    else:
        found.add("icmpv6.unassigned_type" if kind < 127 or kind > 155 else "icmpv6.unknown_type")
    return found


_OF_OPTIONS = frozenset({
    *(f"ipv4.opt_{what}" for what in ("pad_required", "eol_required", "invalid_len", "malformed", "duplicate",
                                      "unknown")), "tcp.opt_invalid_len", "tcp.opt_duplicate"})
_OF_ICMP = frozenset({
    "icmpv4.unknown_type", "icmpv4.unknown_code", "ipv4.icmpv6", "ipv6.icmpv4",
    *(f"icmpv6.{what}" for what in ("unknown_type", "unknown_code", "unassigned_type", "experimentation_type",
                                    "mld_message_with_invalid_hl"))})
_OF_IPV6 = frozenset({
    "ipv6.trunc_exthdr", "ipv6.exthdr_useless_fh", "ipv6.fh_non_zero_reserved_field",
    *(f"ipv6.exthdr_dupl_{kind}" for kind in ("fh", "hh", "rh", "dh", "ah"))})
_OF_FRAGMENTS = frozenset(
    f"ipv{version}.frag_{what}" for version in (4, 6) for what in ("pkt_too_large", "invalid_length"))
_OF_STATUS = frozenset(name for names in STATUS_EVENTS.values() for name in names)
DECODER_EVENTS = _OF_STATUS | _OF_OPTIONS | _OF_ICMP | _OF_IPV6 | _OF_FRAGMENTS
"""Names of all decoder events that are noticed."""


def events(packet: PacketView) -> set[str]:
    """Return the names of Suricata's decoder events that a packet shows."""
    found = set(STATUS_EVENTS.get(packet.status, ()))
    if packet.status == Status.FRAGMENT_BAD:
        found.add(f"ipv{packet.ip_version}.frag_{_bad_fragment(packet)}")
    if packet.ip_version == 6:
        found |= ipv6_events(packet.network)
    elif packet.ip_version == 4:
        found |= ipv4_events(packet.network)
    if packet.status == Status.OK and packet.proto == _TCP and packet.fragment != 1:
        size = packet.payload_offset - packet.transport_offset
        found |= tcp_events(packet.transport[_TCP_BYTES:size])
    elif packet.status == Status.OK and packet.proto in (_ICMP, _ICMP6) and packet.fragment != 1:
        found |= icmp_events(packet.ip_version, packet.proto, packet.icmp_type, packet.icmp_code, packet.ip_ttl)
    return found


def odd_rows(p: Packets, buffers: Sequence[np.ndarray], wanted: frozenset[str]) -> np.ndarray:
    """Return the rows that may show one of the events that are wanted: few, for each is looked at by itself."""
    odd = np.isin(p.status, list(STATUS_EVENTS)) | (
        (p.ip_version == 6) & (p.transport_offset - p.network_offset > _IPV6_BYTES))
    read = p.status == Status.OK
    if wanted & _OF_OPTIONS:
        odd |= read & (p.ip_version == 4) & (p.transport_offset - p.network_offset > _IPV4_BYTES)
        odd[_with_other_options(p, buffers, read & (p.proto == _TCP))] = True
    if wanted & _OF_ICMP:
        odd[_with_odd_icmp(p, np.flatnonzero(read & ((p.proto == _ICMP) | (p.proto == _ICMP6))))] = True
    return np.flatnonzero(odd & (p.status != Status.QUOTED))


def _highest_codes(codes: dict[int, int]) -> np.ndarray:
    """Return the highest code by type, -1 for one that is not known."""
    highest = np.full(256, -1, np.int64)
    highest[list(codes)] = list(codes.values())
    return highest


_HIGHEST = np.stack([_highest_codes(_ICMP_CODES), _highest_codes(_ICMP6_CODES)])


def _with_odd_icmp(p: Packets, rows: np.ndarray) -> np.ndarray:
    """Return those of some rows of ICMP that icmp_events says something of."""
    six, kind = (p.proto[rows] == _ICMP6).astype(np.int64), p.icmp_type[rows]
    far = (six == 1) & np.isin(kind, _MLD) & (p.ip_ttl[rows] != 1)
    return rows[(p.icmp_code[rows] > _HIGHEST[six, kind]) | ((six == 1) != (p.ip_version[rows] == 6)) | far]


def _with_other_options(p: Packets, buffers: Sequence[np.ndarray], tcp: np.ndarray) -> np.ndarray:
    """Return the rows of TCP with options other than the usual time stamps."""
    size = p.payload_offset - p.transport_offset - _TCP_BYTES
    rows = np.flatnonzero(tcp & (size > 0))
    usual = size[rows] == 12
    for number, buffer in enumerate(buffers[:2]):
        mine = np.flatnonzero(usual & (p.buffer[rows] == number))
        start = p.transport_offset[rows[mine]] + _TCP_BYTES
        for k, byte in enumerate(_STAMP):
            usual[mine] &= buffer[start + k] == byte
    return rows[~usual]

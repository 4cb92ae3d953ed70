"""What a packet carries: the start of the IP or Ethernet packet inside it, and by which tunnel.

A protocol number (4, 41, 47) or an ICMP error says that there is one. A UDP port does not: VXLAN, Geneve, Teredo and
GTP-U are taken only where the contents hold what the tunnel's header promises.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.codes import Status, Tunnel
from columns.kernel import part
from columns.wire import be16, be32
from sensor.decode.link_start import ETHERNET, FROM_ETHER_TYPE, PPP
from sensor.decode.transport import ICMP, ICMPV6, UDP

OK, TUNNEL_TRUNCATED = int(Status.OK), int(Status.TUNNEL_TRUNCATED)
NONE, IPIP, SIXIN4, GRE, VXLAN = (int(t) for t in (Tunnel.NONE, Tunnel.IPIP, Tunnel.SIXIN4, Tunnel.GRE, Tunnel.VXLAN))
TEREDO, IP6_IN_IP6, ICMP_QUOTE = int(Tunnel.TEREDO), int(Tunnel.IP6_IN_IP6), int(Tunnel.ICMP_QUOTE)
GENEVE, GTP = int(Tunnel.GENEVE), int(Tunnel.GTP)
PROTO_IPIP, PROTO_IPV6, PROTO_GRE = 4, 41, 47
_IPV4, _IPV6 = FROM_ETHER_TYPE + 0x0800, FROM_ETHER_TYPE + 0x86DD
_NOTHING = 0


class Inner(NamedTuple):
    """Where the inner packet starts (data[at:]) and with what (link_layer's link_start); tunnel NONE: there is none."""

    status: int
    tunnel: int
    link_start: int
    at: int


@part
def may_carry(proto, src_port, dst_port):
    """Return whether a packet is worth asking inner_packet; a cheap test for the common path."""
    if proto == UDP:
        return (dst_port == 4789 or dst_port == 6081 or dst_port == 3544 or src_port == 3544
                or dst_port == 2152 or src_port == 2152)
    return proto == ICMP or proto == ICMPV6 or proto == PROTO_IPIP or proto == PROTO_IPV6 or proto == PROTO_GRE


@part
def inner_packet(data, version, proto, transport):
    """Return the Inner of a packet; its status is TUNNEL_TRUNCATED where a GRE header was not captured whole."""
    status, tunnel, start, at = OK, NONE, _NOTHING, transport.payload
    end = transport.captured_end
    if proto == PROTO_IPIP:
        tunnel, start = IPIP, _IPV4
    elif proto == PROTO_IPV6:
        tunnel, start = SIXIN4 if version == 4 else IP6_IN_IP6, _IPV6
    elif proto == PROTO_GRE:
        tunnel = GRE
        status, start, at = _gre(data, at, end)
    elif proto == ICMP or proto == ICMPV6:
        tunnel = ICMP_QUOTE
        kind = transport.icmp_type
        if proto == ICMP and (kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12):
            start = _IPV4
        elif proto == ICMPV6 and 1 <= kind <= 4:
            start = _IPV6
    elif transport.dst_port == 4789:
        tunnel = VXLAN
        start, at = _vxlan(data, at, end)
    elif transport.dst_port == 6081:
        tunnel = GENEVE
        start, at = _geneve(data, at, end)
    elif transport.dst_port == 3544 or transport.src_port == 3544:
        tunnel = TEREDO
        start, at = _teredo(data, at, end, transport.end)
    else:
        tunnel = GTP
        start, at = _gtp(data, at, end, transport.end)
    if start == _NOTHING or (status == OK and tunnel != GRE and at >= transport.end):
        tunnel = NONE
    return Inner(status, tunnel, start, at)


@part
def _plausible(data, at, end, ether_type):
    """Return whether a UDP tunnel may carry what starts at data[at] with this EtherType."""
    if ether_type == 0x0800 or ether_type == 0x86DD:
        return end > at and np.int64(data[at]) >> 4 == (4 if ether_type == 0x0800 else 6)
    return (ether_type == 0x0806 or ether_type == 0x8100 or ether_type == 0x88A8 or ether_type == 0x9100
            or ether_type == 0x8847 or ether_type == 0x8864)


@part
def _plausible_ethernet(data, at, end):
    return end - at >= 14 and _plausible(data, at + 14, end, be16(data, at + 12))


@part
def _gre(data, at, end):
    """GRE (RFC 2784, 2890), with bridged Ethernet, ERSPAN I-III and, as version 1, PPTP (RFC 2637).

    Source routes and unknown versions are not looked into.
    """
    if end - at < 4:
        return TUNNEL_TRUNCATED, _NOTHING, at
    flags, ether_type = be16(data, at), be16(data, at + 2)
    version, sequence = flags & 7, flags & 0x1000
    if version > 1 or (version == 1 and ether_type != 0x880B) or flags & 0x4000:
        return OK, _NOTHING, at
    size = 4
    for bit in (0x8000, 0x2000, 0x1000):
        size += 4 if flags & bit else 0
    size += 4 if version == 1 and flags & 0x80 else 0
    if end - at < size:
        return TUNNEL_TRUNCATED, _NOTHING, at
    at += size
    if end == at:  # a keep-alive or an acknowledgement: no payload
        return OK, _NOTHING, at
    if version == 1:
        return OK, PPP, at
    if ether_type == 0x6558:
        return OK, ETHERNET, at
    if ether_type == 0x88BE:
        at += 8 if sequence else 0
        return (OK, ETHERNET, at) if at < end else (TUNNEL_TRUNCATED, _NOTHING, at)
    if ether_type == 0x22EB:
        if end - at < 12:
            return TUNNEL_TRUNCATED, _NOTHING, at
        low = be16(data, at + 10)
        at += 20 if low & 1 else 12
        return (OK, ETHERNET, at) if low >> 11 & 31 == 0 and at < end else (OK, _NOTHING, at)
    if (ether_type == 0x0800 or ether_type == 0x86DD or ether_type == 0x0806 or ether_type == 0x8847
            or ether_type == 0x8848):
        return OK, FROM_ETHER_TYPE + ether_type, at
    return OK, _NOTHING, at


@part
def _vxlan(data, at, end):
    """VXLAN (RFC 7348): only the I flag (and the group-policy G flag), the last reserved byte 0, Ethernet inside."""
    if end - at >= 8 and data[at] & 0x7F == 0x08 and data[at + 7] == 0 and _plausible_ethernet(data, at + 8, end):
        return ETHERNET, at + 8
    return _NOTHING, at


@part
def _geneve(data, at, end):
    """Geneve (RFC 8926): version 0, reserved bits 0, options of the announced length."""
    if end - at < 8 or data[at] >> 6 != 0 or data[at + 1] & 0x3F != 0 or data[at + 7] != 0:
        return _NOTHING, at
    inner, ether_type = at + 8 + 4 * (np.int64(data[at]) & 0x3F), be16(data, at + 2)
    if ether_type == 0x6558 and _plausible_ethernet(data, inner, end):
        return ETHERNET, inner
    if (ether_type == 0x0800 or ether_type == 0x86DD) and _plausible(data, inner, end, ether_type):
        return FROM_ETHER_TYPE + ether_type, inner
    return _NOTHING, at


@part
def _teredo(data, at, captured_end, end):
    """Teredo (RFC 4380): authentication and origin headers, then IPv6 that fills the datagram to its last byte;

    with trailers behind it (RFC 6081) where one of its addresses is Teredo's own (2001::/32).
    """
    if captured_end - at >= 4 and be16(data, at) == 1:
        at += 13 + np.int64(data[at + 2]) + np.int64(data[at + 3])
    if captured_end - at >= 8 and be16(data, at) == 0:
        at += 8
    if captured_end - at >= 40 and data[at] >> 4 == 6:
        rest = end - at - 40 - be16(data, at + 4)
        own = be32(data, at + 8) == 0x20010000 or be32(data, at + 24) == 0x20010000
        if rest == 0 or (rest > 0 and own):
            return _IPV6, at
    return _NOTHING, at


@part
def _gtp(data, at, captured_end, end):
    """GTP-U (3GPP TS 29.281): a G-PDU of version 1 whose length fits, past at most 8 extension headers."""
    if captured_end - at < 12 or data[at] >> 4 != 3 or data[at + 1] != 0xFF or be16(data, at + 2) != end - at - 8:
        return _NOTHING, at
    inner = at + 8
    if data[at] & 7:
        following, inner = np.int64(data[at + 11]), at + 12
        left = 8
        while data[at] & 4 and following != 0 and left > 0 and inner < captured_end:
            size = 4 * np.int64(data[inner])
            left = left - 1 if size > 0 else 0
            inner += size
            following = np.int64(data[inner - 1]) if size > 0 and inner <= captured_end else 1
        if data[at] & 4 and following != 0:
            return _NOTHING, at
    nibble = np.int64(data[inner]) >> 4 if inner < captured_end else 0
    if nibble == 4:
        return _IPV4, inner
    return (_IPV6, inner) if nibble == 6 else (_NOTHING, inner)

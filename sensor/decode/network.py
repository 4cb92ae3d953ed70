"""IPv4 and IPv6 headers, with options and extension headers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.address import MAPPED_LO
from columns.codes import Status
from columns.kernel import inlined, part
from columns.wire import be16, be32, be64

OK, IP_VERSION = int(Status.OK), int(Status.IP_VERSION)
IPV4_TRUNCATED, IPV4_HEADER_LENGTH = int(Status.IPV4_TRUNCATED), int(Status.IPV4_HEADER_LENGTH)
IPV4_TOTAL_LENGTH, IPV6_TRUNCATED = int(Status.IPV4_TOTAL_LENGTH), int(Status.IPV6_TRUNCATED)
IPV6_PAYLOAD_LENGTH, IPV6_EXTENSION = int(Status.IPV6_PAYLOAD_LENGTH), int(Status.IPV6_EXTENSION)

MAX_EXTENSION_HEADERS = 10
"""IPv6 extension headers that are passed before a packet is refused."""

NO_PROTO = -1
_MAPPED = np.uint64(MAPPED_LO)
_ZERO = np.uint64(0)
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _NO_NEXT, _DESTINATION = 0, 43, 44, 51, 59, 60


class Net(NamedTuple):
    """An IP header: its payload is data[payload:captured_end], of which ``end`` would be the end on the wire.

    fragment is 1 for a fragment of a longer datagram, with ``fragment_at`` its offset in bytes and ``more`` its
    flag; ``verifiable`` is 0 where the pseudo-header would need an address from an extension header;
    ``unsized`` is 1 where the header leaves the length open (offloaded segments, jumbograms).
    """

    status: int
    version: int
    proto: int
    payload: int
    captured_end: int
    end: int
    ttl: int
    tos: int
    ip_id: int
    fragment: int
    fragment_at: int
    more: int
    verifiable: int
    unsized: int
    src_hi: int
    src_lo: int
    dst_hi: int
    dst_lo: int


@inlined
def network_layer(data, at, captured_end, end, version, quoted):
    """Return the Net of the IP header at data[at], or one of zeros where ``version`` says there is none.

    A total or payload length of zero means that the segment was captured before the network card cut it (TSO, BIG TCP)
    or a jumbogram: then the frame's own length counts. ``quoted`` packets are cut short by nature, so that a length
    beyond their end is no contradiction.
    """
    status, proto, payload, ttl, tos, ip_id = OK, NO_PROTO, at, 0, 0, 0
    fragment, fragment_at, more, verifiable, unsized = 0, 0, 0, 1, 0
    src_hi, src_lo, dst_hi, dst_lo = _ZERO, _ZERO, _ZERO, _ZERO
    seen = 0
    if version >= 0:
        size = captured_end - at
        seen = np.int64(data[at]) >> 4 if size > 0 else version
        if (version != 0 and seen != version) or (seen != 4 and seen != 6 and size > 0):
            status, seen = IP_VERSION, 0
        elif seen == 6:
            if size < 40:
                status, seen = IPV6_TRUNCATED, 0
            else:
                src_hi, src_lo = be64(data, at + 8), be64(data, at + 16)
                dst_hi, dst_lo = be64(data, at + 24), be64(data, at + 32)
                tos = be16(data, at) >> 4 & 0xFF
                length, proto, ttl = be16(data, at + 4), np.int64(data[at + 6]), np.int64(data[at + 7])
                payload = at + 40
                unsized = np.int64(length == 0 and proto != _NO_NEXT)
                if length > end - payload and not quoted:
                    status = IPV6_PAYLOAD_LENGTH
                elif unsized == 0:
                    end = min(end, payload + length)
                captured_end = min(captured_end, end)
        elif size < 20:
            status, seen = IPV4_TRUNCATED, 0
        else:
            header = (np.int64(data[at]) & 15) * 4
            length = be16(data, at + 2)
            tos, ttl, proto = np.int64(data[at + 1]), np.int64(data[at + 8]), np.int64(data[at + 9])
            src_lo, dst_lo = _MAPPED | np.uint64(be32(data, at + 12)), _MAPPED | np.uint64(be32(data, at + 16))
            ip_id, flags = be16(data, at + 4), be16(data, at + 6)
            unsized = np.int64(length == 0)
            length = end - at if length == 0 else length
            if header < 20:
                status = IPV4_HEADER_LENGTH
            elif length < header or (length > end - at and not quoted):
                status = IPV4_TOTAL_LENGTH
            elif header > size:
                status = IPV4_TRUNCATED
            else:
                payload = at + header
                end = min(end, at + length)
                captured_end = min(captured_end, end)
                fragment = np.int64(flags & 0x3FFF != 0)
                fragment_at, more = (flags & 0x1FFF) * 8, flags >> 13 & 1
    if seen == 6 and status == OK and is_extension(proto):
        ext = extension_headers(data, payload, captured_end, end, proto)
        status, proto, payload, verifiable = ext.status, ext.proto, ext.payload, ext.verifiable
        ip_id, fragment, fragment_at, more = ext.ip_id, ext.fragment, ext.fragment_at, ext.more
    return Net(status, seen, proto, payload, captured_end, end, ttl, tos, ip_id, fragment, fragment_at, more,
               verifiable, unsized, src_hi, src_lo, dst_hi, dst_lo)


class Extensions(NamedTuple):
    """What a chain of extension headers ends in; the fields as in Net."""

    status: int
    proto: int
    payload: int
    ip_id: int
    fragment: int
    fragment_at: int
    more: int
    verifiable: int


@inlined
def is_extension(proto):
    """Return whether an IPv6 next-header number is that of an extension header which is passed over."""
    return (proto == _HOP_BY_HOP or proto == _ROUTING or proto == _FRAGMENT or proto == _AUTHENTICATION
            or proto == _DESTINATION or proto == 135 or proto == 139 or proto == 140)


@part
def extension_headers(data, at, captured_end, end, proto):
    """Pass the extension headers at data[at:end] (RFC 8200, 4302, 6275, 7401, 5533) up to a transport or a fragment.

    An atomic fragment (offset 0, no more to come; RFC 6946) is passed like any other header. IPV6_EXTENSION where a
    header passes the end of the packet or there are too many of them, IPV6_TRUNCATED where it was not captured.
    """
    status, ip_id, fragment, fragment_at, more, verifiable = OK, 0, 0, 0, 0, 1
    left = MAX_EXTENSION_HEADERS
    while status == OK and fragment == 0 and is_extension(proto):
        left -= 1
        size = 8
        if end - at < 8 or left < 0:
            status = IPV6_EXTENSION
        elif captured_end - at < 8:
            status = IPV6_TRUNCATED
        else:
            if proto == _FRAGMENT:
                word = be16(data, at + 2)
                ip_id = be32(data, at + 4)
                fragment_at, more = word & 0xFFF8, word & 1
                fragment = np.int64(fragment_at != 0 or more != 0)
            else:
                units = np.int64(data[at + 1])
                size = (units + 2) * 4 if proto == _AUTHENTICATION else (units + 1) * 8
            if size > end - at:
                status = IPV6_EXTENSION
            elif size > captured_end - at:
                status = IPV6_TRUNCATED
            else:
                if proto == _ROUTING and data[at + 3] != 0:
                    verifiable = 0
                if proto == _DESTINATION and _has_home_address(data, at + 2, at + size):
                    verifiable = 0
                proto = np.int64(data[at])
                at += size
    return Extensions(status, proto, at, ip_id, fragment, fragment_at, more, verifiable)


@part
def _has_home_address(data, at, end):
    """Return whether destination options hold a home address (RFC 6275), which stands in for the source address."""
    while at + 2 <= end:
        if data[at] == 0:
            at += 1
            continue
        if data[at] == 201:
            return True
        at += 2 + np.int64(data[at + 1])
    return False

"""How a frame of each link type starts (the numbers are those of the LINKTYPE_ registry of tcpdump.org)."""

from __future__ import annotations

import numpy as np

from columns.codes import Status
from columns.kernel import part
from columns.wire import be16, be32, be64

OK, NOT_IP = int(Status.OK), int(Status.NOT_IP)
LINK_TYPE_UNKNOWN, LINK_TRUNCATED = int(Status.LINK_TYPE_UNKNOWN), int(Status.LINK_TRUNCATED)

ETHERNET, PPP = 1, 9
NULL, PPP_HDLC, PPPOE, HDLC, WIFI, LOOP, COOKED, RADIOTAP, PPP_PPPD, NFLOG, COOKED_V2 = (
    0, 50, 51, 104, 105, 108, 113, 127, 166, 239, 276)
FROM_ETHER_TYPE = 0x10000
"""``link_start`` from here on is an EtherType plus this number; below, it is a link type."""

KIND_IP, KIND_ETHERNET, KIND_LLC, KIND_PPP, KIND_PPP_BARE, KIND_NONE = -1, -2, -3, -4, -5, -6
"""Kinds of the next header that are no EtherType."""
_SHIFT, _NO_MAC = np.uint64(16), np.uint64(0)


@part
def first_kind(data, at, end, link_start):
    """Return (status, kind of the first header, its position, source MAC of a cooked header) for a link type."""
    if link_start >= FROM_ETHER_TYPE:
        return OK, link_start - FROM_ETHER_TYPE, at, _NO_MAC
    if link_start == ETHERNET:
        return OK, KIND_ETHERNET, at, _NO_MAC
    if link_start == PPP or link_start == PPP_HDLC or link_start == PPP_PPPD:
        return OK, KIND_PPP, at, _NO_MAC
    if link_start == 12 or link_start == 14 or link_start == 101 or link_start == 228 or link_start == 229:
        return LINK_TRUNCATED if end - at < 1 else OK, KIND_IP, at, _NO_MAC
    if link_start == PPPOE:
        return OK, 0x8864, at, _NO_MAC
    if link_start == COOKED or link_start == COOKED_V2:
        return _cooked(data, at, end, link_start)
    status, kind = LINK_TYPE_UNKNOWN, KIND_NONE
    if link_start == NULL or link_start == LOOP:
        status, kind, at = _null(data, at, end)
    elif link_start == HDLC:
        status = LINK_TRUNCATED if end - at < 4 else OK
        kind, at = be16(data, at + 2) if status == OK else KIND_NONE, at + 4
    elif link_start == WIFI or link_start == RADIOTAP:
        status, kind, at = _wifi(data, at, end, link_start)
    elif link_start == NFLOG:
        status, kind, at = _nflog(data, at, end)
    return status, kind, at, _NO_MAC


@part
def _cooked(data, at, end, link_start):
    """Linux cooked capture, version 1 (16 bytes) or 2 (20 bytes); protocol 4 is 802.2."""
    first = link_start == COOKED
    head = 16 if first else 20
    if end - at < head:
        return LINK_TRUNCATED, KIND_NONE, at, _NO_MAC
    kind = be16(data, at + 14) if first else be16(data, at)
    has_mac = be16(data, at + 4) == 6 if first else data[at + 11] == 6
    mac = be64(data, at + 6 if first else at + 12) >> _SHIFT if has_mac else _NO_MAC
    return OK, KIND_LLC if kind == 4 else kind, at + head, mac


@part
def _null(data, at, end):
    """BSD loopback: an address family in the byte order of the machine that captured."""
    if end - at < 4:
        return LINK_TRUNCATED, KIND_NONE, at
    family = be32(data, at)
    if family & 0xFFFFFF == 0:
        family >>= 24
    if family == 2:
        return OK, 0x0800, at + 4
    if family == 10 or family == 24 or family == 28 or family == 30:
        return OK, 0x86DD, at + 4
    return NOT_IP, KIND_NONE, at


@part
def _wifi(data, at, end, link_start):
    """IEEE 802.11 data frames, with or without radiotap: to their LLC header.

    Management and control frames, encrypted ones, pieces of fragmented ones and A-MSDUs are not IP.
    """
    if link_start == RADIOTAP:
        if end - at < 4:
            return LINK_TRUNCATED, KIND_NONE, at
        at += np.int64(data[at + 2]) | np.int64(data[at + 3]) << 8
    if end - at < 2:
        return LINK_TRUNCATED, KIND_NONE, at
    control, flags = np.int64(data[at]), np.int64(data[at + 1])
    if control & 0x4F != 0x08 or flags & 0x44:  # version 0, data, not a null function; protected or more fragments
        return NOT_IP, KIND_NONE, at
    quality = control & 0x80
    head = 30 if flags & 3 == 3 else 24
    size = head + (2 if quality else 0) + (4 if quality and flags & 0x80 else 0)
    if end - at < size:
        return LINK_TRUNCATED, KIND_NONE, at
    if data[at + 22] & 15 or (quality and data[at + head] & 0x80):
        return NOT_IP, KIND_NONE, at
    return OK, KIND_LLC, at + size


@part
def _nflog(data, at, end):
    """Linux NFLOG: attributes up to the packet itself (attribute 9), lengths in little-endian."""
    if end - at < 4:
        return LINK_TRUNCATED, KIND_NONE, at
    family = np.int64(data[at])
    at += 4
    while end - at >= 4:
        size = np.int64(data[at]) | np.int64(data[at + 1]) << 8
        if size < 4:
            break
        if data[at + 2] == 9 and data[at + 3] == 0:
            if family == 2:
                return OK, 0x0800, at + 4
            return (OK, 0x86DD, at + 4) if family == 10 else (NOT_IP, KIND_NONE, at)
        at += (size + 3) & ~3
    return NOT_IP, KIND_NONE, at

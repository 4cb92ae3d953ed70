"""Link layers: from the start of a frame (or of what a tunnel carries) to the IP header."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.codes import Status
from columns.kernel import inlined, part
from columns.wire import be16, be32, be64
from sensor.decode.link_start import (
    ETHERNET,
    KIND_ETHERNET,
    KIND_IP,
    KIND_LLC,
    KIND_NONE,
    KIND_PPP,
    KIND_PPP_BARE,
    first_kind,
)

OK, ARP, NOT_IP = int(Status.OK), int(Status.ARP), int(Status.NOT_IP)
LINK_TRUNCATED = int(Status.LINK_TRUNCATED)
VLAN_TRUNCATED, MPLS_TRUNCATED = int(Status.VLAN_TRUNCATED), int(Status.MPLS_TRUNCATED)
PPPOE_TRUNCATED, ARP_TRUNCATED = int(Status.PPPOE_TRUNCATED), int(Status.ARP_TRUNCATED)
LAYERS_TOO_DEEP = int(Status.LAYERS_TOO_DEEP)

MAX_LINK_LAYERS = 16
"""VLAN tags, MPLS labels, PPP, LLC and inner Ethernet headers that are passed before a frame is too deep."""

NO_IP, IP_BY_NIBBLE = -1, 0
"""Link.version where no IP header follows, and where its first nibble tells the version."""

_SHIFT = np.uint64(16)


class Link(NamedTuple):
    """What stands before an IP header: status, IP version to expect and its position, MACs and VLAN ids."""

    status: int
    version: int
    at: int
    ethernet: int
    ether_type: int
    src_mac: int
    dst_mac: int
    vlan: int
    vlan_inner: int


@inlined
def link_layer(data, at, end, link_start):
    """Return the Link of data[at:end], the common case (Ethernet II with IP or one VLAN tag) without any detour."""
    if link_start == ETHERNET and end - at >= 18:
        ether_type = be16(data, at + 12)
        vlan, ip = 0, at + 14
        if ether_type == 0x8100:
            vlan, ip = be16(data, at + 14) & 0xFFF, at + 18
            ether_type = be16(data, at + 16)
        version = 4 if ether_type == 0x0800 else 6 if ether_type == 0x86DD else NO_IP
        if version != NO_IP:
            return Link(OK, version, ip, 1, ether_type, be64(data, at + 6) >> _SHIFT, be64(data, at) >> _SHIFT, vlan, 0)
    return link_layers(data, at, end, link_start)


@part
def link_layers(data, at, end, link_start):
    """Return the Link of data[at:end] for every link type and every stack of tags, labels and encapsulations."""
    status, kind, at, src_mac = first_kind(data, at, end, link_start)
    dst_mac = np.uint64(0)
    ethernet, ether_type, vlan, vlan_inner, tags, version = np.int64(src_mac != 0), 0, 0, 0, 0, NO_IP
    left = MAX_LINK_LAYERS
    while status == OK and kind != KIND_NONE:
        left -= 1
        ether_type = kind if kind >= 0x600 else ether_type
        if left < 0:
            status = LAYERS_TOO_DEEP
        elif kind == 0x0800 or kind == 0x86DD or kind == KIND_IP:
            version = 4 if kind == 0x0800 else 6 if kind == 0x86DD else IP_BY_NIBBLE
            kind = KIND_NONE
        elif kind == KIND_ETHERNET:
            if end - at < 14:
                status = LINK_TRUNCATED
            else:
                if ethernet == 0:
                    ethernet, dst_mac = 1, be64(data, at) >> _SHIFT
                    src_mac = np.uint64(be16(data, at + 6)) << np.uint64(32) | np.uint64(be32(data, at + 8))
                kind = be16(data, at + 12)
                kind = kind if kind >= 0x600 else KIND_LLC
                at += 14
        elif kind == 0x8100 or kind == 0x88A8 or kind == 0x9100 or kind == 0x9200:
            if end - at < 4:
                status = VLAN_TRUNCATED
            else:
                tag = be16(data, at) & 0xFFF
                vlan = tag if tags == 0 else vlan
                vlan_inner = tag if tags == 1 else vlan_inner
                tags += 1
                kind = be16(data, at + 2)
                kind = kind if kind >= 0x600 else KIND_LLC
                at += 4
        else:
            status, kind, at = _less_common(data, at, end, kind)
    return Link(status, version, at, ethernet, ether_type, src_mac, dst_mac, vlan, vlan_inner)


@part
def _less_common(data, at, end, kind):
    """Pass one LLC, MPLS, PPPoE, PPP, NSH, FabricPath or ARP header; return (status, next kind, its position)."""
    status, following = NOT_IP, KIND_NONE
    if kind == KIND_LLC:
        if end - at >= 3 and be16(data, at) == 0x0606 and data[at + 2] == 3:
            status, following, at = OK, KIND_IP, at + 3
        elif end - at >= 2 and be16(data, at) == 0xAAAA:
            if end - at < 8:
                status = LINK_TRUNCATED
            elif be32(data, at + 2) in (0x03000000, 0x030000F8) and be16(data, at + 6) >= 0x600:
                status, following, at = OK, be16(data, at + 6), at + 8
    elif kind == 0x8847 or kind == 0x8848:
        status, following, at = _mpls_label(data, at, end, kind)
    elif kind == 0x8864:
        if end - at < 8:
            status = PPPOE_TRUNCATED
        elif be16(data, at) == 0x1100:
            status, following, at = OK, KIND_PPP_BARE, at + 6
    elif kind == KIND_PPP or kind == KIND_PPP_BARE:
        if kind == KIND_PPP and end - at >= 2 and data[at + 1] == 3 and (data[at] == 0xFF or data[at] <= 1):
            at += 2
        if end - at < 2:
            status = LINK_TRUNCATED
        else:
            compressed = np.int64(data[at]) & 1
            proto = np.int64(data[at]) if compressed else be16(data, at)
            at += 2 - compressed
            following = _ppp_kind(proto)
            status = NOT_IP if following == KIND_NONE else OK
    elif kind == 0x894F:
        status, following, at = _service_header(data, at, end)
    elif kind == 0x8903:  # Cisco FabricPath: its tag, then the Ethernet frame
        status, following, at = (LINK_TRUNCATED if end - at < 2 else OK), KIND_ETHERNET, at + 2
    elif kind == 0x0806:
        status = ARP
        if end - at < 8 or end - at < 8 + 2 * (np.int64(data[at + 4]) + np.int64(data[at + 5])):
            status = ARP_TRUNCATED
    return status, following, at


@part
def _ppp_kind(proto):
    if proto == 0x0021:
        return 0x0800
    if proto == 0x0057:
        return 0x86DD
    return 0x8847 if proto == 0x0281 or proto == 0x0283 else KIND_NONE


@part
def _mpls_label(data, at, end, kind):
    """Pass one label. Below the last one the first nibble tells: 4 and 6 are IP, 0 is the control word (RFC 4385)
    of an Ethernet pseudo-wire; anything else is not looked into."""
    if end - at < 4:
        return MPLS_TRUNCATED, KIND_NONE, at
    if data[at + 2] & 1 == 0:
        return OK, kind, at + 4
    at += 4
    if end - at < 1:
        return MPLS_TRUNCATED, KIND_NONE, at
    nibble = data[at] >> 4
    if nibble == 4 or nibble == 6:
        return OK, KIND_IP, at
    if nibble == 0 and end - at >= 4:
        return OK, KIND_ETHERNET, at + 4
    return NOT_IP, KIND_NONE, at


@part
def _service_header(data, at, end):
    """Pass a network service header (RFC 8300)."""
    if end - at < 8:
        return LINK_TRUNCATED, KIND_NONE, at
    following, size = np.int64(data[at + 3]), (np.int64(data[at + 1]) & 0x3F) * 4
    at += size
    if size < 8 or data[at - size] >> 6 != 0:
        return NOT_IP, KIND_NONE, at
    if following == 1:
        return OK, 0x0800, at
    if following == 2:
        return OK, 0x86DD, at
    if following == 3:
        return OK, KIND_ETHERNET, at
    return (OK, 0x8847, at) if following == 5 else (NOT_IP, KIND_NONE, at)

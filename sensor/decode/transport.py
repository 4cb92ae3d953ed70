"""TCP, UDP, SCTP, ICMP and ICMPv6 headers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.codes import Status
from columns.kernel import inlined, part
from columns.wire import be16, be32
from sensor.decode.network import NO_PROTO

OK, SCTP_TRUNCATED, ICMP_TRUNCATED = int(Status.OK), int(Status.SCTP_TRUNCATED), int(Status.ICMP_TRUNCATED)
TCP_TRUNCATED, TCP_DATA_OFFSET = int(Status.TCP_TRUNCATED), int(Status.TCP_DATA_OFFSET)
UDP_TRUNCATED, UDP_LENGTH = int(Status.UDP_TRUNCATED), int(Status.UDP_LENGTH)
ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132
OTHER_PROTO = 255
"""A protocol number that has no header we read: its whole IP payload is the payload."""


class Transport(NamedTuple):
    """A transport header; its payload is data[payload:captured_end], of which ``end`` would be the end on the wire."""

    status: int
    src_port: int
    dst_port: int
    icmp_type: int
    icmp_code: int
    flags: int
    seq: int
    ack: int
    window: int
    payload: int
    captured_end: int
    end: int


@inlined
def transport_layer(data, proto, at, captured_end, end, unsized):
    """Return the Transport of the header at data[at]; of zeros where there is no IP packet (NO_PROTO).

    Where a snaplen cut TCP options off, the packet is still good: only what is read has to be there. A UDP length of 0
    is taken from IP where IP leaves its own length open (RFC 2675 and offloaded segments). Payload beyond the UDP
    length is not UDP's and left out.
    """
    status, src_port, dst_port, icmp_type, icmp_code, flags, seq, ack, window = OK, 0, 0, 0, 0, 0, 0, 0, 0
    payload = at
    size = captured_end - at
    if proto == TCP:
        if size < 20:
            status = TCP_TRUNCATED
        else:
            ports, word = be32(data, at), be32(data, at + 12)
            src_port, dst_port = ports >> 16, ports & 0xFFFF
            seq, ack = be32(data, at + 4), be32(data, at + 8)
            flags, window, header = word >> 16 & 0xFF, word & 0xFFFF, word >> 28 << 2
            if header < 20 or header > end - at:
                status = TCP_DATA_OFFSET
            else:
                payload = at + header
    elif proto == UDP:
        if size < 8:
            status = UDP_TRUNCATED
        else:
            ports, length = be32(data, at), be16(data, at + 4)
            src_port, dst_port = ports >> 16, ports & 0xFFFF
            length = end - at if length == 0 and unsized else length
            if length < 8 or length > end - at:
                status = UDP_LENGTH
            else:
                payload = at + 8
                end = at + length
    elif proto == ICMP or proto == ICMPV6:
        if size < 8:
            status = ICMP_TRUNCATED
        else:
            icmp_type, icmp_code, payload = np.int64(data[at]), np.int64(data[at + 1]), at + 8
    elif proto == SCTP:
        if size < 12:
            status = SCTP_TRUNCATED
        else:
            src_port, dst_port, payload = be16(data, at), be16(data, at + 2), at + 12
    if status != OK or proto == NO_PROTO:
        payload = end = at
    captured_end = max(payload, min(captured_end, end))
    return Transport(status, src_port, dst_port, icmp_type, icmp_code, flags, seq, ack, window, payload,
                     captured_end, end)


@part
def quoted_transport(data, proto, at, captured_end):
    """Return the Transport of a packet quoted by an ICMP error: what the first 8 bytes tell, without payload."""
    src_port, dst_port, icmp_type, icmp_code, seq = 0, 0, 0, 0, 0
    if captured_end - at >= 8:
        if proto == TCP or proto == UDP or proto == SCTP:
            src_port, dst_port = be16(data, at), be16(data, at + 2)
            seq = be32(data, at + 4) if proto == TCP else 0
        elif proto == ICMP or proto == ICMPV6:
            icmp_type, icmp_code = np.int64(data[at]), np.int64(data[at + 1])
    return Transport(OK, src_port, dst_port, icmp_type, icmp_code, 0, seq, 0, 0, at, at, at)

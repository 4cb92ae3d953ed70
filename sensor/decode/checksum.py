"""The Internet checksum (RFC 1071) of IPv4 headers and of TCP, UDP, ICMP and ICMPv6."""

from __future__ import annotations

import numpy as np

from columns.codes import Checksum
from columns.kernel import inlined
from columns.wire import be16, be32, be64, word_sum

UNVERIFIED, GOOD, BAD = int(Checksum.UNVERIFIED), int(Checksum.GOOD), int(Checksum.BAD)
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@inlined
def ones_sum(data, start, end):
    """Return a sum that folds to the one's complement sum of data[start:end] as 16-bit words, an odd byte padded.

    Most of it is summed in little-endian words and swapped at the end: the sum does not depend on the byte order.
    """
    words = (end - start) >> 3
    total = _folded(word_sum(data, start, words))
    total = (total & 0xFF) << 8 | total >> 8
    at = start + 8 * words
    if end - at >= 4:
        total += be32(data, at)
        at += 4
    if end - at >= 2:
        total += be16(data, at)
        at += 2
    return total + (np.int64(data[at]) << 8) if at < end else total


@inlined
def _folded(total):
    """Fold a sum below 2**62 into 16 bits."""
    total = (total >> 32) + (total & 0xFFFFFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return (total >> 16) + (total & 0xFFFF)


@inlined
def header_bad(data, start, end):
    """Return whether the checksum of the IPv4 header data[start:end] is wrong."""
    if end - start == 20:
        return _folded(_halves(be64(data, start)) + _halves(be64(data, start + 8)) + be32(data, start + 16)) != 0xFFFF
    return _folded(ones_sum(data, start, end)) != 0xFFFF


@inlined
def _halves(value):
    return np.int64(value >> _HALF) + np.int64(value & _LOW)


@inlined
def transport_checksum(data, net, proto, start, end):
    """Return GOOD or BAD for the transport header and payload data[start:end] of the packet ``net``.

    UNVERIFIED where there is none to verify: another protocol, or UDP without (0; in IPv6 as RFC 6935 allows).
    The mapped prefix of an IPv4 address adds 0xFFFF, which is zero in one's complement.
    """
    pseudo = 0
    if proto == UDP:
        if be16(data, start + 6) == 0:
            return UNVERIFIED
    elif proto != TCP and proto != ICMPV6 and proto != ICMP:
        return UNVERIFIED
    if proto != ICMP:
        pseudo = _halves(net.src_hi) + _halves(net.src_lo) + _halves(net.dst_hi) + _halves(net.dst_lo)
        pseudo += proto + end - start
    return GOOD if _folded(pseudo + ones_sum(data, start, end)) == 0xFFFF else BAD

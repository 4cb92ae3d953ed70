"""The Internet checksum (RFC 1071) of IPv4 headers and of TCP, UDP, ICMP and ICMPv6."""

from __future__ import annotations

import numpy as np

from columns.codes import Checksum
from columns.kernel import part
from sensor.decode.wire import be16, word_sum

UNVERIFIED, GOOD, BAD = int(Checksum.UNVERIFIED), int(Checksum.GOOD), int(Checksum.BAD)
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@part
def ones_sum(data, start, end):
    """Return the one's complement sum of data[start:end] as 16-bit big-endian words, an odd last byte padded with 0.

    The sum is taken over little-endian words and swapped at the end: it does not depend on the byte order.
    """
    words = (end - start) >> 3
    total = word_sum(data, start, words)
    for i in range(start + 8 * words, end):
        total += np.int64(data[i]) << (8 * ((i - start) & 1))
    total = _folded(total)
    return (total & 0xFF) << 8 | total >> 8


@part
def _folded(total):
    """Fold a sum below 2**62 into 16 bits."""
    total = (total >> 32) + (total & 0xFFFFFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return (total >> 16) + (total & 0xFFFF)


@part
def header_bad(data, start, end):
    """Return whether the checksum of the IPv4 header data[start:end] is wrong."""
    return ones_sum(data, start, end) != 0xFFFF


@part
def _halves(value):
    return np.int64(value >> _HALF) + np.int64(value & _LOW)


@part
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

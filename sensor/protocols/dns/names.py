"""Domain names on the wire: labels and compression pointers (RFC 1035), NetBIOS names (RFC 1001)."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from sensor.protocols.dns.text import GREATER, HEX, LESS, put_byte, put_digits

NAME_BYTES = 1025
"""Most bytes of a name that are kept, as in Suricata; the rest is passed over and the name is marked as cut."""

_SUFFIX = np.int64(40)  # where the kind of a NetBIOS name is put aside

MAX_POINTERS = 127
"""Most pointers followed in a name: one of 255 bytes has no more labels than that, so more are a loop."""


@part
def read_name(data, base, stop, pos, scratch, netbios):
    """Read the name at pos of the message base..stop into scratch, labels joined by dots.

    Returns (place after it in the message, length in scratch, 1 if it was cut); the place is -1 where it is malformed:
    beyond the message, a label type that is not defined, or more pointers than any name needs.
    """
    after, length, cut, pointers = -1, 0, 0, 0
    while pos < stop:
        if cut and after >= 0:  # no more is kept, and the place after it is known: walking on would cost time
            return after, length, cut
        size = np.int64(data[pos])
        if size == 0:
            return (pos + 1 if after < 0 else after), length, cut
        if size >= 0xC0:
            if pos + 1 >= stop or pointers == MAX_POINTERS:
                return -1, length, cut
            if after < 0:
                after = pos + 2
            pos = base + ((size & 0x3F) << 8 | np.int64(data[pos + 1]))
            pointers += 1
            continue
        if size > 63 or pos + 1 + size > stop:
            return -1, length, cut
        if netbios and length == 0 and size == 32:
            length = _netbios(data, pos + 1, scratch)
        else:
            length, cut = _label(data, pos + 1, size, scratch, length, cut)
        pos += 1 + size
    return -1, length, cut


@part
def _label(data, pos, size, scratch, length, cut):
    """Add a label, and a dot where it is not the first."""
    if length > 0 and length < NAME_BYTES:
        scratch[length] = 46
        length += 1
    for i in range(size):
        if length >= NAME_BYTES:
            return length, 1
        scratch[length] = data[pos + i]
        length += 1
    return length, cut


@part
def _netbios(data, pos, scratch):
    """Decode half-ASCII: 15 characters without trailing spaces, then the kind of name as ``<20>``."""
    length = 0
    for i in range(16):
        high, low = np.int64(data[pos + 2 * i]) - 65, np.int64(data[pos + 2 * i + 1]) - 65
        if high < 0 or high > 15 or low < 0 or low > 15:
            length, _ = _label(data, pos, 32, scratch, 0, 0)
            return length
        scratch[length] = high << 4 | low
        length += 1
    scratch[_SUFFIX] = scratch[15]
    length = 15
    while length > 0 and (scratch[length - 1] == 32 or scratch[length - 1] == 0):
        length -= 1
    length = put_byte(scratch, length, LESS)
    length = put_digits(scratch, length, scratch, _SUFFIX, _SUFFIX + 1, HEX)
    return put_byte(scratch, length, GREATER)

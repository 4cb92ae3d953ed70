"""The link and transport layers of DNP3 (IEEE 1815, 9 and 8): bytes become fragments of the application layer."""

from __future__ import annotations

from array import array
from functools import cache
from struct import iter_unpack, unpack_from
from typing import NamedTuple

HEADER_BYTES, LONGEST = 10, 292
_BLOCK = 16
_CHECKED = _BLOCK + 2  # with its check sum
_SOUND = 0x66C5  # what is left of data and their check sum
_POLYNOMIAL = 0xA6BC  # 0x3D65 turned round
_FIN, _FIR, _SEQUENCE = 0x80, 0x40, 0x3F


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _crc_table()


@cache
def _words() -> array[int]:
    """Return what _TABLE says of one byte for two: as wide as the check sum itself, so nothing of it has to be shifted.

    It is made when the first frame comes: most networks never see one.
    """
    low = [one >> 8 ^ _TABLE[one & 0xFF] for one in _TABLE]
    return array("H", [second ^ first for second in _TABLE for first in low])


def crc(data: bytes) -> int:
    """Return the check sum of a header or block."""
    value = 0
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF


def _sound(raw: bytes) -> bool:
    """Tell whether the check sums of a frame hold: what begins with its header and goes on with its blocks."""
    words, full = _words(), HEADER_BYTES + (len(raw) - HEADER_BYTES) // _CHECKED * _CHECKED
    for block in (unpack_from("<5H", raw), *iter_unpack("<9H", raw[HEADER_BYTES:full])):
        value = 0
        for word in block:
            value = words[value ^ word]
        if value != _SOUND:
            return False
    return full == len(raw) or crc(raw[full:-2]) == int.from_bytes(raw[-2:], "little")


class Frame(NamedTuple):
    """One frame: link control, addresses, the user data without check sums; sound: the check sums hold."""

    control: int
    dst: int
    src: int
    data: bytes
    sound: bool


def size_of(head: bytes) -> int:
    """How long a frame is by its first three bytes, 0 when more are needed, -1 for none."""
    if head[0] != 0x05 or (len(head) > 1 and head[1] != 0x64):
        return -1
    if len(head) < 3:
        return 0
    size = head[2] - 5
    return HEADER_BYTES + size + 2 * -(-size // _BLOCK) if size >= 0 else -1


def frame_of(raw: bytes) -> Frame:
    """Return a whole frame."""
    control, dst, src = unpack_from("<BHH", raw, 3)
    blocks = [raw[at : at + _CHECKED][:-2] for at in range(HEADER_BYTES, len(raw), _CHECKED)]
    return Frame(control, dst, src, b"".join(blocks), _sound(raw))


class Transport:
    """Puts fragments together, of one pair of addresses in one direction; holds at most so many bytes.

    too_long: the last segment went beyond that, the first of its fragment to do so.
    """

    def __init__(self, most: int) -> None:
        self._most, self.too_long = most, False
        self._held: bytearray | None = None
        self._next = 0

    def segment(self, data: bytes) -> bytes | None:
        """Take the next segment; return the fragment that it completes. One out of its order breaks it off."""
        header, self.too_long = data[0], False
        if header & _FIR:
            self._held = bytearray()
        elif self._held is None or header & _SEQUENCE != self._next:
            self._held = None
            return None
        held = self._held
        self.too_long = len(held) <= self._most < len(held) + len(data) - 1
        held += data[1 : 1 + self._most - len(held)]
        self._next = (header + 1) & _SEQUENCE
        if not header & _FIN:
            return None
        self._held = None
        return bytes(held)

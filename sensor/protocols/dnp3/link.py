"""The link and transport layers of DNP3 (IEEE 1815, 9 and 8): bytes become fragments of the application layer."""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

HEADER_BYTES, LONGEST = 10, 292
_BLOCK = 16
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


def crc(data: bytes) -> int:
    """Return the check sum of a header or block."""
    value = 0
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF


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
    control, dst, src, check = unpack_from("<BHHH", raw, 3)
    sound = crc(raw[:8]) == check
    blocks = []
    for at in range(HEADER_BYTES, len(raw), _BLOCK + 2):
        block = raw[at : min(at + _BLOCK, len(raw) - 2)]
        sound = sound and crc(block) == int.from_bytes(raw[at + len(block) : at + len(block) + 2], "little")
        blocks.append(block)
    return Frame(control, dst, src, b"".join(blocks), sound)


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

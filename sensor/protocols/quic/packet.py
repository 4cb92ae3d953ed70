"""QUIC packets with long headers, up to what is protected (RFC 8999, 9000, 9369)."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

VERSION_1, VERSION_2 = 1, 0x6B3343CF
_DRAFTS = range(0xFF000017, 0xFF000023)  # 23 to 34
_LONGEST_ID = 20


class PacketKind(IntEnum):
    """Kind of a packet with a long header, numbered as in version 1."""

    INITIAL = 0
    ZERO_RTT = 1
    HANDSHAKE = 2
    RETRY = 3
    NEGOTIATION = 4


class LongPacket(NamedTuple):
    """A packet: its number begins at number_at in the datagram, it ends before stop."""

    kind: PacketKind
    version: int
    dcid: bytes
    scid: bytes
    start: int
    number_at: int
    stop: int


def is_known(version: int) -> bool:
    """Return True for the versions whose Initial packets can be read."""
    return version in (VERSION_1, VERSION_2) or version in _DRAFTS


def version_name(version: int) -> str:
    """Return what a version is called: its number, its draft, the letters of Google, else hexadecimal."""
    if version >> 8 == 0xFF0000:
        return f"draft-{version & 0xFF}"
    if version in (VERSION_1, VERSION_2):
        return "1" if version == VERSION_1 else "2"
    letters = version.to_bytes(4, "big")
    return letters.decode() if letters[:1] in (b"Q", b"T") and letters[1:].isdigit() else f"0x{version:08x}"


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length and the place after it; (-1, at) where it is not whole (RFC 9000, 16)."""
    if at >= len(data):
        return -1, at
    stop = at + (1 << (data[at] >> 6))
    if stop > len(data):
        return -1, at
    value = int.from_bytes(data[at:stop], "big")
    return value & (1 << (8 * (stop - at) - 2)) - 1, stop


def long_packet(data: bytes, at: int) -> LongPacket | None:
    """Return the packet with a long header at a place; None where there is none, or it is not whole."""
    if at + 7 > len(data) or not data[at] & 0x80:
        return None
    version = int.from_bytes(data[at + 1 : at + 5], "big")
    scid_at = at + 6 + data[at + 5]
    if data[at + 5] > _LONGEST_ID or scid_at >= len(data) or data[scid_at] > _LONGEST_ID:
        return None
    after = scid_at + 1 + data[scid_at]
    if after > len(data):
        return None
    dcid, scid = data[at + 6 : scid_at], data[scid_at + 1 : after]
    kind = _kind(version, data[at])
    if kind in (PacketKind.RETRY, PacketKind.NEGOTIATION):
        return LongPacket(kind, version, dcid, scid, at, after, len(data))
    if kind == PacketKind.INITIAL:
        token, after = varint(data, after)
        after += token
        if token < 0:
            return None
    size, after = varint(data, after)
    if size < 0 or after + size > len(data):
        return None
    return LongPacket(kind, version, dcid, scid, at, after, after + size)


def _kind(version: int, first: int) -> PacketKind:
    if version == 0:
        return PacketKind.NEGOTIATION
    bits = first >> 4 & 3
    return PacketKind((bits - 1) & 3 if version == VERSION_2 else bits)

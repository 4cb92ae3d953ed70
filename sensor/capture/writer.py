"""Captures of selected frames: evidence to open in another tool."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from columns.errors import UsageError
from sensor.capture.frames import Frame

_SNAPLEN = 262_144
_MAGIC_NS = 0xA1B23C4D


def write_pcap(path: Path | str, frames: Iterable[Frame]) -> int:
    """Write frames of one link type as pcap with nanoseconds; return how many.

    Raise UsageError when the link types differ. Without frames the link type is Ethernet.
    """
    frames = list(frames)
    link_types = {frame.link_type for frame in frames} or {1}
    if len(link_types) > 1:
        raise UsageError(
            f"frames of {len(link_types)} link types", where=str(path), expected="one link type in a pcap file",
            remedy="write pcapng instead",
        )
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", _MAGIC_NS, 2, 4, 0, 0, _SNAPLEN, link_types.pop()))
        for frame in frames:
            seconds, ns = divmod(frame.ts_ns, 1_000_000_000)
            file.write(struct.pack("<IIII", seconds, ns, len(frame.data), frame.wire_bytes) + frame.data)
    return len(frames)


def write_pcapng(path: Path | str, frames: Iterable[Frame]) -> int:
    """Write frames as pcapng with nanoseconds, each with its packet number as a comment; return how many."""
    interfaces: dict[int, int] = {}
    count = 0
    with open(path, "wb") as file:
        file.write(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((4, b"sekisho"))))
        for frame in frames:
            if frame.link_type not in interfaces:
                interfaces[frame.link_type] = len(interfaces)
                file.write(_block(1, struct.pack("<HHI", frame.link_type, 0, 0) + _options((9, b"\x09"))))
            head = struct.pack(
                "<IIIII", interfaces[frame.link_type], frame.ts_ns >> 32, frame.ts_ns & 0xFFFF_FFFF,
                len(frame.data), frame.wire_bytes,
            )
            comment = f"packet {frame.packet_number}".encode()
            file.write(_block(6, head + _padded(frame.data) + _options((1, comment))))
            count += 1
    return count


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(*options: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options) + bytes(4)


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

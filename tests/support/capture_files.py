"""Capture files built by hand, and parsers of them in plain Python that know no kernel."""

from __future__ import annotations

import gzip
import os
import struct
import tempfile
from collections import Counter
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from sensor.capture import REFUSALS, open_capture

SECOND = 1_000_000_000
TS_MAX = 9_183_110_400 * SECOND - 1  # the end of 2260
MIB = 2**20


class Seen(NamedTuple):
    """A frame as a reader sees it."""

    ts_ns: int
    data: bytes
    wire: int
    link: int
    interface: int


# --- builders


def pcap_header(order="<", magic=0xA1B2C3D4, version=(2, 4), snaplen=262_144, network=1) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, snaplen, network)


def pcap_record(data: bytes, order="<", seconds=1, unit=0, wire=None, captured=None, extended=False) -> bytes:
    head = struct.pack(
        order + "IIII", seconds, unit, len(data) if captured is None else captured, len(data) if wire is None else wire
    )
    return head + (b"\0" * 8 if extended else b"") + data


def pcap(frames, order="<", **header) -> bytes:
    extended = header.get("magic") == 0xA1B2CD34
    return pcap_header(order, **header) + b"".join(
        pcap_record(data, order, seconds=i, unit=i, extended=extended) for i, data in enumerate(frames)
    )


def block(kind: int, body: bytes, order="<", length=None, trailer=None) -> bytes:
    body += bytes(-len(body) % 4)
    length = len(body) + 12 if length is None else length
    trailer = length if trailer is None else trailer
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", trailer)


def options(*pairs, order="<") -> bytes:
    return b"".join(struct.pack(order + "HH", c, len(v)) + v + bytes(-len(v) % 4) for c, v in pairs) + (
        bytes(4) if pairs else b"")


def section(order="<", version=(1, 0), length=-1, **rest) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, *version, length), order, **rest)


def interface(order="<", link=1, snaplen=0, resolution=None, offset=None, extra=(), **rest) -> bytes:
    pairs = list(extra)
    if resolution is not None:
        pairs.append((9, bytes((resolution,))))
    if offset is not None:
        pairs.append((14, struct.pack(order + "q", offset)))
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options(*pairs, order=order), order, **rest)


def enhanced(data: bytes, order="<", number=0, ticks=0, wire=None, captured=None, comment=None, **rest) -> bytes:
    captured, wire = len(data) if captured is None else captured, len(data) if wire is None else wire
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, captured, wire)
    tail = options((1, comment), order=order) if comment else b""
    return block(6, head + data + bytes(-len(data) % 4) + tail, order, **rest)


def obsolete(data: bytes, order="<", number=0, ticks=0, wire=None, captured=None, drops=0xFFFF, **rest) -> bytes:
    captured, wire = len(data) if captured is None else captured, len(data) if wire is None else wire
    head = struct.pack(order + "HHIIII", number, drops, ticks >> 32, ticks & 0xFFFFFFFF, captured, wire)
    return block(2, head + data, order, **rest)


def simple(data: bytes, order="<", wire=None, **rest) -> bytes:
    return block(3, struct.pack(order + "I", len(data) if wire is None else wire) + data, order, **rest)


# --- oracles: what the rules of the reader say, in the plainest Python


def parse_pcap(raw: bytes) -> tuple[list[Seen], Counter]:
    forms = {0xA1B2C3D4: (1000, 16), 0xA1B23C4D: (1, 16), 0xA1B2CD34: (1000, 24)}
    order = "<" if struct.unpack("<I", raw[:4])[0] in forms else ">"
    magic, major, minor, _, _, snaplen, network = struct.unpack(order + "IHHiIII", raw[:24])
    scale, header = forms[magic]
    limit = max(262_144, min(snaplen, 16 * MIB))
    seen, counts, place = [], Counter(), 24
    while place < len(raw):
        if place + header > len(raw):
            counts["truncated_record"] += 1
            break
        seconds, unit, captured, wire = struct.unpack(order + "IIII", raw[place:place + 16])
        if ((major == 2 and minor < 3) or (major, minor) == (543, 0)
                or ((major, minor) == (2, 3) and captured > wire)):
            captured, wire = wire, captured
        if captured > limit:
            counts["record_length"] += 1
            break
        if place + header + captured > len(raw):
            counts["truncated_record"] += 1
            break
        if unit * scale >= SECOND:
            counts["timestamp_clamped"] += 1
            unit = SECOND // scale - 1
        if wire < captured:
            counts["wire_length_raised"] += 1
            wire = captured
        data = raw[place + header:place + header + captured]
        seen.append(Seen(seconds * SECOND + unit * scale, data, wire, network & 0xFFFF, 0))
        place += header + captured
    return seen, counts


def block_time(ticks: int, resolution: int, offset: int) -> tuple[int, bool]:
    per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    if ticks // per_second >= 2**61:
        return TS_MAX, True
    ns = offset * SECOND + Fraction(ticks * SECOND, per_second).__floor__()
    clamped = min(max(ns, 0), TS_MAX)
    return clamped, clamped != ns


def parse_pcapng(raw: bytes) -> tuple[list[Seen], Counter]:
    seen, counts, place, last, suspect = [], Counter(), 0, 0, False
    order, interfaces = "<", []
    skipped = {4: "name_blocks", 5: "statistics_blocks", 10: "secrets_blocks", 0xBAD: "custom_blocks",
               0x40000BAD: "custom_blocks"}
    while place < len(raw):
        rest = raw[place:]
        if len(rest) < 12 or (rest[:4] == b"\n\r\r\n" and len(rest) < 28):
            counts["truncated_record"] += 1
            break
        least = {1: 20}.get(struct.unpack(order + "I", rest[:4])[0], 12)
        if rest[:4] == b"\n\r\r\n":
            least = 28
            orders = [o for o in "<>" if struct.unpack(o + "IH", rest[8:14]) == (0x1A2B3C4D, 1)]
            if not orders:
                counts["section_header"] += 1
                break
            order, interfaces = orders[0], []
        kind, length = struct.unpack(order + "II", rest[:8])
        if length < least or length % 4 or length > 16 * MIB:
            counts["block_length"] += 1
            break
        if length > len(rest):
            counts["truncated_record"] += 1
            break
        body = rest[8:length - 4]
        if struct.unpack(order + "I", rest[length - 4:length])[0] != length:
            counts["trailing_length"] += 1
            if suspect or kind in (1, 0x0A0D0D0A):
                break
            suspect, place = True, place + length
            continue
        suspect, place = False, place + length
        if kind == 1:
            interfaces.append(_parse_interface(body, order))
        elif kind in (2, 3, 6):
            result = _parse_packet(kind, body, order, interfaces, last, counts)
            if isinstance(result, str):
                counts[result] += 1
            else:
                seen.append(result)
                last = result.ts_ns
        elif kind != 0x0A0D0D0A:
            counts[skipped.get(kind, "unknown_blocks")] += 1
    return seen, counts


def _parse_interface(body: bytes, order: str) -> tuple:
    link, _, snaplen = struct.unpack(order + "HHI", body[:8])
    resolution, offset, place = 6, 0, 8
    while place + 4 <= len(body):
        code, size = struct.unpack(order + "HH", body[place:place + 4])
        value = body[place + 4:place + 4 + size]
        if code == 0 or len(value) < size:
            break
        if code == 9 and size == 1:
            resolution = value[0]
        if code == 14 and size == 8:
            (offset,) = struct.unpack(order + "q", value)
        place += 4 + size + -size % 4
    return link, snaplen, resolution, offset


def _parse_packet(kind, body, order, interfaces, last, counts) -> Seen | str:
    if len(body) < (4 if kind == 3 else 20):
        return "record_length"
    number, wire = 0, 0
    if kind == 6:
        number, high, low, captured, wire = struct.unpack(order + "IIIII", body[:20])
    elif kind == 2:
        number, _, high, low, captured, wire = struct.unpack(order + "HHIIII", body[:20])
    if number >= len(interfaces):
        return "unknown_interface"
    link, snaplen, resolution, offset = interfaces[number]
    data = body[4:] if kind == 3 else body[20:]
    if kind == 3:
        (wire,) = struct.unpack(order + "I", body[:4])
        captured = min(wire, snaplen or 16 * MIB)
    if captured > len(data) or captured > max(262_144, snaplen or 16 * MIB):
        return "record_length"
    if kind == 3:
        counts["timestamp_missing"] += 1
        ts = last
    else:
        ts, clamped = block_time(high << 32 | low, resolution, offset)
        counts["timestamp_clamped"] += clamped
    if wire < captured:
        counts["wire_length_raised"] += 1
        wire = captured
    return Seen(ts, data[:captured], wire, link, number)


# --- reading through the product


@contextmanager
def file_of(raw: bytes, suffix: str = ""):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "capture" + suffix)
        path.write_bytes(raw)
        yield path


@contextmanager
def pipe_of(raw: bytes):
    """A path that is a pipe holding ``raw`` (up to the 64 KiB that a pipe takes)."""
    reading, writing = os.pipe()
    try:
        os.write(writing, raw)
    finally:
        os.close(writing)
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)


def frames_in(capture, max_frames: int = 1000) -> list[Seen]:
    """All frames of an open capture; checks what every block promises on the way."""
    seen, number = [], 1
    for frames in capture.blocks(max_frames):
        assert 1 <= frames.offset.size <= max_frames
        assert frames.first_packet == number
        assert not frames.buffer.flags.writeable
        assert frames.buffer.flags.c_contiguous
        for i in range(frames.offset.size):
            begin = int(frames.offset[i])
            data = frames.buffer[begin:begin + int(frames.captured_bytes[i])].tobytes()
            assert len(data) == frames.captured_bytes[i]
            seen.append(Seen(int(frames.ts_ns[i]), data, int(frames.wire_bytes[i]), int(frames.link_type[i]),
                             int(frames.interface[i])))
        number += frames.offset.size
    return seen


def read(path, max_frames: int = 1000) -> tuple[list[Seen], Counter, list[str]]:
    """Frames, counters that are not zero (but those every capture has), and notes; checks conservation.

    A file is read twice, mapped and passed over: both must say the same.
    """
    seen = _read(path, max_frames, False)
    if os.path.isfile(path):
        assert _read(path, max_frames, True) == seen
    return seen


def _read(path, max_frames: int, passing: bool) -> tuple[list[Seen], Counter, list[str]]:
    with open_capture(path, passing=passing) as capture:
        seen = frames_in(capture, max_frames)
        counters = Counter({k: v for k, v in capture.counters.items() if v})
        assert counters["frames"] == len(seen)
        assert counters["bytes"] == sum(len(s.data) for s in seen)
        assert counters["wire_bytes"] == sum(s.wire for s in seen)
        assert counters["records_found"] == len(seen) + sum(counters[cause] for cause in REFUSALS)
        assert sum(capture.refused.values()) == counters["records_found"] - len(seen)
        for common in ("records_found", "frames", "bytes", "wire_bytes"):
            counters.pop(common, None)
        return seen, counters, capture.notes


def read_bytes(raw: bytes, max_frames: int = 1000) -> tuple[list[Seen], Counter, list[str]]:
    with file_of(raw) as path:
        return read(path, max_frames)


def gz(raw: bytes) -> bytes:
    return gzip.compress(raw, 1, mtime=0)

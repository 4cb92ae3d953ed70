"""One record of the spool as bytes: a header with checksums, a description, and a body.

Layout, little-endian: magic "SkR1", kind u8, lane u8, flags u16, number u64, description length u32, body length u32,
CRC-32 of the body, CRC-32 of all before and of the description; then the description (JSON) and the body. A record that
was cut off or damaged is recognised by its checksums, and what is before it in the file is whole.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

_HEADER = struct.Struct("<4sBBHQIII")
_CHECK = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CHECK.size
_MAGIC = b"SkR1"
MAX_META_BYTES = 1 << 20
"""A longer description is damage: ours hold a run's captures at most."""


class Kind(IntEnum):
    """What a record asks of the server."""

    BEGIN = 1  # begin a run: remove what an earlier attempt left
    BLOCK = 2  # store the rows of one block
    FINISH = 3  # close a run


class Lane(IntEnum):
    """Where a record waits. The higher the lane, the sooner it is given up; within a lane the order is kept."""

    CONTROL = 0  # beginnings and ends of runs: never given up
    ALERT = 1
    HEALTH = 2
    FLOW = 3


def lane_of(table: str) -> Lane:
    """Return the lane of a table's blocks: alerts are given up last, what is not known here first."""
    return {"alert": Lane.ALERT, "alert_action": Lane.ALERT, "sensor_health": Lane.HEALTH}.get(table, Lane.FLOW)


class Entry(NamedTuple):
    """A record in a file: everything but its body. meta is its description; see Spool.append."""

    number: int
    kind: Kind
    lane: Lane
    meta: Mapping[str, Any]
    offset: int
    body_at: int
    end: int
    body_crc: int

    @property
    def run_id(self) -> str:
        """The run it belongs to."""
        return str(self.meta.get("run_id", ""))

    @property
    def life(self) -> str:
        """The attempt of the run it belongs to."""
        return str(self.meta.get("life", ""))


def encode(number: int, kind: Kind, lane: Lane, meta: Mapping[str, Any], body: bytes) -> bytes:
    """Return a record as bytes."""
    text = json.dumps(meta, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(text) > MAX_META_BYTES:
        raise ValueError(f"the description of a record has {len(text)} bytes, more than {MAX_META_BYTES}")
    head = _HEADER.pack(_MAGIC, kind, lane, 0, number, len(text), len(body), zlib.crc32(body))
    return b"".join((head, _CHECK.pack(zlib.crc32(text, zlib.crc32(head))), text, body))


class Header(NamedTuple):
    """What the fixed part of a record says."""

    kind: int
    lane: int
    number: int
    meta_bytes: int
    body_bytes: int
    body_crc: int
    crc: int
    raw: bytes


def decode_header(raw: bytes) -> Header | None:
    """Return the fixed part of a record, or None where there is none."""
    if len(raw) < HEADER_BYTES or not raw.startswith(_MAGIC):
        return None
    _, kind, lane, _, number, meta_bytes, body_bytes, body_crc = _HEADER.unpack_from(raw)
    (crc,) = _CHECK.unpack_from(raw, _HEADER.size)
    if meta_bytes > MAX_META_BYTES:
        return None
    return Header(kind, lane, number, meta_bytes, body_bytes, body_crc, crc, raw[: _HEADER.size])


def decode_entry(header: Header, text: bytes, offset: int) -> Entry | None:
    """Return the record at an offset of a file, or None where header and description do not fit together."""
    if len(text) != header.meta_bytes or zlib.crc32(text, zlib.crc32(header.raw)) != header.crc:
        return None
    body_at = offset + HEADER_BYTES + header.meta_bytes
    try:
        return Entry(header.number, Kind(header.kind), Lane(header.lane),
                     json.loads(text.decode("utf-8", "surrogatepass")), offset, body_at, body_at + header.body_bytes,
                     header.body_crc)
    except ValueError:
        return None

"""Running the decoder in tests: its rows as dictionaries, cut into blocks in any way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from columns import Packets
from columns.codes import REFUSED_FROM, Status
from sensor.decode import Decoder, DecodeSettings
from sensor.frames import FrameBlock
from tests.support.decode_oracle import OracleDecoder

REFUSED_FIELDS = ("packet_number", "ts_ns", "link_type", "interface", "status", "tunnel", "tunnel_depth", "src_mac",
                  "dst_mac", "ether_type", "vlan", "vlan_inner", "ip_version", "src_ip", "dst_ip", "checksum", "frames",
                  "captured_bytes", "wire_bytes")
"""What a refused row has to say rightly; the rest of it is as far as decoding came."""


def packet_rows(packets: Packets, buffers: tuple[np.ndarray, np.ndarray]) -> list[dict[str, Any]]:
    """Return packets as dictionaries by column, with the captured payload itself under ``payload``."""
    lists = {name: getattr(packets, name).tolist() for name in packets._fields}
    rows = []
    for i in range(packets.status.size):
        row = {name: values[i] for name, values in lists.items()}
        for end in ("src_ip", "dst_ip"):
            row[end] = row.pop(f"{end}_hi") << 64 | row.pop(f"{end}_lo")
        start = row.pop("payload_offset")
        row["transport_offset"] -= start  # where in the arena depends on the portion
        row["payload"] = buffers[row["buffer"]][start : start + row["payload_captured_bytes"]].tobytes()
        rows.append(row)
    return rows


def decode_rows(blocks: Iterable[FrameBlock], decoder: Decoder) -> list[dict[str, Any]]:
    """Return all rows of some blocks."""
    portions = (portion for block in blocks for portion in decoder.decode(block))
    return [row for packets, buffers in portions for row in packet_rows(packets, buffers)]


def cut(block: FrameBlock, size: int) -> list[FrameBlock]:
    """Divide a block into blocks of at most so many frames."""
    return [
        FrameBlock(block.buffer, *(a[i : i + size] for a in block[1:7]), block.first_packet + i)
        for i in range(0, block.offset.size, size)
    ]


def assert_agrees(block: FrameBlock, checksums: str = "ignore") -> list[dict[str, Any]]:
    """Hold the decoder against the oracle row by row, and its counters against conservation; return the rows."""
    decoder = Decoder(DecodeSettings(checksums=checksums))
    rows = decode_rows([block], decoder)
    expected = OracleDecoder(checksums).decode(block)
    for row, wanted in zip(rows, expected, strict=False):
        fields = REFUSED_FIELDS if wanted["status"] >= REFUSED_FROM else wanted.keys()
        assert {f: row[f] for f in fields} == {f: wanted[f] for f in fields}, Status(row["status"]).name
    assert len(rows) == len(expected)
    assert_conserved(decoder, rows, block.offset.size)
    return rows


def assert_conserved(decoder: Decoder, rows: list[dict[str, Any]], frames: int) -> None:
    """Check in = processed + refused before and after finish(), against the counters and against the rows."""
    def balance() -> None:
        counters = dict(decoder.counters)
        assert counters.pop("frames_in") == frames == sum(counters.values())

    balance()
    held = decoder.counters.get("fragment_held", 0)
    decoder.finish()
    balance()
    counters = decoder.counters
    assert "fragment_held" not in counters
    assert counters.get("fragment_incomplete", 0) >= held
    stood_for = sum(row["frames"] for row in rows if row["status"] != Status.FRAGMENT_HELD)
    given_up = sum(counters.get(label, 0) for label in ("fragment_incomplete", "fragment_budget", "fragment_overlap"))
    refused_overlaps = sum(row["frames"] for row in rows if row["status"] == Status.FRAGMENT_OVERLAP)
    assert stood_for + given_up - refused_overlaps == frames

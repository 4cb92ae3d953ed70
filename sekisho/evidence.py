"""The packets of a flow, found again in the captures of its run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from columns import Packets, rows_in
from columns.address import address_int
from columns.errors import CaptureError
from sekisho.identity import STDIN
from sekisho.rows import Row
from sensor.capture import open_capture
from sensor.decode import Decoder, DecodeSettings
from sensor.frames import FrameBlock

_BLOCK_FRAMES = 16384
_LOW = (1 << 64) - 1


class FoundPacket(NamedTuple):
    """One packet of a flow: its frame as captured, and a line about it by our own decoder."""

    number: int
    ts_ns: int
    link_type: int
    frame: bytes
    summary: str


@dataclass(frozen=True)
class Evidence:
    """Packets that were found, and what stood in the way of finding more."""

    packets: list[FoundPacket]
    missing: list[str]


def find_packets(captures: Sequence[str], flow: Row, limit: int) -> Evidence:
    """Return the first packets (up to limit) of a flow row, looking through the captures that its run read.

    A capture that is gone or unreadable is named in ``missing``; the numbering of those after it is then lost, so the
    search ends there.
    """
    found: list[FoundPacket] = []
    missing: list[str] = []
    first = 1
    for name in captures:
        if len(found) >= limit:
            break
        if Path(name) == STDIN:
            missing.append("the capture came from standard input and was not kept")
            break
        try:
            first = _search(name, first, flow, limit, found)
        except (CaptureError, OSError) as error:
            missing.append(str(error))
            break
    if not found and not missing:
        missing.append("none of the flow's packets is in the captures any more: they have changed since the replay")
    return Evidence(found, missing)


def _search(name: str, first: int, flow: Row, limit: int, found: list[FoundPacket]) -> int:
    """Look through one capture and return the number of the packet after its last."""
    decoder = Decoder(DecodeSettings(checksums="ignore"))
    with open_capture(name, first_packet=first) as capture:
        for block in capture.blocks(_BLOCK_FRAMES):
            first = block.first_packet + block.offset.size
            if first > flow["first_packet"] and len(found) < limit:
                found += _of_flow(decoder, block, flow, limit - len(found))
    return first


def _of_flow(decoder: Decoder, block: FrameBlock, flow: Row, limit: int) -> Iterator[FoundPacket]:
    for packets, _ in decoder.decode(block):
        for i in np.flatnonzero(_belongs(packets, flow))[:limit].tolist():
            at = int(packets.packet_number[i]) - block.first_packet
            if not 0 <= at < block.offset.size:
                continue  # a fragment that came in an earlier block
            start = int(block.offset[at])
            yield FoundPacket(
                int(packets.packet_number[i]), int(packets.ts_ns[i]), int(block.link_type[at]),
                block.buffer[start : start + int(block.captured_bytes[at])].tobytes(), _summary(packets, i, flow),
            )


def _belongs(packets: Packets, flow: Row) -> np.ndarray:
    """Return which rows have the flow's addresses, ports and protocol, in either direction: bool[rows]."""
    forward = np.ones(rows_in(packets), bool)
    backward = forward.copy()
    for side, other in (("src", "dst"), ("dst", "src")):
        value = address_int(flow[f"{side}_ip"])
        for mask, end in ((forward, side), (backward, other)):
            mask &= getattr(packets, f"{end}_ip_hi") == np.uint64(value >> 64)
            mask &= getattr(packets, f"{end}_ip_lo") == np.uint64(value & _LOW)
            mask &= getattr(packets, f"{end}_port") == flow[f"{side}_port"]
    inside = (packets.packet_number >= flow["first_packet"]) & (packets.tunnel_depth == flow["tunnel_depth"])
    return (forward | backward) & (packets.proto == flow["proto"]) & inside


_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


def _summary(packets: Packets, i: int, flow: Row) -> str:
    """Return one line about a packet: direction, flags or type, lengths, TTL."""
    to_server = int(packets.src_port[i]) == flow["src_port"] and (
        int(packets.src_ip_lo[i]) == address_int(flow["src_ip"]) & _LOW)
    parts = ["→" if to_server else "←"]
    proto = int(packets.proto[i])
    if proto == 6:
        flags = int(packets.tcp_flags[i])
        parts.append(" ".join(name for bit, name in enumerate(_FLAGS) if flags >> bit & 1) or "no flags")
        parts.append(f"seq {int(packets.tcp_seq[i])}" + (f", ack {int(packets.tcp_ack[i])}" if flags & 16 else ""))
    elif proto in (1, 58):
        parts.append(f"type {int(packets.icmp_type[i])} code {int(packets.icmp_code[i])}")
    parts.append(f"{int(packets.payload_bytes[i]):,} B payload, {int(packets.wire_bytes[i]):,} B on the wire")
    parts.append(f"TTL {int(packets.ip_ttl[i])}")
    return ", ".join(parts).replace(",", "", 1)

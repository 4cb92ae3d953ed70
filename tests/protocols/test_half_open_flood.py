"""A flood of requests that are begun and never ended stays within the budgets, and what is left out is counted."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from columns import PACKET, slice_rows
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowSettings, FlowTable
from sensor.frames import FrameBlock, frame_block, read_only
from sensor.protocols import Dissector, ProtocolSettings, http
from sensor.streams import Streams, StreamSettings
from sensor.streams.state import PAGE_BYTES
from tests.support.segments import handshake, segment

HEAD = b"GET /search?q=flood HTTP/1.1\r\nHost: www.example.org\r\nX-More: "
SRC = 26  # where the source address stands in a frame of Ethernet and IPv4
NOTHING = read_only(b"")


def blocks(clients: int, at_once: int) -> Iterator[FrameBlock]:
    """Handshake, the beginning of a request, and a piece of it behind a hole, of so many clients."""
    sent = [*handshake(), segment(HEAD), segment(b"y" * 200, len(HEAD) + 100)]
    frames: list[bytes] = []
    number = 1
    for client in range(clients):
        address = struct.pack(">I", 0x0A000000 + client)
        for k, frame in enumerate(sent):
            one = bytearray(frame)
            place = SRC + 4 if k == 1 else SRC
            one[place : place + 4] = address
            frames.append(bytes(one))
        if len(frames) >= at_once or client == clients - 1:
            yield frame_block(frames, ts_ns=[number * 1000] * len(frames), first_packet=number)
            number += len(frames)
            frames = []


@pytest.mark.parametrize(("clients", "conversations", "memory_mib"), [
    (3_000, 256, 1), pytest.param(200_000, 65_536, 64, marks=pytest.mark.slow)])
def test_half_open_requests_stay_within_the_budgets(clients: int, conversations: int, memory_mib: int) -> None:
    decoder = Decoder(DecodeSettings(checksums="ignore"))
    table = FlowTable(FlowSettings(max_flows=1 << 18, half_open_timeout_s=60))
    streams = Streams(StreamSettings(memory_mib=memory_mib), table.settings.max_flows)
    dissector = Dissector(streams, http.WANTS, (), ProtocolSettings(conversations=conversations))
    most = 0
    for block in blocks(clients, 20_000):
        for packets, buffers in decoder.decode(block):
            for start, stop, flows in table.update(packets):
                some = slice_rows(packets, start, stop)
                dissector.update(some, flows, streams.update(some, flows, *buffers), buffers)
                most = max(most, dissector.counters()["live"])
    assert table.live == clients
    assert most == min(clients, conversations)
    held = streams.counters()
    assert held["pages_peak"] * PAGE_BYTES <= memory_mib << 20
    assert held["memory_full"] > 0
    assert dissector.counters()["evicted"] == clients - conversations
    for flows in table.finish():
        dissector.update(PACKET.none, flows, streams.update(PACKET.none, flows, NOTHING, NOTHING), (NOTHING, NOTHING))
    assert dissector.counters()["live"] == 0

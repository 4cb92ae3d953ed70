"""TCP conversations packet by packet, and what the streams make of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from columns import PACKET, slice_rows
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowSettings, FlowTable
from sensor.frames import frame_block, read_only
from sensor.streams import Streams, StreamSettings
from sensor.streams.state import CONFLICT, END, FIRST, MIDSTREAM
from tests.support.frames import ethernet, ipv4, tcp

FIN, SYN, RST, ACK = 1, 2, 4, 16
CLIENT_ISN, SERVER_ISN = 1000, 9000
SMALL_FLOWS = FlowSettings(max_flows=256)
NOTHING = read_only(b"")


def segment(data: bytes = b"", place: int = 0, *, server: bool = False, flags: int = ACK, isn: int = CLIENT_ISN,
            ack: int = 0, port: int = 40000) -> bytes:
    """Return a frame whose payload belongs at a place of its direction; ack is a place of the other direction.

    isn is the client's first sequence number.
    """
    mine, other = (SERVER_ISN, isn) if server else (isn, SERVER_ISN)
    ends = {"src": "198.51.100.1", "dst": "192.0.2.1"} if server else {"src": "192.0.2.1", "dst": "198.51.100.1"}
    ports = {"sport": 80, "dport": port} if server else {"sport": port, "dport": 80}
    seq = (mine + place + (0 if flags & SYN else 1)) % (1 << 32)
    return ethernet(ipv4(tcp(data, seq=seq, ack=(other + 1 + ack) % (1 << 32), flags=flags, **ports), **ends))


def handshake(port: int = 40000, isn: int = CLIENT_ISN) -> list[bytes]:
    """Return the three packets that open a connection."""
    return [segment(flags=SYN, port=port, isn=isn), segment(flags=SYN | ACK, server=True, port=port, isn=isn),
            segment(port=port, isn=isn)]


class Said(NamedTuple):
    """What came out of one direction: bytes, bytes lost, and whether overlaps differed, START and END were told."""

    data: bytes
    gap: int
    conflict: bool
    first: bool
    midstream: bool


def streamed(frames: Iterable[bytes], batch: int = 1 << 16, settings: StreamSettings | None = None,
             ) -> tuple[dict[tuple[int, int], Said], dict[str, int], list[int]]:
    """Return what each (flow, side) said, the counters, and the flows whose end was told."""
    decoder, table = Decoder(DecodeSettings(checksums="ignore")), FlowTable(SMALL_FLOWS)
    streams = Streams(settings, SMALL_FLOWS.max_flows)
    said: dict[tuple[int, int], list[Any]] = {}
    ended: list[int] = []
    frames = list(frames)

    def take(packets: Any, flows: Any, buffers: Any) -> None:
        for chunks in streams.update(packets, flows, *buffers):
            for c in chunks.records:
                if c["flags"] & END:
                    ended.append(int(c["flow_id"]))
                    continue
                data = chunks.buffers[c["buffer"]][c["start"] : c["start"] + c["size"]].tobytes()
                said.setdefault((int(c["flow_id"]), int(c["side"])), []).append((data, int(c["gap"]), int(c["flags"])))

    for start in range(0, len(frames), batch):
        some = frames[start : start + batch]
        block = frame_block(some, ts_ns=[(start + k) * 1_000_000 for k in range(len(some))], first_packet=start + 1)
        for packets, buffers in decoder.decode(block):
            for a, b, flows in table.update(packets):
                take(slice_rows(packets, a, b), flows, buffers)
    for flows in table.finish():
        take(PACKET.none, flows, (NOTHING, NOTHING))
    return {k: _joined(v) for k, v in said.items()}, streams.counters(), ended


def _joined(pieces: list[tuple[bytes, int, int]]) -> Said:
    flags = 0
    for _, _, more in pieces:
        flags |= more
    return Said(b"".join(p[0] for p in pieces), sum(p[1] for p in pieces), bool(flags & CONFLICT),
                bool(pieces[0][2] & FIRST), bool(flags & MIDSTREAM))


def sides(said: dict[tuple[int, int], Said]) -> tuple[bytes, bytes]:
    """Return the bytes of client and server where there is one flow."""
    (flow_id,) = {k[0] for k in said}
    return tuple(said[flow_id, side].data if (flow_id, side) in said else b"" for side in (0, 1))  # type: ignore[return-value]

"""Frames through decoder, flow table, streams and dissector, in portions of any size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from columns import PACKET, slice_rows, text_values
from columns.app import AppProto
from columns.said import Recognised, Said, Step
from columns.schema import Table, Text
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowSettings, FlowTable
from sensor.frames import FrameBlock, frame_block, read_only
from sensor.protocols import Dissector, ProtocolSettings
from sensor.protocols.packet_rows import PacketRowSettings
from sensor.protocols.parser import Wants
from sensor.streams import Streams, StreamSettings

NOTHING = (read_only(b""), read_only(b""))


class Stretch(NamedTuple):
    """One row of the stretches that were told."""

    flow_id: int
    packet_number: int
    to_server: bool
    data: bytes
    gap: int
    ended: bool


Spoken = list[Step | Recognised | Stretch]


class Dissected(NamedTuple):
    """What came out: rows (dictionaries) by table, app_proto of flow rows as (flow_id, part, app_proto), counters,
    what was spoken and the stretches, each in its place.
    """

    rows: dict[str, list[dict[str, Any]]]
    flows: list[tuple[int, int, int]]
    counters: dict[str, int]
    spoken: Spoken


def dissected(blocks: Iterable[FrameBlock], stream_wants: Sequence[Wants], datagram_wants: Sequence[Wants] = (), *,
              settings: ProtocolSettings | None = None, flow: FlowSettings | None = None,
              streams: StreamSettings | None = None, inspected: bool = False,
              packet_rows: PacketRowSettings | None = None, own: Mapping[AppProto, Any] | None = None) -> Dissected:
    """Return what the dissector makes of blocks of frames."""
    decoder, table = Decoder(DecodeSettings(checksums="ignore")), FlowTable(flow or FlowSettings(max_flows=1024))
    followed = Streams(streams, table.settings.max_flows)
    dissector = Dissector(followed, stream_wants, datagram_wants, settings, own, inspected=inspected,
                          packet_rows=packet_rows)
    spoken: Spoken = []
    rows: dict[str, list[dict[str, Any]]] = {}
    flow_rows: list[tuple[int, int, int]] = []

    def take(packets: Any, flows: Any, buffers: Any) -> None:
        said = dissector.update(packets, flows, followed.update(packets, flows, *buffers), buffers)
        spoken.extend(in_order(said))
        for kind, batch in said.rows:
            rows.setdefault(kind.name, []).extend(rows_of(kind, batch))
        flow_rows.extend(zip(flows.flow_id.tolist(), flows.part.tolist(), flows.app_proto.tolist(), strict=True))

    for block in blocks:
        for packets, buffers in decoder.decode(block):
            for a, b, flows in table.update(packets):
                take(slice_rows(packets, a, b), flows, buffers)
    for flows in table.finish():
        take(PACKET.none, flows, NOTHING)
    return Dissected(rows, sorted(flow_rows), dissector.counters(), spoken)


def in_order(said: Said) -> Spoken:
    """Return what was spoken with the stretches in their places."""
    s, found = said.stretches, list[Any](said.spoken)
    for k in reversed(range(s.slot.size)):
        found.insert(int(s.place[k]), Stretch(int(s.flow_id[k]), int(s.packet_number[k]), not s.side[k], s.data(k),
                                              int(s.gap[k]), bool(s.ended[k])))
    return found


def portions(frames: Sequence[bytes], batch: int, *, step_ns: int = 1_000_000) -> Iterable[FrameBlock]:
    """Yield frames as blocks of so many, a step of time apart."""
    for start in range(0, len(frames), batch):
        some = list(frames[start : start + batch])
        yield frame_block(some, ts_ns=[(start + k) * step_ns for k in range(len(some))], first_packet=start + 1)


def rows_of(table: Table, batch: Any) -> list[dict[str, Any]]:
    """Return a batch as dictionaries by field."""
    columns = {name: text_values(a) if isinstance(a, Text) else a.tolist() for name, a in batch._asdict().items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def ordered(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """Return rows in an order of their own, to compare what came in different portions."""
    return {name: sorted(found, key=lambda r: (r["packet_number"], r["flow_id"], r["tx_id"]))
            for name, found in rows.items()}

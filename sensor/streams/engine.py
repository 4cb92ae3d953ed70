"""Streams: the public side of TCP reassembly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from columns import Flows, Packets, rows_in
from sensor.streams import state as s
from sensor.streams.reassemble import reassemble
from sensor.streams.settings import StreamSettings

_CHUNKS_AT_ONCE = 1 << 16


class Chunks(NamedTuple):
    """Bytes in order: records of state.CHUNK, and the buffers that their field ``buffer`` names."""

    records: np.ndarray
    buffers: tuple[np.ndarray, np.ndarray, np.ndarray]


class StreamPackets(NamedTuple):
    """The columns of Packets that the streams read."""

    packet_number: np.ndarray
    ts_ns: np.ndarray
    clock_ns: np.ndarray
    status: np.ndarray
    proto: np.ndarray
    src_ip_hi: np.ndarray
    src_ip_lo: np.ndarray
    dst_ip_hi: np.ndarray
    dst_ip_lo: np.ndarray
    tcp_flags: np.ndarray
    tcp_seq: np.ndarray
    tcp_ack: np.ndarray
    payload_offset: np.ndarray
    payload_bytes: np.ndarray
    payload_captured_bytes: np.ndarray
    buffer: np.ndarray
    flow_id: np.ndarray
    flow_slot: np.ndarray
    to_server: np.ndarray


class StreamFlows(NamedTuple):
    """The columns of Flows that tell the end of a connection."""

    emitted_before: np.ndarray
    ts_end_ns: np.ndarray
    flow_id: np.ndarray
    flow_slot: np.ndarray
    end_reason: np.ndarray


class Streams:
    """Puts the payload of TCP packets in order; what comes out does not depend on how the packets are portioned.

    flows is the size of the flow table, whose places (``flow_slot``) the streams share. Data in order is handed on in
    place, without a copy. Data ahead of its turn waits in a pool of settings.memory_mib; a gap is given up when too
    much waits behind it, when the receiver acknowledged what is missing, or at the end. Every loss is counted.
    """

    def __init__(self, settings: StreamSettings | None, flows: int) -> None:
        self.settings, self.flows = settings or StreamSettings(), flows
        self._state = s.new_state(self.settings, flows)
        self._flow_ids, self._modes = self._state.streams["flow_id"], self._state.streams["mode"]
        room = 4 * self.settings.held_segments + 16
        arena = np.zeros((4 << 20) + 2 * (self.settings.held_kib << 10) + (1 << 17), np.uint8)
        self._out = s.Output(np.zeros(_CHUNKS_AT_ONCE + room, s.CHUNK), arena, np.zeros(2, np.int64))
        self._arena_view = arena.view()
        self._arena_view.flags.writeable = False

    def update(self, packets: Packets, flows: Flows, capture: np.ndarray, fragments: np.ndarray) -> Iterator[Chunks]:
        """Yield the chunks of the next rows; capture and fragments are the buffers that ``packets.buffer`` names.

        flows are rows that were written before or among these packets (as FlowTable.update yields them). Chunks are
        views that the next step overwrites.
        """
        p = StreamPackets(*[getattr(packets, name) for name in StreamPackets._fields])
        f = StreamFlows(*[getattr(flows, name) for name in StreamFlows._fields])
        at, total = (0, 0), (rows_in(packets), rows_in(flows))
        buffers = (capture, fragments, self._arena_view)
        while at != total:
            at = reassemble(p, f, *at, capture, fragments, self._state, self._out)
            if count := int(self._out.filled[s.CHUNKS]):
                yield Chunks(self._out.chunks[:count], buffers)

    def pass_over(self, slot: int, flow_id: int) -> None:
        """From now on nobody wants the bytes of a connection: they are counted, and its end is still told."""
        if self._flow_ids[slot] == flow_id:
            self._modes[slot] = s.PASS

    def pass_by(self, slot: int, flow_id: int, side: int, size: int) -> None:
        """The next so many bytes of a direction need only be counted: a later chunk of the connection says how many.

        They count from behind the last chunk that was yielded. A gap among them ends it.
        """
        stream = self._state.streams[slot]
        if stream["flow_id"] == flow_id:
            stream["ahead"][side] = size

    def counters(self) -> dict[str, int]:
        """Return counts since the start, and the most pages that were ever in use."""
        counts = {name: int(count) for name, count in zip(s.COUNTS, self._state.counts, strict=True)}
        return counts | {"pages_peak": int(self._state.scalars[s.USED])}

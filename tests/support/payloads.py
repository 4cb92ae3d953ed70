"""Packets that carry given bytes, for what reads payload: one TCP direction after another, in pieces of any size."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from columns import PACKET, Packets
from columns.address import address_int
from tests.support.traffic import ACK, PSH, START, SYN, TCP, UDP


class Talk:
    """TCP connections and datagrams whose payload stands in one buffer."""

    def __init__(self) -> None:
        self.rows: list[dict] = []
        self.bytes = bytearray()
        self.seq: dict[tuple, int] = {}

    def _row(self, at: float, src: str, sport: int, dst: str, dport: int, proto: int, data: bytes, **more) -> None:
        self.rows.append({
            "ts_ns": START + round(at * 1e9), "src_ip": address_int(src), "dst_ip": address_int(dst), "src_port": sport,
            "dst_port": dport, "proto": proto, "ip_version": 4, "frames": 1, "wire_bytes": 60 + len(data),
            "captured_bytes": 60 + len(data), "payload_offset": len(self.bytes), "payload_bytes": len(data),
            "payload_captured_bytes": len(data), **more})
        self.bytes += data

    def segment(self, at: float, src: str, sport: int, dst: str, dport: int, data: bytes = b"", flags: int = ACK | PSH,
                skip: int = 0) -> Talk:
        """One segment; skip moves its sequence number on, as after a segment that was lost."""
        way = (src, sport, dst, dport)
        seq = self.seq.get(way, 1000) + skip
        self._row(at, *way, TCP, data, tcp_flags=flags, tcp_seq=seq)
        self.seq[way] = seq + len(data) + bool(flags & SYN)
        return self

    def connection(self, at: float, src: str, sport: int, dst: str, dport: int, up: bytes = b"", down: bytes = b"",
                   cuts: Iterable[int] = ()) -> Talk:
        """Handshake, then what both say, cut at the given places."""
        self.segment(at, src, sport, dst, dport, flags=SYN)
        self.segment(at + 0.001, dst, dport, src, sport, flags=SYN | ACK)
        self.segment(at + 0.002, src, sport, dst, dport, flags=ACK)
        at += 0.003
        for data, way in ((up, (src, sport, dst, dport)), (down, (dst, dport, src, sport))):
            edges = sorted({0, len(data), *(c for c in cuts if 0 < c < len(data))})
            for start, stop in pairwise(edges):
                for piece in range(start, stop, 60_000):
                    self.segment(at, *way, data[piece : min(piece + 60_000, stop)])
                    at += 0.0001
        return self

    def datagram(self, at: float, src: str, sport: int, dst: str, dport: int, data: bytes) -> Talk:
        """One UDP datagram."""
        self._row(at, src, sport, dst, dport, UDP, data)
        return self

    def packets(self) -> tuple[Packets, tuple[np.ndarray, np.ndarray]]:
        """The packets in order of time, and the buffers."""
        batch = PACKET.from_rows(sorted(self.rows, key=lambda row: row["ts_ns"]))
        batch.packet_number[:] = np.arange(1, batch.packet_number.size + 1)
        return batch, (np.frombuffer(bytes(self.bytes), np.uint8), np.frombuffer(b"", np.uint8))

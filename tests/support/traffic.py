"""Packets by the handful or by the hundred thousand, joined to flows by the real flow table in any portions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from columns import ALERT, FLOW, PACKET, Flows, Packets, concat_rows, rows_in, slice_rows, take_rows, text_values
from columns.address import address_int
from columns.codes import Status
from columns.schema import TEXTUAL
from sensor.flow import FlowSettings, FlowTable
from zones import judge_flows

SECOND = 1_000_000_000
START = 1_780_000_000 * SECOND
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
Batch = tuple[Packets, Flows]


class Traffic:
    """Rows of PACKET in the making; times are seconds since START, rows are sorted by time at the end."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, at: float, src: str, dst: str, proto: int, **columns: Any) -> None:
        """Add one packet."""
        six = ":" in src
        self.rows.append({
            "ts_ns": START + round(at * SECOND), "src_ip": address_int(src), "dst_ip": address_int(dst),
            "proto": proto, "ip_version": 6 if six else 4, "frames": 1, "wire_bytes": 60, "captured_bytes": 60,
            "ip_ttl": 64, **columns})

    def tcp(self, at: float, src: str, sport: int, dst: str, dport: int, flags: int, **columns: Any) -> None:
        """Add one TCP segment."""
        self.add(at, src, dst, TCP, src_port=sport, dst_port=dport, tcp_flags=flags, **columns)

    def udp(self, at: float, src: str, sport: int, dst: str, dport: int, **columns: Any) -> None:
        """Add one UDP datagram."""
        self.add(at, src, dst, UDP, src_port=sport, dst_port=dport, **columns)

    def ping(self, at: float, src: str, dst: str, *, reply: bool = False, **columns: Any) -> None:
        """Add one ICMP echo request or reply."""
        six = ":" in src
        kind = (129 if six else 0) if reply else (128 if six else 8)
        self.add(at, src, dst, ICMP6 if six else ICMP, icmp_type=kind, **columns)

    def connection(self, at: float, src: str, sport: int, dst: str, dport: int, *, data: int = 2) -> None:
        """Add a whole TCP connection with data both ways."""
        step = 0.001
        self.tcp(at, src, sport, dst, dport, SYN)
        self.tcp(at + step, dst, dport, src, sport, SYN | ACK)
        self.tcp(at + 2 * step, src, sport, dst, dport, ACK)
        for k in range(data):
            self.tcp(at + (3 + 2 * k) * step, src, sport, dst, dport, ACK | PSH, payload_bytes=200, wire_bytes=254)
            self.tcp(at + (4 + 2 * k) * step, dst, dport, src, sport, ACK | PSH, payload_bytes=1400, wire_bytes=1454)
        end = at + (4 + 2 * data) * step
        self.tcp(end, src, sport, dst, dport, ACK | FIN)
        self.tcp(end + step, dst, dport, src, sport, ACK | FIN)

    def refused(self, at: float, src: str, sport: int, dst: str, dport: int) -> None:
        """Add a SYN that a RST answers."""
        self.tcp(at, src, sport, dst, dport, SYN)
        self.tcp(at + 0.0005, dst, dport, src, sport, RST | ACK)

    def unreachable(self, at: float, router: str, src: str, sport: int, dst: str, dport: int, proto: int) -> None:
        """Add an ICMP port unreachable of a router, and the packet that it quotes as a row of its own."""
        self.add(at, router, src, ICMP, icmp_type=3, icmp_code=3)
        self.add(at, src, dst, proto, src_port=sport, dst_port=dport, tcp_flags=SYN if proto == TCP else 0,
                 status=int(Status.QUOTED), frames=0, tunnel=7)

    def packets(self) -> Packets:
        """Return the rows in order of time, numbered from 1 (a row inside another has its number)."""
        ordered = sorted(self.rows, key=lambda row: row["ts_ns"])
        batch = PACKET.from_rows(ordered)
        batch.packet_number[:] = np.cumsum([row["status"] != Status.QUOTED if "status" in row else 1
                                            for row in ordered])
        return batch


def many(count: int, *, at: float = 0.0, per_s: float = 1000.0, **columns: Any) -> Packets:
    """Return that many packets at an even pace; columns are arrays or single values, by field of Packets."""
    batch = PACKET.empty(count)
    batch.packet_number[:] = np.arange(1, count + 1)
    batch.ts_ns[:] = START + ((at + np.arange(count) / per_s) * SECOND).astype(np.int64)
    values = {"ip_version": 4, "frames": 1, "wire_bytes": 60, "captured_bytes": 60, "ip_ttl": 64, **columns}
    for name, value in values.items():
        getattr(batch, name)[:] = value
    return batch


def merged(*batches: Packets) -> Packets:
    """Return batches of packets as one, in order of time and numbered anew."""
    joined = concat_rows(batches)
    joined = take_rows(joined, np.argsort(joined.ts_ns, kind="stable"))
    joined.packet_number[:] = np.arange(1, rows_in(joined) + 1)
    return joined


def low(text: str) -> np.uint64:
    """Return the low half of an address."""
    return np.uint64(address_int(text) & 0xFFFFFFFFFFFFFFFF)


def joined(packets: Packets, cuts: Iterable[int] = (), settings: FlowSettings | None = None) -> Iterator[Batch]:
    """Yield the packets, cut before the given rows, with the flow rows that the flow table writes in between.

    A packet and what it carries or quotes come in one portion, as they come from the decoder.
    """
    table, number, rows = FlowTable(settings), packets.packet_number, rows_in(packets)
    edges = sorted({0, rows, *(c for c in cuts if 0 < c < rows and number[c] != number[c - 1])})
    for start, stop in pairwise(edges):
        part = slice_rows(packets, start, stop)
        for a, b, flows in table.update(part):
            yield slice_rows(part, a, b), flows
    for flows in table.finish():
        yield PACKET.empty(0), flows


def alerts_from(detector: Any, packets: Packets, cuts: Iterable[int] = (),
                settings: FlowSettings | None = None) -> list[dict[str, Any]]:
    """Return all alert revisions of a detector over packets, as dictionaries, in the order they came."""
    found = []
    for p, f in joined(packets, cuts, settings):
        if hasattr(detector, "policy"):
            judge_flows(detector.policy, f)
        found.append(detector.update(p, f))
    return [row for batch in [*found, detector.finish()] for row in rows_of(batch)]


def rows_of(batch: Any) -> list[dict[str, Any]]:
    """Return a batch as dictionaries by column name; addresses are 128-bit ints."""
    columns: dict[str, list[Any]] = {}
    for column in ALERT.columns:
        if column.dtype == "ip":
            hi, lo = (getattr(batch, f).tolist() for f in column.fields)
            columns[column.name] = [h << 64 | x for h, x in zip(hi, lo, strict=True)]
        elif column.dtype in TEXTUAL:
            columns[column.name] = text_values(getattr(batch, column.name))
        else:
            columns[column.name] = getattr(batch, column.name).tolist()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


NO_FLOWS = FLOW.empty(0)

SMALL_TABLE = FlowSettings(max_flows=4096)
"""A flow table that is quick to make, for tests of little traffic."""


def random_cuts(rng: np.random.Generator, rows: int) -> list[int]:
    """Return a few places to cut that many rows at."""
    return sorted(rng.integers(1, max(rows, 2), int(rng.integers(0, 12))).tolist())


def story(alerts: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Return the columns of alert rows that a test is about, sorted."""
    return sorted(tuple(row[name] for name in names) for row in alerts)

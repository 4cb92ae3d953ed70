"""Rows of packets, flows and protocol tables as what the leak detectors work with: the two ends, and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from columns import Packets, Text, text_values
from columns.said import Said
from detectors.leaks.book import Ends
from detectors.zone_rows import opening_keys
from zones import Policy


def opened_ends(policy: Policy, packets: Packets, rows: np.ndarray) -> tuple[list[Ends], list[int]]:
    """Return (ends with the initiator as source, certainty) of packets that open a flow."""
    keys = opening_keys(packets, rows)
    src = policy.zone_of(keys.src_ip_hi, keys.src_ip_lo)
    dst = policy.zone_of(keys.dst_ip_hi, keys.dst_ip_lo)
    columns = [c.tolist() for c in (
        keys.src_ip_hi, keys.src_ip_lo, keys.dst_ip_hi, keys.dst_ip_lo, src, dst, keys.src_port, keys.dst_port,
        keys.proto, packets.vlan[rows], packets.flow_id[rows])]
    ends = [Ends(a << 64 | b, c << 64 | d, *rest) for a, b, c, d, *rest in zip(*columns, strict=True)]
    return ends, keys.certainty.tolist()


def said_rows(said: Said, table: str, *columns: str) -> Iterator[tuple[Ends, int, int, tuple[Any, ...]]]:
    """Yield (ends, event time, packet number, values of the columns) of each row of a protocol table."""
    for kind, batch in said.rows:
        if kind.name != table:
            continue
        wanted = [text_values(c) if isinstance(c, Text) else c.tolist() for c in (getattr(batch, n) for n in columns)]
        values = list(zip(*wanted, strict=True)) if wanted else [()] * batch.ts_ns.size
        yield from zip(ends_of(batch), batch.ts_ns.tolist(), batch.packet_number.tolist(), values, strict=True)


def ends_of(rows: Any, index: np.ndarray | None = None) -> list[Ends]:
    """Return the ends of rows that have addresses, zones and ports (a flow or protocol table), all or those named."""
    def column(name: str) -> list[int]:
        values = getattr(rows, name)
        return (values if index is None else values[index]).tolist()

    return [Ends(a << 64 | b, c << 64 | d, *rest) for a, b, c, d, *rest in zip(*map(column, (
        "src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo", "src_zone", "dst_zone", "src_port", "dst_port", "proto",
        "vlan", "flow_id")), strict=True)]


def packet_ends(policy: Policy, packets: Packets, rows: np.ndarray) -> list[Ends]:
    """Return the ends of packet rows (indices) as on the wire, with their zones."""
    src_zone = policy.zone_of(packets.src_ip_hi[rows], packets.src_ip_lo[rows]).tolist()
    dst_zone = policy.zone_of(packets.dst_ip_hi[rows], packets.dst_ip_lo[rows]).tolist()
    columns = [getattr(packets, n)[rows].tolist() for n in (
        "src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo", "src_port", "dst_port", "proto", "vlan", "flow_id")]
    return [Ends(a << 64 | b, c << 64 | d, sz, dz, *rest)
            for sz, dz, a, b, c, d, *rest in zip(src_zone, dst_zone, *columns, strict=True)]

"""Rows of packets, flows and protocol tables as what the leak detectors work with: the two ends, and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def said_rows(said: Said, table: str, *columns: str, where: Callable[[Any], np.ndarray] | None = None,
              ) -> Iterator[tuple[Ends, int, int, tuple[Any, ...]]]:
    """Yield (ends, event time, packet number, values of the columns) of the rows of a protocol table.

    where: called with a batch, returns which rows matter (bool); the others never become Python.
    """
    for batch in batches_of(said, table):
        rows = None if where is None else np.flatnonzero(where(batch))
        if rows is not None and not rows.size:
            continue
        wanted = [_values(getattr(batch, name), rows) for name in columns]
        times, numbers = _values(batch.ts_ns, rows), _values(batch.packet_number, rows)
        yield from zip(ends_of(batch, rows), times, numbers, zip(*wanted, strict=True), strict=True)


def batches_of(said: Said, table: str) -> Iterator[Any]:
    """Yield the batches of a protocol table."""
    return (batch for kind, batch in said.rows if kind.name == table)


def _values(column: Any, rows: np.ndarray | None) -> list[Any]:
    if isinstance(column, Text):
        return text_values(column, rows)
    return (column if rows is None else column[rows]).tolist()


def ends_of(rows: Any, index: np.ndarray | None = None) -> list[Ends]:
    """Return the ends of rows that have addresses, zones and ports (a flow or protocol table), all or those named."""
    return [Ends(a << 64 | b, c << 64 | d, *rest)
            for a, b, c, d, *rest in zip(*[_values(getattr(rows, name), index) for name in (
                "src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo", "src_zone", "dst_zone", "src_port", "dst_port",
                "proto", "vlan", "flow_id")], strict=True)]


def packet_ends(policy: Policy, packets: Packets, rows: np.ndarray) -> list[Ends]:
    """Return the ends of packet rows (indices) as on the wire, with their zones."""
    src_zone = policy.zone_of(packets.src_ip_hi[rows], packets.src_ip_lo[rows]).tolist()
    dst_zone = policy.zone_of(packets.dst_ip_hi[rows], packets.dst_ip_lo[rows]).tolist()
    columns = [getattr(packets, n)[rows].tolist() for n in (
        "src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo", "src_port", "dst_port", "proto", "vlan", "flow_id")]
    return [Ends(a << 64 | b, c << 64 | d, sz, dz, *rest)
            for sz, dz, a, b, c, d, *rest in zip(src_zone, dst_zone, *columns, strict=True)]

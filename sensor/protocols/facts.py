"""Who speaks in a flow, as its packets say it: for one flow as a FlowFacts, for many as records."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from columns import Packets
from columns.said import FlowFacts
from sensor.streams.state import CLIENT, END, FIRST

FACTS = np.dtype([(name, np.uint64) for name in ("flow_id", "src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo",
                                                 "src_mac", "dst_mac")]
                 + [(name, np.uint16) for name in ("src_port", "dst_port", "vlan")] + [("proto", np.uint8)])
"""FlowFacts by column, as tables have them."""

_OF_ENDS = ("ip_hi", "ip_lo", "mac", "port")


def flow_facts(packets: Packets, row: int, to_server: bool) -> FlowFacts:
    """Return who speaks in the flow of a packet; to_server: whether its initiator sent this one."""
    src = int(packets.src_ip_hi[row]) << 64 | int(packets.src_ip_lo[row]), int(packets.src_port[row])
    dst = int(packets.dst_ip_hi[row]) << 64 | int(packets.dst_ip_lo[row]), int(packets.dst_port[row])
    macs = int(packets.src_mac[row]), int(packets.dst_mac[row])
    if not to_server:
        src, dst, macs = dst, src, macs[::-1]
    return FlowFacts(int(packets.flow_id[row]), src[0], dst[0], src[1], dst[1], int(packets.proto[row]),
                     int(packets.vlan[row]), *macs)


def records_of(packets: Packets, rows: np.ndarray, to_server: np.ndarray) -> np.ndarray:
    """Return the same for many packets: int64[n] and bool[n] in, FACTS[n] out."""
    found = np.zeros(rows.size, FACTS)
    for name in ("flow_id", "proto", "vlan"):
        found[name] = getattr(packets, name)[rows]
    for name in _OF_ENDS:
        src, dst = getattr(packets, f"src_{name}")[rows], getattr(packets, f"dst_{name}")[rows]
        found[f"src_{name}"], found[f"dst_{name}"] = np.where(to_server, src, dst), np.where(to_server, dst, src)
    return found


def facts_of(records: np.ndarray) -> list[FlowFacts]:
    """Return records as FlowFacts."""
    return [FlowFacts(flow_id, src_hi << 64 | src_lo, dst_hi << 64 | dst_lo, src_port, dst_port, proto, vlan, *macs)
            for flow_id, src_hi, src_lo, dst_hi, dst_lo, *macs, src_port, dst_port, vlan, proto in records.tolist()]


def facts_of_chunks(packets: Packets, chunks: np.ndarray, known: Container[int]) -> dict[int, FlowFacts]:
    """Return who speaks, by row of packets, in flows that one of these chunks seems to begin, but for known ones."""
    begins = np.flatnonzero((chunks["flags"] & (FIRST | END) == FIRST) & (chunks["row"] >= 0))
    flow_ids, first = np.unique(chunks["flow_id"][begins], return_index=True)
    begins = begins[first[np.array([flow_id not in known for flow_id in flow_ids.tolist()], bool)]]
    rows = chunks["row"][begins]
    records = records_of(packets, rows, chunks["side"][begins] == CLIENT)
    return dict(zip(rows.tolist(), facts_of(records), strict=True))


def columns_of(records: np.ndarray) -> dict[str, Any]:
    """Return records as the columns that all tables share, see Table.from_columns."""
    found = {name: np.ascontiguousarray(records[name]) for name in FACTS.names or ()}
    ends = {f"{end}_ip": (found.pop(f"{end}_ip_hi"), found.pop(f"{end}_ip_lo")) for end in ("src", "dst")}
    return {**found, **ends}

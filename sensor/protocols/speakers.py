"""Who speaks in the flows that begin: taken from their packets, column by column."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import partial

import numpy as np

from columns import Packets
from columns.said import FlowFacts
from sensor.streams.state import CLIENT, END, FIRST


def facts_of(packets: Packets, rows: np.ndarray, to_server: np.ndarray) -> Iterator[FlowFacts]:
    """Yield who speaks in the flow of each row; to_server: whether the packet goes to the responder."""
    sides: list[list[list[int]]] = []
    for ours, theirs in (("src", "dst"), ("dst", "src")):
        high, low, ports, macs = [np.where(to_server, getattr(packets, f"{ours}_{name}")[rows],
                                           getattr(packets, f"{theirs}_{name}")[rows]).tolist()
                                  for name in ("ip_hi", "ip_lo", "port", "mac")]
        sides.append([[hi << 64 | lo for hi, lo in zip(high, low, strict=True)], ports, macs])
    (src_ips, src_ports, src_macs), (dst_ips, dst_ports, dst_macs) = sides
    flow_ids, protos, vlans = [column[rows].tolist() for column in (packets.flow_id, packets.proto, packets.vlan)]
    return map(partial(tuple.__new__, FlowFacts), zip(flow_ids, src_ips, dst_ips, src_ports, dst_ports, protos, vlans,
                                                      src_macs, dst_macs, strict=True))


def of_chunks(packets: Packets, records: np.ndarray, known: Container[int]) -> dict[int, FlowFacts]:
    """Return who speaks, by packet, in flows that one of these chunks seems to begin, but for those that are known."""
    begins = np.flatnonzero((records["flags"] & (FIRST | END) == FIRST) & (records["row"] >= 0))
    flow_ids, first = np.unique(records["flow_id"][begins], return_index=True)
    begins = begins[first[np.array([flow_id not in known for flow_id in flow_ids.tolist()], bool)]]
    rows = records["row"][begins]
    return dict(zip(rows.tolist(), facts_of(packets, rows, records["side"][begins] == CLIENT), strict=True))

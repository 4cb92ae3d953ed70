"""Packets and flow rows as the flow table hands them to detectors, built by hand, and portions of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from columns import FLOW, PACKET, Alerts, Flows, Packets, slice_rows, text_values
from columns.address import MAPPED_LO, address_int
from columns.codes import Certainty, EndReason, FlowEvent, Outcome, Status, Tunnel
from zones import judge_flows

START_NS = 1_791_860_400_000_000_000  # Tuesday 2026-10-13 12:00:00 in Asia/Tokyo
SECOND = 10**9
SYN, SYN_ACK, ACK, RST = 2, 18, 16, 4


class Stream:
    """Rows in the order in which they happen; each call appends one packet or one flow row."""

    def __init__(self) -> None:
        self.packets: list[dict[str, Any]] = []
        self.flows: list[dict[str, Any]] = []
        self.clock_ns = START_NS
        self._flows_seen = 0

    def wait(self, seconds: float) -> None:
        self.clock_ns += int(seconds * SECOND)

    def open(self, src: str, dst: str, dst_port: int = 443, *, proto: int = 6, src_port: int = 40000, flags: int = SYN,
             event: int = FlowEvent.OPENED, **more: Any) -> dict[str, Any]:
        self._flows_seen += 1
        flow = {"flow_id": (self._flows_seen * 0x9E3779B97F4A7 & (1 << 53) - 1) | 1, "src": src, "dst": dst,
                "src_port": src_port, "dst_port": dst_port, "proto": proto, "start": self.clock_ns,
                "first": len(self.packets) + 1, "flags": flags if proto == 6 else 0, **more}
        self.packet(flow, event, flags=flow["flags"])
        return flow

    def packet(self, flow: dict[str, Any], event: int, *, reply: bool = False, flags: int = ACK,
               status: int = Status.OK) -> None:
        a, b = ("dst", "src") if reply else ("src", "dst")
        self.packets.append({
            "packet_number": len(self.packets) + 1, "ts_ns": self.clock_ns, "clock_ns": self.clock_ns,
            "src_ip": address_int(flow[a]), "dst_ip": address_int(flow[b]), "src_port": flow[f"{a}_port"],
            "dst_port": flow[f"{b}_port"], "proto": flow["proto"], "tcp_flags": flags if flow["proto"] == 6 else 0,
            "flow_id": flow["flow_id"], "to_server": int(not reply), "flow_event": int(event), "status": int(status),
            "src_mac": flow.get(f"{a}_mac", 0), "icmp_type": flow.get("icmp_type", 0),
            "tunnel": int(Tunnel.ICMP_QUOTE) if status == Status.QUOTED else 0,
            "tunnel_depth": int(status == Status.QUOTED) or flow.get("tunnel_depth", 0), "ip_version": 4, "frames": 1,
        })

    def establish(self, flow: dict[str, Any]) -> None:
        self.packet(flow, FlowEvent.ANSWERED, reply=True, flags=SYN_ACK)
        self.packet(flow, FlowEvent.ESTABLISHED)

    def refuse(self, flow: dict[str, Any]) -> None:
        self.packet(flow, FlowEvent.REFUSED, reply=True, flags=RST)

    def row(self, flow: dict[str, Any], outcome: int, *, packets: int = 3, size: int = 180,
            certainty: int | None = None, reason: int = EndReason.TCP_FIN, part: int = 0,
            start: int | None = None) -> None:
        if certainty is None:
            certainty = Certainty.SYN_SEEN if flow["flags"] & SYN else Certainty.GUESSED
        self.flows.append({
            "flow_id": flow["flow_id"], "part": part, "ts_start_ns": start or flow["start"],
            "ts_end_ns": self.clock_ns, "src_ip": address_int(flow["src"]), "dst_ip": address_int(flow["dst"]),
            "src_port": flow["src_port"], "dst_port": flow["dst_port"], "proto": flow["proto"],
            "src_mac": flow.get("src_mac", 0), "pkts_toserver": packets - 1, "pkts_toclient": 1, "bytes_toserver": size,
            "bytes_toclient": size, "direction_certainty": int(certainty), "outcome": int(outcome),
            "end_reason": int(reason), "first_packet": flow["first"], "emitted_before": len(self.packets) + 1,
            "clock_ns": self.clock_ns, "icmp_type": flow.get("icmp_type", 0),
        })

    def tables(self) -> tuple[Packets, Flows]:
        return PACKET.from_rows(self.packets), FLOW.from_rows(self.flows)


def portions(packets: Packets, flows: Flows, cuts: list[int]) -> list[tuple[Packets, Flows]]:
    """Cut packets at these indices; each portion has the flow rows written before or within its packets."""
    result, at, flow_at = [], 0, 0
    numbers = packets.packet_number
    for cut in [*sorted(cuts), numbers.size]:
        last = int(numbers[cut - 1]) if cut else 0
        flow_cut = int(np.searchsorted(flows.emitted_before, last, side="right"))
        if cut == numbers.size:
            flow_cut = flows.flow_id.size
        result.append((slice_rows(packets, at, cut), slice_rows(flows, flow_at, max(flow_at, flow_cut))))
        at, flow_at = cut, max(flow_at, flow_cut)
    return result


def run(detector: Any, stream: Stream, cuts: list[int] | None = None) -> list[dict[str, Any]]:
    """Run a detector over a stream cut into portions; return alert revisions as dictionaries."""
    rows: list[dict[str, Any]] = []
    packet_rows, flow_rows = stream.tables()
    judge_flows(detector.policy, flow_rows)
    for packets, flows in portions(packet_rows, flow_rows, cuts or []):
        rows += alert_dicts(detector.update(packets, flows))
    return rows + alert_dicts(detector.finish())


def alert_dicts(alerts: Alerts) -> list[dict[str, Any]]:
    columns = {name: text_values(c) if hasattr(c, "offsets") else c.tolist() for name, c in alerts._asdict().items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def ip(text: str) -> tuple[int, int]:
    value = address_int(text)
    return value >> 64, value & (1 << 64) - 1


def ipv4_columns(addresses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(addresses.size, np.uint64), addresses.astype(np.uint64) | np.uint64(MAPPED_LO)


__all__ = ["START_NS", "Outcome", "Stream", "alert_dicts", "ip", "ipv4_columns", "portions", "run"]

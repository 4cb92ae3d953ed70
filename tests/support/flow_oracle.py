"""A flow table in plain Python: a dictionary, looked through whole at every second of event time."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from columns.codes import Certainty, EndReason, FlowEvent, Outcome, Status, TcpState
from sensor.flow import FlowSettings

SECOND = 1_000_000_000
MAPPED = 0xFFFF << 32
FIN, SYN, RST, ACK = 1, 2, 4, 16
PAIRS = {1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10},
         58: {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 139: 140, 140: 139,
              144: 145, 145: 144}}
REQUESTS = {1: {8, 13, 15, 17, 10}, 58: {128, 133, 135, 130, 139, 144}}


def address_of(number: int) -> IPv4Address | IPv6Address:
    """The address behind a number of 128 bits, IPv4 where it is mapped."""
    return IPv4Address(number & 0xFFFFFFFF) if number >> 32 == 0xFFFF else IPv6Address(number)


@dataclass
class Flow:
    """One live flow."""

    key: tuple
    src: tuple
    dst: tuple
    proto: int
    first_packet: int
    certainty: Certainty
    tcp_state: TcpState
    last_clock: int = 0
    outcome: Outcome = Outcome.UNKNOWN
    answered: bool = False
    seen: set = field(default_factory=set)
    payload_seen: set = field(default_factory=set)
    fins: set = field(default_factory=set)
    part: int = 0
    reply: tuple[int, int, int, int] = (0, 0, 0, 0)  # MAC addresses, ICMP type and code of the first answer
    row: dict[str, Any] = field(default_factory=dict)


class FlowOracle:
    """Takes packet rows (dictionaries by column name) one by one; rows collects the flow rows written."""

    def __init__(self, settings: FlowSettings) -> None:
        self.s, self.clock, self.tick, self.ending = settings, None, 0, 0
        self.flows: dict[tuple, Flow] = {}
        self.rows: list[dict[str, Any]] = []
        self.events: list[tuple[int, int]] = []  # (to_server, event) per packet

    def packet(self, p: dict[str, Any], before: dict[str, Any] | None) -> None:
        self._keep_time(p["ts_ns"], p["packet_number"])
        if p["status"] not in (Status.OK, Status.QUOTED) or not p["ip_version"]:
            self.events.append((0, 0))
            return
        src, dst, one_way = self._ends(p)
        vlan = p.get("vlan", 0) if self.s.vlan_in_key else 0
        key = (p["proto"], vlan, src, dst) if one_way else (p["proto"], vlan, *sorted((src, dst)))
        flow = self.flows.get(key)
        if p["status"] == Status.QUOTED:
            self._quoted(flow, src, before)
            return
        flags = p.get("tcp_flags", 0)
        fresh_syn = p["proto"] == 6 and flags & (SYN | ACK | RST) == SYN
        if flow and fresh_syn and flow.tcp_state in (
                TcpState.CLOSED, TcpState.RESET, TcpState.CLOSING, TcpState.MIDSTREAM, TcpState.ONE_SIDED):
            self._end(flow, EndReason.REUSED, p["packet_number"])
            flow = None
        event = 0
        if flow is None:
            flow = self._open(p, key, src, dst, one_way, flags)
            event = FlowEvent.OPENED
        to_server = flow.src == src
        self._count(flow, p, to_server)
        event |= self._tcp(flow, flags, to_server, p.get("payload_bytes", 0)) if p["proto"] == 6 else self._other(
            flow, to_server)
        if event & (FlowEvent.ANSWERED | FlowEvent.REFUSED):
            flow.reply = p["src_mac"], p["dst_mac"], p["icmp_type"], p["icmp_code"]
        self.events.append((int(to_server), int(event)))

    def finish(self, number: int) -> None:
        self.ending = 1
        for flow in list(self.flows.values()):
            self._end(flow, EndReason.END_OF_INPUT, number)

    @staticmethod
    def _ends(p):
        if p["proto"] in PAIRS:
            other = PAIRS[p["proto"]].get(p["icmp_type"])
            if other is None:
                return (p["src_ip"], p["icmp_type"]), (p["dst_ip"], p["icmp_code"]), True
            return (p["src_ip"], p["icmp_type"]), (p["dst_ip"], other), False
        return (p["src_ip"], p.get("src_port", 0)), (p["dst_ip"], p.get("dst_port", 0)), False

    def _keep_time(self, ts, number):
        if self.clock is None:
            self.clock, self.tick = ts, ts // SECOND
        if ts < self.clock - self.s.clock_reset_s * SECOND:
            for flow in list(self.flows.values()):
                self._end(flow, EndReason.CLOCK_RESET, number)
            self.clock, self.tick = ts, ts // SECOND
        clock = max(self.clock, ts)
        while self.tick < clock // SECOND:
            self.tick += 1
            for flow in list(self.flows.values()):
                if self._idle_end(flow) // SECOND + 1 <= self.tick:
                    self._end(flow, EndReason.IDLE_TIMEOUT, number)
                elif flow.row and (flow.row["clock"] + self.s.active_timeout_s * SECOND) // SECOND + 1 <= self.tick:
                    self._write(flow, EndReason.ACTIVE_TIMEOUT, number)
        self.clock = clock

    def _idle_end(self, flow):
        s = self.s
        if flow.proto != 6:
            return flow.last_clock + SECOND * (s.answered_timeout_s if flow.answered else s.unanswered_timeout_s)
        seconds = {TcpState.CLOSED: s.closed_timeout_s, TcpState.RESET: s.closed_timeout_s,
                   TcpState.SYN_SENT: s.half_open_timeout_s, TcpState.SYN_RECEIVED: s.half_open_timeout_s,
                   TcpState.CLOSING: s.closing_timeout_s}.get(flow.tcp_state, s.tcp_timeout_s)
        return flow.last_clock + SECOND * seconds

    def _open(self, p, key, src, dst, one_way, flags):
        proto = p["proto"]
        swap, certainty = False, Certainty.GUESSED
        if proto == 6 and flags & SYN:
            swap, certainty = bool(flags & ACK), Certainty.SYN_SEEN
        elif proto in PAIRS:
            swap = not one_way and p["icmp_type"] not in REQUESTS[proto]
            certainty = Certainty.GUESSED if one_way else Certainty.BIFLOW
        elif proto == 6:
            swap = src[1] == 44818 if 44818 in (src[1], dst[1]) and src[1] != dst[1] else src[1] < dst[1]
        else:
            swap = src[1] < 1024 <= dst[1] and not address_of(dst[0]).is_multicast and dst[0] != MAPPED | 0xFFFFFFFF
        state = TcpState.NONE
        if proto == 6:
            state = TcpState.MIDSTREAM
        if proto == 6 and flags & SYN:
            state = TcpState.SYN_RECEIVED if swap and src != dst else TcpState.SYN_SENT
        if swap and src != dst:
            src, dst = dst, src
        flow = Flow(key, src, dst, proto, p["packet_number"], certainty, state)
        self.flows[key] = flow
        return flow

    def _count(self, flow, p, to_server):
        ts, n = p["ts_ns"], max(p.get("frames", 1), 1)
        if not flow.row:
            flow.row = {"clock": self.clock, "ts_start_ns": ts, "ts_end_ns": ts, "fragments": 0} | {
                f"{what}_{way}": 0 for what in ("pkts", "bytes", "payload_bytes", "tcp_flags", "ttl")
                for way in ("toserver", "toclient")}
        r, way = flow.row, "toserver" if to_server else "toclient"
        flow.last_clock = self.clock
        r["ts_start_ns"], r["ts_end_ns"] = min(r["ts_start_ns"], ts), max(r["ts_end_ns"], ts)
        r["fragments"] += n if p.get("fragment", 0) else 0
        r[f"pkts_{way}"] += n
        r[f"bytes_{way}"] += p.get("wire_bytes", 0)
        r[f"payload_bytes_{way}"] += p.get("payload_bytes", 0)
        r[f"tcp_flags_{way}"] |= p.get("tcp_flags", 0)
        ttl = p.get("ip_ttl", 0)
        r[f"ttl_{way}"] = ttl if r[f"ttl_{way}"] == 0 else min(ttl, r[f"ttl_{way}"])

    def _quoted(self, flow, src, before):
        if flow is None:
            self.events.append((0, 0))
            return
        to_server, event = flow.src == src, 0
        refuses = before["proto"] == 1 and before["icmp_type"] == 3 and before["icmp_code"] != 4
        refuses |= before["proto"] == 58 and before["icmp_type"] == 1
        if to_server and not flow.answered and refuses:
            flow.answered, flow.outcome, event = True, Outcome.ATTEMPTED, FlowEvent.REFUSED
        self.events.append((int(to_server), int(event)))

    def _came_about(self, flow):
        first = flow.outcome != Outcome.ESTABLISHED
        flow.outcome = Outcome.ESTABLISHED
        return FlowEvent.ESTABLISHED if first else 0

    def _first_answer(self, flow, to_server):
        flow.seen.add(to_server)
        if to_server or flow.answered:
            return 0
        flow.answered = True
        return FlowEvent.ANSWERED

    def _tcp(self, flow, flags, to_server, payload):
        state = flow.tcp_state
        if flags & RST:
            probe = state == TcpState.SYN_SENT or (
                state == TcpState.MIDSTREAM and not flow.row["tcp_flags_toserver"] & ACK)
            if state != TcpState.CLOSED:
                flow.tcp_state = TcpState.RESET
            if not to_server and not flow.answered and probe and True in flow.seen:
                flow.answered, flow.outcome = True, Outcome.ATTEMPTED
                return FlowEvent.REFUSED
            return 0
        event = self._first_answer(flow, to_server)
        if payload:
            flow.payload_seen.add(to_server)
        syn, ack = flags & SYN, flags & ACK
        if state == TcpState.SYN_SENT and not to_server and syn and ack:
            flow.tcp_state = TcpState.SYN_RECEIVED
        elif state == TcpState.SYN_SENT and to_server and ack and not syn and not flow.answered:
            flow.tcp_state = TcpState.ONE_SIDED
        elif state == TcpState.SYN_RECEIVED and not syn and to_server and ack:
            flow.tcp_state = TcpState.ESTABLISHED
            event |= self._came_about(flow)
        elif state == TcpState.SYN_RECEIVED and not syn and not to_server and True not in flow.seen:
            flow.tcp_state = TcpState.ONE_SIDED
        elif state == TcpState.ONE_SIDED and len(flow.seen) == 2:
            flow.tcp_state = TcpState.ESTABLISHED
            event |= self._came_about(flow)
        if len(flow.payload_seen) == 2:
            event |= self._came_about(flow)
        if flags & FIN:
            flow.fins.add(to_server)
            flow.tcp_state = TcpState.CLOSED if len(flow.fins) == 2 else TcpState.CLOSING
        return event

    def _other(self, flow, to_server):
        event = self._first_answer(flow, to_server)
        if len(flow.seen) == 2:
            if event and flow.certainty == Certainty.GUESSED:
                flow.certainty = Certainty.BIFLOW
            event |= self._came_about(flow)
        return event

    def _outcome(self, flow):
        if flow.outcome == Outcome.UNKNOWN and not flow.answered and (
                (flow.proto == 6 and flow.tcp_state == TcpState.SYN_SENT)
                or (flow.proto in PAIRS and flow.certainty != Certainty.GUESSED)):
            return Outcome.ATTEMPTED
        return flow.outcome

    def _write(self, flow, reason, number):
        if not flow.row:
            return
        row = {k: v for k, v in flow.row.items() if k != "clock"}
        icmp = flow.proto in PAIRS
        row |= {"src_ip": flow.src[0], "dst_ip": flow.dst[0], "proto": flow.proto, "part": flow.part,
                "src_port": 0 if icmp else flow.src[1], "dst_port": 0 if icmp else flow.dst[1],
                "direction_certainty": int(flow.certainty), "outcome": int(self._outcome(flow)),
                "tcp_state": int(flow.tcp_state), "end_reason": int(reason),
                "first_packet": flow.first_packet, "emitted_before": number, "input_ended": self.ending,
                **dict(zip(("reply_src_mac", "reply_dst_mac", "reply_icmp_type", "reply_icmp_code"), flow.reply,
                           strict=True))}
        self.rows.append(row)
        flow.row, flow.part = {}, flow.part + 1

    def _end(self, flow, reason, number):
        if flow.proto == 6 and flow.tcp_state == TcpState.CLOSED:
            reason = EndReason.TCP_FIN
        elif flow.proto == 6 and flow.tcp_state == TcpState.RESET:
            reason = EndReason.TCP_RESET
        self._write(flow, reason, number)
        del self.flows[flow.key]

"""Rows that single packets tell, without a conversation: ARP and ICMP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from columns import Packets, Table, rows_in
from columns.codes import Status
from columns.limits import limit, limited
from columns.protocols.arp import ARP
from columns.protocols.icmp import ICMP
from columns.schema import text_column
from sensor.protocols.icmp_kinds import kind_of

_ICMP, _ICMP6, _ARP_BYTES = 1, 58, 28
_ECHO = {_ICMP: (0, 8, 13, 14, 15, 16, 17, 18), _ICMP6: (128, 129)}
_MAPPED = np.uint64(0xFFFF) << np.uint64(32)
_OPCODES = ("", "request", "reply", "rrequest", "rreply", "", "", "", "inrequest", "inreply", "nak")
_ETHERNET_IPV4 = np.frombuffer(bytes.fromhex("000108000604"), np.uint8)
_SECOND = 1_000_000_000


@limited("packets")
@dataclass(frozen=True)
class PacketRowSettings:
    """What of ARP and ICMP is told; a value outside its range raises UsageError."""

    icmp_per_flow: int = limit(16, 1, 65_535, "messages", "of a flow, in both directions; what comes after is counted")
    arp_per_second: int = limit(1000, 1, 1 << 20, "messages", "told of ARP in a second of event time")


class PacketRows:
    """Makes rows of ARP and ICMP packets; bounded per flow and per second, and the same in any portions."""

    def __init__(self, flows: int, settings: PacketRowSettings | None = None) -> None:
        self._settings = settings or PacketRowSettings()
        self._owner, self._told = np.zeros(flows, np.uint64), np.zeros(flows, np.uint16)
        self._second, self._in_second = -1, 0
        self.counts = {"icmp_not_told": 0, "arp_not_told": 0, "arp_not_ipv4": 0}

    def update(self, packets: Packets, buffers: Sequence[np.ndarray]) -> list[tuple[Table, Any]]:
        """Take the next packets and return the rows that they tell."""
        found = []
        which = np.flatnonzero((packets.proto == _ICMP) | (packets.proto == _ICMP6))
        which = which[(packets.status[which] == Status.OK) & (packets.flow_id[which] != 0)]
        if which.size and (which := self._first_of_flows(packets, which)).size:
            found.append((ICMP, _icmp_batch(packets, buffers, which)))
        which = np.flatnonzero(packets.status == Status.ARP)
        if which.size and (which := self._within_seconds(packets, which)).size:
            batch = self._arp_batch(packets, buffers, which)
            found += [(ARP, batch)] if rows_in(batch) else []
        return found

    def _first_of_flows(self, packets: Packets, which: np.ndarray) -> np.ndarray:
        """Return those packets that are among the first of their flows, and note how many each flow has had."""
        flow, slot = packets.flow_id[which], packets.flow_slot[which]
        order = np.argsort(flow, kind="stable")
        starts = np.flatnonzero(np.r_[True, flow[order][1:] != flow[order][:-1]])
        sizes = np.diff(np.r_[starts, flow.size])
        rank = np.empty(flow.size, np.int64)
        rank[order] = np.arange(flow.size) - np.repeat(starts, sizes)
        had = np.where(self._owner[slot] == flow, self._told[slot], 0).astype(np.int64)
        kept = had + rank < self._settings.icmp_per_flow
        last = np.sort(order[starts + sizes - 1])  # of two flows that had one place, the later one owns it
        self._told[slot[last]] = np.minimum(had[last] + rank[last] + 1, self._settings.icmp_per_flow)
        self._owner[slot[last]] = flow[last]
        self.counts["icmp_not_told"] += int(which.size - kept.sum())
        return which[kept]

    def _within_seconds(self, packets: Packets, which: np.ndarray) -> np.ndarray:
        """Return as many packets as a second of event time may tell of."""
        kept = []
        for k, second in zip(which.tolist(), (packets.clock_ns[which] // _SECOND).tolist(), strict=True):
            if second != self._second:
                self._second, self._in_second = second, 0
            self._in_second += 1
            if self._in_second <= self._settings.arp_per_second:
                kept.append(k)
        self.counts["arp_not_told"] += which.size - len(kept)
        return np.array(kept, np.int64)

    def _arp_batch(self, packets: Packets, buffers: Sequence[np.ndarray], which: np.ndarray) -> Any:
        raw = _bytes_at(packets, buffers, which, 0, _ARP_BYTES)
        plain = (raw[:, :6] == _ETHERNET_IPV4).all(axis=1)
        self.counts["arp_not_ipv4"] += int(which.size - plain.sum())
        which, raw = which[plain], raw[plain]
        sender, target = _number(raw[:, 14:18]) | _MAPPED, _number(raw[:, 24:28]) | _MAPPED
        sender_mac, opcode = _number(raw[:, 8:14]), _number(raw[:, 6:8])
        return _batch(ARP, packets, which)._replace(
            src_ip_lo=sender, dst_ip_lo=target, src_mac=packets.src_mac[which], dst_mac=packets.dst_mac[which],
            hw_type=text_column(["ethernet"] * which.size), proto_type=text_column(["ipv4"] * which.size),
            opcode=text_column([_OPCODES[c] if c < len(_OPCODES) and _OPCODES[c] else str(c) for c in opcode.tolist()]),
            sender_mac=sender_mac, target_mac=_number(raw[:, 18:24]), gratuitous=(sender == target).astype(np.uint8),
            spoofed=((sender_mac != packets.src_mac[which]) & (packets.src_mac[which] != 0)
                     & (packets.tunnel_depth[which] == 0)).astype(np.uint8))


def _icmp_batch(packets: Packets, buffers: Sequence[np.ndarray], which: np.ndarray) -> Any:
    """Return the rows of these packets; what a message was captured too short for stays 0."""
    proto, kind, code = packets.proto[which], packets.icmp_type[which], packets.icmp_code[which]
    rest = _number(_bytes_at(packets, buffers, which, -4, 4))
    six = proto == _ICMP6
    echo = np.where(six, np.isin(kind, _ECHO[_ICMP6]), np.isin(kind, _ECHO[_ICMP]))
    too_big = np.where(six, kind == 2, (kind == 3) & (code == 4))
    target_hi, target_lo = _targets(packets, buffers, which, rest)
    quoted = _quoted(packets, which)
    says = quoted >= 0
    quoted = np.maximum(quoted, 0)

    def of_quoted(name: str) -> np.ndarray:
        return np.where(says, getattr(packets, name)[quoted], 0).astype(getattr(packets, name).dtype)

    answers = packets.to_server[which] == 0
    ends: dict[str, np.ndarray] = {}
    for hi_lo in ("ip_hi", "ip_lo"):
        src, dst = getattr(packets, f"src_{hi_lo}")[which], getattr(packets, f"dst_{hi_lo}")[which]
        ends |= {f"src_{hi_lo}": np.where(answers, dst, src), f"dst_{hi_lo}": np.where(answers, src, dst)}
    macs = packets.src_mac[which], packets.dst_mac[which]
    return _batch(ICMP, packets, which)._replace(
        **ends, src_mac=np.where(answers, macs[1], macs[0]), dst_mac=np.where(answers, macs[0], macs[1]), proto=proto,
        flow_id=packets.flow_id[which], to_server=packets.to_server[which], type=kind, code=code,
        kind=text_column([kind_of(*k) for k in zip(proto.tolist(), kind.tolist(), code.tolist(), strict=True)]),
        identifier=np.where(echo, rest >> np.uint64(16), 0).astype(np.uint16),
        sequence=np.where(echo, rest & np.uint64(0xFFFF), 0).astype(np.uint16),
        mtu_bytes=np.where(too_big, np.where(six, rest, rest & np.uint64(0xFFFF)), 0).astype(np.uint32),
        target_ip_hi=target_hi, target_ip_lo=target_lo, payload_bytes=packets.payload_bytes[which],
        quoted_flow_id=of_quoted("flow_id"), quoted_proto=of_quoted("proto"), quoted_src_port=of_quoted("src_port"),
        quoted_dst_port=of_quoted("dst_port"), quoted_dst_ip_hi=of_quoted("dst_ip_hi"),
        quoted_dst_ip_lo=of_quoted("dst_ip_lo"))


def _targets(packets: Packets, buffers: Sequence[np.ndarray], which: np.ndarray,
             rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the address that a redirect or neighbour discovery is about, as (upper, lower) half."""
    proto, kind = packets.proto[which], packets.icmp_type[which]
    hi, lo = np.zeros(which.size, np.uint64), np.zeros(which.size, np.uint64)
    discovery = np.flatnonzero((proto == _ICMP6) & np.isin(kind, (135, 136, 137)))
    if discovery.size:
        raw = _bytes_at(packets, buffers, which[discovery], 0, 16, payload=True)
        hi[discovery], lo[discovery] = _number(raw[:, :8]), _number(raw[:, 8:])
    redirect = (proto == _ICMP) & (kind == 5)
    lo[redirect] = rest[redirect] | _MAPPED
    return hi, lo


def _quoted(packets: Packets, which: np.ndarray) -> np.ndarray:
    """Return the place of the packet that each error quotes, which is the next row of the same frame, or -1."""
    following = np.minimum(which + 1, rows_in(packets) - 1)
    quotes = ((packets.status[following] == Status.QUOTED)
              & (packets.packet_number[following] == packets.packet_number[which]))
    return np.where(quotes, following, -1)


def _batch(table: Table, packets: Packets, which: np.ndarray) -> Any:
    numbers = packets.packet_number[which]
    return table.empty(which.size)._replace(
        ts_ns=packets.ts_ns[which], packet_number=numbers, logged_packet=numbers, vlan=packets.vlan[which])


def _bytes_at(packets: Packets, buffers: Sequence[np.ndarray], which: np.ndarray, offset: int, size: int, *,
              payload: bool = False) -> np.ndarray:
    """Return size bytes from an offset to each packet's payload on, uint8[packets, size]; what lies beyond is 0.

    payload: they belong to the payload, so what was not captured of it is 0; decode has checked what comes before it.
    """
    at = packets.payload_offset[which][:, None] + offset + np.arange(size)
    stop = packets.payload_offset[which][:, None] + packets.payload_captured_bytes[which][:, None]
    found = np.zeros(at.shape, np.uint8)
    for number, buffer in enumerate(buffers):
        here = np.broadcast_to(packets.buffer[which][:, None] == number, at.shape)
        inside = here & (at >= 0) & (at < buffer.size)
        if payload:
            inside &= at < stop
        found[inside] = buffer[at[inside]]
    return found


def _number(raw: np.ndarray) -> np.ndarray:
    """Return bytes of each row as one number, the first the highest: uint64[rows]."""
    value = np.zeros(raw.shape[0], np.uint64)
    for k in range(raw.shape[1]):
        value = value << np.uint64(8) | raw[:, k]
    return value

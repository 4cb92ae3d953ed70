"""From packet and flow rows to evidence rows: who initiated, what the policy says, in the one true order."""

from __future__ import annotations

from typing import Any

import numpy as np

from columns import Flows, Packets
from columns.codes import Certainty, EndReason, FlowEvent, Outcome
from detectors.finding_table import CLOCK_BACK, EVIDENCE, FLOW, FLOW_ENDED, OPEN, PROGRESS, SAID
from zones import FlowKeys, Judgement

_OPENED, _REFUSED, _ESTABLISHED = int(FlowEvent.OPENED), int(FlowEvent.REFUSED), int(FlowEvent.ESTABLISHED)
_TCP, _SYN = 6, 2
_BYTES = np.dtype((np.void, EVIDENCE.itemsize))
_AFTER_ITS_PACKET = np.iinfo(np.int64).max


def opening_keys(packets: Packets, rows: np.ndarray) -> FlowKeys:
    """Return what is judged of the packets that open a flow; a SYN, with or without ACK, tells who the initiator is."""
    turned = np.flatnonzero(packets.to_server[rows] == 0)

    def end(mine: np.ndarray, other: np.ndarray) -> np.ndarray:
        column = mine[rows]
        column[turned] = other[rows[turned]]
        return column

    syn = (packets.proto[rows] == _TCP) & (packets.tcp_flags[rows] & _SYN != 0)
    outside = packets.tunnel_depth[rows] == 0
    return FlowKeys(
        end(packets.src_ip_hi, packets.dst_ip_hi), end(packets.src_ip_lo, packets.dst_ip_lo),
        end(packets.dst_ip_hi, packets.src_ip_hi), end(packets.dst_ip_lo, packets.src_ip_lo),
        end(packets.src_port, packets.dst_port), end(packets.dst_port, packets.src_port),
        packets.proto[rows], packets.icmp_type[rows], packets.ts_ns[rows],
        np.where(syn, int(Certainty.SYN_SEEN), int(Certainty.GUESSED)).astype(np.uint8),
        np.where(outside, end(packets.src_mac, packets.dst_mac), np.uint64(0)),
        np.zeros(rows.size, np.uint8), np.full(rows.size, -1, np.int32),
    )


NOTHING = (np.zeros(0, np.int64), np.zeros(0, EVIDENCE))
"""No rows and no evidence."""


def evidence_of(keys: FlowKeys, found: Judgement, code: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return EVIDENCE records of the chosen rows of keys, without what only packets or flows know."""
    rows = np.zeros(chosen.size, EVIDENCE)
    for name, column in (
        ("src_hi", keys.src_ip_hi), ("src_lo", keys.src_ip_lo), ("dst_hi", keys.dst_ip_hi), ("dst_lo", keys.dst_ip_lo),
        ("src_port", keys.src_port), ("dst_port", keys.dst_port), ("proto", keys.proto), ("start_ns", keys.ts_ns),
        ("end_ns", keys.ts_ns), ("certainty", keys.certainty), ("src_zone", found.src_zone),
        ("dst_zone", found.dst_zone), ("verdict", found.verdict), ("conduit", found.conduit),
        ("differs", found.differs), ("app", keys.app), ("src_mac", keys.src_mac), ("code", code),
    ):
        rows[name] = column[chosen]
    return rows


def opened(packets: Packets, rows: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Fill in what the opening packets (their indices in rows) know, and return the evidence."""
    for name in ("flow_id", "packet_number", "vlan", "clock_ns"):
        evidence[name] = getattr(packets, name)[rows]
    evidence["kind"] = OPEN
    evidence["outcome"] = _outcome(packets.flow_event[rows])
    return evidence


def progress(packets: Packets, rows: np.ndarray) -> np.ndarray:
    """Return evidence of packets that change the outcome of a flow known already."""
    evidence = np.zeros(rows.size, EVIDENCE)
    for name in ("flow_id", "packet_number", "clock_ns"):
        evidence[name] = getattr(packets, name)[rows]
    evidence["start_ns"] = evidence["end_ns"] = packets.ts_ns[rows]
    evidence["kind"], evidence["outcome"] = PROGRESS, _outcome(packets.flow_event[rows])
    return evidence


def _outcome(events: np.ndarray) -> np.ndarray:
    refused = np.where(events & _REFUSED, int(Outcome.ATTEMPTED), int(Outcome.UNKNOWN))
    return np.where(events & _ESTABLISHED, int(Outcome.ESTABLISHED), refused)


def totals(flows: Flows, rows: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Fill in what flow rows (their indices in rows) know, and return the evidence."""
    evidence["flow_id"], evidence["vlan"] = flows.flow_id[rows], flows.vlan[rows]
    evidence["packet_number"], evidence["clock_ns"] = flows.first_packet[rows], flows.clock_ns[rows]
    evidence["start_ns"], evidence["end_ns"] = flows.ts_start_ns[rows], flows.ts_end_ns[rows]
    evidence["outcome"], evidence["certainty"] = flows.outcome[rows], flows.direction_certainty[rows]
    evidence["packets"] = flows.pkts_toserver[rows] + flows.pkts_toclient[rows]
    evidence["bytes"] = flows.bytes_toserver[rows] + flows.bytes_toclient[rows]
    goes_on = flows.end_reason[rows] == int(EndReason.ACTIVE_TIMEOUT)
    evidence["kind"] = np.where(goes_on, FLOW, FLOW_ENDED)
    return evidence


def spoken(batch: Any, rows: np.ndarray, clock_ns: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Fill in what transactions (their indices in rows) know, and return the evidence."""
    for name in ("flow_id", "packet_number", "vlan"):
        evidence[name] = getattr(batch, name)[rows]
    evidence["clock_ns"], evidence["kind"], evidence["outcome"] = clock_ns, SAID, int(Outcome.ESTABLISHED)
    return evidence


class Clock:
    """Follows the event clock over the rows of a run and notes where it was set back."""

    def __init__(self) -> None:
        self.now_ns = np.iinfo(np.int64).min

    def at(self, packets: Packets, packet_numbers: np.ndarray) -> np.ndarray:
        """Return the event clock at packets by their numbers; ask before set_back() has seen these packets."""
        clocks = np.concatenate([np.array([max(self.now_ns, 0)]), packets.clock_ns])
        return clocks[np.searchsorted(packets.packet_number, packet_numbers, side="right")]

    def set_back(self, packets: Packets) -> tuple[np.ndarray, np.ndarray]:
        """Return (indices of the packets before which the clock went back, evidence rows that say so)."""
        clock = packets.clock_ns
        if not clock.size:
            return NOTHING
        back = np.flatnonzero(clock[1:] < clock[:-1]) + 1
        if clock[0] < self.now_ns:
            back = np.concatenate([np.zeros(1, np.int64), back])
        if not back.size:
            self.now_ns = int(clock[-1])
            return NOTHING
        evidence = np.zeros(back.size, EVIDENCE)
        evidence["kind"], evidence["clock_ns"] = CLOCK_BACK, clock[back]
        evidence["start_ns"] = np.where(back > 0, clock[back - 1], self.now_ns)
        self.now_ns = int(clock[-1])
        return back, evidence


def in_order(
    flow_numbers: np.ndarray, flow_evidence: np.ndarray, packets: Packets,
    packet_evidence: list[tuple[np.ndarray, np.ndarray]], back: tuple[np.ndarray, np.ndarray],
    said: np.ndarray = NOTHING[1],
) -> np.ndarray:
    """Return all evidence in the one true order: by packet number, flow rows first, then packet rows as they stand.

    flow_numbers: emitted_before of the flow evidence; packet_evidence: (row indices, evidence) of packets; back: what
    Clock.set_back() returned, each of whose rows comes just before its packet; said: evidence of transactions, after
    the packets that completed them.
    """
    if not flow_numbers.size and not back[0].size and not said.size and not any(r.size for r, _ in packet_evidence):
        return back[1]
    places = [np.zeros(flow_numbers.size, np.int64), 2 * back[0] + 1, *[2 * rows + 2 for rows, _ in packet_evidence],
              np.full(said.size, _AFTER_ITS_PACKET)]
    rows = np.concatenate([back[0], *[rows for rows, _ in packet_evidence]])
    numbers = np.concatenate([flow_numbers, packets.packet_number[rows], said["packet_number"]])
    parts = [flow_evidence, back[1], *[e for _, e in packet_evidence], said]
    whole = np.concatenate([part.view(_BYTES) for part in parts if part.size])  # whole rows: no fields to compare
    return whole[np.lexsort((np.concatenate(places), numbers))].view(EVIDENCE)

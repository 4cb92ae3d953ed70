"""Where a candidate stands: whose flow it is, when, and how far that flow had come by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from columns import Flows, Packets
from columns.codes import Certainty, FlowEvent, Outcome
from columns.said import FlowFacts, Step
from detectors.mynumber.lanes import SYN_SEEN
from detectors.mynumber.unpacking import BUFFERS

_ESTABLISHED, _REFUSED, _OPENED = int(FlowEvent.ESTABLISHED), int(FlowEvent.REFUSED), int(FlowEvent.OPENED)
_TCP, _SYN = 6, 2


class Standing(NamedTuple):
    """Who speaks, when, in which buffer ("" for the payload of the packet), and the state of the flow at that time."""

    flow: FlowFacts
    ts_ns: int
    clock_ns: int
    where: str
    outcome: int
    certainty: int


class Places:
    """Looks candidates of one portion up. before: the events of flows, by place in the flow table, before it."""

    def __init__(self, packets: Packets, flows: Flows, steps: Sequence[Step], before: np.ndarray,
                 clock_ns: int) -> None:
        self.packets, self.flows, self.steps, self.before, self.clock_ns = packets, flows, steps, before, clock_ns

    def of(self, c: np.void) -> Standing:
        """Return where a candidate (CANDIDATE) stands."""
        row, p = int(c["row"]), self.packets
        if row < 0:
            return self._in_step(self.steps[-1 - row])
        return Standing(_facts(p, row, bool(c["upward"])), int(p.ts_ns[row]), int(p.clock_ns[row]), "",
                        *_state(int(c["events"])))

    def _in_step(self, step: Step) -> Standing:
        p, flow, number = self.packets, step.flow, step.at.packet_number
        rows = int(np.searchsorted(p.packet_number, number, side="right"))
        clock_ns = int(p.clock_ns[rows - 1]) if rows else self.clock_ns
        names = " ".join(dict.fromkeys(name for name, _ in step.buffers if name in BUFFERS))
        return Standing(flow, step.at.ts_ns, max(clock_ns, step.at.ts_ns) if not rows else clock_ns, names,
                        *self._flow_state(flow.flow_id, rows))

    def _flow_state(self, flow_id: int, rows: int) -> tuple[int, int]:
        """Return outcome and certainty of a flow as they were after so many rows of packets."""
        p = self.packets
        mine = np.flatnonzero(p.flow_id[:rows] == np.uint64(flow_id))
        if mine.size:
            events = int(np.bitwise_or.reduce(p.flow_event[mine]))
            if events & _OPENED:
                first = mine[np.flatnonzero(p.flow_event[mine] & _OPENED)[0]]
                return _state(events | (SYN_SEEN if p.proto[first] == _TCP and p.tcp_flags[first] & _SYN else 0))
            return _state(events | int(self.before[p.flow_slot[mine[0]]]))
        ended = np.flatnonzero(self.flows.flow_id == np.uint64(flow_id))
        if ended.size:
            return int(self.flows.outcome[ended[0]]), int(self.flows.direction_certainty[ended[0]])
        return int(Outcome.UNKNOWN), int(Certainty.GUESSED)


def outcome_of(events: int) -> int:
    """Return the outcome that the events of a flow (FlowEvent bits) amount to."""
    return int(Outcome.ESTABLISHED if events & _ESTABLISHED else
               Outcome.ATTEMPTED if events & _REFUSED else Outcome.UNKNOWN)


def _state(events: int) -> tuple[int, int]:
    return outcome_of(events), int(Certainty.SYN_SEEN if events & SYN_SEEN else Certainty.GUESSED)


def _facts(p: Packets, row: int, upward: bool) -> FlowFacts:
    src = int(p.src_ip_hi[row]) << 64 | int(p.src_ip_lo[row]), int(p.src_port[row])
    dst = int(p.dst_ip_hi[row]) << 64 | int(p.dst_ip_lo[row]), int(p.dst_port[row])
    if not upward:
        src, dst = dst, src
    return FlowFacts(int(p.flow_id[row]), src[0], dst[0], src[1], dst[1], int(p.proto[row]), int(p.vlan[row]))

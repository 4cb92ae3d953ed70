"""What several detectors want of the same packets, worked out once for all of them."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from columns import PACKET, Packets
from columns.codes import FlowEvent
from detectors.zone_rows import opening_keys
from zones import FlowKeys, Judgement, Policy, judge

_OPENED = int(FlowEvent.OPENED)
_OUTCOME_KNOWN = int(FlowEvent.REFUSED) | int(FlowEvent.ESTABLISHED)


class Seen:
    """One batch of packets, looked at as far as somebody asks."""

    def __init__(self, policy: Policy, packets: Packets) -> None:
        self.policy, self.packets = policy, packets

    @cached_property
    def _events(self) -> tuple[np.ndarray, np.ndarray]:
        """The indices of the packets that changed something in their flow, and what they changed."""
        rows = np.flatnonzero(self.packets.flow_event != 0)  # of bools it is found many times faster
        return rows, self.packets.flow_event[rows]

    def _with(self, bits: int) -> np.ndarray:
        rows, events = self._events
        return rows[events & bits != 0] if rows.size else rows

    @cached_property
    def openings(self) -> np.ndarray:
        """Return the indices of the packets that open a flow."""
        return self._with(_OPENED)

    @cached_property
    def later(self) -> np.ndarray:
        """Return the indices of the packets that changed something in a flow that was open."""
        rows, events = self._events
        return rows[events & _OPENED == 0] if rows.size else rows

    @cached_property
    def outcomes(self) -> np.ndarray:
        """Return the indices of the packets with which the outcome of a flow became known."""
        return self._with(_OUTCOME_KNOWN)

    @cached_property
    def keys(self) -> FlowKeys:
        """Return what is judged of the openings, the initiator as source."""
        return opening_keys(self.packets, self.openings)

    @cached_property
    def judgement(self) -> Judgement:
        """Return the judgement on the openings."""
        return judge(self.policy, self.keys)

    @cached_property
    def crosses(self) -> np.ndarray:
        """Return which openings lead from one zone to another: bool."""
        found = self.judgement
        return (found.src_zone != found.dst_zone) & (found.src_zone != 0) & (found.dst_zone != 0)

    @cached_property
    def backs(self) -> list[int]:
        """Return the indices, from 1 on, of packets before which the event clock was set back."""
        clock = self.packets.clock_ns
        return (np.flatnonzero(clock[1:] < clock[:-1]) + 1).tolist() if clock.size > 1 else []


class Shared:
    """Holds what was seen in the batch that all detectors are given in turn."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._seen = Seen(policy, PACKET.none)

    def of(self, packets: Packets) -> Seen:
        """Return what was seen of these packets."""
        if self._seen.packets is not packets:
            self._seen = Seen(self.policy, packets)
        return self._seen

"""The detector of Individual Numbers in clear text: packets, decoded buffers beside them, alerts without numbers."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable

import numpy as np

from columns import Alerts, Flows, Packets
from columns.codes import EndReason, FlowEvent
from columns.said import NOTHING_SAID, Said, Step
from detectors.alerts import alerts_of
from detectors.mynumber.leaks import Hit, LeakBook
from detectors.mynumber.place import Places, outcome_of
from detectors.mynumber.scanning import Scanner, Scored
from detectors.mynumber.settings import MyNumberSettings
from detectors.mynumber.unpacking import BUFFERS
from detectors.mynumber.words import DETECTOR, IN_CLEAR, POSSIBLE, Words
from zones import Policy

_CHANGES = int(FlowEvent.ESTABLISHED) | int(FlowEvent.REFUSED)
_FLOW, _BACK, _PACKET, _STEP = range(4)
_MARK_DIGITS = 16
Event = tuple[int, int, Callable[[], None]]
"""Packet number, place among what happens at it, what to do."""


class MyNumberDetector:
    """Finds 個人番号 in every payload, and in the buffers that parsers decode where they are shown.

    policy: for zones and severity; without one every finding is high. settings: limits. A number scores high by a
    keyword near it or as one of a list; what only has a right check digit is counted, and told on request. Numbers do
    not leave the kernels, except as keyed hashes under a key that is random for each process.
    """

    name = DETECTOR
    signatures = (IN_CLEAR, POSSIBLE)
    contents = BUFFERS

    def __init__(self, policy: Policy | None = None, settings: MyNumberSettings | None = None) -> None:
        self.policy, self.settings = policy, settings or MyNumberSettings()
        self.wants_contents = self.settings.decoded
        self.words = Words(policy)
        self._key = self.settings.key()
        self.reset()

    def reset(self) -> None:
        """Forget everything learned."""
        self.scanner_ = Scanner(self.settings, keep=bool(self._key))
        self.counts_: Counter[str] = Counter()
        self.book_ = LeakBook(self.settings, self.words, self.counts_)
        self.clock_ns_ = np.iinfo(np.int64).min

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and return the alerts they give rise to."""
        steps = [step for step in said.spoken if isinstance(step, Step)] if self.wants_contents else []
        before = self.scanner_.flow_events.copy()
        scored = self.scanner_.scan(packets, said.buffers, steps)
        events, mine = self._hits(scored, Places(packets, flows, steps, before, self.clock_ns_))
        followed = np.array(sorted(mine | set(self.book_.followed)), np.uint64)
        if followed.size:
            events += self._changes(packets, followed) + self._ends(flows, followed)
        events += self._turns(packets)
        for _, _, happen in sorted(events, key=lambda event: event[:2]):
            happen()
        if packets.clock_ns.size:
            self.clock_ns_ = int(packets.clock_ns[-1])
            self.book_.sweep(self.clock_ns_)
        return alerts_of(self.book_.drained())

    def _hits(self, scored: Scored, places: Places) -> tuple[list[Event], set[int]]:
        """Return what was found as events, and the flows it was found in."""
        candidates = scored.candidates
        told = candidates["high"] != 0
        if self.settings.report == "all":
            told |= candidates["valid"] != 0
        chosen = np.flatnonzero(told).tolist()
        return ([self._hit(candidates[k], scored.lists.get(k, ()), places) for k in chosen],
                {int(candidates["flow_id"][k]) for k in chosen})

    def _hit(self, c: np.void, listed: tuple[int, ...], places: Places) -> Event:
        high, number, at = int(c["high"]), int(c["packet_number"]), places.of(c)
        hit = Hit(
            IN_CLEAR if high else POSSIBLE, at.flow, bool(c["upward"]), at.ts_ns, at.clock_ns, number,
            int(c["offset"]), at.where, at.outcome, at.certainty, (*listed, int(c["tag"])), self._mark(int(c["value"])),
            (int(c["form"]), int(c["wrap"])), bool(high & 1), bool(high & 2), bool(high & 4))
        return number, _PACKET if c["row"] >= 0 else _STEP, lambda: self.book_.take(hit)

    def _mark(self, value: int) -> tuple[str, ...]:
        """Return the keyed mark of a number, where there is a key."""
        if not self._key:
            return ()
        return (hmac.new(self._key, b"%012d" % value, "sha256").hexdigest()[:_MARK_DIGITS],)

    def _changes(self, packets: Packets, followed: np.ndarray) -> list[Event]:
        """Return the packets at which followed flows came further."""
        rows = np.flatnonzero(packets.flow_event & _CHANGES)
        rows = rows[np.isin(packets.flow_id[rows], followed)]
        return [self._change(packets, row) for row in rows.tolist()]

    def _change(self, p: Packets, row: int) -> Event:
        flow_id, outcome = int(p.flow_id[row]), outcome_of(int(p.flow_event[row]))
        ts_ns, clock_ns = int(p.ts_ns[row]), int(p.clock_ns[row])
        return int(p.packet_number[row]), _PACKET, lambda: self.book_.progress(flow_id, outcome, ts_ns, clock_ns)

    def _ends(self, flows: Flows, followed: np.ndarray) -> list[Event]:
        rows = np.flatnonzero(np.isin(flows.flow_id, followed) & (flows.end_reason != int(EndReason.ACTIVE_TIMEOUT)))
        return [(int(flows.emitted_before[k]), _FLOW, lambda flow_id=int(flows.flow_id[k]):
                 self.book_.forget_flow(flow_id)) for k in rows.tolist()]

    def _turns(self, packets: Packets) -> list[Event]:
        """Return the places at which the event clock was set back: what is open ends there."""
        clock = packets.clock_ns
        if not clock.size:
            return []
        back = (np.flatnonzero(clock[1:] < clock[:-1]) + 1).tolist()
        if clock[0] < self.clock_ns_:
            back.insert(0, 0)
        return [(int(packets.packet_number[row]), _BACK, lambda clock_ns=int(clock[row - 1]) if row else self.clock_ns_:
                 self.book_.drain(clock_ns)) for row in back]

    def finish(self) -> Alerts:
        """Return the last revision of what is still open."""
        self.book_.drain(self.clock_ns_)
        return alerts_of(self.book_.drained())

    def counters(self) -> dict[str, int]:
        """Return bytes looked at, candidates, numbers with right check digits, leaks, and what limits cost."""
        return {**self.scanner_.counters(), **self.counts_, "leaks_open": len(self.book_.open)}

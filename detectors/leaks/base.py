"""What all leak detectors share: evidence from packets, flows and what was said, taken in the one true order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from columns import PACKET, Alerts, Flows, Packets
from columns.codes import EndReason, FlowEvent, Outcome
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alerts_of
from detectors.findings import FollowedFlows
from detectors.leaks.book import Ends, Evidence, LeakBook
from detectors.leaks.ground import Ground, ground_of
from detectors.leaks.leak import Leak
from detectors.leaks.lists import Lists, load_lists
from detectors.leaks.memory import Memory
from detectors.leaks.rows import opened_ends
from detectors.leaks.settings import LeakSettings
from detectors.leaks.text import placed, placed_ja
from detectors.leaks.thin import Thinner
from detectors.seen import Seen, Shared
from zones import Policy

_ESTABLISHED = int(FlowEvent.ESTABLISHED)
_BACK, _PACKET, _SAID, _FLOW = 0, 1, 2, 3
_order = itemgetter(0, 1, 2)


class LeakDetector:
    """Gathers evidence of a batch with its places, sorts it, and takes it piece by piece.

    A subclass defines ``gather``, which calls ``at_packets``, ``at_said`` or ``at_flows`` with a method and what to
    call it with, and the methods themselves, which look at their memory and call ``tell``. Those are called in the
    order of packets: a flow row comes after the packet before which it was written, what was said after its packet.
    """

    name = ""
    signatures: tuple[Leak, ...] = ()

    def __init__(self, policy: Policy, lists: Lists | None = None, settings: LeakSettings | None = None, *,
                 sensor: str = "", shared: Shared | None = None) -> None:
        self.policy, self.settings, self.sensor = policy, settings or LeakSettings(), sensor
        self.lists = lists or load_lists(self.settings.lists)
        self.ranks = np.array(policy.ranks, np.int64)
        self.ground: Ground = ground_of(policy, sensor)
        self.shared = shared or Shared(policy)
        self.seen: Seen = self.shared.of(PACKET.none)
        self.prepare()
        self.reset()

    def prepare(self) -> None:
        """Make what depends on policy and settings alone."""

    def reset(self) -> None:
        """Forget everything learned."""
        self.book_ = LeakBook(self.policy, self.name, self.settings)
        self.memories_: dict[str, Memory[Any, Any]] = {}
        self.opening_ = Thinner()
        self.followed_ = FollowedFlows()
        self.told_: Memory[int, list[Evidence]] = Memory(self.settings.remembered)
        self.counts_: dict[str, int] = {}
        self.now_ns_ = np.iinfo(np.int64).min
        self.last_number_ = 0

    def memory(self, name: str, on_evict: Callable[[Any, Any], None] | None = None) -> Memory[Any, Any]:
        """Return a memory of this detector by its name, as large as the settings say."""
        if name not in self.memories_:
            self.memories_[name] = Memory(self.settings.remembered, on_evict)
        return self.memories_[name]

    def count(self, name: str, by: int = 1) -> None:
        """Count something under a name."""
        self.counts_[name] = self.counts_.get(name, 0) + by

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Find the rows that matter and say with ``at_...`` what is to be done at each of them."""
        raise NotImplementedError

    def forget(self) -> None:
        """The event clock was set back: forget what has a time."""
        self.told_.clear()
        for memory in self.memories_.values():
            memory.clear()

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and return the alerts they give rise to."""
        self._todo: list[tuple[int, int, int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._packets, self.seen = packets, self.shared.of(packets)
        self._clock_backs(packets)
        self.followed_.tidy(self)
        self.gather(packets, flows, said)
        if self.told_ or self._todo:  # else nobody waits for the outcome of a flow
            self._progress(packets)
            self._flow_ends(flows)
        if self._todo:
            self._todo.sort(key=_order)
            book = self.book_
            for number, _, _, clock_ns, act, what in self._todo:
                self.clock_ns, self.number = clock_ns, number
                if book.open:
                    book.sweep(clock_ns)
                act(*what)
        if packets.clock_ns.size:
            self.now_ns_, self.last_number_ = int(packets.clock_ns[-1]), int(packets.packet_number[-1])
            self.book_.sweep(self.now_ns_)
        rows = self.book_.taken()
        return alerts_of(rows)

    def finish(self) -> Alerts:
        """Return the last revision of what is still open."""
        self.book_.drain(self.now_ns_)
        return alerts_of(self.book_.taken())

    def counters(self) -> dict[str, int]:
        """Return open alerts at most, what was summarised, and what memories gave up."""
        evicted = {f"evicted_{name}": memory.evicted for name, memory in self.memories_.items()}
        return {**self.book_.counts, "openings_passed_over": self.opening_.dropped,
                "alerts_open": len(self.book_.open), **evicted, **self.counts_}

    def tell(self, leak: Leak, key: tuple[Any, ...], ends: Ends, why: str, why_ja: str, ts_ns: int,
             **more: Any) -> None:
        """Put a piece of evidence at the present place into the book."""
        self.book_.take(Evidence(leak, key, ends, ts_ns, self.number, lambda: (why, why_ja), **more), self.clock_ns)

    def tell_flow(self, leak: Leak, key: tuple[Any, ...], ends: Ends, words: Callable[[], tuple[str, str]], ts_ns: int,
                  **more: Any) -> None:
        """The same for a flow that opens here (see at_openings): what becomes of it will be told, too.

        words is called for the two sentences where they are needed: for the first flow of an alert alone.
        """
        evidence = Evidence(leak, key, ends, ts_ns, self.number, words, **more)
        self.told_.get(ends.flow_id, list).append(evidence)
        self.book_.take(evidence, self.clock_ns)

    def followed(self) -> np.ndarray:
        """Return the ids of the flows whose outcome is still to come."""
        return np.fromiter(self.told_.keys(), np.uint64, len(self.told_))

    def _progress(self, packets: Packets) -> None:
        rows = self.followed_.among(packets.flow_id, self.seen.outcomes)
        if rows.size:
            self.at_packets(rows, self._outcome, packets.flow_id[rows].tolist(), packets.flow_event[rows].tolist(),
                            packets.ts_ns[rows].tolist())

    def _flow_ends(self, flows: Flows) -> None:
        over = np.flatnonzero(flows.end_reason != int(EndReason.ACTIVE_TIMEOUT))
        rows = self.followed_.among(flows.flow_id, over)
        if rows.size:
            self.at_flows(flows, rows, self._ended, flows.flow_id[rows].tolist(), flows.outcome[rows].tolist(),
                          flows.ts_end_ns[rows].tolist())

    def _ended(self, flow_id: int, outcome: int, ts_ns: int) -> None:
        for evidence in self.told_.seen(flow_id) or ():
            self.book_.take(evidence._replace(outcome=outcome, events=0, ts_ns=ts_ns), self.clock_ns)
        self.told_.drop(flow_id)

    def _outcome(self, flow_id: int, event: int, ts_ns: int) -> None:
        established = event & _ESTABLISHED
        for evidence in self.told_.seen(flow_id) or ():
            outcome = Outcome.ESTABLISHED if established else Outcome.ATTEMPTED
            self.book_.take(evidence._replace(outcome=int(outcome), events=0, ts_ns=ts_ns), self.clock_ns)
        if established:
            self.told_.drop(flow_id)

    def at_openings(self, rows: np.ndarray, act: Callable[..., None], *columns: Sequence[Any]) -> None:
        """Call act with (ends, certainty, event time, values of the columns) at each of these opening packets.

        The ends are those of the flow: the initiator is the source.
        """
        if rows.size:
            kept = self.opening_.keep(self._packets.flow_id[rows], self._packets.ts_ns[rows])
            if kept.size < rows.size:  # more in one second than can be looked at one by one
                rows, columns = rows[kept], tuple([column[k] for k in kept.tolist()] for column in columns)
            ends, certainty = opened_ends(self.policy, self._packets, rows)
            self.followed_.add(self._packets.flow_id[rows])
            self.at_packets(rows, act, ends, certainty, self._packets.ts_ns[rows].tolist(), *columns)

    def en(self, address: int, zone: int) -> str:
        """Return an address with its zone, for an English sentence."""
        return placed(self.policy, address, zone)

    def ja(self, address: int, zone: int) -> str:
        """Return an address with its zone, for a Japanese sentence."""
        return placed_ja(self.policy, address, zone)

    def at_packets(self, rows: np.ndarray, act: Callable[..., None], *columns: Sequence[Any]) -> None:
        """Call act with the values of the columns at each of these packet rows (indices)."""
        p = self._packets
        numbers, clocks = p.packet_number[rows].tolist(), p.clock_ns[rows].tolist()
        for row, number, clock_ns, what in zip(rows.tolist(), numbers, clocks, zip(*columns, strict=True), strict=True):
            self._todo.append((number, _PACKET, row, clock_ns, act, what))

    def at_said(self, numbers: Sequence[int], act: Callable[..., None], whats: Sequence[tuple[Any, ...]]) -> None:
        """Call act with each of these at the packets of these numbers."""
        if not numbers:
            return
        p = self._packets
        places = np.searchsorted(p.packet_number, np.array(numbers, np.uint64), side="right") - 1
        for place, number, what in zip(places.tolist(), numbers, whats, strict=True):
            clock_ns = int(p.clock_ns[place]) if place >= 0 else self.now_ns_
            self._todo.append((number, _SAID, len(self._todo), clock_ns, act, what))

    def at_flows(self, flows: Flows, rows: np.ndarray, act: Callable[..., None], *columns: Sequence[Any]) -> None:
        """Call act with the values of the columns at each of these flow rows (indices)."""
        numbers, clocks = (flows.emitted_before[rows] - np.uint64(1)).tolist(), flows.clock_ns[rows].tolist()
        for row, number, clock_ns, what in zip(rows.tolist(), numbers, clocks, zip(*columns, strict=True), strict=True):
            self._todo.append((number, _FLOW, row, clock_ns, act, what))

    def _clock_backs(self, packets: Packets) -> None:
        clock = packets.clock_ns
        if not clock.size:
            return
        for row in [0, *self.seen.backs] if clock[0] < self.now_ns_ else self.seen.backs:
            before = int(clock[row - 1]) if row else self.now_ns_
            self._todo.append((int(packets.packet_number[row]), _BACK, row, before, self._turn_back, (before,)))

    def _turn_back(self, before_ns: int) -> None:
        self.book_.drain(before_ns)
        self.forget()

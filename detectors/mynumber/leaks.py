"""The life of a leak: numbers of one sender to one receiver and service, from the first on until it is quiet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from columns.codes import AlertState
from columns.said import FlowFacts
from detectors.contract import Signature
from detectors.mynumber.settings import MyNumberSettings
from detectors.mynumber.words import MARKS, Words


@dataclass
class Hit:
    """Numbers in one place: who says them, when, how they are written; tags stand for the numbers.

    last: further numbers of this sender are not told one by one.
    """

    signature: Signature
    flow: FlowFacts
    upward: bool
    ts_ns: int
    clock_ns: int
    packet_number: int
    offset: int
    where: str
    outcome: int
    certainty: int
    tags: tuple[int, ...]
    marks: tuple[str, ...]
    written: tuple[int, int]
    keyword: bool
    listed: bool
    last: bool


@dataclass
class Leak:
    """What is known of one leak; zones are those of initiator and responder.

    packet_number, offset, where: of the first number; decoded: it was met in what the payload says in a text encoding.
    """

    signature: Signature
    flow: FlowFacts
    upward: bool
    zones: tuple[int, int]
    packet_number: int
    offset: int
    where: str
    decoded: bool
    start_ns: int
    end_ns: int = 0
    last_clock_ns: int = 0
    outcome: int = 0
    certainty: int = 0
    revision: int = 0
    next_report: int = 10
    keyword: bool = False
    listed: bool = False
    full: bool = False
    marks: list[str] = field(default_factory=list)
    tags: set[int] = field(default_factory=set)
    written: set[tuple[int, int]] = field(default_factory=set)
    flows: set[int] = field(default_factory=set)

    @property
    def count(self) -> int:
        """Return how many different numbers were met."""
        return len(self.tags)


class LeakBook:
    """Holds open leaks; every method appends the revisions to report to ``told``, in event order."""

    def __init__(self, settings: MyNumberSettings, words: Words, count: Counter[str]) -> None:
        self.settings, self.words, self.counts = settings, words, count
        self.open: dict[tuple[Any, ...], Leak] = {}
        self.followed: dict[int, list[Leak]] = {}
        self.told: list[dict[str, Any]] = []

    def take(self, hit: Hit) -> None:
        """Take the next numbers."""
        self.sweep(hit.clock_ns)
        flow = hit.flow
        key = (hit.signature.signature_id, flow.src_ip, flow.dst_ip, flow.dst_port, flow.proto, hit.upward)
        leak = self.open.get(key)
        known = leak is not None
        if leak is None:
            zones = self.words.zones_of(flow.src_ip, flow.dst_ip, hit.ts_ns)
            if self.words.at_home(zones):
                self.counts["numbers_at_home"] += len(hit.tags)
                return
            leak = self._begin(key, hit, zones)
        self._add(leak, hit)
        self.open[key] = self.open.pop(key)  # the quietest stand first
        if flow.flow_id not in leak.flows:
            leak.flows.add(flow.flow_id)
            self.followed.setdefault(flow.flow_id, []).append(leak)
        if not known:
            self._tell(leak, AlertState.STARTED, hit.ts_ns)
        elif self._grew(leak, hit):
            self._tell(leak, AlertState.ONGOING, hit.ts_ns)

    def _begin(self, key: tuple[Any, ...], hit: Hit, zones: tuple[int, int]) -> Leak:
        if len(self.open) >= self.settings.leaks:
            self.counts["leaks_ended_early"] += 1
            oldest = next(iter(self.open))
            self._end(oldest, self.open[oldest].last_clock_ns)
        leak = Leak(hit.signature, hit.flow, hit.upward, zones, hit.packet_number, hit.offset, hit.where,
                    hit.written[1] != 0, hit.ts_ns,
                    outcome=hit.outcome, certainty=hit.certainty)
        self.open[key] = leak
        self.counts["leaks"] += 1
        return leak

    def _add(self, leak: Leak, hit: Hit) -> None:
        for tag in hit.tags:
            if len(leak.tags) < self.settings.numbers:
                leak.tags.add(tag)
            else:
                leak.full = leak.full or tag not in leak.tags
        for mark in hit.marks:
            if mark not in leak.marks and len(leak.marks) < MARKS:
                leak.marks.append(mark)
        leak.written.add(hit.written)
        leak.full = leak.full or hit.last
        leak.keyword, leak.listed = leak.keyword or hit.keyword, leak.listed or hit.listed
        leak.end_ns, leak.last_clock_ns = max(leak.end_ns, hit.ts_ns), hit.clock_ns

    def _grew(self, leak: Leak, hit: Hit) -> bool:
        """Return whether there is more to tell: ten times the numbers, or a flow that came further than the others."""
        further = (hit.outcome, hit.certainty) > (leak.outcome, leak.certainty)
        if further:
            leak.outcome, leak.certainty = hit.outcome, hit.certainty
        more = leak.count >= leak.next_report
        while leak.count >= leak.next_report:
            leak.next_report *= 10
        return further or more

    def progress(self, flow_id: int, outcome: int, ts_ns: int, clock_ns: int) -> None:
        """A followed flow came further."""
        if flow_id in self.followed:
            self.sweep(clock_ns)
        for leak in self.followed.get(flow_id, ()):
            if outcome > leak.outcome:
                leak.outcome = outcome
                self._tell(leak, AlertState.ONGOING, ts_ns)

    def forget_flow(self, flow_id: int) -> None:
        """A flow is over."""
        for leak in self.followed.pop(flow_id, ()):
            leak.flows.discard(flow_id)

    def sweep(self, clock_ns: int) -> None:
        """End what was quiet for the whole gap at an event time."""
        gap = self.settings.quiet_s * 10**9
        while self.open:
            key, leak = next(iter(self.open.items()))
            if leak.last_clock_ns + gap > clock_ns:
                return
            self._end(key, leak.last_clock_ns + gap)

    def drain(self, clock_ns: int) -> None:
        """End everything that is open."""
        for key in list(self.open):
            self._end(key, clock_ns)

    def _end(self, key: tuple[Any, ...], ts_ns: int) -> None:
        leak = self.open.pop(key)
        for flow_id in leak.flows:
            others = [other for other in self.followed.get(flow_id, ()) if other is not leak]
            if others:
                self.followed[flow_id] = others
            else:
                self.followed.pop(flow_id, None)
        self._tell(leak, AlertState.ENDED, ts_ns)

    def _tell(self, leak: Leak, state: AlertState, ts_ns: int) -> None:
        leak.revision += 1
        self.told.append(self.words.row(leak, int(state), ts_ns))

    def drained(self) -> list[dict[str, Any]]:
        """Return what is to be told, once."""
        told, self.told = self.told, []
        return told



"""The life of findings: evidence row by row becomes findings that start, escalate, go quiet and end; all bounded.

Three levels hold a storm down: one finding per endpoints and code; past a limit one per initiator, responder zone and
code; past another limit one per pair of zones and code. The kernel does all of it and copies a finding out whenever
there is something to say, so that Python works once per revision and never per flow.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from columns.memory import zeros
from detectors import finding_kernels as kernels
from detectors import finding_table as table
from detectors.settings import check_settings, require_power_of_two, setting

_FILTER_BITS, _FILTER_FULL = 20, 1 << 17


@dataclass(frozen=True)
class FindingSettings:
    """Limits of a book of findings."""

    quiet_s: int = setting(600, unit="s", low=1, high=86_400,
                           meaning="event time without an open flow or evidence that ends a finding")
    per_initiator: int = setting(50, unit="alerts", low=1, high=10_000,
                                 meaning="alerts of one initiator, responder zone and verdict before one for all")
    per_zone_pair: int = setting(50, unit="initiators", low=1, high=10_000,
                                 meaning="initiators of one pair of zones and verdict before one alert for all")
    findings: int = setting(16_384, unit="findings", low=64, high=1 << 20, meaning="open findings kept at once")
    flows: int = setting(65_536, unit="flows", low=64, high=1 << 24, meaning="flows of findings followed at once")

    def __post_init__(self) -> None:
        check_settings(self, "detectors.findings")
        require_power_of_two(self, "detectors.findings", "findings", "flows")


class FindingBook:
    """Holds the findings of one detector; every method returns the revisions to report, as FINDING records in order."""

    def __init__(self, settings: FindingSettings) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        s = self.settings
        self.findings_ = zeros(s.findings, table.FINDING)
        self.table_ = np.full(2 * s.findings, -1, np.int32)
        self.free_ = np.arange(s.findings - 1, -1, -1, dtype=np.int32)
        self.watch_ = zeros(s.flows, table.WATCH)
        self.scalars_ = np.zeros(table.SCALARS, np.int64)
        self.scalars_[[table.HEAD, table.TAIL]], self.scalars_[table.FREE] = -1, s.findings
        self.scalars_[table.SEED] = int.from_bytes(os.urandom(4), "big")  # places in the table, never what comes out
        self.limits_ = np.array([s.quiet_s * 10**9, s.per_initiator, s.per_zone_pair, s.findings // 8], np.int64)

    def _out(self, rows: int) -> np.ndarray:
        return np.empty(2 * rows + int(self.scalars_[table.LIVE]) + 1, table.FINDING)

    def take(self, evidence: np.ndarray) -> np.ndarray:
        """Take EVIDENCE records in their one true order."""
        out = self._out(evidence.size)
        n = kernels.take_evidence(evidence, self.findings_, self.table_, self.free_, self.watch_, self.scalars_,
                          self.limits_, out)
        return out[:n]

    def sweep(self, clock_ns: int) -> np.ndarray:
        """End what was quiet for the whole gap at an event time."""
        oldest = self.scalars_[table.HEAD]
        if oldest < 0 or self.findings_["last_clock_ns"][oldest] + self.limits_[0] >= clock_ns:
            return np.empty(0, table.FINDING)
        return self._ended(kernels.sweep, clock_ns)

    def drain(self, clock_ns: int) -> np.ndarray:
        """End everything that is open at an event time."""
        if not self.scalars_[table.LIVE]:
            return np.empty(0, table.FINDING)
        return self._ended(kernels.drain, clock_ns)

    def _ended(self, end: Callable[..., int], clock_ns: int) -> np.ndarray:
        out = self._out(0)
        n = end(self.findings_, self.table_, self.free_, self.scalars_, self.limits_, clock_ns, out, np.int64(0))
        return out[:n]

    def followed(self) -> np.ndarray:
        """Return the ids of the flows that are followed."""
        ids = self.watch_["flow_id"]
        return ids[ids != 0]

    def counters(self) -> dict[str, int]:
        """Return open findings now and at most, flows no longer followed, events in summarising alerts, and lost."""
        s = self.scalars_
        return {"findings_open": int(s[table.LIVE]), "findings_peak": int(s[table.LIVE_PEAK]),
                "flows_unfollowed": int(s[table.WATCH_EVICTED]), "events_summarised": int(s[table.HELD_BACK]),
                "events_dropped": int(s[table.DROPPED])}


class FollowedFlows:
    """A filter of flow ids: says yes for every flow that is followed and for few others, at one look-up a row."""

    def __init__(self) -> None:
        self._marks = np.zeros(0, bool)  # most detectors follow nobody
        self._added, self._any = 0, False

    def add(self, flow_id: np.ndarray) -> None:
        """Mark flows that are about to be followed."""
        if not flow_id.size:
            return
        if not self._marks.size:
            self._marks = np.zeros(1 << _FILTER_BITS, bool)
        self._added, self._any = self._added + flow_id.size, True
        self._marks[self._place(flow_id)] = True

    def tidy(self, book: FindingBook) -> None:
        """Forget, now and then, the flows that book follows no more; only while none is about to be."""
        if self._added > _FILTER_FULL:
            self._marks[:] = False
            followed = book.followed()
            self._marks[self._place(followed)] = True
            self._added, self._any = 0, bool(followed.size)

    def maybe(self, flow_id: np.ndarray) -> np.ndarray:
        """Return bool per flow id; False is certain."""
        return self._marks[self._place(flow_id)] if self._any else np.zeros(flow_id.size, bool)

    def among(self, flow_id: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return those of some rows (indices into the column of flow ids) whose flow may be followed."""
        return rows[self.maybe(flow_id[rows])] if self._any and rows.size else rows[:0]

    @staticmethod
    def _place(flow_id: np.ndarray) -> np.ndarray:
        return (flow_id >> np.uint64(1)).astype(np.int64) & ((1 << _FILTER_BITS) - 1)  # ids are hashes

"""Storm control: a detector that tells too many new alerts within one minute is cut short, and that is told instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from columns import Alerts, concat_rows, rows_in, take_rows
from columns.codes import AlertState, Property, Severity
from detectors.alerts import alert_id, alert_row, alerts_of
from detectors.contract import Signature

MINUTE_NS = 60_000_000_000

STORM = Signature(
    900901, "Alert storm: new alerts of a detector are held back", "アラート多発：検知器の新規アラートを保留",
    "Sensor", Severity.MEDIUM, Property.AVAILABILITY, runbook="storm")


class StormControl:
    """Passes on at most so many new alerts of one detector per minute of event time, and counts the rest.

    A new alert is one with revision 1; the later revisions of what was held back are held back as well. Minutes go
    by the event time of the alerts, in the order in which the detector told them, which does not depend on batches.
    What is held back is told by one alert per minute: started with the first, ended with the total.
    """

    def __init__(self, detector: str, per_minute: int, max_held: int) -> None:
        self.detector, self.per_minute, self.max_held = detector, per_minute, max_held
        self.held_ids: dict[int, None] = {}
        self.minute: int | None = None
        self.new = self.held = self.held_back = self.held_back_updates = self.forgotten = 0
        self.first_ns = self.last_ns = 0

    def filter(self, alerts: Alerts) -> Alerts:
        """Return the alerts that pass, in their order, with the storm alerts where they belong."""
        rows = rows_in(alerts)
        if not rows:
            return alerts
        keep = np.ones(rows, bool)
        told: list[tuple[int, dict[str, Any]]] = []
        columns = (alerts.alert_id.tolist(), alerts.revision.tolist(), alerts.state.tolist(), alerts.ts_ns.tolist())
        for k, (number, revision, state, ts_ns) in enumerate(zip(*columns, strict=True)):
            if revision == 1:
                told += [(k, row) for row in self._turn(ts_ns)]
                self.new += 1
                if self.new > self.per_minute:
                    keep[k] = False
                    told += [(k, row) for row in self._hold(number, state, ts_ns)]
            elif number in self.held_ids:
                keep[k] = False
                self.held_back_updates += 1
                if state == AlertState.ENDED:
                    del self.held_ids[number]
        return self._assemble(alerts, keep, told)

    def finish(self) -> Alerts:
        """Return the last storm alert, if a storm is on."""
        return alerts_of(self._end())

    def _turn(self, ts_ns: int) -> list[dict[str, Any]]:
        """Begin a new minute if it is one; return the end of the storm of the last."""
        minute = ts_ns // MINUTE_NS
        if self.minute is not None and minute <= self.minute:
            return []
        ended = self._end()
        self.minute, self.new, self.held = minute, 0, 0
        return ended

    def _end(self) -> list[dict[str, Any]]:
        if not self.held:
            return []
        row = self._row(AlertState.ENDED, 2)
        self.held = 0
        return [row]

    def _hold(self, number: int, state: int, ts_ns: int) -> list[dict[str, Any]]:
        self.held += 1
        self.held_back += 1
        self.last_ns = ts_ns
        if state != AlertState.SINGLE:
            self.held_ids[number] = None
            if len(self.held_ids) > self.max_held:
                del self.held_ids[next(iter(self.held_ids))]
                self.forgotten += 1
        if self.held > 1:
            return []
        self.first_ns = ts_ns
        return [self._row(AlertState.STARTED, 1)]

    def _row(self, state: AlertState, revision: int) -> dict[str, Any]:
        start_ns = (self.minute or 0) * MINUTE_NS
        many = "so far 1 is" if revision == 1 else f"{self.held:,} are"
        return alert_row(
            "chain", STORM, alert_id=alert_id("chain", self.detector, start_ns), revision=revision, state=int(state),
            ts_ns=self.last_ns, start_ns=self.first_ns, end_ns=self.last_ns, peak_ns=self.last_ns,
            measured=float(self.new), peak=float(self.new), threshold=float(self.per_minute),
            measure="new alerts per minute", events=self.held,
            why=f"Detector {self.detector} told more than {self.per_minute:,} new alerts in this minute; {many} held "
                f"back and counted only.",
            why_ja=f"検知器 {self.detector} の新規アラートがこの1分間で {self.per_minute:,} 件を超えたため、"
                   f"{self.held:,} 件を保留（件数のみ記録）。")

    @staticmethod
    def _assemble(alerts: Alerts, keep: np.ndarray, told: list[tuple[int, dict[str, Any]]]) -> Alerts:
        if keep.all() and not told:
            return alerts
        parts, at = [], 0
        for k, row in told:
            parts += [take_rows(alerts, at + np.flatnonzero(keep[at:k])), alerts_of([row])]
            at = k
        return concat_rows([*parts, take_rows(alerts, at + np.flatnonzero(keep[at:]))])


_MOST_SIGNATURES = 65536


class SignatureStorms:
    """Storm control of a detector with many signatures: each has its own limit, so one cannot silence the others."""

    def __init__(self, detector: str, per_minute: int, max_held: int) -> None:
        self.detector, self.per_minute, self.max_held = detector, per_minute, max_held
        self._storms: dict[tuple[int, int], StormControl] = {}

    def filter(self, alerts: Alerts) -> Alerts:
        """Return the alerts that pass, grouped by signature where one is in a storm."""
        if not rows_in(alerts):
            return alerts
        keys = alerts.gid.astype(np.uint64) << 32 | alerts.signature_id
        parts = []
        for key in np.unique(keys).tolist():
            parts.append(self._storm(key).filter(take_rows(alerts, keys == key)))
        return concat_rows(parts)

    def _storm(self, key: int) -> StormControl:
        signature = (key >> 32, key & 0xFFFFFFFF)
        if signature not in self._storms:
            if len(self._storms) >= _MOST_SIGNATURES:  # more signatures than any rule set has: one for all the rest
                signature = (0, 0)
            name = f"{self.detector} {signature[0]}:{signature[1]}"
            self._storms.setdefault(signature, StormControl(name, self.per_minute, self.max_held))
        return self._storms[signature]

    def finish(self) -> Alerts:
        """Return the last alert of each storm that is on."""
        ended = [a for a in (storm.finish() for storm in self._storms.values()) if rows_in(a)]
        return concat_rows(ended) if ended else alerts_of([])

    @property
    def held_back(self) -> int:
        """Alerts held back so far."""
        return sum(storm.held_back for storm in self._storms.values())

    @property
    def forgotten(self) -> int:
        """Alerts whose later revisions are no longer recognised."""
        return sum(storm.forgotten for storm in self._storms.values())

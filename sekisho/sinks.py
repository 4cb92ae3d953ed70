"""Where the results of a replay go: the store, EVE JSON, and the summary that is shown at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from columns import ALERT, Alerts, Flows, Health, rows_in, take_rows
from columns.codes import Severity, Verdict, labels_of
from sekisho.rows import Row, batch_rows

_MOST_PER_SEVERITY = 500


class CollectSink:
    """Keeps what the summary shows: the present state of each alert, and how many flows went between which zones.

    Of each severity it keeps the first 500 alerts; the report counts them all.
    """

    def __init__(self) -> None:
        self._alerts: dict[int, Row] = {}
        self._kept: dict[int, int] = dict.fromkeys(map(int, Severity), 0)
        self._zones: Sequence[str] = ()
        self._pairs = np.zeros((0, 0, len(Verdict)), np.int64)

    def write_flows(self, flows: Flows, vocabularies: dict[str, Sequence[str]]) -> None:
        """Count the flows of each zone pair by verdict."""
        zones = vocabularies["zone"]
        if len(zones) != len(self._zones):
            self._zones = zones
            self._pairs = np.zeros((len(zones), len(zones), len(Verdict)), np.int64)
        first_part = flows.part == 0
        np.add.at(self._pairs, (flows.src_zone[first_part], flows.dst_zone[first_part], flows.verdict[first_part]), 1)

    def write_alerts(self, alerts: Alerts) -> None:
        """Keep the latest revision of each alert."""
        wanted = []
        for i, (number, severity) in enumerate(zip(alerts.alert_id.tolist(), alerts.severity.tolist(), strict=True)):
            if number not in self._alerts:
                if self._kept[severity] >= _MOST_PER_SEVERITY:
                    continue
                self._kept[severity] += 1
                self._alerts[number] = {}
            wanted.append(i)
        if wanted:
            for row in batch_rows(ALERT, take_rows(alerts, np.array(wanted))):
                self._alerts[row["alert_id"]] = row

    def write_health(self, health: Health) -> None:
        """The report holds the counters already."""

    def finish(self, report: object) -> None:
        """Nothing to make durable."""

    def abort(self) -> None:
        """Nothing to release."""

    def alerts(self) -> list[Row]:
        """Return the kept alerts, the most severe first, then by time."""
        order = {label: number for number, label in labels_of(Severity).items()}
        return sorted(self._alerts.values(), key=lambda r: (order[r["severity"]], r["start_ns"], r["alert_id"]))

    def zone_pairs(self) -> list[tuple[str, str, dict[str, int]]]:
        """Return (source zone, destination zone, {verdict: flows}) for every pair that was seen."""
        labels = labels_of(Verdict)
        return [
            (self._zones[s], self._zones[d], {labels[v]: n for v, n in enumerate(self._pairs[s, d].tolist()) if n})
            for s, d in zip(*np.nonzero(self._pairs.sum(axis=2)), strict=True)
        ]

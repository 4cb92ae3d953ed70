"""Where the results of a replay go: the store, EVE JSON, and the summary that is shown at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from columns import ALERT, COVERAGE, FLOW, SENSOR_HEALTH, Alerts, Flows, Health, Table, take_rows
from columns.codes import Severity, Verdict, labels_of
from columns.errors import StoreAway
from sekisho.rows import Row, batch_rows

if TYPE_CHECKING:
    from columns.eve_settings import EveSettings
    from sekisho.report import ReplayReport
    from sekisho.store_place import StorePlace
    from storage import Begun, Run, SpoolSettings
    from storage.pruned import Pruned
    from storage.retention import RetentionSettings

_MOST_PER_SEVERITY = 500


class StoreSink:
    """Writes a run into a store. The store is opened, and the run begun, on entering; leaving closes the store.

    spool: what stands before a server; what waits there or was given up is in the notes and counters of the report.
    retention: a budget that the store is brought down to when the run has ended; pruned says what that took.

    A run that is not finished by then is marked as interrupted, with what was written of it.
    """

    def __init__(self, place: StorePlace, run: Run, spool: SpoolSettings,
                 retention: RetentionSettings | None = None) -> None:
        self._store, self._retention = place.open(spool=spool), retention
        self.pruned: Pruned | None = None
        try:
            self.begun: Begun = self._store.begin_run(run)
        except BaseException:
            self._store.close()
            raise

    def __enter__(self) -> StoreSink:
        return self

    def write_flows(self, flows: Flows, vocabularies: dict[str, Sequence[str]]) -> None:
        """Insert flow rows."""
        self._store.insert(FLOW, flows, vocabularies=vocabularies)

    def write_alerts(self, alerts: Alerts) -> None:
        """Insert alert revisions."""
        self._store.insert(ALERT, alerts)

    def write_transactions(self, table: Table, batch: Any, vocabularies: dict[str, Sequence[str]]) -> None:
        """Insert rows of a protocol's table."""
        self._store.insert(table, batch, vocabularies=vocabularies)

    def write_health(self, health: Health) -> None:
        """Insert the counters."""
        self._store.insert(SENSOR_HEALTH, health)

    def finish(self, report: ReplayReport) -> None:
        """Write what is left and close the run, as complete or as interrupted."""
        from storage import RunSummary

        if report.coverage is not None:
            self._store.insert(COVERAGE, report.coverage.rows, vocabularies={"zone": report.coverage.zones})
        self._store.finish_run(RunSummary(report.packets, report.bytes, report.digest),
                               interrupted=report.interrupted)
        report.notes += self._store.notes()
        counters = self._store.counters()
        if counters:
            report.counters["spool"] = counters
        limits = self._retention
        if limits is not None and limits.budget_bytes:
            try:
                self.pruned = self._store.prune(budget_bytes=limits.budget_bytes, replays=limits.replays)
            except StoreAway as error:  # the rows wait in the spool: the next replay brings the store to its budget
                report.notes.append(f"the budget of the store was not looked at: {error}")

    def abort(self) -> None:
        """Nothing to do: closing keeps what was written."""

    def __exit__(self, *raised: object) -> None:
        self._store.close()


class EveSink:
    """Writes EVE JSON lines to a file or to stdout (``-``); leaving closes the file."""

    acknowledged = True

    def __init__(self, target: str, sensor: str, options: EveSettings) -> None:
        from storage import EveWriter

        self._writer = EveWriter(target, sensor=sensor, options=options)

    def __enter__(self) -> EveSink:
        return self

    def write_flows(self, flows: Flows, vocabularies: dict[str, Sequence[str]]) -> None:
        """Write one flow event per row."""
        self._writer.write_flows(flows, vocabularies)

    def write_alerts(self, alerts: Alerts) -> None:
        """Write one alert event per revision."""
        self._writer.write_alerts(alerts)

    def write_transactions(self, table: Table, batch: Any, vocabularies: dict[str, Sequence[str]]) -> None:
        """Write one event per transaction."""
        self._writer.write_transactions(table, batch, vocabularies)

    def write_health(self, health: Health) -> None:
        """Write the counters as one stats event."""
        self._writer.write_stats(health)

    def finish(self, report: ReplayReport) -> None:
        """Nothing to do: closing flushes."""

    def abort(self) -> None:
        """Nothing to do: closing keeps what was written."""

    def __exit__(self, *raised: object) -> None:
        self._writer.close()


class CollectSink:
    """Keeps what the summary shows: the present state of each alert, and how many flows went between which zones.

    Of each severity it keeps the first 500 alerts; the report counts them all.
    """

    def __init__(self) -> None:
        self._alerts: dict[int, tuple[Alerts, int]] = {}
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
        """Keep the latest revision of each alert; rows are made of them when they are asked for."""
        wanted, places = [], {}
        for i, (number, severity) in enumerate(zip(alerts.alert_id.tolist(), alerts.severity.tolist(), strict=True)):
            if number not in self._alerts and number not in places:
                if self._kept[severity] >= _MOST_PER_SEVERITY:
                    continue
                self._kept[severity] += 1
            places[number] = len(wanted)
            wanted.append(i)
        if wanted:
            kept = take_rows(alerts, np.array(wanted))
            self._alerts.update({number: (kept, place) for number, place in places.items()})

    def write_transactions(self, table: Table, batch: Any, vocabularies: dict[str, Sequence[str]]) -> None:
        """The report counts them."""

    def write_health(self, health: Health) -> None:
        """The report holds the counters already."""

    def finish(self, report: ReplayReport) -> None:
        """Nothing to make durable."""

    def abort(self) -> None:
        """Nothing to release."""

    def alerts(self) -> list[Row]:
        """Return the kept alerts, the most severe first, then by time."""
        order = {label: number for number, label in labels_of(Severity).items()}
        places: dict[int, tuple[Alerts, list[int]]] = {}
        for kept, place in self._alerts.values():
            places.setdefault(id(kept), (kept, []))[1].append(place)
        rows = [row for kept, at in places.values() for row in batch_rows(ALERT, take_rows(kept, np.array(at)))]
        return sorted(rows, key=lambda r: (order[r["severity"]], r["start_ns"], r["alert_id"]))

    def zone_pairs(self) -> list[tuple[str, str, dict[str, int]]]:
        """Return (source zone, destination zone, {verdict: flows}) for every pair that was seen."""
        labels = labels_of(Verdict)
        return [
            (self._zones[s], self._zones[d], {labels[v]: n for v, n in enumerate(self._pairs[s, d].tolist()) if n})
            for s, d in zip(*np.nonzero(self._pairs.sum(axis=2)), strict=True)
        ]

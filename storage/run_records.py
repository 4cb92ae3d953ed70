"""What a store knows of its runs: their records, and the rows that belong to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from columns import COVERAGE, TABLES, TRANSACTIONS
from columns.clickhouse import RUNS_STRUCTURE, latest, quoted
from columns.errors import StoreError
from columns.records import ALERT_ACTION
from columns.rollups import ROLLUPS
from columns.schema import Table
from storage.engine import Connection
from storage.interface import QueryResult
from storage.layout import Layout, layout_of
from storage.run import Begun, Run, RunSummary

_STORED = tuple(t for t in TABLES if t.stored)
_MAY_BE_EMPTY = (*TRANSACTIONS, COVERAGE)
_OF_RUN = (*(t.name for t in _STORED), *(r.name for r in ROLLUPS))
_NEVER = "1970-01-01 00:00:00.000"

Query = Callable[[str, Mapping[str, Any]], QueryResult]


class RunRecords:
    """The runs of a store: written through one connection, read through its questions."""

    def __init__(self, connection: Connection, query: Query, where: str) -> None:
        self._connection, self._query, self._where = connection, query, where

    def all(self) -> list[dict[str, Any]]:
        """Return the present records of all runs, oldest first."""
        found = self._query("SELECT * EXCEPT revision FROM runs FINAL ORDER BY started_at, run_id", {}).dicts()
        return [_shown(r) for r in found]

    def of(self, run_id: str) -> dict[str, Any] | None:
        """Return the present record of a run, or None."""
        found = self._query("SELECT * EXCEPT revision FROM runs FINAL WHERE run_id = {run:String}", {"run": run_id})
        return _shown(found.dicts()[0]) if found.rows else None

    def begin(self, run: Run) -> tuple[Begun, int]:
        """Record that a run begins, removing the rows of an earlier attempt; return what was found and the attempt."""
        before = self.of(run.run_id)
        begun, attempt = Begun.NEW, 1
        if before is not None:
            whole = before["status"] == "complete" and before["rows"] == self.count_rows(run.run_id)
            begun, attempt = Begun.COMPLETE if whole else Begun.RESTARTED, before["attempt"] + (not whole)
        if begun is not Begun.COMPLETE:
            # also for a new run: rows of one whose record was lost must not be mixed with those to come
            self.drop_rows(run.run_id)
            self.write(run_record(run, attempt))
        return begun, attempt

    def finish(self, run: Run, attempt: int, summary: RunSummary, *, interrupted: bool) -> None:
        """Record that an attempt at a run has ended; StoreError when another process has begun it again."""
        record = self.of(run.run_id)
        if record is None or record["attempt"] != attempt:
            raise StoreError(f"run {run.run_id} was {'deleted' if record is None else 'begun again'} by another "
                             "process while this one wrote it", where=self._where,
                             remedy="replay the captures again, from one process at a time")
        self.write(record | {
            "status": "interrupted" if interrupted else "complete", "finished_at": time_text(datetime.now(UTC)),
            "packets": summary.packets, "bytes": summary.bytes, "digest": summary.digest,
            "rows": self.count_rows(run.run_id)})

    def mark_interrupted(self) -> None:
        """Record of every run that is marked running that it was interrupted; for a store that nobody else writes."""
        for record in self.all():
            if record["status"] == "running":
                self.write(record | {"status": "interrupted"})

    def delete(self, run_id: str) -> None:
        """Remove a run, its record last."""
        self.drop_rows(run_id, (*_OF_RUN, ALERT_ACTION.name))
        self._connection.execute(f"ALTER TABLE {layout_of(self._query).altered('runs')} DELETE "
                                 "WHERE run_id = {run:String} SETTINGS mutations_sync = 2", {"run": run_id})

    def count_rows(self, run_id: str) -> dict[str, int]:
        """Return the rows of a run by table; of a table of revisions, those that are present.

        Of the many tables of transactions, and of coverage, those are left out in which the run has none.
        """
        return self._counts({t: latest(t) for t in _STORED}, run_id)

    def count_stored(self, run_id: str) -> dict[str, int]:
        """Return the rows of a run by table as they were inserted, all revisions of an alert."""
        return self._counts({t: t.name for t in _STORED}, run_id)

    def drop_rows(self, run_id: str, tables: Sequence[str] = _OF_RUN) -> None:
        """Remove the rows of a run, partition by partition; the engine forgets their tokens with them."""
        asked = " UNION ALL ".join(f"SELECT DISTINCT '{table}', _partition_id FROM {table} "
                                   "WHERE run_id = {run:String}" for table in tables)
        found = self._query(asked, {"run": run_id}).rows
        layout = layout_of(self._query) if found else Layout()
        for table, partition in found:
            self._connection.execute(f"ALTER TABLE {layout.altered(table)} DROP PARTITION ID {quoted(partition)} "
                                     "SETTINGS max_partition_size_to_drop = 0")

    def _counts(self, sources: Mapping[Table, str], run_id: str) -> dict[str, int]:
        asked = " UNION ALL ".join(f"SELECT '{t.name}', count() FROM {source} WHERE run_id = {{run:String}}"
                                   for t, source in sources.items())
        found = dict(self._query(asked, {"run": run_id}).rows)
        return {t.name: found[t.name] for t in sources if found[t.name] or t not in _MAY_BE_EMPTY}

    def write(self, record: Mapping[str, Any]) -> None:
        """Write the present state of a run as the row with the highest revision."""
        (highest,) = self._query("SELECT max(revision) FROM runs", {}).rows[0]
        line = {**record, "finished_at": record["finished_at"] or _NEVER, "revision": highest + 1}
        shape = quoted(f"Tuple({RUNS_STRUCTURE})")
        self._connection.execute(
            f"INSERT INTO runs ({', '.join(line)}) SELECT {', '.join(f'r.{name}' for name in line)} "
            f"FROM (SELECT JSONExtract({{record:String}}, {shape}) AS r) SETTINGS distributed_foreground_insert = 1",
            {"record": json.dumps(line)})


def run_record(run: Run, attempt: int) -> dict[str, Any]:
    """Return the record of a run that begins."""
    return {"run_id": run.run_id, "kind": run.kind, "sensor": run.sensor, "site": run.site, "status": "running",
            "attempt": attempt, "captures": list(run.captures), "started_at": time_text(run.started_at),
            "finished_at": "",
            "keep_days": run.keep_days, "packets": 0, "bytes": 0, "version": run.version,
            "config_digest": run.config_digest, "policy_digest": run.policy_digest, "digest": "", "rows": {}}


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"finished_at": "" if record["finished_at"] == _NEVER else record["finished_at"]}


def time_text(moment: datetime) -> str:
    """Return a time as the records of runs hold it: UTC, in milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]

"""A store: runs, batches and questions, over any engine. What differs between engines is in storage.engine."""

from __future__ import annotations

import atexit
from collections.abc import Mapping, Sequence
from typing import Any

from columns.errors import StoreError, UsageError
from columns.schema import Table
from storage.actions import INSERT_SQL, action_params, require_alert
from storage.chunk import Chunk, Chunks
from storage.engine import Engine
from storage.inserter import Inserter, RunJobs
from storage.interface import Param, QueryResult
from storage.pruned import Pruned
from storage.reader import Reader
from storage.retention import prune
from storage.run import Begun, Run, RunSummary
from storage.run_records import RunRecords
from storage.schema import prepare


class ClickHouseStore:
    """The interface of storage.interface.Store over an engine; made by open_store().

    create: make what is missing of tables and views; without it they must be there. The engine is closed with the
    store, and where the store cannot be opened.
    """

    def __init__(self, engine: Engine, *, create: bool) -> None:
        self.engine = engine
        self._inserter: Inserter | None = None
        self._run: Run | None = None
        self._begun, self._attempt = Begun.NEW, 0
        self._chunks = Chunks(self._send)
        self._jobs: RunJobs | None = None
        self._closed = False
        self._reader = Reader(engine.asker, engine.where)
        self._connection = engine.connect()
        self._records = RunRecords(self._connection, self._reader.query, engine.where)
        try:
            prepare(engine, self._connection, self._reader.query, create=create)
            if not engine.shared:
                self._records.mark_interrupted()
        except BaseException:
            self._reader.close()
            self._connection.close()
            raise
        # an embedded engine still open while the interpreter goes away ends the process with a segmentation fault
        atexit.register(self._abandon)

    def __enter__(self) -> ClickHouseStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin_run(self, run: Run) -> Begun:
        """Begin a run; rows of an earlier attempt that was cut off are removed first."""
        if self._run is not None:
            raise StoreError(f"run {self._run.run_id} is not finished", where=self.engine.where)
        self._begun, self._attempt = self._records.begin(run)
        self._run, self._jobs = run, RunJobs(run)
        return self._begun

    def insert(self, table: Table, batch: Any, *, vocabularies: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take rows for the run; full chunks go to the inserting thread."""
        if self._run is None:
            raise StoreError("rows came before begin_run", where=self.engine.where)
        if self._begun is Begun.COMPLETE:
            return
        self._chunks.add(table, batch, vocabularies or {})

    def flush(self) -> None:
        """Return when every row taken so far is in the store."""
        self._chunks.flush()
        if self._inserter is not None:
            self._inserter.wait()

    def finish_run(self, summary: RunSummary, *, interrupted: bool = False) -> None:
        """Write what is left and close the run; a run that was complete before stays as it was."""
        if self._run is None:
            raise StoreError("finish_run came before begin_run", where=self.engine.where)
        if self._begun is not Begun.COMPLETE:
            self.flush()
            self._records.finish(self._run, self._attempt, summary, interrupted=interrupted)
        self._run = None

    def notes(self) -> list[str]:
        """Return nothing: what goes wrong on the direct way is raised."""
        return []

    def counters(self) -> dict[str, int]:
        """Return nothing: there is nothing on the direct way."""
        return {}

    def query(self, sql: str, params: Mapping[str, Param] | None = None, *, read_only: bool = False) -> QueryResult:
        """Run one statement that reads; see Store.query."""
        if read_only:
            self._reader.check(sql)
        return self._reader.query(sql, params)

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, oldest first."""
        return self._records.all()

    def delete_run(self, run_id: str) -> None:
        """Remove a run and all of its rows; UsageError when there is no such run, or it is being written."""
        if self._run is not None and self._run.run_id == run_id:
            raise UsageError(f"run {run_id} is being written", remedy="delete it when it has ended")
        if self._records.of(run_id) is None:
            raise UsageError(f"no run {run_id} in this store", where=self.engine.where,
                             remedy="sekisho runs lists them")
        self._records.delete(run_id)

    def prune(self, *, budget_bytes: int = 0, replays: bool = False, dry_run: bool = False) -> Pruned:
        """Drop what has expired or exceeds a budget; see storage.retention."""
        return prune(self._connection, self._reader.query, budget_bytes=budget_bytes, replays=replays, dry_run=dry_run)

    def add_alert_action(self, run_id: str, alert_id: int, action: str, *, actor: str, comment: str = "") -> None:
        """Write down what somebody did about an alert; see Store.add_alert_action."""
        params = action_params(run_id, alert_id, action, actor, comment)
        require_alert(self.query, run_id, alert_id)
        self._connection.execute(INSERT_SQL, params)

    def close(self) -> None:
        """Write what is left and give the store free; raises what went wrong, but the store is free in any case."""
        if self._closed:
            return
        try:
            if self._run is not None:
                self.finish_run(RunSummary(), interrupted=True)
        finally:
            self._release()

    def _abandon(self) -> None:
        """At the end of the process, without having been closed: the run stays as the last record of it says."""
        if not self._closed:
            self._release()

    def _release(self) -> None:
        self._closed = True
        atexit.unregister(self._abandon)
        if self._inserter is not None:
            self._inserter.close()
        self._reader.close()
        self._connection.close()
        self.engine.close()

    def _send(self, chunk: Chunk, vocabularies: Mapping[str, Sequence[str]]) -> None:
        assert self._jobs is not None
        if self._inserter is None:
            self._inserter = Inserter(self.engine.connect)
        self._inserter.put(self._jobs.job(chunk, vocabularies))

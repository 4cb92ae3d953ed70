"""A store on a server with a spool before it: rows are on this machine's disk before the server sees them."""

from __future__ import annotations

import atexit
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np

from columns import SENSOR_HEALTH
from columns.errors import StoreAway, StoreError
from columns.schema import Table, rows_in
from storage.block import Block
from storage.chunk import Chunk, Chunks
from storage.engine import Engine
from storage.inserter import Inserter, RunJobs
from storage.interface import Param, QueryResult
from storage.pruned import Pruned
from storage.run import Begun, Run, RunSummary
from storage.run_records import run_record, time_text
from storage.spool.delivery import connected
from storage.spool.drain import Drain
from storage.spool.record import Kind
from storage.spool.settings import SpoolSettings
from storage.spool.spool import Spool, open_spool
from storage.store import ClickHouseStore

_BEGUN = {"new": Begun.NEW, "restarted": Begun.RESTARTED, "complete": Begun.COMPLETE}


class SpooledStore:
    """The interface of storage.interface.Store for one writer of a server; made by open_store().

    open_engine connects to the server, where to is its name. A server that is away is no error: runs are begun, written
    and finished in the spool, and sent when it answers, by this process or the next one that opens the spool. A server
    that answers and will not do (password, rights, tables of another version) is an error at once.
    """

    def __init__(self, open_engine: Callable[[], Engine], where: str, settings: SpoolSettings) -> None:
        self._open_engine, self._where, self._settings = open_engine, where, settings
        self._reading: ClickHouseStore | None = None
        self._run: Run | None = None
        self._life, self._begun = "", Begun.NEW
        self._handed: dict[str, int] = {}
        self._notes: list[str] = []
        self._last_ns, self._closed = 0, False
        with suppress(StoreAway):
            self._store()
        self._spool = self._opened_spool()
        self._drain = Drain(self._spool, lambda: connected(open_engine))
        self._chunks = Chunks(self._send)
        self._jobs: RunJobs | None = None
        self._inserter = Inserter(lambda: _Door(self._keep))
        self._drain.start()
        atexit.register(self._abandon)

    def __enter__(self) -> SpooledStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def engine(self) -> Engine:
        """The engine behind it, for one who asks it directly; StoreAway where it does not answer."""
        return self._store().engine

    def begin_run(self, run: Run) -> Begun:
        """Begin a run; DEFERRED when the server does not say in time what it holds of it."""
        if self._run is not None:
            raise StoreError(f"run {self._run.run_id} is not finished", where=self._where)
        self._life, self._handed, self._notes = uuid.uuid4().hex, {}, []
        self._chunks = Chunks(self._send)  # a run that turned out to be complete leaves some behind
        self._append(Kind.BEGIN, run.run_id, record=run_record(run, 0))
        self._run, self._jobs = run, RunJobs(run)
        wait_s = self._settings.wait_s
        self._drain.wait(lambda: self._told() is not Begun.DEFERRED, patience_s=wait_s, limit_s=wait_s)
        self._begun = self._told()
        return self._begun

    def insert(self, table: Table, batch: Any, *, vocabularies: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take rows for the run; full chunks go to the spool."""
        if self._run is None:
            raise StoreError("rows came before begin_run", where=self._where)
        if self._begun is Begun.DEFERRED:
            self._begun = self._told()
        if self._begun is Begun.COMPLETE:
            return
        if table is SENSOR_HEALTH and rows_in(batch):
            self._last_ns = int(batch.ts_ns[-1])
        self._chunks.add(table, batch, vocabularies or {})

    def flush(self) -> None:
        """Return when every row taken so far is in the store, or in the spool while the server is away."""
        self._into_spool()
        self._wait()

    def finish_run(self, summary: RunSummary, *, interrupted: bool = False) -> None:
        """Write what is left and close the run; while the server is away, in the spool. See notes()."""
        run = self._run
        if run is None:
            raise StoreError("finish_run came before begin_run", where=self._where)
        if self._begun is not Begun.COMPLETE:
            self._into_spool()
            self._tell_losses()
        record = {"status": "interrupted" if interrupted else "complete", "started_at": time_text(run.started_at),
                  "finished_at": time_text(datetime.now(UTC)), "packets": summary.packets, "bytes": summary.bytes,
                  "digest": summary.digest}
        self._append(Kind.FINISH, run.run_id, record=record, handed=self._handed)
        self._run = None
        self._wait()
        self._note(run, interrupted)

    def notes(self) -> list[str]:
        """Return what is to be said of the run that was finished last: what waits, and what was given up."""
        return list(self._notes)

    def counters(self) -> dict[str, int]:
        """Return what the spool counted since it was opened (storage.spool.counters), and how it stands.

        waiting_blocks, waiting_rows, waiting_bytes, oldest_s (age of the oldest in seconds); torn_records, and lost
        rows as lost_TABLE_CAUSE: both since the spool was made.
        """
        spool, waiting = self._spool, self._spool.waiting()
        lost = {f"lost_{table}_{cause}": rows for table, causes in spool.state.lost.items()
                for cause, rows in causes.items()}
        return {**spool.counters.counts(), "waiting_blocks": waiting.blocks, "waiting_rows": waiting.rows,
                "waiting_bytes": waiting.bytes, "oldest_s": int(waiting.oldest_s), "torn_records": spool.state.torn,
                **lost}

    def query(self, sql: str, params: Mapping[str, Param] | None = None, *, read_only: bool = False) -> QueryResult:
        """Run one statement that reads; see Store.query."""
        return self._store().query(sql, params, read_only=read_only)

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, oldest first."""
        return self._store().runs()

    def delete_run(self, run_id: str) -> None:
        """Remove a run and all of its rows."""
        self._store().delete_run(run_id)

    def prune(self, *, budget_bytes: int = 0, replays: bool = False, dry_run: bool = False) -> Pruned:
        """Drop what has expired or exceeds a budget, at the server at once; see Store.prune."""
        return self._store().prune(budget_bytes=budget_bytes, replays=replays, dry_run=dry_run)

    def add_alert_action(self, run_id: str, alert_id: int, action: str, *, actor: str, comment: str = "") -> None:
        """Write down what somebody did about an alert, at the server at once."""
        self._store().add_alert_action(run_id, alert_id, action, actor=actor, comment=comment)

    def close(self) -> None:
        """Write what is left and give spool and server free; what could not be sent waits in the spool."""
        if self._closed:
            return
        try:
            if self._run is not None:
                self.finish_run(RunSummary(), interrupted=True)
        finally:
            self._abandon()

    def _abandon(self) -> None:
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self._abandon)
        self._inserter.close()
        self._drain.close()
        self._spool.close()
        if self._reading is not None:
            self._reading.close()

    def _store(self) -> ClickHouseStore:
        """The server for questions, opened when it is first needed."""
        if self._reading is None:
            engine = self._open_engine()
            try:
                self._reading = ClickHouseStore(engine, create=True)
            except BaseException:
                engine.close()
                raise
        return self._reading

    def _opened_spool(self) -> Spool:
        try:
            return open_spool(self._settings, self._where)
        except BaseException:
            if self._reading is not None:
                self._reading.close()
            raise

    def _told(self) -> Begun:
        """What the server has said of the run that began last."""
        return _BEGUN.get(self._drain.outcomes.get((self._life, Kind.BEGIN), ""), Begun.DEFERRED)

    def _append(self, kind: Kind, run_id: str, **meta: Any) -> None:
        self._spool.append(kind, {"run_id": run_id, "life": self._life, "at_s": time.time(), **meta})

    def _send(self, chunk: Chunk, vocabularies: Mapping[str, Sequence[str]]) -> None:
        assert self._jobs is not None
        self._inserter.put(self._jobs.job(chunk, vocabularies))

    def _keep(self, block: Block) -> None:
        """Take an encoded block into the spool; in the inserting thread."""
        assert self._run is not None
        self._handed[block.table] = self._handed.get(block.table, 0) + block.rows
        self._spool.append(Kind.BLOCK, {
            "run_id": self._run.run_id, "life": self._life, "at_s": time.time(), "table": block.table,
            "columns": list(block.columns), "token": block.token, "rows": block.rows,
            "inserted_at": block.inserted_at}, block.data, patient=self._patient)

    def _patient(self) -> bool:
        """Whether room in a full spool is waited for."""
        if self._settings.when_full == "auto":
            replay = self._run is not None and self._run.kind == "replay"
            return replay and self._drain.link.away_s() < self._settings.wait_s
        return self._settings.when_full == "wait"

    def _into_spool(self) -> None:
        self._chunks.flush()
        self._inserter.wait()

    def _wait(self) -> None:
        self._drain.wait(lambda: self._spool.idle, patience_s=self._settings.wait_s)

    def _tell_losses(self) -> None:
        """Store what the spool gave up of this run's rows as counters of the sensor; nothing where nothing was lost."""
        lost = self._spool.lost_of(self._life)
        if lost:
            self._chunks.add(SENSOR_HEALTH, SENSOR_HEALTH.from_rows([
                {"ts_ns": np.int64(self._last_ns), "stage": "spool", "cause": f"{table}_{cause}", "value": rows}
                for (table, cause), rows in sorted(lost.items())]), {})
            self._into_spool()

    def _note(self, run: Run, interrupted: bool) -> None:
        for (table, cause), rows in sorted(self._spool.lost_of(self._life).items()):
            self._notes.append(f"{rows} rows of {table} were given up by the spool ({cause}): run {run.run_id} is kept "
                               "as interrupted; replay it again when the server answers")
        outcome = self._drain.outcomes.get((self._life, Kind.FINISH))
        waiting = self._spool.waiting()
        if outcome is None:
            error = self._drain.link.error
            self._notes.append(
                f"{waiting.rows} rows ({waiting.bytes} bytes) wait in the spool {self._spool.place.path} "
                f"({error or 'the server is slow'}); sekisho spool drain sends them, and so does the next replay")
        elif outcome == "interrupted" and not interrupted and not self._notes:
            self._notes.append(f"the server does not hold all rows of run {run.run_id}: it is kept as interrupted; "
                               "replay it again")


class _Door:
    """What the inserting thread takes for a connection: blocks go into the spool."""

    def __init__(self, keep: Callable[[Block], None]) -> None:
        self.insert = keep

    def close(self) -> None:
        """Nothing is held."""

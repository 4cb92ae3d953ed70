"""ClickHouse in this process (chDB) as a store: nothing to install, nothing to start, one directory."""

from __future__ import annotations

import atexit
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from columns import TABLES
from columns.clickhouse import RUNS_STRUCTURE, latest, quoted, schema_digest, store_ddl, view_ddls
from columns.errors import SekishoError, StoreError, UsageError
from columns.records import ALERT_ACTION
from columns.rollups import ROLLUPS
from columns.schema import Table, rows_in
from storage.actions import INSERT_SQL, action_params, require_alert
from storage.chunk import CHUNK_ROWS, Chunk
from storage.inserter import Inserter, Job
from storage.interface import Param, QueryResult
from storage.place import Place, claim
from storage.reader import Reader, param_text
from storage.run import Begun, Run, RunSummary
from storage.trouble import query_error, store_error

MEMORY_BYTES = 1 << 30
"""What the engine may use for itself; a query that wants more is refused."""

_STORED = tuple(t for t in TABLES if t.stored)
_OF_RUN = (*(t.name for t in _STORED), *(r.name for r in ROLLUPS))
_NEVER = "1970-01-01 00:00:00.000"


def open_store(path: Path | str, *, create: bool = True, memory_bytes: int = MEMORY_BYTES) -> EmbeddedStore:
    """Open the store in a directory, making it where there is none (unless create is False).

    The directory above must exist. memory_bytes bounds the engine, not the process. StoreError when the place cannot
    be used (see storage.place) or the engine cannot read what lies there. One process owns a store, and a process
    owns one store at a time. Runs that a crash left running are marked interrupted.
    """
    place = claim(path, schema_digest(TABLES), create=create)
    try:
        return EmbeddedStore(place, memory_bytes)
    except BaseException as error:
        place.release()
        if isinstance(error, Exception):
            raise store_error(error, str(place.path)) from error
        raise


class EmbeddedStore:
    """The interface of storage.interface.Store over chDB; made by open_store()."""

    def __init__(self, place: Place, memory_bytes: int) -> None:
        self._place, self._options = place, f"?max_server_memory_usage={memory_bytes}"
        self._session = self._connect()
        self._reader: Reader | None = None
        self._inserter: Inserter | None = None
        self._run: Run | None = None
        self._begun = Begun.NEW
        self._chunks: dict[str, tuple[Chunk, Mapping[str, Sequence[str]]]] = {}
        self._sent: dict[str, int] = {}
        try:
            for statement in (*store_ddl(TABLES), *view_ddls(TABLES)):
                self._session.query(statement)
            self._reader = Reader(self._connect)
            for record in self.runs():
                if record["status"] == "running":
                    self._record(record | {"status": "interrupted"})
        except BaseException:
            self._session.close()
            raise
        # an engine that is still open while the interpreter goes away ends the process with a segmentation fault
        atexit.register(self._abandon)

    def __enter__(self) -> EmbeddedStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin_run(self, run: Run) -> Begun:
        """Begin a run; rows of an earlier attempt that was cut off are removed first."""
        if self._run is not None:
            raise StoreError(f"run {self._run.run_id} is not finished", where=str(self._place.path))
        before = next((r for r in self.runs() if r["run_id"] == run.run_id), None)
        with self._trouble():
            self._begun = Begun.NEW
            if before is not None:
                whole = before["status"] == "complete" and before["rows"] == self._count_rows(run.run_id)
                self._begun = Begun.COMPLETE if whole else Begun.RESTARTED
            if self._begun is not Begun.COMPLETE:
                # also for a new run: rows of one whose record was lost must not be mixed with those to come
                self._drop_rows(run.run_id)
                self._record(_record_of(run, (before or {}).get("attempt", 0) + 1))
        self._run, self._sent = run, {}
        return self._begun

    def insert(self, table: Table, batch: Any, *, vocabularies: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take rows for the run; full chunks go to the inserting thread."""
        if self._run is None:
            raise StoreError("rows came before begin_run", where=str(self._place.path))
        if self._begun is Begun.COMPLETE:
            return
        start, rows = 0, rows_in(batch)
        while start < rows:
            chunk = self._chunk(table, vocabularies or {})
            stop = min(rows, start + chunk.room)
            chunk.take(batch, start, stop)
            start = stop
            if not chunk.room:
                self._send(table.name)

    def flush(self) -> None:
        """Return when every row taken so far is in the store."""
        for name in list(self._chunks):
            self._send(name)
        if self._inserter is not None:
            with self._trouble():
                self._inserter.wait()

    def finish_run(self, summary: RunSummary, *, interrupted: bool = False) -> None:
        """Write what is left and close the run; a run that was complete before stays as it was."""
        run = self._run
        if run is None:
            raise StoreError("finish_run came before begin_run", where=str(self._place.path))
        if self._begun is not Begun.COMPLETE:
            self.flush()
            with self._trouble():
                record = next(r for r in self.runs() if r["run_id"] == run.run_id)
                self._record(record | {
                    "status": "interrupted" if interrupted else "complete", "finished_at": _time(datetime.now(UTC)),
                    "packets": summary.packets, "bytes": summary.bytes, "digest": summary.digest,
                    "rows": self._count_rows(run.run_id)})
        self._run = None

    def query(self, sql: str, params: Mapping[str, Param] | None = None, *, read_only: bool = False) -> QueryResult:
        """Run one statement that reads; see Store.query."""
        if self._reader is None:
            raise StoreError("the store is closed", where=str(self._place.path))
        try:
            if read_only:
                self._reader.check(sql)
            return self._reader.query(sql, params)
        except RuntimeError as error:
            raise query_error(error, str(self._place.path)) from error

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, oldest first."""
        found = self.query("SELECT * EXCEPT revision FROM runs FINAL ORDER BY started_at, run_id").dicts()
        return [r | {"finished_at": "" if r["finished_at"] == _NEVER else r["finished_at"]} for r in found]

    def delete_run(self, run_id: str) -> None:
        """Remove a run and all of its rows; UsageError when there is no such run, or it is being written."""
        if self._run is not None and self._run.run_id == run_id:
            raise UsageError(f"run {run_id} is being written", remedy="delete it when it has ended")
        if run_id not in {r["run_id"] for r in self.runs()}:
            raise UsageError(f"no run {run_id} in this store", where=str(self._place.path),
                             remedy="sekisho runs lists them")
        with self._trouble():
            self._drop_rows(run_id, (*_OF_RUN, ALERT_ACTION.name))
            self._session.query("ALTER TABLE runs DELETE WHERE run_id = {run:String} SETTINGS mutations_sync = 2",
                                params={"run": run_id})

    def add_alert_action(self, run_id: str, alert_id: int, action: str, *, actor: str, comment: str = "") -> None:
        """Write down what somebody did about an alert; see Store.add_alert_action."""
        params = action_params(run_id, alert_id, action, actor, comment)
        require_alert(self.query, run_id, alert_id)
        with self._trouble():
            self._session.query(INSERT_SQL, params={k: param_text(v) for k, v in params.items()})

    def close(self) -> None:
        """Write what is left and give the store free; raises what went wrong, but the store is free in any case."""
        if self._reader is None:
            return
        try:
            if self._run is not None:
                self.finish_run(RunSummary(), interrupted=True)
        finally:
            self._release()

    def _abandon(self) -> None:
        """At the end of the process, without having been closed: the run becomes interrupted when it is opened next."""
        if self._reader is not None:
            self._release()

    def _release(self) -> None:
        atexit.unregister(self._abandon)
        if self._inserter is not None:
            self._inserter.close()
        if self._reader is not None:
            self._reader.close()
        self._reader = None
        self._session.close()
        self._place.release()

    def _connect(self) -> Any:
        from chdb.session import Session  # here: loading the engine takes half a second

        return Session(f"{self._place.engine_path}{self._options}")

    def _trouble(self) -> _Translated:
        return _Translated(str(self._place.path))

    def _chunk(self, table: Table, vocabularies: Mapping[str, Sequence[str]]) -> Chunk:
        if table.name in self._chunks and self._chunks[table.name][1] != vocabularies:
            self._send(table.name)
        if table.name not in self._chunks:
            self._chunks[table.name] = (Chunk(table, CHUNK_ROWS), dict(vocabularies))
        return self._chunks[table.name][0]

    def _send(self, name: str) -> None:
        assert self._run is not None
        chunk, vocabularies = self._chunks.pop(name)
        number = self._sent[name] = self._sent.get(name, -1) + 1
        run = self._run
        constants = (("run_id", "LowCardinality(String)", run.run_id),
                     ("sensor", "LowCardinality(String)", run.sensor), ("site", "LowCardinality(String)", run.site),
                     ("keep_days", "UInt16", run.keep_days), ("inserted_at", "UInt32", int(time.time())))
        if self._inserter is None:
            self._inserter = Inserter(self._connect)
        with self._trouble():
            self._inserter.put(Job(chunk, constants, vocabularies, f"{run.run_id}/{name}/{number}"))

    def _count_rows(self, run_id: str) -> dict[str, int]:
        return {t.name: self._count(t, run_id) for t in _STORED}

    def _count(self, table: Table, run_id: str) -> int:
        return self.query(f"SELECT count() FROM {latest(table)} WHERE run_id = {{run:String}}",
                          {"run": run_id}).rows[0][0]

    def _drop_rows(self, run_id: str, tables: Sequence[str] = _OF_RUN) -> None:
        for table in tables:
            parts = self.query(f"SELECT DISTINCT _partition_id FROM {table} WHERE run_id = {{run:String}}",
                               {"run": run_id})
            for (partition,) in parts.rows:
                self._session.query(f"ALTER TABLE {table} DROP PARTITION ID '{partition}' "
                                    "SETTINGS max_partition_size_to_drop = 0")

    def _record(self, record: Mapping[str, Any]) -> None:
        """Write the present state of a run as the row with the highest revision."""
        (highest,) = self.query("SELECT max(revision) FROM runs").rows[0]
        line = json.dumps({**record, "finished_at": record["finished_at"] or _NEVER, "revision": highest + 1})
        names = ", ".join([*record, "revision"])
        self._session.query(f"INSERT INTO runs ({names}) SELECT {names} FROM format(JSONEachRow, "
                            f"{quoted(RUNS_STRUCTURE)}, {quoted(line)})")


class _Translated(suppress):
    """Turns what the engine raises inside into the errors of the product."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, Exception) and not isinstance(error, SekishoError):
            raise store_error(error, self._path) from error
        return False


def _record_of(run: Run, attempt: int) -> dict[str, Any]:
    return {"run_id": run.run_id, "kind": run.kind, "sensor": run.sensor, "site": run.site, "status": "running",
            "attempt": attempt, "captures": list(run.captures), "started_at": _time(run.started_at), "finished_at": "",
            "keep_days": run.keep_days, "packets": 0, "bytes": 0, "version": run.version,
            "config_digest": run.config_digest, "policy_digest": run.policy_digest, "digest": "", "rows": {}}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]

"""The steps of a migration. Each says from what is there whether it was done, so that a killed migration goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from columns import TABLES
from columns.clickhouse import quoted, store_creates, view_ddls
from columns.ddl import WIDE_PARTS
from columns.errors import StoreError
from columns.records import SCHEMA_MIGRATIONS
from columns.rollups import BUCKET, ROLLUPS, Rollup
from storage.engine import Connection
from storage.migrations import Migration
from storage.versions import Query, done_sql

_INSERT_SETTINGS = "insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1"


class Rebuild:
    """Copies tables into new ones of the present definition, run by run, and fills rollups from the raw rows."""

    def __init__(self, connection: Connection, query: Query, newer: Sequence[Migration], found: int,
                 progress: Callable[[str], None]) -> None:
        self._execute, self._query = connection.execute, query
        self._newer, self._found, self._progress = newer, found, progress
        self._number = newer[-1].number
        self._creates = {c.name: c for c in store_creates(TABLES)}

    def run(self) -> None:
        """Do what has not been done yet."""
        self._execute(SCHEMA_MIGRATIONS.create().sql())
        if not self._steps(self._found):
            self._note(self._found, "done")
        for rollup in self._named("rollups"):
            self._drop(rollup)
        for rollup in self._named("fed"):
            self._execute(f"DROP VIEW IF EXISTS {rollup.view} SYNC")
        for name in dict.fromkeys(t for m in self._newer for t in m.tables):
            self._rebuild(name)
        for create in self._creates.values():
            self._execute(create.sql())
        if any(m.altered for m in self._newer):
            self._alter()
        for rollup in self._named("rollups"):
            self._fill(rollup)
        for statement in (*(r.view_sql() for r in ROLLUPS), *view_ddls(TABLES)):
            self._execute(statement)
        for migration in self._newer:
            self._note(migration.number, "done", migration.name)

    def _named(self, kind: str) -> list[Rollup]:
        named = {name for m in self._newer for name in getattr(m, kind)}
        return [r for r in ROLLUPS if r.name in named]

    def _drop(self, rollup: Rollup) -> None:
        """Remove a rollup, which may have had other columns; once, because it is filled run by run afterwards."""
        self._execute(f"DROP VIEW IF EXISTS {rollup.view} SYNC")
        if f"drop {rollup.name}" not in self._steps(self._number):
            self._execute(f"DROP TABLE IF EXISTS {rollup.name} SYNC SETTINGS max_table_size_to_drop = 0")
            self._note(self._number, f"drop {rollup.name}")

    def _alter(self) -> None:
        """Let tables of older schemas that were not copied keep what comes in, and what is merged, as new ones do."""
        for (name,) in self._query(
                "SELECT name FROM system.tables WHERE database = currentDatabase() AND position(engine_full, "
                "{parts:String}) = 0 ORDER BY name", {"parts": WIDE_PARTS}).rows:
            if name in self._creates and self._creates[name].deduplicated:
                self._execute(f"ALTER TABLE {name} MODIFY SETTING {WIDE_PARTS}")
        for (name,) in self._query(
                "SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'bucket' "
                "AND position(compression_codec, 'DoubleDelta') > 0 ORDER BY table", {}).rows:
            if name in {r.name for r in ROLLUPS}:
                self._execute(f"ALTER TABLE {name} MODIFY COLUMN {BUCKET}")

    def _rebuild(self, name: str) -> None:
        """Copy a table and put the copy into its place. A kill leaves one of the states told apart here."""
        copy, old = f"{name}__next", f"{name}__old"
        swapped = f"swap {name}"
        if swapped not in self._steps(self._number):
            there = self._tables()
            if name in there and old not in there:
                self._copy(name, copy)
                self._execute(f"RENAME TABLE {name} TO {old}")
                there = self._tables()
            if copy in there:
                self._execute(f"RENAME TABLE {copy} TO {name}")
            self._note(self._number, swapped)
        self._execute(f"DROP TABLE IF EXISTS {old} SYNC SETTINGS max_table_size_to_drop = 0")

    def _copy(self, name: str, copy: str) -> None:
        if not any(step.startswith(f"copy {name}") for step in self._steps(self._number)):
            self._execute(f"DROP TABLE IF EXISTS {copy} SYNC")  # what an attempt of another number may have left
        self._execute(replace(self._creates[name], name=copy).sql())
        by_run = "run_id" in self._creates[name].partition_by
        runs = [r for (r,) in self._query(f"SELECT DISTINCT run_id FROM {name} ORDER BY run_id", {}).rows]
        done = self._steps(self._number)
        for run in runs if by_run else [""]:
            step = f"copy {name} {run}".strip()
            if step in done:
                continue
            self._empty(copy, run)
            self._copy_rows(name, copy, run)
            self._note(self._number, step)

    def _copy_rows(self, name: str, copy: str, run: str) -> None:
        fills = self._fills(name)
        kept = [c for c in self._columns(copy) if c not in fills]
        shown = [*kept, *(f"{sql} AS {column}" for column, sql in fills.items())]
        # of a table that keeps the highest revision, what is to be kept; the engine drops the others when it likes
        only = ("FINAL " if "Replacing" in self._creates[name].engine else "") + (
            "WHERE run_id = {run:String} " if run else "")
        self._progress(f"copying {name} {run}".strip())
        self._execute(f"INSERT INTO {copy} ({', '.join([*kept, *fills])}) SELECT {', '.join(shown)} FROM {name} {only}"
                      f"SETTINGS {_INSERT_SETTINGS}", {"run": run} if run else None)
        same = [self._query(f"SELECT count(), sum(cityHash64({', '.join(kept)})) FROM {table} {only}",
                            {"run": run} if run else {}).rows[0] for table in (name, copy)]
        if same[0] != same[1]:
            raise StoreError(f"the copy of {name} {run} differs from its source", where="migration",
                             expected=f"{same[0][0]} rows, found {same[1][0]}",
                             remedy="nothing was removed; run sekisho store migrate again, with no sensor writing")

    def _fill(self, rollup: Rollup) -> None:
        runs = self._query(f"SELECT DISTINCT run_id FROM {rollup.source.name} ORDER BY run_id", {}).rows
        done = self._steps(self._number)
        for (run,) in runs:
            step = f"fill {rollup.name} {run}"
            if step in done:
                continue
            self._progress(f"filling {rollup.name} {run}")
            self._empty(rollup.name, run)
            columns = [*rollup.stands_for, *(m.name for m in (*rollup.sums, *rollup.states)), "keep_days",
                       "inserted_at"]
            one_run = f"(SELECT * FROM {rollup.source.name} WHERE run_id = {{run:String}})"
            self._execute(f"INSERT INTO {rollup.name} ({', '.join(columns)}) SELECT {', '.join(columns)} "
                          f"FROM ({rollup.select(one_run)}) SETTINGS {_INSERT_SETTINGS}", {"run": run})
            self._note(self._number, step)

    def _empty(self, table: str, run: str) -> None:
        """Remove what an attempt that was killed left of a run (of everything, where there is none)."""
        if not run:
            self._execute(f"TRUNCATE TABLE {table}")
            return
        parts = self._query(f"SELECT DISTINCT _partition_id FROM {table} WHERE run_id = {{run:String}}", {"run": run})
        for (partition,) in parts.rows:
            self._execute(f"ALTER TABLE {table} DROP PARTITION ID {quoted(partition)} "
                          "SETTINGS max_partition_size_to_drop = 0")

    def _fills(self, name: str) -> Mapping[str, str]:
        return {column: sql for m in self._newer for column, sql in m.fills.get(name, {}).items()}

    def _columns(self, table: str) -> list[str]:
        return [c for (c,) in self._query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} "
            "AND default_kind != 'ALIAS' ORDER BY position", {"table": table}).rows]

    def _tables(self) -> set[str]:
        return {t for (t,) in self._query(
            "SELECT name FROM system.tables WHERE database = currentDatabase()", {}).rows}

    def _steps(self, number: int) -> set[str]:
        return {s for (s,) in self._query("SELECT step FROM schema_migrations WHERE number = {number:UInt32}",
                                          {"number": number}).rows}

    def _note(self, number: int, step: str, name: str = "") -> None:
        self._execute(*done_sql(number, name, step))

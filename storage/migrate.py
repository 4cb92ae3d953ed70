"""Bringing a store of an older schema to the present one: planned first, in steps that can be done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from columns import TABLES
from columns.clickhouse import schema_digest
from columns.errors import StoreError, StoreMissing
from storage.engine import Connection, Engine
from storage.layout import layout_of
from storage.migrations import MIGRATIONS, SCHEMA_NUMBER
from storage.opening import open_engine
from storage.place import mark
from storage.reader import Reader
from storage.rebuild import Rebuild
from storage.settings import StoreSettings
from storage.target import is_server
from storage.trouble import writing
from storage.versions import Query, check_number, stored_number

ROWS_PER_SECOND = 150_000
"""Rows copied, compared and summed up again in a second on one ordinary core, for the estimate."""

_SIZES = """SELECT table, sum(parts.rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
WHERE database = currentDatabase() AND active GROUP BY table"""


@dataclass(frozen=True)
class Plan:
    """What a migration will do: from and to which schema, rows and bytes of the tables to copy, and what it needs.

    bytes_needed: free space that must be there, as a table is copied before the old one goes. seconds: an estimate.
    running: runs that are marked as being written.
    """

    found: int
    wanted: int
    tables: dict[str, tuple[int, int]]
    bytes_needed: int
    bytes_free: int
    seconds: float
    running: tuple[str, ...] = ()


def plan_migration(target: Path | str, settings: StoreSettings | None = None) -> Plan:
    """Return what migrate_store would do, without changing anything; StoreError for a store that is newer, or none."""
    with _opened(target, settings) as (engine, _, query):
        return _plan(engine, query)


def migrate_store(target: Path | str, settings: StoreSettings | None = None, *, force: bool = False,
                  progress: Callable[[str], None] = lambda step: None) -> Plan:
    """Bring a store to the present schema, and return what was planned; of a present store nothing changes.

    Whatever stops it, run it again: it goes on where it was. Every copy is compared with its source before the
    source goes. StoreError when the space does not suffice, or runs are marked as being written (unless force).
    """
    with _opened(target, settings) as (engine, connection, query):
        plan = _plan(engine, query)
        if plan.found < plan.wanted:
            _check(plan, engine.where, force)
            newer = [m for m in MIGRATIONS if m.number > plan.found]
            with writing(engine.where):
                Rebuild(connection, query, newer, plan.found, progress).run()
        if not is_server(target):
            mark(Path(target).absolute(), schema_digest(TABLES))
        return plan


def _plan(engine: Engine, query: Query) -> Plan:
    found = stored_number(query)
    if not found:
        raise StoreMissing("there is no store here", where=engine.where,
                           remedy="write one with sekisho replay CAPTURE --store, or name the right one")
    if found > SCHEMA_NUMBER:
        check_number(found, engine.where)
    if found < SCHEMA_NUMBER and layout_of(query).cluster:
        raise StoreError("a store on a cluster cannot be migrated", where=engine.where,
                         expected="tables of one server",
                         remedy="make this version's tables in a new database (sekisho dump --cluster), and replay")
    changed = {t for m in MIGRATIONS if m.number > found for t in m.tables}
    held: dict[str, tuple[int, int]] = {}
    for name, rows, size in query(_SIZES, {}).rows:
        # a table of which a part is copied already still stands under its own name or as the old one
        if (table := name.removesuffix("__old")) in changed:
            held[table] = (rows, size)
    largest = max((size for _, size in held.values()), default=0)
    (free,) = query("SELECT min(unreserved_space) FROM system.disks", {}).rows[0]
    running = () if found == SCHEMA_NUMBER or not engine.shared else tuple(
        run for (run,) in query("SELECT run_id FROM runs FINAL WHERE status = 'running'", {}).rows)
    return Plan(found, SCHEMA_NUMBER, held, int(largest * 1.2), free,
                round(sum(rows for rows, _ in held.values()) / ROWS_PER_SECOND, 1), running)


def _check(plan: Plan, where: str, force: bool) -> None:
    if plan.bytes_free < plan.bytes_needed:
        raise StoreError(f"a migration needs {plan.bytes_needed:,} free bytes, and {plan.bytes_free:,} are there",
                         where=where, remedy="free space, delete runs with the program that wrote them, or replay anew")
    if plan.running and not force:
        raise StoreError(f"{len(plan.running)} runs are being written, such as {plan.running[0]}", where=where,
                         expected="a store that nobody writes to",
                         remedy="end the sensors; if they are dead already, say --force")


@contextmanager
def _opened(target: Path | str, settings: StoreSettings | None) -> Iterator[tuple[Engine, Connection, Any]]:
    engine = open_engine(target, create=False, settings=settings, older=True)
    try:
        connection, reader = engine.connect(), Reader(engine.asker, engine.where)
        try:
            yield engine, connection, reader.query
        finally:
            reader.close()
            connection.close()
    finally:
        engine.close()

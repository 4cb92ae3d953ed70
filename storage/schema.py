"""The tables of a store are made where they are missing, and compared with those this program writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from columns import TABLES
from columns.clickhouse import (
    PREFIX,
    column_type,
    store_creates,
    store_ddl,
    stored_columns,
    view_ddls,
    view_name,
    views_digest,
)
from columns.errors import StoreError, StoreMissing
from columns.rollups import ROLLUPS
from storage.engine import Connection, Engine
from storage.interface import QueryResult
from storage.migrations import MIGRATIONS, SCHEMA_NUMBER
from storage.versions import VIEWS, check_number, done_sql, stored_number, stored_views

_STORED = tuple(t for t in TABLES if t.stored)
_NAMES = frozenset({c.name for c in store_creates(TABLES)} | {r.view for r in ROLLUPS}
                   | {view_name(t) for t in _STORED if view_name(t)} | {"alert_status"})


def prepare(engine: Engine, connection: Connection, query: Callable[[str, Mapping[str, Any]], QueryResult], *,
            create: bool) -> None:
    """Make tables and views where something is missing and create allows it, then check the tables' columns.

    A user who may only read, or only insert, can use a store whose tables another one made. StoreError when tables are
    missing, of another schema, or hold other columns than this program's.
    """
    found = stored_number(query)
    check_number(found, engine.where)
    there = {name for (name,) in query("SELECT name FROM system.tables WHERE database = currentDatabase()", {}).rows}
    if not engine.shared:
        whole = found and there >= _NAMES
        if not (whole and stored_views(query) == views_digest(TABLES)):
            _make(connection, found, missing=not whole)
            connection.execute(*done_sql(SCHEMA_NUMBER, "", VIEWS + views_digest(TABLES)))
        return
    if not there >= _NAMES:
        if not create:
            if not _NAMES & there:
                raise StoreMissing("there is no store here", where=engine.where, remedy="write one with sekisho replay "
                                   "CAPTURE --store URL, or name the right database")
            raise StoreError(f"tables are missing: {', '.join(sorted(_NAMES - there))}", where=engine.where,
                             remedy="open it once with a user who may create them: sekisho replay does")
        _make(connection, found)
    _check_columns(engine, query)


def _make(connection: Connection, found: int, *, missing: bool = True) -> None:
    """Create what is missing, and the views anew; of a new store also write down which schema it has."""
    for statement in (*(store_ddl(TABLES) if missing or not found else ()), *view_ddls(TABLES)):
        connection.execute(statement)
    for migration in MIGRATIONS if not found else ():
        connection.execute(*done_sql(migration.number, migration.name))


def _check_columns(engine: Engine, query: Callable[[str, Mapping[str, Any]], QueryResult]) -> None:
    found = query("SELECT table, name, type FROM system.columns WHERE database = currentDatabase() "
                  "AND default_kind != 'ALIAS'", {}).rows
    for table in _STORED:
        ours = {(p[0], p[1].partition(" DEFAULT")[0]) for p in PREFIX}
        ours |= {(c.name, column_type(c)) for c in stored_columns(table)}
        theirs = {(name, kind) for of, name, kind in found if of == table.name}
        if ours != theirs:
            names = ", ".join(sorted({name for name, _ in ours ^ theirs}))
            raise StoreError("the store was written by another version of the program",
                             where=f"{engine.where}: table {table.name}", expected=f"other columns: {names}",
                             remedy="replay the captures into a new database, or use the version that wrote this one")

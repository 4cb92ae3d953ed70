"""Which schema a store has, and what is said where it is not this program's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from columns.errors import StoreError
from columns.records import SCHEMA_MIGRATIONS
from storage.interface import QueryResult
from storage.migrations import SCHEMA_NUMBER

VIEWS = "views "
"""Begins the step that says which views a store has: their digest follows."""

Query = Callable[[str, Mapping[str, Any]], QueryResult]


def stored_number(query: Query) -> int:
    """Return the number of the schema whose tables an engine holds; 0 where there are none that are finished."""
    there = {name for (name,) in query("SELECT name FROM system.tables WHERE database = currentDatabase()", {}).rows}
    if SCHEMA_MIGRATIONS.name in there:
        (number,) = query("SELECT max(number) FROM schema_migrations WHERE step = 'done'", {}).rows[0]
        if number:
            return number
    # schema 1 did not say its number, and only there a flow has no site
    sites = query("SELECT countIf(name = 'site'), count() FROM system.columns WHERE database = currentDatabase() "
                  "AND table = 'flow'", {}).rows[0]
    return 1 if sites[1] and not sites[0] else 0


def stored_views(query: Query) -> str:
    """Return the digest of the views that were made last; "" where nobody said so."""
    ((step,),) = query("SELECT argMax(step, at) FROM schema_migrations WHERE startsWith(step, {views:String})",
                       {"views": VIEWS}).rows
    return step.removeprefix(VIEWS)


def done_sql(number: int, name: str, step: str = "done") -> tuple[str, dict[str, Any]]:
    """Return the statement that writes down a step of a migration, and its parameters."""
    return ("INSERT INTO schema_migrations (number, name, step, at) "
            "SELECT {number:UInt32}, {name:String}, {step:String}, now64(3, 'UTC')",
            {"number": number, "name": name, "step": step})


def check_number(found: int, where: str) -> None:
    """Raise StoreError unless a store of that schema can be used by this program."""
    if found > SCHEMA_NUMBER:
        raise StoreError("the store was written by a newer version of the program", where=where,
                         expected=f"schema {SCHEMA_NUMBER} or older, found {found}",
                         remedy="update the program; a store is never taken back to an older schema")
    if 0 < found < SCHEMA_NUMBER:
        raise StoreError("the store was written by an older version of the program", where=where,
                         expected=f"schema {SCHEMA_NUMBER}, found {found}",
                         remedy="bring it up to date with sekisho store migrate (--dry-run shows size and time first)")

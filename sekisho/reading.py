"""Reading the store for the commands that show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from columns import ALERT, FLOW, Table
from columns.clickhouse import latest
from columns.errors import UsageError
from sekisho.filters import Filters
from sekisho.rows import Row, select_list, stored_row
from sekisho.store_place import named_store

if TYPE_CHECKING:
    from storage import Store


@contextmanager
def existing_store(option: str | None, config: Path | None = None) -> Iterator[Store]:
    """Open the store that option, environment or configuration name; it must be there: StoreError says how to make one.
    """
    store = named_store(option, config).open(create=False)
    try:
        yield store
    finally:
        store.close()


def chosen_run(store: Store, run: str | None) -> str | None:
    """Return the run to look at: the id given, the newest for ``latest``, None for all; UsageError if unknown."""
    if run is None:
        return None
    known = [record["run_id"] for record in store.runs()]
    if run == "latest" and known:
        return known[-1]
    if run not in known:
        raise UsageError(f"no run {run} in this store", where="--run",
                         expected="an id that `sekisho runs` lists, or latest")
    return run


def select_rows(store: Store, table: Table, filters: Filters, *, order: str, limit: int) -> list[Row]:
    """Return rows of the latest revision that the filters keep, in an order, up to a limit."""
    extra = ", community_id" if table is FLOW else ""
    sql = (f"SELECT run_id, sensor, {select_list(table)}{extra} FROM {latest(table)} "
           f"WHERE {filters.sql} ORDER BY {order} LIMIT {filters.param(limit, 'UInt64')}")
    result = store.query(sql, filters.params)
    return [stored_row(table, row) for row in result.dicts()]


def alert_revisions(store: Store, alert_id: int, run: str | None) -> list[Row]:
    """Return the stored revisions of an alert in its newest run (or the run given), oldest first."""
    filters = Filters()
    filters.equals("alert_id", alert_id, "UInt64")
    filters.equals("run_id", run)
    sql = f"SELECT run_id, sensor, {select_list(ALERT)} FROM alert WHERE {filters.sql} ORDER BY inserted_at, revision"
    result = store.query(sql, filters.params)
    rows = [stored_row(ALERT, row) for row in result.dicts()]
    return [r for r in rows if r["run_id"] == rows[-1]["run_id"]]


def flow_rows(store: Store, flow_id: int, run: str) -> list[Row]:
    """Return the parts of a flow, in order."""
    filters = Filters()
    filters.equals("flow_id", flow_id, "UInt64")
    filters.equals("run_id", run)
    return select_rows(store, FLOW, filters, order="part", limit=10_000)


def run_record(store: Store, run: str) -> Row:
    """Return what the store knows of a run."""
    return next(record for record in store.runs() if record["run_id"] == run)

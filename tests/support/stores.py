"""What tests do to a store below its interface, and how they hold what it returns to what went in."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from columns import TEXTUAL, Column, Table
from storage import Begun, Run, RunSummary
from storage.inserter import Job, insert
from tests.support.rows import CONDUITS, VOCABULARIES, ZONES

_KEY = {"alert": "alert_id", "sensor_health": "value", "coverage": "flows"}


def send(store: Any, job: Job) -> None:
    """Send a chunk under its token, over a connection of its own."""
    connection = store.engine.connect()
    try:
        insert(connection, job)
    finally:
        connection.close()


def key_of(table: Table) -> str:
    """The column that numbers the rows of a table in check_table()."""
    return _KEY.get(table.name, "flow_id")


def write_run(store: Any, run_id: str, *batches: tuple[Table, Any], sensor: str = "s") -> Begun:
    """Write a whole run."""
    begun = store.begin_run(Run(run_id, sensor=sensor))
    for table, batch in batches:
        store.insert(table, batch, vocabularies=VOCABULARIES)
    store.finish_run(RunSummary())
    return begun


def check_table(store: Any, table: Table, batch: Any, run_id: str) -> None:
    """Every stored column of a run holds what the batch does, whose rows are numbered by key_of()."""
    stored = [c for c in table.columns if c.clickhouse]
    result = store.query(f"SELECT {', '.join(_shown(c) for c in stored)} FROM {table.name} "
                         f"WHERE run_id = {{run:String}} ORDER BY {key_of(table)}", {"run": run_id})
    found = list(zip(*result.rows, strict=True))
    for column, values in zip(stored, found, strict=True):
        assert list(values) == _expected(column, batch), f"{table.name}.{column.name}"


def _shown(column: Column) -> str:
    """SQL that shows a column without losing anything, as text or int."""
    if column.dtype in ("ip", *TEXTUAL):
        return f"hex({column.name})"
    if column.clickhouse.startswith("DateTime64"):
        return f"toUnixTimestamp64Nano({column.name})"
    if column.dtype == "float64":
        return f"reinterpretAsUInt64({column.name})"
    return f"toInt8({column.name})" if column.clickhouse == "Enum8" else f"toString({column.name})"


def _expected(column: Column, batch: Any) -> list[Any]:
    arrays = [getattr(batch, f) for f in column.fields]
    if column.dtype == "ip":
        return [f"{hi:016X}{lo:016X}" for hi, lo in zip(*map(np.ndarray.tolist, arrays), strict=True)]
    if column.dtype in TEXTUAL:
        data, at = arrays[0].data.tobytes(), arrays[0].offsets.tolist()
        return [data[a:b].hex().upper() for a, b in pairwise(at)]
    if isinstance(column.labels, str):
        return [(ZONES if column.labels == "zone" else CONDUITS)[code] for code in arrays[0].tolist()]
    if column.dtype == "float64":
        return arrays[0].view(np.uint64).tolist()
    values = arrays[0].tolist()
    if column.dtype == "bool":
        return [str(v).lower() for v in values]
    is_number = column.clickhouse.startswith("DateTime64") or column.clickhouse == "Enum8"
    return values if is_number else [str(v) for v in values]

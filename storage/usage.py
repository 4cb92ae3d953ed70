"""What a store takes on the disk: by table, and by partition of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from columns import TABLES
from columns.rollups import ROLLUPS
from storage.layout import layout_of
from storage.pruned import Partition
from storage.versions import Query

OF_RUNS = (*(t.name for t in TABLES if t.stored), *(r.name for r in ROLLUPS))
"""Tables whose rows belong to runs and can expire."""

_TAKEN = "sum(parts.rows) AS rows, sum(parts.bytes_on_disk) AS bytes"


@dataclass(frozen=True)
class TableUsage:
    """Rows and bytes of a table on the disk; rows that wait to be merged with others count one by one."""

    table: str
    rows: int
    bytes: int

    @property
    def bytes_per_row(self) -> float:
        """Bytes on the disk a row, indexes included."""
        return round(self.bytes / self.rows, 2) if self.rows else 0.0


def table_usage(query: Query) -> list[TableUsage]:
    """Return what each table takes, the largest first."""
    return [TableUsage(*row) for row in query(
        f"SELECT of_table, {_TAKEN} FROM {layout_of(query).parts} GROUP BY of_table ORDER BY bytes DESC, of_table",
        {}).rows]


def partitions(query: Query) -> list[Partition]:
    """Return every partition of every table whose rows belong to runs."""
    asked = f"SELECT of_table, partition_id, {_TAKEN} FROM {layout_of(query).parts} GROUP BY of_table, partition_id"
    sizes = {(table, part): (rows, size) for table, part, rows, size in query(asked, {}).rows}
    return list(_found(query, sizes))


def _found(query: Query, sizes: dict[tuple[str, str], tuple[int, int]]) -> Iterator[Partition]:
    for table in OF_RUNS:
        rows = query(f"SELECT run_id, _partition_id, max(keep_days), toUnixTimestamp(max(inserted_at)) FROM {table} "
                     "GROUP BY run_id, _partition_id", {}).rows
        for run_id, part, keep_days, last_s in rows:
            if (table, part) in sizes:
                yield Partition(table, run_id, part, *sizes[table, part], keep_days, last_s)


def run_usage(parts: list[Partition]) -> dict[str, dict[str, int]]:
    """Return the bytes of each run by table, the largest run first."""
    found: dict[str, dict[str, int]] = {}
    for part in parts:
        tables = found.setdefault(part.run_id, {})
        tables[part.table] = tables.get(part.table, 0) + part.bytes
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))

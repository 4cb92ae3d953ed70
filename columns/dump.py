"""The whole schema as one text: any change of it is a visible difference."""

from __future__ import annotations

from enum import IntEnum

from columns import TABLES
from columns.clickhouse import schema_digest, store_ddl, view_ddls
from columns.codes import labels_of
from columns.schema import Column, Table


def render_dump() -> str:
    """Return every table with its columns, then the statements that make a store, as text."""
    parts = [_table(t) for t in TABLES]
    parts += [f"-- store {schema_digest(TABLES)}", *(ddl + ";" for ddl in (*store_ddl(TABLES), *view_ddls(TABLES)))]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    title = f"table {table.name} ({table.batch_name}): {table.meaning}"
    return "\n".join([title, *map(_column, table.columns)])


def _column(column: Column) -> str:
    words = [f"  {column.name} {column.dtype}"]
    if isinstance(column.labels, type) and issubclass(column.labels, IntEnum):
        words.append(f"labels {column.labels.__name__}: "
                     + " ".join(f"{k}={v}" for k, v in labels_of(column.labels).items()))
    elif column.labels:
        words.append(f"labels by {column.labels}")
    words += [f"{name} {value}" for name, value in (
        ("unit", column.unit), ("store", column.clickhouse), ("codec", column.clickhouse and column.codec),
        ("index", column.index), ("eve", column.eve),
        ("missing", column.missing), ("meaning", column.meaning)) if value]
    return " | ".join(words)

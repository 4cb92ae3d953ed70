"""ClickHouse DDL derived from the tables: types, codecs, keys, indexes, retention, and the views people query."""

from __future__ import annotations

import hashlib

from columns.community_id import community_id_sql
from columns.ddl import (
    DEDUPLICATION_WINDOW,
    INSERT_SETTINGS,
    PREFIX,
    TTL,
    Create,
    column_line,
    column_type,
    quoted,
)
from columns.records import ALERT_STATUS_VIEW, RECORDS, RUNS
from columns.rollups import ROLLUPS
from columns.schema import Column, Table

__all__ = [
    "DEDUPLICATION_WINDOW", "INSERT_SETTINGS", "PREFIX", "RUNS_STRUCTURE", "aliases", "column_type", "latest", "quoted",
    "schema_digest", "store_creates", "store_ddl", "stored_columns", "table_create", "table_ddl", "view_ddl",
    "view_ddls", "view_name", "views_digest",
]

RUNS_STRUCTURE = RUNS.structure
"""Columns of the table of runs, for the table function format()."""

_HELPERS = ("icmp_answer", "hashed_ends")


def stored_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns of a table that are kept in the store, in insert order."""
    return tuple(c for c in table.columns if c.clickhouse)


def table_ddl(table: Table) -> str:
    """Return CREATE TABLE for a stored table; ValueError for a table that is never stored."""
    return table_create(table).sql()


def table_create(table: Table) -> Create:
    """Return the table to create for a stored table; ValueError for a table that is never stored."""
    if not table.stored:
        raise ValueError(f"table {table.name} is not stored")
    lines = [column_line(name, kind, codec) for name, kind, codec, _ in PREFIX]
    lines += [column_line(c.name, column_type(c), c.codec) for c in stored_columns(table)]
    lines += [f"{name} {kind} ALIAS {sql}" for name, kind, sql in aliases(table)]
    lines += [f"INDEX {c.name}_index {c.name} TYPE {c.index}" for c in stored_columns(table) if c.index]
    # run and insertion, never event time: a hostile capture may claim any time, and an insert that touches hundreds
    # of partitions is refused
    return Create(table.name, tuple(lines), "MergeTree", table.order_by, f"(run_id, {table.partition_by})", TTL,
                  table.primary_columns, shard_by=table.shard_by)


def view_ddl(table: Table) -> str:
    """Return the view of a stored table for people: latest revisions only, addresses and MACs as text.

    It is named after the table in the plural (``flows``, ``alerts``). Filter large stores by time and run, and by
    address on the table itself (``src_ip = toIPv6('::ffff:192.0.2.1')``): only the table's indexes know addresses.
    """
    shown = ["run_id", "sensor", "site"]
    for c in stored_columns(table):
        sql = _readable(c, f"{table.name}.{c.name}")
        shown.append(f"{sql} AS {c.name}" if sql != f"{table.name}.{c.name}" else c.name)
    shown += [name for name, _, _ in aliases(table) if name not in _HELPERS]
    body = ",\n".join("    " + line for line in shown)
    return f"CREATE OR REPLACE VIEW {view_name(table)} AS\nSELECT\n{body}\nFROM {latest(table)}"


def latest(table: Table) -> str:
    """Return what to select from for present states: the table itself, or of a table of revisions the highest ones."""
    if not table.version:
        return table.name
    key = ", ".join(table.key)
    return f"(SELECT * FROM {table.name} ORDER BY {table.version} DESC LIMIT 1 BY {key}) AS {table.name}"


def view_name(table: Table) -> str:
    """Return the name of a table's view, or "" where the table reads well as it is."""
    if not table.stored or not any(c.dtype == "ip" for c in table.columns):
        return ""
    return table.view or f"{table.name}s"


def aliases(table: Table) -> tuple[tuple[str, str, str], ...]:
    """Return the columns of a table that are computed when they are read: (name, type, SQL)."""
    names = {c.name for c in table.columns}
    found: list[tuple[str, str, str]] = []
    if {"ts_start_ns", "ts_end_ns"} <= names:
        found.append(("duration_ns", "Int64", "dateDiff('nanosecond', ts_start_ns, ts_end_ns)"))
    if {"src_ip", "dst_ip", "src_port", "dst_port", "proto", "icmp_type", "icmp_code"} <= names:
        found.extend(community_id_sql())
    return tuple(found)


def store_creates(tables: tuple[Table, ...]) -> tuple[Create, ...]:
    """Return the tables of a store: records, raw rows, and the rollups of these."""
    names = {t.name for t in tables}
    return (*(r.create() for r in RECORDS), *(table_create(t) for t in tables if t.stored),
            *(r.create() for r in ROLLUPS if r.source.name in names))


def store_ddl(tables: tuple[Table, ...]) -> tuple[str, ...]:
    """Return the statements that create the tables of an empty store, in order; each may be run again."""
    names = {t.name for t in tables}
    return (*(c.sql() for c in store_creates(tables)), *(r.view_sql() for r in ROLLUPS if r.source.name in names))


def view_ddls(tables: tuple[Table, ...]) -> tuple[str, ...]:
    """Return the statements that (re)create the views of a store."""
    return (*(view_ddl(t) for t in tables if view_name(t)), ALERT_STATUS_VIEW)


def schema_digest(tables: tuple[Table, ...]) -> str:
    """Return 16 hex digits that change with any table of the store (its views may change freely)."""
    return hashlib.sha256("\n".join(store_ddl(tables)).encode()).hexdigest()[:16]


def views_digest(tables: tuple[Table, ...]) -> str:
    """Return 16 hex digits that change with any view of the store."""
    return hashlib.sha256("\n".join(view_ddls(tables)).encode()).hexdigest()[:16]


def _readable(column: Column, name: str) -> str:
    if column.dtype == "ip":
        # only ::ffff:0:0/96 is printed with four decimal parts after ::ffff:, so this cannot touch another address
        return f"replaceRegexpOne(toString({name}), '^::ffff:([0-9]+[.][0-9.]+)$', '\\\\1')"
    if column.name.endswith("_mac") and column.dtype == "uint64":
        return (f"arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight({name}, shift), 255)))), "
                "[40, 32, 24, 16, 8, 0]), ':')")
    return name

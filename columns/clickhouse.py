"""ClickHouse DDL derived from the tables: types, codecs, keys, indexes, retention, and the views people query."""

from __future__ import annotations

import hashlib
from enum import IntEnum

from columns.codes import labels_of
from columns.community_id import community_id_sql
from columns.schema import Column, Table

DEDUPLICATION_WINDOW = 10_000
"""Blocks per table whose tokens ClickHouse remembers; a block holds up to 65,536 rows."""

PREFIX = (
    ("run_id", "LowCardinality(String)", ""),
    ("sensor", "LowCardinality(String)", ""),
    ("keep_days", "UInt16", "ZSTD"),
    ("inserted_at", "DateTime DEFAULT now()", "DoubleDelta, ZSTD"),
)
"""What every stored row carries before its own columns. inserted_at is left to its default by inserts."""

# Retention counts from insertion and only where the run asks for it: keep_days is 0 in a replay, so that a capture
# of ten years ago lives as long as its owner wants. Partitions follow run and insertion, never event time: a hostile
# capture may claim any time, and an insert that touches hundreds of partitions is refused.
_PARTITION = "(run_id, toYYYYMM(inserted_at))"
_HELPERS = ("icmp_answer", "hashed_ends")
_TTL = "inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0"

_RUNS = (
    ("run_id", "String"), ("revision", "UInt64"), ("kind", "Enum8('replay' = 0, 'live' = 1)"), ("sensor", "String"),
    ("status", "Enum8('running' = 0, 'complete' = 1, 'interrupted' = 2)"), ("attempt", "UInt32"),
    ("captures", "Array(String)"), ("started_at", "DateTime64(3, 'UTC')"), ("finished_at", "DateTime64(3, 'UTC')"),
    ("keep_days", "UInt16"), ("packets", "UInt64"), ("bytes", "UInt64"), ("version", "String"),
    ("config_digest", "String"), ("policy_digest", "String"), ("digest", "String"), ("rows", "Map(String, UInt64)"),
)
RUNS_STRUCTURE = ", ".join(f"{name} {kind}" for name, kind in _RUNS)
"""The table of runs: one row per change of a run's state, the highest revision is the present one."""

RUNS_DDL = ("CREATE TABLE IF NOT EXISTS runs\n(\n" + ",\n".join(f"    {name} {kind}" for name, kind in _RUNS)
            + f"\n)\nENGINE = ReplacingMergeTree(revision)\nORDER BY run_id\n"
            f"SETTINGS non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}")


def quoted(text: str) -> str:
    """Return a text as a ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def column_type(column: Column) -> str:
    """Return the full ClickHouse type of a stored column; an Enum8 lists the labels of its IntEnum."""
    if column.clickhouse != "Enum8":
        return column.clickhouse
    if not (isinstance(column.labels, type) and issubclass(column.labels, IntEnum)):
        raise ValueError(f"column {column.name} is an Enum8 without an IntEnum in labels")
    return "Enum8(" + ", ".join(f"{quoted(v)} = {k}" for k, v in labels_of(column.labels).items()) + ")"


def stored_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns of a table that are kept in the store, in insert order."""
    return tuple(c for c in table.columns if c.clickhouse)


def table_ddl(table: Table) -> str:
    """Return CREATE TABLE for a stored table; ValueError for a table that is never stored."""
    if not table.stored:
        raise ValueError(f"table {table.name} is not stored")
    lines = [_line(name, kind, codec) for name, kind, codec in PREFIX]
    lines += [_line(c.name, column_type(c), c.codec) for c in stored_columns(table)]
    lines += [f"{name} {kind} ALIAS {sql}" for name, kind, sql in aliases(table)]
    lines += [f"INDEX {c.name}_bloom {c.name} TYPE bloom_filter(0.01) GRANULARITY 4"
              for c in stored_columns(table) if c.dtype == "ip"]
    body = ",\n".join("    " + line for line in lines)
    return (f"CREATE TABLE IF NOT EXISTS {table.name}\n(\n{body}\n)\nENGINE = MergeTree\nPARTITION BY {_PARTITION}\n"
            f"ORDER BY ({', '.join(table.order_by)})\nTTL {_TTL}\n"
            f"SETTINGS non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}")


def view_ddl(table: Table) -> str:
    """Return the view of a stored table for people: latest revisions only, addresses and MACs as text.

    It is named after the table in the plural (``flows``, ``alerts``). Filter large stores by time and run, and by
    address on the table itself (``src_ip = toIPv6('::ffff:192.0.2.1')``): only the table's indexes know addresses.
    """
    shown = ["run_id", "sensor"]
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
    key = ", ".join(name for name in table.order_by if name != table.version)
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


def store_ddl(tables: tuple[Table, ...]) -> tuple[str, ...]:
    """Return the statements that create the tables of an empty store, in order; each may be run again."""
    return (RUNS_DDL, *(table_ddl(t) for t in tables if t.stored))


def view_ddls(tables: tuple[Table, ...]) -> tuple[str, ...]:
    """Return the statements that (re)create the views of a store."""
    return tuple(view_ddl(t) for t in tables if view_name(t))


def schema_digest(tables: tuple[Table, ...]) -> str:
    """Return 16 hex digits that change with any table of the store (its views may change freely)."""
    return hashlib.sha256("\n".join(store_ddl(tables)).encode()).hexdigest()[:16]


def _line(name: str, kind: str, codec: str) -> str:
    return f"{name} {kind} CODEC({codec})" if codec else f"{name} {kind}"


def _readable(column: Column, name: str) -> str:
    if column.dtype == "ip":
        # only ::ffff:0:0/96 is printed with four decimal parts after ::ffff:, so this cannot touch another address
        return f"replaceRegexpOne(toString({name}), '^::ffff:([0-9]+[.][0-9.]+)$', '\\\\1')"
    if column.name.endswith("_mac"):
        return (f"arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight({name}, shift), 255)))), "
                "[40, 32, 24, 16, 8, 0]), ':')")
    return name

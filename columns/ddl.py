"""Pieces of ClickHouse DDL: literals, types, and a CREATE TABLE before it is decided where it will stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from columns.codes import labels_of
from columns.schema import Column

DEDUPLICATION_WINDOW = 10_000
"""Blocks per table whose tokens ClickHouse remembers; a block holds up to 262,144 rows."""

WIDE_PART_BYTES = 128 << 20
"""Bytes (not compressed) from which a part has files of its own for every column; below, its columns share one.

A chunk of flows is 45 MB, and a file for each of its 45 columns, with marks and dictionaries, is 130 files: to make
them took as long as to sort, compress and write what is in them.
"""

WIDE_PARTS = f"min_bytes_for_wide_part = {WIDE_PART_BYTES}"

PART_SETTINGS = f"index_granularity = 8192, {WIDE_PARTS}"
"""How tables that rows are streamed into keep their parts. (The granularity is the engine's own, named so that a table
whose settings were altered is defined word for word like a new one.)"""

INSERT_SETTINGS = "deduplicate_blocks_in_dependent_materialized_views = 1"
"""Every insert into a raw table needs this beside its token.

Without it, a retry whose first attempt had reached the table but not yet its rollups would be dropped at the table
and the rollups would lack the rows for ever; with it each rollup decides for itself whether it has seen the token.
"""

PREFIX = (
    ("run_id", "LowCardinality(String)", "", "the run that wrote the row"),
    ("sensor", "LowCardinality(String)", "", "name of the sensor"),
    ("site", "LowCardinality(String)", "", "name of the site"),
    ("keep_days", "UInt16", "ZSTD", "days after insertion at which the row expires, 0 = never"),
    ("inserted_at", "DateTime DEFAULT now()", "DoubleDelta, ZSTD", "wall clock when the row was handed to the store"),
)
"""What every stored row carries before its own columns: (name, type, codec, meaning).

inserted_at is sent with the rows, not left to its default: a retry after midnight would otherwise fall into another
partition than its first attempt, where its token is unknown.
"""

TTL = "inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0"
"""Retention counts from insertion and only where the run asks for it: keep_days is 0 in a replay, so that a capture
of ten years ago lives as long as its owner wants."""


@dataclass(frozen=True)
class Create:
    """A table to create. engine is that of a single server; shard_by is what a cluster spreads its rows by."""

    name: str
    lines: tuple[str, ...]
    engine: str
    order_by: tuple[str, ...]
    partition_by: str = ""
    ttl: str = ""
    primary_columns: int = 0
    deduplicated: bool = True
    shard_by: str = "rand()"

    def sql(self) -> str:
        """Return the statement for one server; it may be run again."""
        window = f"non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}, {PART_SETTINGS}"
        return self.statement(self.name, self.engine, window if self.deduplicated else "")

    def statement(self, head: str, engine: str, settings: str) -> str:
        """Return CREATE TABLE with another name, engine and settings."""
        body = ",\n".join("    " + line for line in self.lines)
        primary = self.order_by[: self.primary_columns]
        parts = [f"CREATE TABLE IF NOT EXISTS {head}\n(\n{body}\n)\nENGINE = {engine}",
                 self.partition_by and f"PARTITION BY {self.partition_by}",
                 primary and f"PRIMARY KEY ({', '.join(primary)})", f"ORDER BY ({', '.join(self.order_by)})",
                 self.ttl and f"TTL {self.ttl}", settings and f"SETTINGS {settings}"]
        return "\n".join(part for part in parts if part)


def quoted(text: str) -> str:
    """Return a text as a ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def enum_type(codes: type[IntEnum]) -> str:
    """Return the Enum8 that lists the labels of an IntEnum."""
    return "Enum8(" + ", ".join(f"{quoted(v)} = {k}" for k, v in labels_of(codes).items()) + ")"


def column_type(column: Column) -> str:
    """Return the full ClickHouse type of a stored column; an Enum8 lists the labels of its IntEnum."""
    if column.clickhouse != "Enum8":
        return column.clickhouse
    if not (isinstance(column.labels, type) and issubclass(column.labels, IntEnum)):
        raise ValueError(f"column {column.name} is an Enum8 without an IntEnum in labels")
    return enum_type(column.labels)


def column_line(name: str, kind: str, codec: str) -> str:
    """Return the line of a column in CREATE TABLE."""
    return f"{name} {kind} CODEC({codec})" if codec else f"{name} {kind}"

"""One encoded block of rows: what goes from a sensor to an engine, and what a spool may keep in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from columns.clickhouse import INSERT_SETTINGS, quoted, stored_columns
from columns.schema import Table, rows_in
from storage.native import encode_block

Constant = tuple[str, str, str | int]
"""Name, type and value of a column that holds one value in every row of a block; see encode_block."""


class Block(NamedTuple):
    """Rows of one table, ready to be sent by `Connection.insert` of any engine.

    columns: names in the order of data. token: the engine stores a block of this table and token once, however often
    it is sent. data: the rows in ClickHouse's Native format, which is the same for every engine. inserted_at: time of
    insertion of all its rows, in seconds since 1970; 0 where the engine sets it.
    """

    table: str
    columns: tuple[str, ...]
    rows: int
    token: str
    data: bytes
    inserted_at: int = 0


def block_of(table: Table, batch: Any, *, constants: Sequence[Constant], vocabularies: Mapping[str, Sequence[str]],
             token: str) -> Block:
    """Encode a batch of a stored table; see encode_block."""
    names = (*(name for name, _, _ in constants), *(c.name for c in stored_columns(table)))
    data = encode_block(table, batch, constants=constants, vocabularies=vocabularies)
    second = next((int(value) for name, _, value in constants if name == "inserted_at"), 0)
    return Block(table.name, names, rows_in(batch), token, data, second)


def insert_settings(token: str) -> str:
    """Return the settings of the INSERT of a block: its table drops it where it has seen the token, and so does each
    rollup by itself. What a rollup gets is grouped already, so that it need not be merged once more as it is written.
    On a cluster a block counts as stored when its shards have it.
    """
    return (f"insert_deduplication_token = {quoted(token)}, {INSERT_SETTINGS}, optimize_on_insert = 0, "
            "distributed_foreground_insert = 1")

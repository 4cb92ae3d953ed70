"""Stores as older versions wrote them: their DDL and rows, kept as text under tests/storage/states."""

from __future__ import annotations

import json
from pathlib import Path

from columns.clickhouse import quoted
from storage.migrations import FIRST_DIGEST
from storage.opening import open_engine
from storage.place import MARKER

STATES = Path(__file__).resolve().parents[1] / "storage" / "states"


def state_tables(number: int) -> list[str]:
    """Return the tables of which a state holds rows."""
    return sorted(p.stem for p in (STATES / f"{number:04d}").glob("*.tsv"))


def state_rows(number: int, table: str) -> tuple[list[str], str]:
    """Return the columns of a table in a state, and its rows as something to select from."""
    names, kinds, data = (STATES / f"{number:04d}" / f"{table}.tsv").read_text().split("\n", 2)
    columns = names.split("\t")
    structure = ", ".join(f"{n} {k}" for n, k in zip(columns, kinds.replace("\\'", "'").split("\t"), strict=True))
    return columns, f"format(TSV, {quoted(structure)}, {quoted(data)})"


def make_state(place: Path | str, number: int) -> None:
    """Make a store as it was under that schema, with its rows, in a directory or on a server."""
    engine = open_engine(place, create=True)
    connection = engine.connect()
    for statement in (STATES / f"{number:04d}" / "schema.sql").read_text().split(";\n"):
        if statement.strip():
            connection.execute(statement)
    for table in state_tables(number):
        columns, rows = state_rows(number, table)
        names = ", ".join(columns)
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows} "
                           "SETTINGS optimize_on_insert = 0")
    connection.close()
    engine.close()
    if isinstance(place, Path):
        marker = {"store": "sekisho", "schema": FIRST_DIGEST}  # schema 1 did not say its number
        if number > 1:
            marker = {"store": "sekisho", "schema": f"that of schema {number}", "number": number}
        (place / MARKER).write_text(json.dumps(marker) + "\n")

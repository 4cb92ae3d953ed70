"""Rows as people and programs read them: addresses and labels as text, times in ISO 8601; from a batch or the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from columns import TEXTUAL, Column, Table, text_values
from columns.address import address_texts, proto_text
from columns.codes import labels_of

Row = dict[str, Any]


def batch_rows(table: Table, batch: Any, vocabularies: Mapping[str, Sequence[str]] | None = None) -> list[Row]:
    """Return a batch as dictionaries by column name; for rows that are few."""
    columns = {c.name: _values(c, batch, vocabularies or {}) for c in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(column: Column, batch: Any, vocabularies: Mapping[str, Sequence[str]]) -> list[Any]:
    arrays = [getattr(batch, f) for f in column.fields]
    if column.dtype == "ip":
        return address_texts(*arrays)
    if column.dtype in TEXTUAL:
        return text_values(arrays[0])
    values = arrays[0].tolist()
    if column.clickhouse.startswith("DateTime64"):
        return [iso_text(v) for v in values]
    if isinstance(column.labels, str):
        names = vocabularies.get(column.labels, ())
        return [names[v] if v < len(names) else str(v) for v in values]
    if isinstance(column.labels, type) and issubclass(column.labels, IntEnum):
        labels = labels_of(column.labels)
        return [labels.get(v, str(v)) for v in values]
    return values


def select_list(table: Table) -> str:
    """Return the SELECT list that reads a stored table as rows: text for addresses and times, labels for codes."""
    return ", ".join(
        f"toString({table.name}.{c.name}) AS {c.name}" if c.dtype == "ip" or c.clickhouse.startswith("DateTime64")
        or c.clickhouse == "Enum8" else c.name
        for c in table.columns if c.clickhouse
    )


def stored_row(table: Table, row: Row) -> Row:
    """Bring one row of a query made with select_list into the form that batch_rows gives, and return it."""
    for c in table.columns:
        if c.name not in row:
            continue
        if c.dtype == "ip":
            row[c.name] = plain_address(row[c.name])
        elif c.clickhouse.startswith("DateTime64"):
            row[c.name] = row[c.name].replace(" ", "T") + "Z"
    return row


def plain_address(text: str) -> str:
    """Return an IPv4-mapped address in dotted form, any other as it is."""
    mapped = text.removeprefix("::ffff:")
    return mapped if mapped.count(".") == 3 else text


def iso_text(ts_ns: int) -> str:
    """Return a time in ns since 1970 as ISO 8601 in UTC with nine decimals."""
    seconds, ns = divmod(ts_ns, 1_000_000_000)
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)
    return f"{moment.isoformat()}.{ns:09d}Z"


def short_time(iso: str) -> str:
    """Return an ISO time for a table: date, time and milliseconds, UTC."""
    return iso[:23].replace("T", " ")


def endpoint(row: Row, side: str) -> str:
    """Return address and port of one side (``src``, ``dst``) as ``192.0.2.1:443`` or ``[2001:db8::1]:443``."""
    address, port = row[f"{side}_ip"], row[f"{side}_port"]
    if address == "::":
        return "*" if not port else f"*:{port}"
    bits = row.get("dst_prefix_bits", 128) if side == "dst" else 128
    if bits not in (0, 128):
        return f"{address}/{bits - 96 if '.' in address else bits}"
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def protocol(row: Row) -> str:
    """Return the protocol's name."""
    return proto_text(row["proto"])

"""The reference page of all columns, written from their definitions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from columns import TABLES
from columns.clickhouse import PREFIX, aliases, column_type, view_name
from columns.codes import labels_of
from columns.records import RECORDS, Record
from columns.rollups import ROLLUPS, Rollup
from columns.schema import Column, Table

_INTRODUCTION = """# Columns

Every kind of row is defined once, in `columns/`; the store, the EVE file and this page are made from the definitions.
`src_` is the initiator and `dst_` the responder in a flow or an alert, and the sender and receiver in a packet.
Times are nanoseconds since 1970 in UTC, event time; in the store they are `DateTime64(9, 'UTC')`.
An address is two 64-bit halves in a batch (`NAME_hi`, `NAME_lo`), with IPv4 mapped into `::ffff:0:0/96`.
"""


_ROLLUPS = """## Rollups

Sums over time that the store keeps up with every insert, for questions over long ranges. A row is what came in at
one time for one `bucket`, run, site, sensor and the keys below; several may stand for the same until the engine merges
them, so always add up: `SELECT bucket, sum(flows) FROM traffic_1h GROUP BY bucket`. Their totals equal those of the raw
rows. Event times before 1970 and after 2106 count in the first and last bucket.
"""


def render_docs() -> str:
    """Return the whole page as Markdown."""
    parts = [*(_table(t) for t in TABLES), _ROLLUPS, *(_rollup(r) for r in ROLLUPS), *(_record(r) for r in RECORDS)]
    return "\n".join([_INTRODUCTION, *parts, _codes(TABLES)])


def _table(table: Table) -> str:
    lines = [f"## {table.name}", "", table.meaning, ""]
    if table.stored:
        lines += [f"{_view(table)} Sorted by {_code(', '.join(table.order_by))}. Before its own columns each row has "
                  f"{_and(_code(name) for name, *_ in PREFIX)}.", ""]
    else:
        lines += ["Never stored: it lives between decoding and the detectors.", ""]
    lines += ["| column | in a batch | unit | in the store | in EVE | meaning | missing |",
              "|---|---|---|---|---|---|---|", *(_row(c) for c in table.columns), ""]
    if table.stored and aliases(table):
        lines += ["Computed when they are read:", "",
                  *(f"- {_code(name)}: {kind}" for name, kind, _ in aliases(table)), ""]
    return "\n".join(lines)


def _view(table: Table) -> str:
    name = view_name(table)
    if not name:
        return ""
    latest = "the latest revision of each, " if table.version else ""
    return f"The view {_code(name)} shows it to people: {latest}addresses and MACs as text."


def _row(column: Column) -> str:
    stored = _code("Enum8" if column.clickhouse == "Enum8" else column_type(column)) if column.clickhouse else ""
    cells = (_code(column.name), _batch_type(column), column.unit, stored, _code(column.eve) if column.eve else "",
             column.meaning, column.missing)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _batch_type(column: Column) -> str:
    kind = {"ip": "2 × uint64", "json": "JSON text"}.get(column.dtype, column.dtype)
    if isinstance(column.labels, str):
        return f"{kind}, {column.labels} of the policy"
    return f"{kind}, [{column.labels.__name__}](#{column.labels.__name__.lower()})" if column.labels else kind


def _rollup(rollup: Rollup) -> str:
    lines = [f"### {rollup.name}", "", f"{rollup.meaning} From {_code(rollup.source.name)}; `bucket` is the start of "
             f"its {rollup.bucket_s} seconds ({_code(rollup.time)}).", "",
             "| column | type | unit | meaning |", "|---|---|---|---|"]
    for kind, measures in (("key", rollup.keys), ("sum", rollup.sums), ("state", rollup.states)):
        lines += [f"| {_code(m.name)} ({kind}) | {_code(_short(m.clickhouse or rollup.type_of(m)))} | {m.unit} | "
                  f"{m.meaning} |" for m in measures]
    return "\n".join([*lines, ""])


def _record(record: Record) -> str:
    lines = [f"## {record.name}", "", record.meaning, "", "| column | type | meaning |", "|---|---|---|"]
    lines += [f"| {_code(name)} | {_code(kind)} | {meaning} |" for name, kind, meaning in record.columns]
    return "\n".join([*lines, ""])


def _short(kind: str) -> str:
    return "Enum8" if kind.startswith("Enum8") else kind


def _codes(tables: Iterable[Table]) -> str:
    found: dict[str, type[IntEnum]] = {}
    for table in tables:
        for column in table.columns:
            if isinstance(column.labels, type):
                found.setdefault(column.labels.__name__, column.labels)
    lines = ["## What the codes mean", ""]
    for name in sorted(found):
        doc = (found[name].__doc__ or "").strip()
        words = ", ".join(f"{number} {_code(label)}" for number, label in labels_of(found[name]).items())
        lines += [f"### {name}", "", doc, "", words, ""]
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _and(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}"

"""sekisho columns: what the columns of the tables mean."""

from __future__ import annotations

from typing import Annotated

import typer

from sekisho.commands.options import JsonOption, LangOption, examples

EXAMPLES = examples("sekisho columns", "sekisho columns alert", "sekisho columns flow --json")


def columns(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="flow, alert, sensor_health or packet; "
                                                "without it, all.")] = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Explain the columns of the tables: meaning, unit, type in ClickHouse, EVE field, missing value."""
    from columns import TABLES
    from columns.errors import UsageError
    from sekisho.terminal import Screen

    chosen = [t for t in TABLES if table in (None, t.name)]
    if not chosen:
        raise UsageError(f"no table {table}", expected="one of " + ", ".join(t.name for t in TABLES))
    screen = Screen(lang)
    for t in chosen:
        rows = [(c.name, c.meaning, c.unit, c.clickhouse or "-", c.eve, c.missing) for c in t.columns]
        if as_json:
            for row in rows:
                names = ("table", "column", "meaning", "unit", "clickhouse", "eve", "missing")
                screen.json(dict(zip(names, (t.name, *row), strict=True)))
        else:
            screen.heading(t.name)
            screen.line(t.meaning)
            screen.table(("column", "meaning", "unit", "ClickHouse", "EVE", "missing"), rows)

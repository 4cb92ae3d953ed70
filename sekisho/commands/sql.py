"""sekisho sql: any question to the store, in ClickHouse SQL."""

from __future__ import annotations

from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, StoreOption, examples

EXAMPLES = examples(
    'sekisho sql "SELECT severity, count() FROM alerts GROUP BY severity"',
    'sekisho sql --store clickhouse://sekisho@127.0.0.1:9000/sekisho "SELECT count() FROM flow"',
    'sekisho sql "SELECT src_ip, sum(bytes_toserver) AS sent FROM flows GROUP BY src_ip ORDER BY sent DESC" --json',
)


def sql(
    query: Annotated[str, typer.Argument(metavar="SELECT", help="One query in ClickHouse SQL, in quotes.")],
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the store in SQL; it may only read.

    Views for people: `flows`, `alerts` (latest revision of each). Tables below them: `flow`, `alert`,
    `sensor_health`, `runs`. `sekisho columns` explains the columns. With --json each row is one line.
    """
    from sekisho.reading import existing_store
    from sekisho.terminal import Screen

    screen = Screen()
    with existing_store(store, config) as opened:
        result = opened.query(query, read_only=True)
    if as_json:
        for row in result.dicts():
            screen.json(row)
    else:
        screen.table(result.columns, [[str(v) for v in row] for row in result.rows])

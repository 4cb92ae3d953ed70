"""sekisho alerts: the alerts in the store."""

from __future__ import annotations

from typing import Annotated

import typer

from sekisho.commands.options import (
    ConfigOption,
    JsonOption,
    LangOption,
    LimitOption,
    RunOption,
    SeverityName,
    StoreOption,
    examples,
)

EXAMPLES = examples(
    "sekisho alerts --severity high",
    "sekisho alerts --zone mynumber --since 2026-06-01 --lang ja",
    "sekisho alerts --run latest --detector port_scan --json",
)


def alerts(
    store: StoreOption = None,
    severity: Annotated[SeverityName | None, typer.Option(
        "--severity", metavar="critical|high|medium|low", help="At least this severe.")] = None,
    detector: Annotated[str | None, typer.Option("--detector", metavar="NAME", help="Found by this detector.")] = None,
    signature_id: Annotated[int | None, typer.Option("--signature-id", metavar="ID", help="Of this signature.")] = None,
    src: Annotated[str | None, typer.Option("--src", metavar="CIDR", help="Initiator or attacker in it.")] = None,
    dst: Annotated[str | None, typer.Option("--dst", metavar="CIDR", help="Responder or victim in it.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", metavar="ZONE", help="From or to this zone.")] = None,
    since: Annotated[str | None, typer.Option(
        "--since", metavar="TIME", help="Last evidence at or after it (ISO 8601, UTC unless it says otherwise).",
    )] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="First evidence before it.")] = None,
    run: RunOption = None,
    config: ConfigOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """List alerts in their present state, the most severe first.

    With --json each alert is one line with every column of the table (`sekisho columns` explains them).
    """
    from columns import ALERT
    from sekisho.filters import Filters
    from sekisho.reading import chosen_run, existing_store, select_rows
    from sekisho.summary import print_alert_table
    from sekisho.terminal import Screen

    screen, filters = Screen(lang), Filters()
    if severity is not None:
        filters.where("CAST(alert.severity, 'Int8') <= ?", (severity.number, "Int8"))
    filters.equals("detector", detector)
    filters.equals("signature_id", signature_id, "UInt32")
    filters.within(("alert.src_ip",), src, "--src")
    filters.within(("alert.dst_ip",), dst, "--dst")
    if zone is not None:
        filters.where("src_zone = ? OR dst_zone = ?", (zone, "String"), (zone, "String"))
    filters.since("alert.end_ns", since, "--since")
    filters.since("alert.start_ns", until, "--until", until=True)
    with existing_store(store, config) as opened:
        filters.equals("run_id", chosen_run(opened, run))
        order = "CAST(alert.severity, 'Int8'), alert.start_ns, alert_id"
        rows = select_rows(opened, ALERT, filters, order=order, limit=limit)
    if as_json:
        for row in rows:
            screen.json(row)
    elif rows:
        print_alert_table(screen, rows)
    else:
        screen.note(screen.words("no alerts"))
    if len(rows) == limit:
        screen.note(f"--limit {limit} reached: there may be more")

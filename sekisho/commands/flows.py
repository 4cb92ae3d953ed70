"""sekisho flows: the flows in the store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sekisho.commands.options import (
    ConfigOption,
    JsonOption,
    LangOption,
    LimitOption,
    RunOption,
    StoreOption,
    examples,
)

EXAMPLES = examples(
    "sekisho flows --src-zone mynumber --dst-zone internet",
    "sekisho flows --ip 10.10.0.0/16 --port 443 --proto tcp --outcome established",
    "sekisho flows --verdict no_conduit --json --limit 1000",
)


class OutcomeName(StrEnum):
    """An outcome, as the option takes it."""

    ATTEMPTED = "attempted"
    ESTABLISHED = "established"
    UNKNOWN = "unknown"


def flows(
    store: StoreOption = None,
    ip: Annotated[str | None, typer.Option("--ip", metavar="CIDR", help="Initiator or responder in it.")] = None,
    src: Annotated[str | None, typer.Option("--src", metavar="CIDR", help="Initiator in it.")] = None,
    dst: Annotated[str | None, typer.Option("--dst", metavar="CIDR", help="Responder in it.")] = None,
    port: Annotated[int | None, typer.Option(
        "--port", metavar="N", min=0, max=65535, help="Port of either side.")] = None,
    proto: Annotated[str | None, typer.Option(
        "--proto", metavar="NAME", help="Protocol: tcp, udp, icmp, … or 0 to 255.")] = None,
    src_zone: Annotated[str | None, typer.Option("--src-zone", metavar="ZONE", help="Zone of the initiator.")] = None,
    dst_zone: Annotated[str | None, typer.Option("--dst-zone", metavar="ZONE", help="Zone of the responder.")] = None,
    verdict: Annotated[str | None, typer.Option(
        "--verdict", metavar="VERDICT", help="Judged so: permitted, no_conduit, …")] = None,
    outcome: Annotated[OutcomeName | None, typer.Option(
        "--outcome", metavar="attempted|established|unknown", help="Did the communication come about?")] = None,
    community_id: Annotated[str | None, typer.Option(
        "--community-id", metavar="ID", help="Of this Community ID (1:…).")] = None,
    run: RunOption = None,
    config: ConfigOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """List flows by time of their first packet; the initiator stands first.

    With --json each flow row is one line with every column of the table (`sekisho columns` explains them).
    """
    from columns import FLOW
    from sekisho.filters import Filters, known_label, protocol_number
    from sekisho.reading import chosen_run, existing_store, select_rows
    from sekisho.summary import print_flow_table
    from sekisho.terminal import Screen

    screen, filters = Screen(lang), Filters()
    filters.within(("flow.src_ip", "flow.dst_ip"), ip, "--ip")
    filters.within(("flow.src_ip",), src, "--src")
    filters.within(("flow.dst_ip",), dst, "--dst")
    if port is not None:
        filters.where("src_port = ? OR dst_port = ?", (port, "UInt16"), (port, "UInt16"))
    filters.equals("proto", None if proto is None else protocol_number(proto), "UInt8")
    filters.equals("src_zone", src_zone)
    filters.equals("dst_zone", dst_zone)
    filters.equals("CAST(flow.verdict, 'String')", verdict and known_label(FLOW, "verdict", verdict))
    filters.equals("CAST(flow.outcome, 'String')", outcome and outcome.value)
    filters.equals("community_id", community_id)
    with existing_store(store, config) as opened:
        filters.equals("run_id", chosen_run(opened, run))
        rows = select_rows(opened, FLOW, filters, order="flow.ts_start_ns, flow_id, part", limit=limit)
    if as_json:
        for row in rows:
            screen.json(row)
    elif rows:
        print_flow_table(screen, rows)
    else:
        screen.note(screen.words("no flows"))
    if len(rows) == limit:
        screen.note(f"--limit {limit} reached: there may be more")

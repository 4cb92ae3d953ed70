"""An explanation of an alert as an analyst reads it on the terminal."""

from __future__ import annotations

import re

from sekisho.explaining import Explanation
from sekisho.language import Lang
from sekisho.rows import Row, endpoint, iso_text, protocol, short_time
from sekisho.summary import print_flow_table
from sekisho.terminal import Screen, clean

_BIT_LINE = re.compile(r"[. ]*[01][. ]* = |Kind: |Address: |Length: |Severity level: |Group: ")
"""Lines of a dissection that only take apart what the line above them says; --json has them."""

_NUMBERS = ("measured", "peak", "threshold")


def print_explanation(screen: Screen, told: Explanation) -> None:
    """Write the explanation: what, why, numbers, policy, flow, course, packets, first steps, digests, gaps."""
    _print_alert(screen, told)
    if told.policy_known:
        _print_policy(screen, told)
    if told.flows:
        screen.heading("flow")
        print_flow_table(screen, told.flows)
    if len(told.revisions) > 1:
        _print_revisions(screen, told.revisions)
    if told.packets:
        _print_packets(screen, told)
    if told.runbook:
        screen.heading("first steps")
        screen.line(told.runbook)
    _print_origin(screen, told)
    if told.missing:
        screen.heading("missing")
        for reason in told.missing:
            screen.line(f"- {clean(reason)}")


def _print_alert(screen: Screen, told: Explanation) -> None:
    from rich.text import Text

    alert, words = told.alert, screen.words
    japanese = words.lang is Lang.JA
    title = Text.assemble(screen.severity(alert["severity"]), "  ",
                          (clean(alert["signature_ja" if japanese else "signature"]), "bold"))
    screen.console.print(title)
    screen.line(clean(alert["why_ja" if japanese else "why"] or alert["why"]))
    facts = [
        ("alert id", str(alert["alert_id"])), ("state", words.label(alert["state"])),
        ("first evidence", short_time(alert["start_ns"])), ("last evidence", short_time(alert["end_ns"])),
        ("source", endpoint(alert, "src")), ("destination", f"{endpoint(alert, 'dst')} {protocol(alert)}"),
        ("zones", f"{alert['src_zone']} → {alert['dst_zone']}"), ("verdict", words.label(alert["verdict"])),
        ("outcome", words.label(alert["outcome"])), ("direction certainty", words.label(alert["direction_certainty"])),
        ("measure", alert["measure"]), *[(name, _number(alert[name])) for name in _NUMBERS],
        ("events", f"{alert['events']:,}"), ("property", words.label(alert["property"])),
        ("technique", alert["technique"]), ("clause", alert["clause"]),
        ("detector", f"{alert['detector']}, {alert['gid']}:{alert['signature_id']}:{alert['rev']}"),
    ]
    _print_facts(screen, [(name, value) for name, value in facts if value not in ("", " → ")])


def _print_facts(screen: Screen, facts: list[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        grid.add_row(Text(screen.words(name), style="dim"), Text(clean(value)))
    screen.console.print(grid)


def _number(value: float) -> str:
    return f"{value:,.6g}"


def _print_policy(screen: Screen, told: Explanation) -> None:
    screen.heading("policy line")
    if told.conduit:
        _print_facts(screen, [(key, value) for key, value in told.conduit.items() if value])
    else:
        screen.line(screen.words("no conduit comes near: the default is deny"))
    if told.differs:
        screen.line(f"{screen.words('what differs')}: " + ", ".join(screen.words.label(d) for d in told.differs))


def _print_revisions(screen: Screen, revisions: list[Row]) -> None:
    screen.heading("revisions")
    screen.table(
        ("revision", "time", "state", "severity", "measured", "peak", "events"),
        [(str(r["revision"]), short_time(r["ts_ns"]), screen.words.label(r["state"]), screen.severity(r["severity"]),
          _number(r["measured"]), _number(r["peak"]), r["events"]) for r in revisions],
        right=("revision", "measured", "peak", "events"),
    )


def _print_packets(screen: Screen, told: Explanation) -> None:
    screen.heading("packets of the flow")
    for i, packet in enumerate(told.packets):
        screen.line(f"#{packet.number} {short_time(iso_text(packet.ts_ns))} {packet.summary}")
        for name, lines in told.layers[i] if i < len(told.layers) else []:
            screen.line(f"    {clean(name).upper()}")
            for line in lines:
                if not _BIT_LINE.match(line):
                    screen.line(f"        {clean(line)}")


def _print_origin(screen: Screen, told: Explanation) -> None:
    alert, run = told.alert, told.run
    screen.heading("digests")
    _print_facts(screen, [(name, value) for name, value in (
        ("run", f"{run['run_id']} ({screen.words.label(run['status'])}, {run['sensor']}, {run['version']})"),
        ("captures", ", ".join(run["captures"])),
        ("policy", alert["policy_digest"]), ("configuration", alert["config_digest"]),
        ("rules", alert["ruleset_digest"]),
    ) if value])

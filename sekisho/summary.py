"""What a replay found: as one JSON object for programs, and as tables for people."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from sekisho import __version__
from sekisho.coverage import print_coverage
from sekisho.rows import Row, endpoint, protocol, short_time
from sekisho.terminal import Screen, clean, quantity

if TYPE_CHECKING:
    from sekisho.replaying import Outcome
    from sekisho.sinks import CollectSink

ALERTS_SHOWN = 20
ZONES_SHOWN = 12
_PARTS = ("numba", "numpy", "chdb", "chdb-core")


def versions() -> dict[str, str]:
    """Return the versions of the product, of Python, and of the parts that results depend on."""
    found = {"sekisho": __version__, "python": platform.python_version()}
    for part in _PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            found[part] = ""
    return found


def summary_json(outcome: Outcome) -> dict[str, Any]:
    """Return the one object of ``replay --json``."""
    from sekisho.replaying import rates

    report = outcome.report
    return {
        "run_id": outcome.run_id,
        "packets": report.packets,
        "bytes": report.bytes,
        "refused": report.refused,
        "flows": report.flows,
        "transactions": report.transactions,
        "alerts": report.alerts,
        "alerts_by_detector": report.alerts_by_detector,
        "alerts_by_signature_id": {str(k): v for k, v in report.alerts_by_signature.items()},
        "highest_severity": report.highest_severity.name.lower() if report.highest_severity else None,
        "coverage": report.coverage.summary() if report.coverage else None,
        "seconds": report.seconds,
        **rates(report),
        "digest": report.digest,
        "digests": outcome.digests,
        "interrupted": report.interrupted,
        "captures": [vars(c) for c in report.captures],
        "counters": report.counters,
        "notes": report.notes,
        "store": str(outcome.store) if outcome.store else None,
        "versions": versions(),
    }


def print_summary(screen: Screen, outcome: Outcome, collected: CollectSink) -> None:
    """Write what was found: alerts, flows between zones, what could not be decoded, and the figures."""
    report = outcome.report
    _print_alerts(screen, collected.alerts(), outcome)
    print_coverage(screen, report.coverage)
    _print_zones(screen, collected.zone_pairs())
    if report.refused:
        screen.heading("refused by cause")
        rows = sorted(report.refused.items(), key=lambda item: -item[1])
        screen.table(("cause", "count"), rows, right=("count",))
    _print_figures(screen, outcome)


def _print_alerts(screen: Screen, alerts: list[Row], outcome: Outcome) -> None:
    screen.heading("alerts")
    if not alerts:
        screen.line(screen.words("no alerts"))
        return
    print_alert_table(screen, alerts[:ALERTS_SHOWN])
    hidden = outcome.report.alerts - min(len(alerts), ALERTS_SHOWN)
    if hidden > 0:
        hint = f": sekisho alerts --run {outcome.run_id} --store {outcome.store}" if outcome.store else ""
        screen.line(f"{screen.words('and more')} {hidden:,}{hint}")


def print_alert_table(screen: Screen, alerts: Sequence[Row]) -> None:
    """Write alerts as a table, one line each."""
    signature = "signature_ja" if screen.words.lang == "ja" else "signature"
    screen.table(
        ("severity", "time", "signature", "source", "destination", "zones", "outcome", "events", "alert id"),
        [(screen.severity(a["severity"]), short_time(a["start_ns"]), a[signature], endpoint(a, "src"),
          f"{endpoint(a, 'dst')} {protocol(a) if a['proto'] else ''}".rstrip(), _zones(a),
          screen.words.label(a["outcome"]), a["events"], str(a["alert_id"])) for a in alerts],
        right=("events",),
    )


def print_flow_table(screen: Screen, flows: Sequence[Row]) -> None:
    """Write flows as a table, one line each."""
    screen.table(
        ("time", "protocol", "initiator", "responder", "zones", "verdict", "outcome", "packets", "bytes", "flow"),
        [(short_time(f["ts_start_ns"]), protocol(f), endpoint(f, "src"), endpoint(f, "dst"), _zones(f),
          screen.words.label(f["verdict"]) if f["verdict"] != "not_judged" else "", screen.words.label(f["outcome"]),
          f["pkts_toserver"] + f["pkts_toclient"], quantity(f["bytes_toserver"] + f["bytes_toclient"], "B"),
          str(f["flow_id"])) for f in flows],
        right=("packets", "bytes"),
    )


def _zones(row: Row) -> str:
    return f"{row['src_zone']} → {row['dst_zone']}" if row["src_zone"] or row["dst_zone"] else ""


def _print_zones(screen: Screen, pairs: list[tuple[str, str, dict[str, int]]]) -> None:
    """Write the matrix of zones: flows per pair, the shade by their number; red where some are not permitted."""
    from rich.text import Text

    cells = {(s, t): v for s, t, v in pairs}
    if all(source == target for source, target in cells):
        return
    sources, targets = (
        sorted(totals, key=lambda z: -totals[z])[:ZONES_SHOWN] for totals in (_totals(pairs, 0), _totals(pairs, 1)))
    most = max(sum(v.values()) for v in cells.values())

    def cell(verdicts: dict[str, int] | None) -> Text:
        if not verdicts:
            return Text("·", style="dim")
        count = sum(verdicts.values())
        bad = count - verdicts.get("permitted", 0) - verdicts.get("not_judged", 0)
        shade = " ░▒▓█"[1 + (3 * count.bit_length() // max(most.bit_length(), 1))]
        return Text(f"{shade} {count:,}" + (f" ({bad:,})" if bad else ""), style="red" if bad else "green")

    screen.heading("flows between zones")
    screen.line(screen.words("flows from row to column; in brackets those the policy does not permit"))
    screen.table(("from / to", *targets), [[s, *[cell(cells.get((s, t))) for t in targets]] for s in sources],
                 right=targets)


def _totals(pairs: list[tuple[str, str, dict[str, int]]], end: int) -> Counter[str]:
    """Return the flows of each zone as source (end 0) or destination (end 1)."""
    totals: Counter[str] = Counter()
    for pair in pairs:
        totals[str(pair[end])] += sum(pair[2].values())
    return totals


def _print_figures(screen: Screen, outcome: Outcome) -> None:
    from sekisho.replaying import rates

    report, words, rate = outcome.report, screen.words, rates(outcome.report)
    screen.line()
    screen.line(
        f"{words('packets')} {report.packets:,} ({quantity(report.bytes, 'B')}), {words('flows')} {report.flows:,}, "
        f"{words('alerts')} {report.alerts:,}; {report.seconds['total']:.2f} s "
        f"({quantity(rate['packets_per_second'], 'pps')}, {quantity(rate['bits_per_second'], 'bit/s')})")
    screen.line(f"{words('digest')} {report.digest}, {words('run')} {outcome.run_id}"
                + (f", {words('kept')} {outcome.store}" if outcome.store else ""))
    for note in report.notes:
        screen.line(f"{words('note')}: {clean(note)}")
    if report.interrupted:
        screen.line(words("interrupted: only what was read until then is in these results"))

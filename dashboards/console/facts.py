"""What the page must know before it draws: the pages, the names that filters offer, and a range that holds data."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from columns.app import AppProto
from columns.codes import AlertAction, Outcome, Severity, Verdict, labels_of
from columns.labels import JA_LABELS
from dashboards.console.alerts import STATUSES
from dashboards.panels import PAGES, Link, Page, Panel, Words
from dashboards.panels.words import COLUMN_WORDS

DAY_MS = 86_400_000
_LIVE_MS = 6 * 3600 * 1000
_NAMES = 500
_RUNS = 20


def page_facts(page: Page) -> dict[str, Any]:
    """Return what the browser needs of a page; never its SQL."""
    return {"id": page.id, "title": words(page.title), "description": words(page.description), "listed": page.listed,
            "parameters": list(page.parameters), "panels": [_panel_facts(panel) for panel in page.panels]}


def _panel_facts(panel: Panel) -> dict[str, Any]:
    return {"id": panel.id, "title": words(panel.title), "description": words(panel.description),
            "kind": str(panel.kind), "unit": str(panel.unit), "units": {k: str(v) for k, v in panel.units.items()},
            "thresholds": [{"value": t.value, "level": str(t.level)} for t in panel.thresholds],
            "links": [_link_facts(link) for link in panel.links], "width": panel.width, "height": panel.height,
            "colours": panel.colours, "hidden": list(panel.hidden),
            "values": {value: words(text) for value, text in panel.values.items()}}


def _link_facts(link: Link) -> dict[str, Any]:
    return {"page": link.page, "parameters": dict(link.parameters), "title": words(link.title), "column": link.column}


def words(text: Words) -> dict[str, str]:
    """Return a text in both languages."""
    return {"ja": text.ja, "en": text.en}


def facts(store: Any, *, version: str, lang: str, zone_names: Mapping[str, str], zone_order: Sequence[str], csrf: str,
          login: bool) -> dict[str, Any]:
    """Return everything the page asks for once, as plain values."""
    runs = store.runs()
    return {"version": version, "lang": lang, "csrf": csrf, "login": login, "now_ms": int(time.time() * 1000),
            "pages": [page_facts(page) for page in PAGES], "range": first_range(store, runs),
            "choices": _choices(store), "zone_names": dict(zone_names), "zone_order": list(zone_order),
            "runs": _with_ranges(store, runs),
            "labels_ja": JA_LABELS,
            "column_words": {name: words(text) for name, text in COLUMN_WORDS.items()},
            "codes": {"severity": [*labels_of(Severity).values()], "verdict": [*labels_of(Verdict).values()],
                      "outcome": [*labels_of(Outcome).values()], "status": list(STATUSES),
                      "app": [*labels_of(AppProto).values()],
                      "action": [*labels_of(AlertAction).values()]}}


def _run_facts(run: Mapping[str, Any]) -> dict[str, Any]:
    names = ("run_id", "kind", "sensor", "site", "status", "started_at", "captures", "packets", "version")
    return {name: run.get(name, "") for name in names}


def _choices(store: Any) -> dict[str, list[str]]:
    """Return the values that the filters offer, from what the store holds."""
    found = store.query("SELECT arraySort(groupUniqArray({most:UInt32})(site)), "
                        "arraySort(groupUniqArray({most:UInt32})(sensor)), "
                        "arraySort(arrayDistinct(arrayConcat(groupUniqArray({most:UInt32})(src_zone), "
                        "groupUniqArray({most:UInt32})(dst_zone)))) FROM traffic_1h", {"most": _NAMES})
    sites, sensors, zones = found.rows[0]
    return {"site": sites, "sensor": sensors, "zone": zones, "severity": [*labels_of(Severity).values()]}


def first_range(store: Any, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the range to show first, and why: what is live now, else all of the newest run that holds flows.

    The capture of a replay may be years old; a page about today would be empty.
    """
    now = int(time.time() * 1000)
    if runs and runs[-1]["kind"] == "live" and runs[-1]["status"] == "running":
        return {"from_ms": now - _LIVE_MS, "to_ms": now, "why": "live", "run": runs[-1]["run_id"]}
    for run in _with_ranges(store, runs)[::-1]:
        if "from_ms" in run:
            return {"from_ms": run["from_ms"], "to_ms": run["to_ms"], "why": run["kind"], "run": run["run_id"],
                    "captures": run["captures"]}
    return {"from_ms": now - DAY_MS, "to_ms": now, "why": "empty", "run": ""}


def _with_ranges(store: Any, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest runs, oldest first, with the range of their flows where they have any."""
    newest = runs[-_RUNS:]
    found = store.query("SELECT run_id, toUnixTimestamp(min(bucket)), toUnixTimestamp(max(bucket)) FROM traffic_1m "
                        "WHERE has({runs:Array(String)}, run_id) GROUP BY run_id",
                        {"runs": [run["run_id"] for run in newest]})
    ranges = {run_id: _rounded(first * 1000, last * 1000 + 60_000) for run_id, first, last in found.rows}
    return [_run_facts(run) | dict(zip(("from_ms", "to_ms"), ranges.get(run["run_id"], ()), strict=False))
            for run in newest]


def _rounded(first_ms: int, last_ms: int) -> tuple[int, int]:
    """Return the range widened to whole minutes, or to whole hours if it is long."""
    unit = 3_600_000 if last_ms - first_ms > 3 * 3_600_000 else 60_000
    from_ms = max(0, first_ms // unit * unit)
    return from_ms, max(from_ms + unit, -(-last_ms // unit) * unit)

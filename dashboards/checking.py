"""Ask a store every question of every dashboard, and say what does not work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from columns.errors import SekishoError
from dashboards.panels import PAGES, Panel, Request, bind, step_for
from dashboards.panels.annotations import ALERTS
from dashboards.panels.contract import column_problems
from dashboards.panels.rules import RULES
from dashboards.panels.variables import FILTERS, PARAMETERS

DAY_MS = 86_400_000


class Asked(Protocol):
    """What is asked: a store, or anything that answers questions like one."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return an object with columns, types and rows."""


@dataclass(frozen=True)
class Finding:
    """What became of one question. kind: panel, variable, annotation or rule; problem is "" where all is well."""

    kind: str
    name: str
    span: str
    rows: int
    ms: float
    problem: str = ""


def check(store: Asked, fixed: Mapping[str, Sequence[str]] | None = None) -> Iterator[Finding]:
    """Yield a finding for every question: panels over an hour, a day, and everything that is stored."""
    values: dict[str, Any] = {**(fixed or {}), **_example(store)}
    for span, request in requests(store, values).items():
        for page in PAGES:
            for panel in page.panels:
                yield _asked(store, "panel", f"{page.id}/{panel.id}", span, *bind(panel.sql, request), panel)
        yield _asked(store, "annotation", ALERTS.id, span, *bind(ALERTS.sql, request))
    for variable in (*FILTERS, *PARAMETERS.values()):
        if variable.sql:
            yield _asked(store, "variable", variable.id, "", variable.sql, {})
    for rule in RULES:
        yield _asked(store, "rule", rule.id, "", rule.sql, {})


def requests(store: Asked, values: Mapping[str, Any]) -> dict[str, Request]:
    """Return what a reader could look at who looks back from the end of what is stored, by name."""
    first, last = store.query("SELECT toInt64(min(toUnixTimestamp(bucket))) * 1000, "
                              "toInt64(max(toUnixTimestamp(bucket))) * 1000 FROM traffic_1m").rows[0]
    end = last + 60_000
    spans = {"1 h": 3_600_000, "24 h": DAY_MS, "all": max(end - first, 31 * DAY_MS)}
    return {name: Request(max(end - span, 0), end, step_for(span), values=values) for name, span in spans.items()}


def _example(store: Asked) -> dict[str, str]:
    """Return an alert and an address of the store, for the pages that show one; empty where there is none."""
    alert = store.query("SELECT run_id, toString(alert_id), toString(src_ip) FROM alert LIMIT 1").rows
    run, alert_id, ip = alert[0] if alert else ("", "", "")
    return {"run": run, "alert_id": alert_id, "ip": ip.removeprefix("::ffff:")}


def _asked(store: Asked, kind: str, name: str, span: str, sql: str, params: Mapping[str, Any],
           panel: Panel | None = None) -> Finding:
    began = time.perf_counter()
    try:
        answer = store.query(sql, params)
    except SekishoError as error:
        return Finding(kind, name, span, 0, (time.perf_counter() - began) * 1000, str(error))
    ms = (time.perf_counter() - began) * 1000
    problems = column_problems(panel, answer.columns, answer.types) if panel else []
    return Finding(kind, name, span, len(answer.rows), ms, "; ".join(problems))

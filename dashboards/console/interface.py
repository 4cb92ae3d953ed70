"""The interface in JSON that the page uses: facts, panels, alerts, flows; each answer also as a file."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from columns.errors import UsageError
from dashboards.console.alerts import PARAMETERS as ALERT_PARAMETERS
from dashboards.console.alerts import actions_of, alert_question, note_action, status_of
from dashboards.console.asked import Asked, address_of, asked, number_of, one_of
from dashboards.console.exports import csv_text, json_text
from dashboards.console.facts import facts
from dashboards.console.flows import PARAMETERS as FLOW_PARAMETERS
from dashboards.console.flows import flow_question
from dashboards.console.refusals import Refusal
from dashboards.panels import PAGES, Page, Panel, bind, parameters_of

if TYPE_CHECKING:
    from dashboards.console.app import Console
    from dashboards.console.shared import SharedStore

MOST_ROWS = 10_000
"""Rows of a panel that are sent to a browser; a panel that has more is said to be cut."""
EXPORT_ROWS = 100_000
_PAGE_ROWS = 500
_PACKETS = 8
_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Interface:
    """Answers to the page. Every method gets a request whose address was not checked yet."""

    def __init__(self, store: SharedStore, console: Console) -> None:
        self._store, self._console = store, console

    def routes(self) -> list[tuple[str, str, Callable[[Any], Response]]]:
        """Return (method, path, what answers)."""
        return [("GET", "/api/facts", self.facts), ("GET", "/api/panel/{page}/{panel}", self.panel),
                ("GET", "/api/alerts", self.alerts), ("GET", "/api/alert/{run}/{alert_id}", self.alert),
                ("GET", "/api/alert/{run}/{alert_id}/packets", self.packets),
                ("POST", "/api/alert/{run}/{alert_id}/actions", self.act), ("GET", "/api/flows", self.flows)]

    def facts(self, request: Any) -> Response:
        """Pages, choices, first range."""
        known = self._console
        return _json(facts(self._store, version=known.version, lang=known.lang, zone_names=known.zone_names,
                           zone_order=known.page_values.get("policy_zones", ()),
                           csrf=request.state.csrf, login=bool(known.access.token)) | {"actor": known.actor})

    def panel(self, request: Any) -> Response:
        """The answer to one panel's question, or a file of it."""
        page, panel = _panel(request.path_params)
        given = self._console.page_values
        wanted = asked(request.query_params.multi_items(), {"lang", "format", *page.parameters} - given.keys())
        sql, params = bind(panel.sql, wanted.request(_values(wanted, page, panel.sql) | given))
        return self._answer(wanted, sql, params, f"{page.id}-{panel.id}", MOST_ROWS)

    def alerts(self, request: Any) -> Response:
        """The alert queue, or a file of it."""
        wanted = asked(request.query_params.multi_items(), {"format", *ALERT_PARAMETERS})
        sql, params = alert_question(wanted, _limit(wanted))
        return self._answer(wanted, sql, params, "alerts", EXPORT_ROWS)

    def flows(self, request: Any) -> Response:
        """Flows that fit, or a file of them."""
        wanted = asked(request.query_params.multi_items(), {"format", *FLOW_PARAMETERS})
        sql, params = flow_question(wanted, _limit(wanted))
        return self._answer(wanted, sql, params, "flows", EXPORT_ROWS)

    def alert(self, request: Any) -> Response:
        """All that is known of an alert but its packets, and what people did about it."""
        told = self._explained(request, 0)
        run, alert_id = told["alert"]["run_id"], told["alert"]["alert_id"]
        actions = actions_of(self._store, run, alert_id)
        told["missing"] = [m for m in told["missing"] if not m.startswith("dissection")]
        return _json(told | {"actions": actions, "status": status_of(actions)})

    def packets(self, request: Any) -> Response:
        """The packets of an alert's flow, which takes a while: they are looked up in the captures."""
        told = self._explained(request, _PACKETS)
        return _json({"packets": told["packets"], "missing": told["missing"]})

    def act(self, request: Any) -> Response:
        """Keep what somebody did about an alert."""
        run, alert_id = _alert(request.path_params)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(415, "not_json")
        try:
            body = json.loads(request.state.raw_body)
        except (ValueError, RecursionError):
            raise UsageError("the action is not JSON", where="action") from None
        note_action(self._store, run, alert_id, body)
        actions = actions_of(self._store, run, alert_id)
        return _json({"actions": actions, "status": status_of(actions)})

    def _explained(self, request: Any, packets: int) -> dict[str, Any]:
        run, alert_id = _alert(request.path_params)
        lang = one_of("lang", request.query_params.get("lang", "en"), ("ja", "en"))
        return self._console.explain(self._store, run, alert_id, lang, packets)

    def _answer(self, wanted: Asked, sql: str, params: dict[str, Any], name: str, most: int) -> Response:
        began = time.perf_counter()
        result = self._store.query(sql, params)
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        form = one_of("format", wanted.rest.get("format", "page"), ("page", "csv", "json"))
        rows = result.rows[:most]
        if form == "csv":
            return _file(csv_text(result.columns, rows), "text/csv; charset=utf-8", f"{name}.csv")
        if form == "json":
            dicts = [dict(zip(result.columns, row, strict=True)) for row in rows]
            return _file(json_text(dicts), "application/json", f"{name}.json")
        return _json({"columns": result.columns, "types": result.types, "rows": rows, "ms": milliseconds,
                      "cut": len(result.rows) > most})


def _panel(path: dict[str, str]) -> tuple[Page, Panel]:
    for page in PAGES:
        for panel in page.panels:
            if (page.id, panel.id) == (path["page"], path["panel"]):
                return page, panel
    raise Refusal(404, "not_found")


def _alert(path: dict[str, str]) -> tuple[str, int]:
    return path["run"][:256], number_of("alert_id", path["alert_id"], 2**64 - 1)


def _limit(wanted: Asked) -> int:
    if wanted.rest.get("format", "page") != "page":
        return EXPORT_ROWS
    return wanted.number("limit", 200, 1, _PAGE_ROWS)


def _values(wanted: Asked, page: Page, sql: str) -> dict[str, Any]:
    """Return the page's own parameters that the browser gave, each in the type that the panel's SQL says."""
    kinds, found = parameters_of(sql), {}
    for name in page.parameters:
        text = wanted.rest.get(name, "")
        if text and name in kinds:
            found[name] = number_of(name, text, 2**64 - 1) if "Int" in kinds[name] else text
            if name == "ip":
                found[name] = address_of(text)
    return found


def _json(value: Any) -> Response:
    return Response(json_text(value), media_type="application/json")


def _file(text: str, kind: str, name: str) -> Response:
    safe = _NAME.sub("-", name.rpartition(".")[0]) + "." + name.rpartition(".")[2]
    return Response(text, media_type=kind, headers={"content-disposition": f'attachment; filename="{safe}"'})

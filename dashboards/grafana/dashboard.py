"""A page as a Grafana dashboard: its variables, annotations, panels in a grid, and links to the other pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from columns.labels import label_text
from dashboards.grafana.fields import dashboard_uid
from dashboards.grafana.query import ANY_TEXT, DATASOURCE, NO_FILTER, TABLE, ClickHouseQuery, grafana_sql
from dashboards.grafana.visuals import panel_builder
from dashboards.panels.annotations import ALERTS
from dashboards.panels.model import Page, Panel
from dashboards.panels.routing import MINUTES_UP_TO_MS, RAW_UP_TO_MS
from dashboards.panels.variables import FILTERS, PARAMETERS, Variable

LANGUAGES = ("ja", "en")
_ALL = {"ja": "すべて", "en": "All"}
_SPAN = "toUnixTimestamp64Milli($__toTime_ms) - toUnixTimestamp64Milli($__fromTime_ms)"
ROUTES = {"grain": f"SELECT if({_SPAN} <= {MINUTES_UP_TO_MS}, '1m', '1h') AS value",
          "source": f"SELECT if({_SPAN} <= {RAW_UP_TO_MS}, 'raw', 'rollup') AS value"}
"""Hidden variables that choose the table by the length of the range: name -> query."""
_ROUTE_DEFAULTS = {"grain": "1m", "source": "rollup"}


def dashboard_json(page: Page, pages: Sequence[Page], lang: str, fixed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a page as dashboard JSON in a language, ready for Grafana's file provisioning or its API."""
    made = (build.Dashboard(page.title.text(lang)).uid(dashboard_uid(page.id, lang))
            .description(page.description.text(lang)).tags(["sekisho", lang]).timezone("browser")
            .time("now-24h", "now").refresh("1m").readonly().tooltip(model.DashboardCursorSync.CROSSHAIR)
            .annotation(_annotation(lang)))
    for variable in _variables(page, lang):
        made.with_variable(variable)
    for other in pages:
        if other.listed and other.id != page.id:
            made.link(build.DashboardLink(other.title.text(lang)).type(model.DashboardLinkType.LINK).keep_time(True)
                      .url(f"/d/{dashboard_uid(other.id, lang)}").include_vars(False))
    for panel, position in zip(page.panels, _grid(page.panels), strict=True):
        made.with_panel(panel_builder(panel, lang, fixed).grid_pos(position).id(page.panels.index(panel) + 1))
    plain = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    return _placed(plain, _grid(page.panels))


def _placed(plain: dict[str, Any], positions: list[model.GridPos]) -> dict[str, Any]:
    """The builder moves a panel at 0, 0; put all back to where the grid has them."""
    for panel, at in zip(plain["panels"], positions, strict=True):
        panel["gridPos"] = {"h": at.h, "w": at.w, "x": at.x, "y": at.y}
    return plain


def _grid(panels: Sequence[Panel]) -> list[model.GridPos]:
    """Lay panels out line by line, 24 cells wide."""
    found, x, y, tallest = [], 0, 0, 0
    for panel in panels:
        if x + panel.width > 24:
            x, y, tallest = 0, y + tallest, 0
        found.append(model.GridPos(h=panel.height, w=panel.width, x=x, y=y))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return found


def _annotation(lang: str) -> build.AnnotationQuery:
    query = ClickHouseQuery(grafana_sql(ALERTS.sql, lang), ref_id="Anno", format=TABLE)
    made = (build.AnnotationQuery().name(ALERTS.title.text(lang)).enable(True).hide(False).icon_color("red")
            .datasource(model.DataSourceRef(type_val=DATASOURCE["type"], uid=DATASOURCE["uid"])))
    annotation = made.build()
    annotation.target = query
    return _Ready(annotation)  # type: ignore[return-value]


class _Ready:
    """A model that was built already, where a builder is asked for."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def build(self) -> Any:
        return self._value


def _variables(page: Page, lang: str) -> list[Any]:
    made = [_route(name, query) for name, query in ROUTES.items()]
    made += [_variable(v, lang) for v in FILTERS]
    return made + [_variable(PARAMETERS[name], lang) for name in page.parameters if not PARAMETERS[name].fixed]


def _route(name: str, query: str) -> build.QueryVariable:
    default = _ROUTE_DEFAULTS[name]
    return (build.QueryVariable(name).hide(model.VariableHide.HIDE_VARIABLE).query(_variable_query(query, name))
            .datasource(model.DataSourceRef(type_val=DATASOURCE["type"], uid=DATASOURCE["uid"]))
            .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).multi(False).include_all(False)
            .current(model.VariableOption(selected=True, text=default, value=default)))


def _variable_query(sql: str, name: str) -> dict[str, object]:
    return {"rawSql": sql, "editorType": "sql", "queryType": "table", "format": TABLE, "refId": f"variable-{name}",
            "pluginVersion": "4.20.0"}


def _variable(variable: Variable, lang: str) -> Any:
    title = variable.title.text(lang)
    if variable.sql:
        made = (build.QueryVariable(variable.id).query(_variable_query(variable.sql, variable.id))
                .datasource(model.DataSourceRef(type_val=DATASOURCE["type"], uid=DATASOURCE["uid"]))
                .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD).sort(model.VariableSort.DISABLED))
    elif variable.choices:
        listed = ", ".join(f"{label_text(choice, lang)} : {choice}" for choice in variable.choices)
        made = build.CustomVariable(variable.id).values(listed)
    else:
        return build.TextBoxVariable(variable.id).label(title).default_value("")
    return (made.label(title).multi(variable.several).include_all(True)
            .all_value(NO_FILTER if variable.several else ANY_TEXT)
            .current(model.VariableOption(selected=True, text=_ALL[lang], value="$__all")))

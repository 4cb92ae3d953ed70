"""One visualisation of Grafana for each kind of panel: its plugin, options, field settings and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from columns.labels import label_text
from dashboards.grafana import fields
from dashboards.grafana.query import DATASOURCE, TABLE, TIME_SERIES, ClickHouseQuery, grafana_sql
from dashboards.panels.model import Kind, Panel
from dashboards.panels.outputs import output_columns

_LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True}
_CORNER = {"ja": "送信側＼受信側", "en": "from \\ to"}
_TOOLTIP = {"mode": "multi", "sort": "desc"}


def panel_builder(panel: Panel, lang: str, fixed: Mapping[str, Sequence[str]]) -> build.Panel:
    """Return the builder of a panel in a language; its place in the grid is given by the dashboard."""
    sql = grafana_sql(panel.sql, lang, fixed)
    made = (build.Panel().title(panel.title.text(lang)).description(panel.description.text(lang))
            .datasource(model.DataSourceRef(**{"type_val": DATASOURCE["type"], "uid": DATASOURCE["uid"]}))
            .unit(fields.UNITS[panel.unit]).thresholds(fields.thresholds(panel)).interval("1m"))
    return _KINDS[panel.kind](made, panel, lang, sql)


def _stat(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    options = {"colorMode": "background", "graphMode": "none", "justifyMode": "center", "textMode": "value",
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    _all_links(made, panel, lang)
    return (made.type("stat").options(options).no_value("-")
            .color_scheme(build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
            .with_target(ClickHouseQuery(sql, format=TABLE)))


def _series(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    bars = panel.kind is Kind.BARS
    custom = {"drawStyle": "bars" if bars else "line", "lineWidth": 1, "fillOpacity": 80 if bars else 12,
              "spanNulls": False, "showPoints": "never" if bars else "auto", "pointSize": 4,
              "stacking": {"mode": "normal" if bars else "none", "group": "A"},
              "thresholdsStyle": {"mode": "line" if panel.thresholds else "off"}}
    made.type("timeseries").options({"legend": _LEGEND, "tooltip": _TOOLTIP}).custom(custom)
    made.color_scheme(build.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)).no_value("-")
    if "series" in output_columns(panel.sql):
        made.display_name("${__field.labels.series}")
        _series_colours(made, panel, lang)
    else:
        _by_name(made, fields.overrides(panel, lang))
    _all_links(made, panel, lang)
    return made.with_target(ClickHouseQuery(sql, format=TIME_SERIES))


def _series_colours(made: build.Panel, panel: Panel, lang: str) -> None:
    """Name and colour the series that are labels of codes."""
    if panel.colours != "series":
        return
    for label, colour in fields.MEANING.items():
        made.override_by_name(label, [
            model.DynamicConfigValue("displayName", label_text(label, lang)),
            model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})])


def _ranking(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    options = {"orientation": "horizontal", "xField": "label", "stacking": "normal", "showValue": "auto",
               "legend": _LEGEND, "tooltip": _TOOLTIP, "barWidth": 0.8, "groupWidth": 0.8}
    _by_name(made, fields.overrides(panel, lang))
    _all_links(made, panel, lang)
    return (made.type("barchart").options(options).custom({"fillOpacity": 80, "lineWidth": 0}).no_value("-")
            .color_scheme(build.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
            .with_target(ClickHouseQuery(sql, format=TABLE)))


def _share(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    options = {"pieType": "donut", "displayLabels": ["percent"], "tooltip": {"mode": "single"},
               "legend": {"displayMode": "table", "placement": "right", "showLegend": True, "values": ["value"]},
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": True, "limit": 25}}
    _all_links(made, panel, lang)
    return (made.type("piechart").options(options).no_value("-")
            .color_scheme(build.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
            .with_target(ClickHouseQuery(sql, format=TABLE)))


def _matrix(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    pivot = {"columnField": "target", "rowField": "source", "valueField": "value", "emptyValue": "null"}
    mode = (model.FieldColorModeId.THRESHOLDS if panel.thresholds
            else model.FieldColorModeId.CONTINUOUS_BL_YL_RD)
    made.type("table").options({"showHeader": True, "cellHeight": "sm", "footer": {"show": False}})
    made.custom({"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}}).no_value("")
    made.color_scheme(build.FieldColor().mode(mode))
    made.mappings(fields.value_mappings(panel, lang))
    made.with_override(model.MatcherConfig(id_val="byName", options="source\\target"), [
        model.DynamicConfigValue("displayName", _CORNER[lang]),
        model.DynamicConfigValue("custom.cellOptions", {"type": "auto"}),
        model.DynamicConfigValue("custom.align", "left")])
    made.with_transformation(model.DataTransformerConfig(id_val="groupingToMatrix", options=pivot))
    _all_links(made, panel, lang)
    return made.with_target(ClickHouseQuery(sql, format=TABLE))


def _sankey(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    """Grafana has no sankey of its own; its node graph shows the same edges without a further plugin."""
    edges = (f"SELECT concat(source, ' → ', target) AS id, source, target, value AS mainstat, "
             f"1 + 9 * value / greatest(max(value) OVER (), 1) AS thickness\nFROM (\n{sql}\n)")
    nodes = ("SELECT node AS id, node AS title, sum(value) AS mainstat\nFROM (\n"
             f"SELECT arrayJoin([source, target]) AS node, value\nFROM (\n{sql}\n)\n)\nGROUP BY node ORDER BY node")
    _all_links(made, panel, lang)
    return (made.type("nodeGraph").options({"edges": {"mainStatUnit": fields.UNITS[panel.unit]},
                                            "nodes": {"mainStatUnit": fields.UNITS[panel.unit]}})
            .with_target(ClickHouseQuery(nodes, ref_id="nodes", format=TABLE))
            .with_target(ClickHouseQuery(edges, ref_id="edges", format=TABLE)))


def _table(made: build.Panel, panel: Panel, lang: str, sql: str) -> build.Panel:
    options = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}
    made.type("table").options(options).custom({"align": "auto", "filterable": True, "cellOptions": {"type": "auto"}})
    made.no_value("-")
    _by_name(made, fields.overrides(panel, lang))
    _all_links(made, panel, lang)
    return made.with_target(ClickHouseQuery(sql, format=TABLE))


def _by_name(made: build.Panel, properties: list[tuple[str, dict[str, Any]]]) -> None:
    for column, values in properties:
        made.override_by_name(column, [model.DynamicConfigValue(name, value) for name, value in values.items()])


def _all_links(made: build.Panel, panel: Panel, lang: str) -> None:
    """Put the links that hold for any value into the defaults; other kinds than tables have no other place."""
    table = panel.kind is Kind.TABLE
    links = [fields.data_link(link, lang, panel) for link in panel.links if not (table and link.column)]
    if links:
        made.data_links([_Built(link) for link in links])


class _Built:
    """A value that is a builder of itself."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value

    def build(self) -> Any:
        return self._value


_KINDS: dict[Kind, Callable[[build.Panel, Panel, str, str], build.Panel]] = {
    Kind.STAT: _stat, Kind.TIMESERIES: _series, Kind.BARS: _series, Kind.RANKING: _ranking, Kind.SHARE: _share,
    Kind.MATRIX: _matrix, Kind.SANKEY: _sankey, Kind.TABLE: _table,
}

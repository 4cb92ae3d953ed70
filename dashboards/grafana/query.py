"""A panel's SQL in Grafana's words: macros for the time range, variables for filters, constants for what is fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.cog.variants import Dataquery

from dashboards.panels.routing import parameters_of
from dashboards.panels.variables import FILTERS, PARAMETERS

DATASOURCE_TYPE = "grafana-clickhouse-datasource"
DATASOURCE_UID = "sekisho-clickhouse"
DATASOURCE = {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID}
PLUGIN_VERSION = "4.20.0"
TIME_SERIES, TABLE = 0, 1
ANY_TEXT = "''"
"""What stands for "all" in a variable of which one value may be chosen: the empty text, quoted."""
NO_FILTER = "/* all */"
"""What stands for "all" in a variable of which several values may be chosen: an array literal without elements."""

_TIME = {"from_ms": "toUnixTimestamp64Milli($__fromTime_ms)", "to_ms": "toUnixTimestamp64Milli($__toTime_ms)",
         "step_s": "toUInt32($__interval_s)"}


def grafana_sql(sql: str, lang: str, fixed: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return a panel's SQL for the ClickHouse data source.

    fixed: values of the parameters that are decided when the dashboards are built (the policy's zones and conduits).
    """
    rendered = sql.replace("@grain", "${grain:raw}").replace("@source", "${source:raw}")
    for name, kind in parameters_of(sql).items():
        rendered = rendered.replace(f"{{{name}:{kind}}}", _value(name, kind, lang, fixed or {}))
    return rendered


def _value(name: str, kind: str, lang: str, fixed: Mapping[str, Sequence[str]]) -> str:
    if name in _TIME:
        return _TIME[name]
    if name == "lang":
        return text_literal(lang)
    variable = next((v for v in FILTERS if v.id == name), None) or PARAMETERS[name]
    if variable.fixed:
        return f"CAST([{', '.join(map(text_literal, fixed.get(name, ())))}], '{kind}')"
    chosen = f"${{{name}:singlequote}}"
    return f"CAST([{chosen}], '{kind}')" if variable.several else chosen


def text_literal(text: str) -> str:
    """Return a text as a ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass
class ClickHouseQuery(Dataquery):
    """A target of the ClickHouse data source, which the SDK has no class for."""

    sql: str
    ref_id: str = "A"
    format: int = TABLE
    hide: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def build(self) -> ClickHouseQuery:
        """Return itself: it is its own builder."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the target as Grafana keeps it."""
        kind = "timeseries" if self.format == TIME_SERIES else "table"
        return {"refId": self.ref_id, "datasource": DATASOURCE, "editorType": "sql", "queryType": kind,
                "format": self.format, "rawSql": self.sql, "pluginVersion": PLUGIN_VERSION, **self.more}

"""What a reader can choose beside the time range: the filters of every page, and the parameters of some."""

from __future__ import annotations

from dataclasses import dataclass

from columns.app import AppProto
from columns.codes import Outcome, Severity, Verdict, labels_of
from dashboards.panels.model import Words


@dataclass(frozen=True)
class Variable:
    """One choice. sql lists what there is to choose from (column ``value``), with lang as its only parameter; without
    it, choices are fixed, or any text may be typed. several: more than one may be chosen, none means all.
    fixed: given by whoever builds or serves the page, not chosen by the reader."""

    id: str
    title: Words
    sql: str = ""
    choices: tuple[str, ...] = ()
    several: bool = False
    fixed: bool = False


def _labels(codes: type) -> tuple[str, ...]:
    return tuple(labels_of(codes).values())


def _distinct(column: str) -> str:
    return f"SELECT DISTINCT toString({column}) AS value\nFROM traffic_1h\nWHERE {column} != ''\nORDER BY value"


_ZONES = ("SELECT DISTINCT toString(arrayJoin([src_zone, dst_zone])) AS value\nFROM traffic_1h\nWHERE value != ''\n"
          "ORDER BY value")

FILTERS = (
    Variable("site", Words("拠点", "Site"), _distinct("site"), several=True),
    Variable("sensor", Words("センサー", "Sensor"), _distinct("sensor"), several=True),
    Variable("zone", Words("系", "Zone"), _ZONES, several=True),
    Variable("severity", Words("重要度", "Severity"), choices=_labels(Severity), several=True),
)
"""The filters of every page."""

PARAMETERS = {v.id: v for v in (
    Variable("ip", Words("アドレス", "Address")),
    Variable("port", Words("ポート", "Port")),
    Variable("app", Words("プロトコル", "Protocol"), choices=_labels(AppProto)),
    Variable("src_zone", Words("開始側の系", "Initiator's zone"), _ZONES),
    Variable("dst_zone", Words("応答側の系", "Responder's zone"), _ZONES),
    Variable("verdict", Words("判定", "Verdict"), choices=_labels(Verdict)),
    Variable("outcome", Words("結果", "Outcome"), choices=_labels(Outcome)),
    Variable("conduit", Words("通信経路", "Conduit")),
    Variable("run", Words("実行", "Run")),
    Variable("alert_id", Words("アラート番号", "Alert id")),
    Variable("policy_zones", Words("方針の系", "Zones of the policy"), several=True, fixed=True),
    Variable("policy_conduits", Words("方針の通信経路", "Conduits of the policy"), several=True, fixed=True),
)}
"""The parameters of single pages, by name."""

"""What a kind of panel asks of the columns of its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboards.panels.model import Kind, Panel

_WRAPPERS = re.compile(r"^(?:Nullable|LowCardinality|SimpleAggregateFunction)\((?:\w+, )?(.*)\)$")
_NUMBERS = re.compile(r"^(U?Int(8|16|32|64)|Float(32|64))$")


def is_number(kind: str) -> bool:
    """Is a ClickHouse type a number that Grafana and the console can draw?"""
    return bool(_NUMBERS.match(_plain(kind)))


def is_text(kind: str) -> bool:
    """Is a ClickHouse type a text?"""
    return _plain(kind) == "String"


def is_time(kind: str) -> bool:
    """Is a ClickHouse type a time that says its time zone?"""
    return _plain(kind).startswith(("DateTime('UTC')", "DateTime64(3, 'UTC')"))


def column_problems(panel: Panel, columns: Sequence[str], types: Sequence[str]) -> list[str]:
    """Return what is wrong with the columns of a panel's answer for its kind, and for its links and settings."""
    of = dict(zip(columns, types, strict=True))
    problems = [f"{name} has the type {kind}, which is neither number, text nor time"
                for name, kind in of.items() if not (is_number(kind) or is_text(kind) or is_time(kind))]
    problems += [f"no column {name}, which {why} names" for name, why in _named(panel) if name and name not in of]
    return problems + _KINDS[panel.kind](of)


def _named(panel: Panel) -> list[tuple[str, str]]:
    named = [(name, "units") for name in panel.units] + [(name, "hidden") for name in panel.hidden]
    named += [(panel.colours, "colours")]
    for link in panel.links:
        named += [(link.column, "a link"), *((column, "a link") for column in link.parameters.values())]
    return named


def _stat(of: dict[str, str]) -> list[str]:
    return [f"{name} is no number" for name, kind in of.items() if not is_number(kind)]


def _over_time(of: dict[str, str]) -> list[str]:
    problems = [] if is_time(of.get("time", "")) else ["no time column `time`"]
    rest = {name: kind for name, kind in of.items() if name not in ("time", "series")}
    problems += [f"{name} is no number" for name, kind in rest.items() if not is_number(kind)]
    if "series" in of and (len(rest) != 1 or not is_text(of["series"])):
        problems.append("beside time and series (text) there must be one number")
    return problems if rest else [*problems, "no number"]


def _labelled(of: dict[str, str]) -> list[str]:
    problems = [] if is_text(of.get("label", "")) else ["no text column `label`"]
    rest = [name for name in of if name != "label"]
    problems += [f"{name} is no number" for name in rest if not is_number(of[name])]
    return problems if rest else [*problems, "no number"]


def _from_to(of: dict[str, str]) -> list[str]:
    problems = [f"no text column `{name}`" for name in ("source", "target") if not is_text(of.get(name, ""))]
    return problems if is_number(of.get("value", "")) else [*problems, "no number `value`"]


def _any(of: dict[str, str]) -> list[str]:
    return [] if of else ["no column"]


def _plain(kind: str) -> str:
    while match := _WRAPPERS.match(kind):
        kind = match.group(1)
    return kind


_KINDS = {Kind.STAT: _stat, Kind.TIMESERIES: _over_time, Kind.BARS: _over_time, Kind.RANKING: _labelled,
          Kind.SHARE: _labelled, Kind.MATRIX: _from_to, Kind.SANKEY: _from_to, Kind.TABLE: _any}

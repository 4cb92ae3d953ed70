"""How values look in Grafana: units, thresholds, words and colours for codes, headings, links."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from columns.codes import (
    AlertAction,
    AlertState,
    Certainty,
    EndReason,
    Outcome,
    Property,
    Severity,
    TcpState,
    Verdict,
    labels_of,
)
from columns.labels import label_text
from dashboards.panels.model import Kind, Level, Link, Panel, Unit
from dashboards.panels.outputs import output_columns
from dashboards.panels.variables import FILTERS
from dashboards.panels.words import COLUMN_WORDS, column_text


def _labels(codes: type[IntEnum]) -> tuple[str, ...]:
    return tuple(labels_of(codes).values())


UNITS = {Unit.NONE: "none", Unit.COUNT: "locale", Unit.BYTES: "decbytes", Unit.BITS_PER_SECOND: "bps",
         Unit.PACKETS_PER_SECOND: "pps", Unit.PER_SECOND: "cps", Unit.SECONDS: "s", Unit.SHARE: "percentunit",
         Unit.TIME: "dateTimeAsIso"}
COLOURS = {Level.GOOD: "green", Level.NOTICE: "yellow", Level.WARNING: "orange", Level.CRITICAL: "red"}
MEANING = {
    "critical": "dark-red", "high": "red", "medium": "orange", "low": "blue", "permitted": "green",
    "not_judged": "text", "permitted_excess": "yellow", "out_of_hours": "orange", "wrong_initiator": "red",
    "wrong_app": "red", "unsanitized": "red", "expired_conduit": "yellow", "no_conduit": "red",
    "wrong_segment": "purple", "unattributed": "purple", "attempted": "yellow", "established": "blue",
    "unknown": "text", "used": "green", "unused": "yellow", "open": "red", "acknowledged": "yellow",
    "in_progress": "blue", "closed": "green", "false_positive": "text", "complete": "green", "running": "blue",
    "interrupted": "red",
}
"""Label -> colour, for the columns that panels colour by meaning."""
_STATUS = ("open", "acknowledged", "in_progress", "closed", "false_positive")
CODES: dict[str, tuple[str, ...]] = {
    "severity": _labels(Severity), "verdict": _labels(Verdict), "outcome": _labels(Outcome),
    "state": _labels(AlertState), "tcp_state": _labels(TcpState), "direction_certainty": _labels(Certainty),
    "end_reason": _labels(EndReason), "action": _labels(AlertAction),
    "status": (*_STATUS, "running", "complete", "interrupted"), "use": ("used", "unused"), "kind": ("replay", "live"),
    "coverage": ("observed", "not_observed"),
    "value": (*_labels(Severity), *_labels(AlertState), *_labels(Verdict), *_labels(Outcome), *_labels(Certainty),
              *_labels(Property)),
}
"""Column whose texts are labels of codes -> the labels."""


def thresholds(panel: Panel) -> build.ThresholdsConfig:
    """Return the thresholds of a panel; without any, one neutral step."""
    steps = [model.Threshold(value=None, color="text")]
    for number, step in enumerate(panel.thresholds):
        colour = COLOURS[step.level]
        if number == 0:
            steps[0] = model.Threshold(value=None, color=colour)
        else:
            steps.append(model.Threshold(value=step.value, color=colour))
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def label_mapping(column: str, lang: str, *, coloured: bool) -> dict[str, Any]:
    """Return the mapping of a column's labels to words in a language, with their colours if asked."""
    options = {}
    for index, label in enumerate(CODES[column]):
        colour = {"color": MEANING[label]} if coloured and label in MEANING else {}
        options[label] = {"text": label_text(label, lang), "index": index, **colour}
    return {"type": "value", "options": options}


def value_mappings(panel: Panel, lang: str) -> list[dict[str, Any]]:
    """Return the mapping of the values that a panel shows as words, empty if it has none."""
    options = {value: {"text": words.text(lang), "index": i} for i, (value, words) in enumerate(panel.values.items())}
    return [{"type": "value", "options": options}] if options else []


def overrides(panel: Panel, lang: str) -> list[tuple[str, dict[str, Any]]]:
    """Return (column, {property: value}) for every column that differs from the panel's defaults."""
    found = []
    for column in output_columns(panel.sql):
        properties: dict[str, Any] = {}
        if column in COLUMN_WORDS:
            properties["displayName"] = column_text(column, lang)
        if column in panel.units:
            properties["unit"] = UNITS[panel.units[column]]
        if panel.kind is Kind.TABLE:
            properties |= _cell(panel, column, lang)
        found.append((column, properties))
    return [(column, properties) for column, properties in found if properties]


def _cell(panel: Panel, column: str, lang: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if column in panel.hidden:
        properties["custom.hidden"] = True
    if column in CODES:
        properties["mappings"] = [label_mapping(column, lang, coloured=column == panel.colours)]
    if column == panel.colours:
        properties["custom.cellOptions"] = {"type": "color-text"}
    links = [data_link(link, lang, panel) for link in panel.links if link.column == column]
    if links:
        properties["links"] = links
    return properties


def data_link(link: Link, lang: str, panel: Panel) -> dict[str, Any]:
    """Return a link from a value to another dashboard: its parameters from the row, the reader's filters and range."""
    pieces = ["${__url_time_range}"]
    pieces += [f"${{{v.id}:queryparam}}" for v in FILTERS if v.id not in link.parameters]
    pieces += [f"var-{name}={_from_row(column, link, panel)}" for name, column in link.parameters.items()]
    return {"title": link.title.text(lang), "url": f"/d/{dashboard_uid(link.page, lang)}?" + "&".join(pieces)}


def _from_row(column: str, link: Link, panel: Panel) -> str:
    if panel.kind is Kind.MATRIX:  # a row per source, a column per target
        return "${__field.name:percentencode}" if column == "target" else "${__data.fields[0]:percentencode}"
    if column == "series":
        return "${__field.labels.series:percentencode}"
    if column == link.column:  # the value itself, not the word that is shown for it
        return "${__value.raw:percentencode}"
    return f"${{__data.fields.{column}:percentencode}}"


def dashboard_uid(page: str, lang: str) -> str:
    """Return the uid of a page's dashboard in a language."""
    return f"sekisho-{page}-{lang}"

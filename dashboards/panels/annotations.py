"""What is marked on the time axis of every page: alerts of high severity."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.panels.model import Words
from dashboards.panels.sql import JA, SIGNATURE, alerts_now


@dataclass(frozen=True)
class Annotation:
    """Marks on the time axis: columns time, timeEnd (DateTime64), title, text, tags (text)."""

    id: str
    title: Words
    sql: str


ALERTS = Annotation(
    "alerts", Words("アラート（緊急・高）", "Alerts (critical, high)"),
    f"SELECT toDateTime64(start_ns, 3, 'UTC') AS time, toDateTime64(end_ns, 3, 'UTC') AS timeEnd, "
    f"{SIGNATURE} AS title, if({JA}, why_ja, why) AS text, concat(toString(severity), ',', detector) AS tags\nFROM "
    + alerts_now("start_ns, end_ns, signature, signature_ja, why, why_ja, detector", "", "severity <= 'high'")
    + "\nORDER BY start_ns DESC LIMIT 200")

"""Alert rules, contact points and policies as Grafana provisions them."""

from __future__ import annotations

from typing import Any

from dashboards.grafana.query import DATASOURCE_UID, ClickHouseQuery
from dashboards.panels.rules import RULES, Rule

FOLDER = "Sekisho"
FOLDER_UID = "sekisho"
GROUP = "sekisho"
RECEIVER = "sekisho-webhook"
RECEIVER_UID = "sekisho-webhook"
WEBHOOK_ENV = "SEKISHO_WEBHOOK_URL"
INTERVAL_S = 60


def rule_groups(lang: str) -> list[dict[str, Any]]:
    """Return the one group of rules, as file provisioning wants it."""
    return [{"orgId": 1, "name": GROUP, "folder": FOLDER, "interval": f"{INTERVAL_S}s",
             "rules": [rule_json(rule, lang) for rule in RULES]}]


def rule_json(rule: Rule, lang: str) -> dict[str, Any]:
    """Return one rule: A asks, B compares every row with the limit."""
    return {
        "uid": f"sekisho-{rule.id}", "title": rule.title.text(lang), "condition": "B", "data": [
            {"refId": "A", "relativeTimeRange": {"from": 900, "to": 0}, "datasourceUid": DATASOURCE_UID,
             "model": ClickHouseQuery(rule.sql).to_json() | {"intervalMs": 1000, "maxDataPoints": 43200}},
            {"refId": "B", "relativeTimeRange": {"from": 0, "to": 0}, "datasourceUid": "__expr__",
             "model": {"refId": "B", "type": "threshold", "expression": "A",
                       "datasource": {"type": "__expr__", "uid": "__expr__"},
                       "conditions": [{"evaluator": {"type": "gt", "params": [rule.above]}}]}},
        ],
        # a question without rows is the good state of all of these rules; one that fails is not
        "noDataState": "OK", "execErrState": "Error", "for": f"{rule.for_s}s", "isPaused": False,
        "labels": {"severity": rule.severity, "product": "sekisho"},
        "annotations": {"summary": rule.summary.text(lang)},
    }


def contact_point(url: str) -> dict[str, Any]:
    """Return the webhook that is called."""
    return {"uid": RECEIVER_UID, "type": "webhook", "settings": {"url": url, "httpMethod": "POST"},
            "disableResolveMessage": False}


def policy() -> dict[str, Any]:
    """Return the notification policy: one message per rule, site and sensor; critical ones wait less."""
    return {"receiver": RECEIVER, "group_by": ["grafana_folder", "alertname", "site", "sensor"], "group_wait": "30s",
            "group_interval": "5m", "repeat_interval": "4h", "routes": [
                {"receiver": RECEIVER, "object_matchers": [["severity", "=", "critical"]], "group_wait": "0s",
                 "group_interval": "1m", "repeat_interval": "1h"}]}

"""Where clicks lead; the same words everywhere."""

from dashboards.panels.model import Link, Words

TO_ALERTS = Link("alerts", {}, Words("アラートの一覧", "Alerts"))
TO_ZONES = Link("zones", {}, Words("系間通信", "Between zones"))
TO_HEALTH = Link("health", {}, Words("センサー健全性", "Sensor health"))
TO_DOS = Link("dos", {}, Words("DoS", "DoS"))


def to_host(column: str = "ip") -> Link:
    """Return a link from an address in a column to everything about it."""
    return Link("host", {"ip": column}, Words("このアドレスのすべて", "Everything about this address"), column)


def to_alert(column: str = "signature") -> Link:
    """Return a link to one alert; the row must have run_id and alert_id."""
    return Link("alert", {"run": "run_id", "alert_id": "alert_id"}, Words("このアラート", "This alert"), column)


def to_alerts_of(severity: str = "", zone: str = "", column: str = "") -> Link:
    """Return a link to the alerts with the row's severity or zone."""
    parameters = {name: value for name, value in (("severity", severity), ("zone", zone)) if value}
    return Link("alerts", parameters, Words("該当するアラート", "Its alerts"), column)


def to_flows(column: str = "", **parameters: str) -> Link:
    """Return a link to the flow search with the row's values."""
    return Link("flows", parameters, Words("該当するフロー", "Its flows"), column)

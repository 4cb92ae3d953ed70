"""The alert queue and what people do about alerts."""

from __future__ import annotations

from typing import Any

from columns.codes import AlertAction, Severity, labels_of
from columns.errors import UsageError
from dashboards.console.asked import Asked, address_of, number_of, one_of
from dashboards.panels import bind
from dashboards.panels.sql import STATUS, address, alerts_now, with_status

ROWS = 200
_DEEPEST = 100_000
COMMENT_LETTERS = 2000
ACTOR_LETTERS = 64
STATUSES = ("open", "acknowledged", "in_progress", "closed", "false_positive")
PARAMETERS = ("status", "detector", "signature_id", "ip", "src_zone", "dst_zone", "run", "text", "offset", "limit")

_CHOOSE = "state, start_ns, end_ns, inserted_at, signature_id, detector"
_TEXTS = "signature, signature_ja, why, why_ja"
_SHOWN = ("run_id", "sensor", "site", "alert_id", "revision", "signature", "signature_ja", "detector", "signature_id",
          "dst_prefix_bits", "src_port", "dst_port", "proto", "src_zone", "dst_zone", "events", "why", "why_ja",
          "flow_id", "measured", "threshold")
_AS_TEXT = ("state", "severity", "outcome", "verdict", "start_ns", "end_ns")
_DONE = "now_status IN ('closed', 'false_positive')"


def alert_question(asked: Asked, limit: int = ROWS) -> tuple[str, dict[str, Any]]:
    """Return the SQL and parameters of the alert queue: what is undecided, severe and new first.

    Which alerts are shown is decided from few columns; their texts are read only for those. ``matching`` in each row
    is how many there are in all.
    """
    extra, status, texts, params = _conditions(asked)
    columns = f"{_CHOOSE}, {_TEXTS}" if texts else _CHOOSE
    shown = [*(f"alert.{c} AS {c}" for c in _SHOWN), *(f"toString(alert.{c}) AS {c}" for c in _AS_TEXT),
             f"{address('alert.src_ip')} AS src_ip", f"{address('alert.dst_ip')} AS dst_ip",
             "queue.now_status AS status", "queue.said AS comments", "queue.found AS matching"]
    sql = (f"WITH queue AS (SELECT run_id, alert_id, revision, {STATUS} AS now_status, status.comments AS said, "
           f"count() OVER () AS found FROM {with_status(alerts_now(columns, ' AND '.join(extra)))} WHERE {status} "
           f"ORDER BY {_DONE}, severity, start_ns DESC, alert_id LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}) "
           f"SELECT {', '.join(shown)} FROM alert INNER JOIN queue ON alert.run_id = queue.run_id AND "
           "alert.alert_id = queue.alert_id AND alert.revision = queue.revision "
           "WHERE (alert.run_id, alert.alert_id) IN (SELECT run_id, alert_id FROM queue) "
           f"ORDER BY queue.{_DONE}, alert.severity, alert.start_ns DESC, alert.alert_id")
    values = params | {"limit": limit, "offset": asked.number("offset", 0, 0, _DEEPEST)}
    return bind(sql, asked.request(values))


def _conditions(asked: Asked) -> tuple[list[str], str, bool, dict[str, Any]]:
    """Return the conditions on all revisions, the one on the status, whether texts are searched, and parameters."""
    rest = {k: v.strip() for k, v in asked.rest.items() if v.strip()}
    extra, status, params = [], "1", {}
    for label in asked.lists.get("severity", ()):
        one_of("severity", label, labels_of(Severity).values())
    if "status" in rest:
        params["status"] = [one_of("status", s, STATUSES) for s in rest["status"].split(",")]
        status = "has({status:Array(String)}, now_status)"
    if "ip" in rest:
        params["ip"] = address_of(rest["ip"])
        extra.append("(src_ip = toIPv6({ip:String}) OR dst_ip = toIPv6({ip:String}))")
    if "signature_id" in rest:
        params["signature_id"] = number_of("signature_id", rest["signature_id"], 2**32 - 1)
        extra.append("signature_id = {signature_id:UInt32}")
    for name, column in (("detector", "detector"), ("src_zone", "src_zone"), ("dst_zone", "dst_zone"),
                         ("run", "run_id")):
        if name in rest:
            params[name] = rest[name]
            extra.append(f"{column} = {{{name}:String}}")
    if "text" in rest:
        params["text"] = rest["text"]
        extra.append("positionCaseInsensitiveUTF8(concat(signature, ' ', signature_ja, ' ', why, ' ', why_ja), "
                     "{text:String}) > 0")
    return extra, status, "text" in rest, params


def actions_of(store: Any, run: str, alert_id: int) -> list[dict[str, Any]]:
    """Return what people did about an alert, oldest first."""
    return store.query("SELECT toString(at) AS at, actor, toString(action) AS action, comment FROM alert_action "
                       "WHERE run_id = {run:String} AND alert_id = {alert:UInt64} ORDER BY alert_action.at",
                       {"run": run, "alert": alert_id}).dicts()


def status_of(actions: list[dict[str, Any]]) -> str:
    """Return the state that an alert is in after these actions."""
    steps = [a["action"] for a in actions if a["action"] != "comment"]
    return "open" if not steps or steps[-1] == "reopened" else steps[-1]


def note_action(store: Any, run: str, alert_id: int, body: Any) -> None:
    """Keep an action on an alert that exists, as the browser sent it; UsageError names what is wrong with it."""
    if not isinstance(body, dict) or set(body) - {"action", "comment", "actor"}:
        raise UsageError("an action has action, comment and actor", where="action")
    texts = {name: body.get(name, "") for name in ("action", "comment", "actor")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise UsageError("action, comment and actor are texts", where="action")
    action = one_of("action", texts["action"], labels_of(AlertAction).values())
    comment, actor = texts["comment"].strip(), texts["actor"].strip()
    _check_texts(action, comment, actor)
    known = store.query("SELECT count() FROM alert WHERE run_id = {run:String} AND alert_id = {alert:UInt64}",
                        {"run": run, "alert": alert_id}).rows[0][0]
    if not known:
        raise UsageError(f"no alert {alert_id} in run {run[:80]}", where="alert")
    store.add_alert_action(run, alert_id, action, actor=actor, comment=comment)


def _check_texts(action: str, comment: str, actor: str) -> None:
    """Raise UsageError for a text that is missing, too long, or holds what no keyboard types."""
    if not actor:
        raise UsageError("no name was given", where="actor", remedy="say who you are: others will ask you")
    if action == "comment" and not comment:
        raise UsageError("the comment is empty", where="comment")
    for name, text, most in (("actor", actor, ACTOR_LETTERS), ("comment", comment, COMMENT_LETTERS)):
        if len(text) > most:
            raise UsageError(f"{name} has {len(text)} letters", where=name, expected=f"at most {most}")
        if any(not c.isprintable() and c not in "\n\t" for c in text):
            raise UsageError(f"{name} holds control characters", where=name)

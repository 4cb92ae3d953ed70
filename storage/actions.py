"""What people do about alerts: checked here, written as one row per action, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from columns.codes import AlertAction, labels_of
from columns.errors import UsageError

ACTIONS = tuple(labels_of(AlertAction).values())
"""acknowledged, in_progress, closed, false_positive, reopened, comment."""

MAX_ACTOR_CHARACTERS = 100
MAX_COMMENT_CHARACTERS = 4000

# the time rises within an alert even where two actions meet in a millisecond or the clock is set back
INSERT_SQL = """INSERT INTO alert_action (run_id, alert_id, at, actor, action, comment)
SELECT {run:String}, {alert:UInt64}, greatest(now64(3, 'UTC'), max(at) + toIntervalMillisecond(1)),
    {actor:String}, {action:String}, {comment:String}
FROM alert_action WHERE run_id = {run:String} AND alert_id = {alert:UInt64}
SETTINGS distributed_foreground_insert = 1"""


def action_params(run_id: str, alert_id: int, action: str, actor: str, comment: str) -> dict[str, Any]:
    """Return the parameters of INSERT_SQL; UsageError when something is missing, unknown or too long."""
    if action not in ACTIONS:
        raise UsageError(f"unknown action {action!r}", where="alert action", expected="one of " + ", ".join(ACTIONS))
    actor, comment = actor.strip(), comment.strip()
    if not 0 < len(actor) <= MAX_ACTOR_CHARACTERS:
        raise UsageError("no actor, or a name too long", where="alert action",
                         expected=f"who does it, in at most {MAX_ACTOR_CHARACTERS} characters")
    if len(comment) > MAX_COMMENT_CHARACTERS or (action == "comment" and not comment):
        raise UsageError("an empty comment, or one too long", where="alert action",
                         expected=f"a text of at most {MAX_COMMENT_CHARACTERS} characters")
    return {"run": run_id, "alert": alert_id, "action": action, "actor": actor, "comment": comment}


def require_alert(query: Callable[[str, Mapping[str, Any]], Any], run_id: str, alert_id: int) -> None:
    """Raise UsageError unless the store holds the alert."""
    held = query("SELECT count() FROM alert WHERE run_id = {run:String} AND alert_id = {alert:UInt64}",
                 {"run": run_id, "alert": alert_id}).rows[0][0]
    if not held:
        raise UsageError(f"no alert {alert_id} in run {run_id}", where="alert action",
                         remedy="sekisho alerts lists them")

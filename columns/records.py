"""Records: the small tables that are not rows of a run: the runs themselves, and what people did about alerts."""

from __future__ import annotations

from dataclasses import dataclass

from columns.codes import AlertAction
from columns.ddl import Create, column_line, enum_type


@dataclass(frozen=True)
class Record:
    """A small table: its columns as (name, type, meaning), its engine and key."""

    name: str
    meaning: str
    columns: tuple[tuple[str, str, str], ...]
    engine: str
    order_by: tuple[str, ...]
    partition_by: str = ""
    deduplicated: bool = False
    shard_by: str = "rand()"

    @property
    def structure(self) -> str:
        """Its columns as the table function format() wants them."""
        return ", ".join(f"{name} {kind}" for name, kind, _ in self.columns)

    def create(self) -> Create:
        """Return the table to create."""
        lines = tuple(column_line(name, kind, "") for name, kind, _ in self.columns)
        return Create(self.name, lines, self.engine, self.order_by, self.partition_by,
                      deduplicated=self.deduplicated, shard_by=self.shard_by)


RUNS = Record(
    name="runs",
    meaning="One row per change of a run's state; the highest revision is the present one.",
    columns=(
        ("run_id", "String", "id of the run"),
        ("revision", "UInt64", "number of the change, rising over all runs"),
        ("kind", "Enum8('replay' = 0, 'live' = 1)", "replay of captures, or one life of a live sensor"),
        ("sensor", "String", "name of the sensor"),
        ("site", "String", "name of the site"),
        ("status", "Enum8('running' = 0, 'complete' = 1, 'interrupted' = 2)", "how far it is"),
        ("attempt", "UInt32", "how often it was begun"),
        ("captures", "Array(String)", "the captures replayed"),
        ("started_at", "DateTime64(3, 'UTC')", "wall clock when it began"),
        ("finished_at", "DateTime64(3, 'UTC')", "wall clock when it ended, 1970 while it runs"),
        ("keep_days", "UInt16", "days after which its rows expire, 0 = never"),
        ("packets", "UInt64", "packets read"),
        ("bytes", "UInt64", "bytes on the wire"),
        ("version", "String", "version of the program"),
        ("config_digest", "String", "digest of the configuration"),
        ("policy_digest", "String", "digest of the zone policy"),
        ("digest", "String", "digest of its flows and alerts"),
        ("rows", "Map(String, UInt64)", "rows by table when it ended"),
    ),
    engine="ReplacingMergeTree(revision)",
    order_by=("run_id",),
    deduplicated=True,
    shard_by="cityHash64(run_id)",
)

ALERT_ACTION = Record(
    name="alert_action",
    meaning="What people did about alerts, one row per action; nothing is ever changed. It goes when its run is "
            "deleted, and stays when an interrupted run is written again (the alerts come back with the same ids).",
    columns=(
        ("run_id", "LowCardinality(String)", "run of the alert"),
        ("alert_id", "UInt64", "the alert"),
        ("at", "DateTime64(3, 'UTC')", "wall clock, rising within an alert"),
        ("actor", "LowCardinality(String)", "who did it"),
        ("action", enum_type(AlertAction), "what was done"),
        ("comment", "String", "what was said about it"),
    ),
    engine="MergeTree",
    order_by=("run_id", "alert_id", "at"),
    partition_by="run_id",
    shard_by="cityHash64(alert_id)",
)

SCHEMA_MIGRATIONS = Record(
    name="schema_migrations",
    meaning="What was done to bring the store's tables to the present schema, one row per step; the highest number "
            "with the step 'done' is the schema the store has.",
    columns=(
        ("number", "UInt32", "number of the migration"),
        ("name", "String", "what it is for"),
        ("step", "String", "the step that was done; 'done' closes the migration"),
        ("at", "DateTime64(3, 'UTC')", "wall clock"),
    ),
    engine="MergeTree",
    order_by=("number", "at"),
)

RECORDS = (RUNS, ALERT_ACTION, SCHEMA_MIGRATIONS)
"""Every record of a store."""

ALERT_STATUS_VIEW = """CREATE OR REPLACE VIEW alert_status AS
SELECT
    run_id,
    alert_id,
    multiIf(latest IN ('', 'reopened'), 'open', latest) AS status,
    argMaxIf(toString(action), at, action != 'comment') AS latest,
    argMaxIf(alert_action.actor, at, action != 'comment') AS actor,
    maxIf(at, action != 'comment') AS since,
    argMaxIf(alert_action.comment, at, alert_action.comment != '') AS comment,
    countIf(alert_action.comment != '') AS comments,
    max(at) AS last_action_at
FROM alert_action
GROUP BY run_id, alert_id"""
"""Present state of every alert that somebody did something about.

An alert without a row here is open. status: open, acknowledged, in_progress, closed or false_positive. actor and since
are of the action that made it so, comment is the newest one.
"""

"""A run: one replay, or one life of a live sensor. Every stored row belongs to exactly one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Literal

from columns.errors import UsageError

MAX_KEEP_DAYS = 20_000
"""Beyond this, insertion time and days together would leave what ClickHouse's DateTime can hold (the year 2106)."""

Kind = Literal["replay", "live"]
Status = Literal["running", "complete", "interrupted"]


class Begun(Enum):
    """What beginning a run found in the store."""

    NEW = "new"
    RESTARTED = "restarted"  # an earlier attempt was interrupted: its rows were removed, this one writes them again
    DEFERRED = "deferred"  # the server is away: rows wait in the spool, and it is decided when the server answers
    COMPLETE = "complete"  # all rows are there already: inserts of this run are ignored, and nothing is doubled


@dataclass(frozen=True)
class Run:
    """What is known of a run when it begins.

    run_id: the same for the same replay (captures, configuration, policy, version), unique for a live run.
    captures: names to show. started_at: wall clock, aware. keep_days: 0 keeps rows until the run is deleted,
    1..20000 lets them expire that many days after their insertion; a wrong value raises UsageError.
    """

    run_id: str
    kind: Kind = "replay"
    sensor: str = "sekisho"
    site: str = "main"
    captures: tuple[str, ...] = ()
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    keep_days: int = 0
    version: str = ""
    config_digest: str = ""
    policy_digest: str = ""

    def __post_init__(self) -> None:
        if not self.run_id:
            raise UsageError("the run id is empty", expected="a text that names the run")
        if not 0 <= self.keep_days <= MAX_KEEP_DAYS:
            raise UsageError(f"keep_days is {self.keep_days}", expected=f"0 (for ever) to {MAX_KEEP_DAYS}")
        if self.kind == "replay" and self.keep_days:
            raise UsageError("a replay does not expire", expected="keep_days 0",
                             remedy="delete its run when it is no longer needed")


@dataclass(frozen=True)
class RunSummary:
    """What is known of a run when it ends; digest is that of flows and alerts, whatever their order."""

    packets: int = 0
    bytes: int = 0
    digest: str = ""

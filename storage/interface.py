"""What a store is, whichever engine stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from columns.schema import Table
from storage.pruned import Pruned
from storage.run import Begun, Run, RunSummary

Param = str | int | float | bool | Sequence[str] | Sequence[int]


class QueryResult(NamedTuple):
    """Names, ClickHouse types and rows of a query.

    Values are int, float, bool, str, None, list or dict by type; times are text as ClickHouse writes them (UTC), with
    all nine decimals of nanoseconds; bytes that are not UTF-8 became U+FFFD.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Store(Protocol):
    """Keeps the rows of runs. Inserts go on in the background; what went wrong there is raised by the next call."""

    def begin_run(self, run: Run) -> Begun:
        """Begin a run (one at a time), and say what the store held of it; see Begun."""

    def insert(self, table: Table, batch: Any, *, vocabularies: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take rows of a stored table for the run. They are copied: the caller may reuse its arrays."""

    def flush(self) -> None:
        """Return when every row taken so far is in the store."""

    def finish_run(self, summary: RunSummary, *, interrupted: bool = False) -> None:
        """Write what is left and close the run, as complete or as interrupted."""

    def notes(self) -> list[str]:
        """Return what people should know of the run that was finished last: rows that wait for the server, or are lost.
        """

    def counters(self) -> dict[str, int]:
        """Return what was counted on the way to the store; nothing where the way is direct."""

    def query(self, sql: str, params: Mapping[str, Param] | None = None, *, read_only: bool = False) -> QueryResult:
        """Run one statement that reads; ``{name:Type}`` in it stands for a parameter.

        The engine refuses writes in any case. read_only is for statements that people type: they are parsed first,
        and must be one statement that neither writes a file nor chooses a format.
        """

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, oldest first: a dictionary of what `runs` holds of each.

        run_id, kind, sensor, site, status, attempt, captures, started_at, finished_at ("" until it has ended),
        keep_days, packets, bytes, version, config_digest, policy_digest, digest, and rows: rows by table
        (of alerts, one for each alert whatever its revisions).
        """

    def delete_run(self, run_id: str) -> None:
        """Remove a run and all of its rows."""

    def add_alert_action(self, run_id: str, alert_id: int, action: str, *, actor: str, comment: str = "") -> None:
        """Write down what somebody did about an alert; the view alert_status then shows its state.

        action: acknowledged, in_progress, closed, false_positive, reopened, or comment (which needs one). actor: who,
        1 to 100 characters; comment: up to 4000. UsageError for anything else, or an alert that is not there.
        """

    def prune(self, *, budget_bytes: int = 0, replays: bool = False, dry_run: bool = False) -> Pruned:
        """Drop rows that have expired by days, and then what exceeds a budget of bytes (0: none).

        The oldest insertions of live runs go first: flows and counters, then rollups, alerts last; replays only where
        replays says so. dry_run only tells what would go.
        """

    def close(self) -> None:
        """Write what is left and give the store free; a run that was not finished becomes interrupted."""

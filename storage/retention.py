"""Retention: what has expired by days goes, and what exceeds a budget of bytes, the oldest first and alerts last.

Both count from insertion, never from event time. Never dropped: replays, unless the budget says so explicitly; the
newest partition of a run that is being written; the records of runs and what people did about alerts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from columns.clickhouse import quoted
from columns.rollups import ROLLUPS
from storage.engine import Connection
from storage.layout import layout_of
from storage.pruned import Dropped, Partition, Pruned
from storage.usage import partitions, table_usage
from storage.versions import Query

_DAY_S = 86_400
_ROLLUPS = frozenset(r.name for r in ROLLUPS)
_ALERTS = frozenset({"alert", *(r.name for r in ROLLUPS if r.source.name == "alert")})


@dataclass(frozen=True)
class RetentionSettings:
    """What a store may grow to. Days belong to a run: rows of a live run expire that many days after insertion."""

    budget_gb: float = field(default=0.0, metadata={
        "unit": "10^9 bytes", "range": (0.0, 1e9), "result": False,
        "meaning": "what the store may take on the disk; when a replay has ended, and by `sekisho store prune`, the "
        "oldest insertions of live runs are dropped until it fits: flows, then rollups, alerts last; 0 is no budget"})
    replays: bool = field(default=False, metadata={
        "result": False, "meaning": "whether the budget may drop replays too, which never expire otherwise"})

    @property
    def budget_bytes(self) -> int:
        """The budget in bytes, 0 for none."""
        return int(self.budget_gb * 1e9)


def prune(connection: Connection, query: Query, *, budget_bytes: int = 0, replays: bool = False,
          dry_run: bool = False, now_s: float | None = None) -> Pruned:
    """Drop what has expired, and then what exceeds the budget (0: no budget); see Pruned.

    replays: the budget may take replays as well, which never expire by days. dry_run: only say what would go.
    """
    now_s = time.time() if now_s is None else now_s
    held = partitions(query)
    total = sum(t.bytes for t in table_usage(query))
    gone = [Dropped(p, "expired") for p in held if p.keep_days and p.last_s + p.keep_days * _DAY_S <= now_s]
    rest = total - sum(d.partition.bytes for d in gone)
    expired = {d.partition for d in gone}
    running = {run for (run,) in query("SELECT run_id FROM runs FINAL WHERE status = 'running'", {}).rows}
    for part in _in_order([p for p in held if p not in expired], running, replays) if budget_bytes else ():
        if rest <= budget_bytes:
            break
        gone.append(Dropped(part, "budget"))
        rest -= part.bytes
    layout = layout_of(query)
    for part in [] if dry_run else [d.partition for d in gone]:
        connection.execute(f"ALTER TABLE {layout.altered(part.table)} DROP PARTITION ID {quoted(part.partition_id)} "
                           "SETTINGS max_partition_size_to_drop = 0")
    return Pruned(tuple(gone), total, rest, max(0, rest - budget_bytes) if budget_bytes else 0, _rows(gone))


def _in_order(held: Sequence[Partition], running: set[str], replays: bool) -> list[Partition]:
    """Return what a budget may drop: raw rows before rollups before alerts, live runs before replays, the oldest first.

    The newest partition of a run that is being written stays: its rows would only be replaced by rows without context.
    """
    newest = {(p.table, p.run_id): max(q.last_s for q in held if (q.table, q.run_id) == (p.table, p.run_id))
              for p in held if p.run_id in running}
    allowed = [p for p in held if (p.keep_days or replays) and p.last_s != newest.get((p.table, p.run_id))]
    return sorted(allowed, key=lambda p: (p.table in _ALERTS, p.table in _ROLLUPS, not p.keep_days, p.last_s, p.table,
                                          p.run_id, p.partition_id))


def _rows(gone: Sequence[Dropped]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for d in gone:
        rows[d.partition.table] = rows.get(d.partition.table, 0) + d.partition.rows
    return dict(sorted(rows.items()))

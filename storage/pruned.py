"""Partitions of runs, and what became of them when a store was pruned."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Partition:
    """Rows of one run that were inserted in one day or month, in one table.

    keep_days: as its rows say; 0 for a replay. last_s: when the newest row came, seconds since 1970.
    """

    table: str
    run_id: str
    partition_id: str
    rows: int
    bytes: int
    keep_days: int
    last_s: int


@dataclass(frozen=True)
class Dropped:
    """A partition that was dropped (or would be), and why: ``expired`` or ``budget``."""

    partition: Partition
    why: str


@dataclass(frozen=True)
class Pruned:
    """What pruning did: what was dropped in this order, and bytes of the store before and after.

    over: bytes by which the store still exceeds its budget, because the rest may not be dropped.
    """

    dropped: tuple[Dropped, ...] = ()
    bytes_before: int = 0
    bytes_after: int = 0
    over: int = 0
    rows: dict[str, int] = field(default_factory=dict)

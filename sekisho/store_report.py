"""What `sekisho store` does and shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.config import load_settings
from sekisho.language import Lang
from sekisho.reading import existing_store
from sekisho.store_place import named_store, store_place
from sekisho.terminal import Screen, quantity

if TYPE_CHECKING:
    from storage.migrate import Plan
    from storage.pruned import Pruned

_GB = 1_000_000_000


def show_stats(store: str | None, config: Path | None, as_json: bool, lang: Lang | None) -> None:
    """Print tables and runs with what they take."""
    from storage.usage import partitions, run_usage, table_usage

    screen = Screen(lang)
    with existing_store(store, config) as opened:
        tables, runs = table_usage(opened.query), run_usage(partitions(opened.query))
    if as_json:
        screen.json({
            "bytes": sum(t.bytes for t in tables),
            "tables": {t.table: {"rows": t.rows, "bytes": t.bytes, "bytes_per_row": t.bytes_per_row} for t in tables},
            "runs": runs})
        return
    screen.table(("table", "rows", "bytes", "bytes per row"),
                 [(t.table, t.rows, t.bytes, t.bytes_per_row) for t in tables],
                 right=("rows", "bytes", "bytes per row"))
    screen.table(("run", "bytes"), [(run, sum(of.values())) for run, of in runs.items()], right=("bytes",))


def show_prune(store: str | None, config: Path | None, budget_gb: float | None, replays: bool | None, dry_run: bool,
               as_json: bool, lang: Lang | None) -> None:
    """Prune, and print what was dropped."""
    screen, settings = Screen(lang), load_settings(config)
    limits = settings.retention
    limits = replace(limits, budget_gb=limits.budget_gb if budget_gb is None else budget_gb,
                     replays=limits.replays if replays is None else replays)
    opened = store_place(store, settings).open(create=False)
    try:
        done = opened.prune(budget_bytes=limits.budget_bytes, replays=limits.replays, dry_run=dry_run)
    finally:
        opened.close()
    if as_json:
        screen.json(prune_json(done, dry_run))
        return
    if done.dropped:
        screen.table(("table", "run", "rows", "bytes", "why"),
                     [(d.partition.table, d.partition.run_id, d.partition.rows, d.partition.bytes, d.why)
                      for d in done.dropped], right=("rows", "bytes"))
    for line in prune_lines(screen, done, dry_run):
        screen.line(line)


def prune_lines(screen: Screen, done: Pruned, dry_run: bool = False) -> list[str]:
    """Return what to say of a pruning: what went, what is left, and what still exceeds the budget."""
    words = screen.words
    if done.dropped:
        rows = ", ".join(f"{table} {count:,}" for table, count in done.rows.items())
        lines = [f"{words('would be dropped' if dry_run else 'dropped')}: {rows}"]
    else:
        lines = [words("nothing to drop")]
    lines.append(f"{words('bytes')}: {quantity(done.bytes_before, 'B')} → {quantity(done.bytes_after, 'B')}")
    if done.over:
        lines.append(f"{words('still over the budget; the rest may not be dropped')}: {quantity(done.over, 'B')}")
    return lines


def prune_json(done: Pruned, dry_run: bool) -> dict[str, Any]:
    """Return a pruning for programs."""
    return {"dry_run": dry_run, "bytes_before": done.bytes_before, "bytes_after": done.bytes_after, "over": done.over,
            "rows": done.rows, "dropped": [
                {"table": d.partition.table, "run_id": d.partition.run_id, "partition": d.partition.partition_id,
                 "rows": d.partition.rows, "bytes": d.partition.bytes, "why": d.why} for d in done.dropped]}


def show_migration(store: str | None, config: Path | None, dry_run: bool, force: bool, as_json: bool,
                   lang: Lang | None) -> None:
    """Migrate, or only plan it, and print what it is about."""
    from storage.migrate import migrate_store, plan_migration

    screen, place = Screen(lang), named_store(store, config)
    plan = plan_migration(place.target, place.settings)
    if not as_json:
        _show_plan(screen, plan)
    if not dry_run:
        migrate_store(place.target, place.settings, force=force, progress=screen.note)
    if as_json:
        screen.json({"dry_run": dry_run, "found": plan.found, "wanted": plan.wanted, "seconds": plan.seconds,
                     "bytes_needed": plan.bytes_needed, "bytes_free": plan.bytes_free, "running": list(plan.running),
                     "tables": {t: {"rows": rows, "bytes": size} for t, (rows, size) in plan.tables.items()}})
    elif not dry_run and plan.found < plan.wanted:
        screen.line(f"{screen.words('migrated')}: {screen.words('schema')} {plan.found} → {plan.wanted}")


def _show_plan(screen: Screen, plan: Plan) -> None:
    words = screen.words
    if plan.found == plan.wanted:
        screen.line(f"{words('the store is up to date')}: {words('schema')} {plan.found}")
        return
    screen.table(("table", "rows", "bytes"), [(t, rows, size) for t, (rows, size) in plan.tables.items()],
                 right=("rows", "bytes"))
    screen.line(f"{words('schema')} {plan.found} → {plan.wanted}; {words('about')} {plan.seconds:,.0f} s; "
                f"{words('free space needed')} {quantity(plan.bytes_needed, 'B')}, "
                f"{words('there')} {quantity(plan.bytes_free, 'B')}")
    for run in plan.running:
        screen.line(f"{words('being written')}: {run}")

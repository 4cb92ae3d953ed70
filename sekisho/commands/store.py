"""sekisho store: what the store takes on the disk, what may go, and how an older one is brought up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, StoreOption, examples

EXAMPLES = examples("sekisho store stats", "sekisho store prune --budget-gb 20 --dry-run",
                    "sekisho store migrate --dry-run", "sekisho store migrate")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                  help="The store itself: what it takes on the disk, what may go, and its schema.")


@app.command(epilog=examples("sekisho store stats", "sekisho store stats --json"))
def stats(
    store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Show rows, bytes and bytes per row of every table, and the bytes of every run."""
    from sekisho.store_report import show_stats

    show_stats(store, config, as_json, lang)


@app.command(epilog=examples("sekisho store prune", "sekisho store prune --budget-gb 20 --dry-run"))
def prune(
    budget_gb: Annotated[float | None, typer.Option(
        "--budget-gb", metavar="GB", min=0.0, help="What the store may take on the disk, in 10^9 bytes; 0: no budget. "
        "[default: that of the configuration]")] = None,
    replays: Annotated[bool | None, typer.Option(
        "--replays/--no-replays", help="Whether the budget may drop replays too. [default: that of the configuration]",
    )] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be dropped.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Drop the rows that have expired, and then what exceeds the budget.

    The budget drops whole days of live runs, the oldest insertions first: flows and counters, then rollups, alerts
    last. Never dropped: replays unless told so, the newest rows of a run that is being written, the list of runs, and
    what people did about alerts.
    """
    from sekisho.store_report import show_prune

    show_prune(store, config, budget_gb, replays, dry_run, as_json, lang)


@app.command(epilog=examples("sekisho store migrate --dry-run", "sekisho store migrate"))
def migrate(
    dry_run: Annotated[bool, typer.Option(
        "--dry-run", help="Only show what would be copied, about how long it takes, and the free space it needs.",
    )] = False,
    force: Annotated[bool, typer.Option(
        "--force", help="On a server: also where runs are marked as being written. Only when their sensors are dead.",
    )] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Bring the tables of a store that an older version wrote to the present schema; every row is kept.

    It can be stopped and run again: it goes on where it was. Nothing may write to the store meanwhile. There is no way
    back to an older schema: keep a copy of the directory if the older version may be needed again.
    """
    from sekisho.store_report import show_migration

    show_migration(store, config, dry_run, force, as_json, lang)

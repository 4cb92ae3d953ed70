"""sekisho runs: which replays the store holds, and how to delete one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, StoreOption, examples
from sekisho.language import Lang
from sekisho.terminal import Screen

EXAMPLES = examples("sekisho runs", "sekisho runs list --json", "sekisho runs delete 5f0c2a9be4d17c36")

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None,
                  help="The replays in the store: list them (as without a command), delete one.")


@app.callback()
def group(
    context: typer.Context, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """The replays in the store: list them (as without a command), delete one."""
    if context.invoked_subcommand is None:
        _list(store, config, as_json, lang)


@app.command("list")
def list_runs(
    store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """List the runs in the store, the oldest first."""
    _list(store, config, as_json, lang)


@app.command()
def delete(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="The run, as `sekisho runs` lists it.")],
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete a run with all its flows and alerts. The captures themselves are not touched."""
    from sekisho.reading import chosen_run, existing_store

    with existing_store(store, config) as opened:
        chosen = chosen_run(opened, run_id)
        opened.delete_run(chosen)
    Screen().note(f"run {chosen} deleted")


def _list(store: str | None, config: Path | None, as_json: bool, lang: Lang | None) -> None:
    from sekisho.reading import existing_store

    screen = Screen(lang)
    with existing_store(store, config) as opened:
        runs = opened.runs()
    if as_json:
        for run in runs:
            screen.json(run)
    elif runs:
        screen.table(
            ("run", "status", "started", "sensor", "packets", "flows", "alerts", "captures"),
            [(r["run_id"], screen.words.label(r["status"]), r["started_at"][:19], r["sensor"],
              r["packets"], r["rows"].get("flow", 0), r["rows"].get("alert", 0),
              ", ".join(Path(c).name for c in r["captures"])) for r in runs],
            right=("packets", "flows", "alerts"),
        )
    else:
        screen.note(screen.words("no runs"))

"""sekisho zones try, learn, coverage: a policy and what the store has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, RunOption, StoreOption, examples
from sekisho.commands.zones import EXAMPLES, PolicyArgument, app

__all__ = ["EXAMPLES", "app"]

SinceOption = Annotated[str | None, typer.Option(
    "--since", metavar="TIME", help="Flows from then on (ISO 8601, UTC unless it says otherwise).")]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Flows before then.")]


@app.command("try", epilog=examples("sekisho zones try new.toml", "sekisho zones try new.toml --run latest --json",
                                    "sekisho zones try new.toml --since 2026-10-01 --exit-code"))
def try_(
    file: Annotated[Path, typer.Argument(metavar="NEW", help="The policy to try (TOML), or a folder of editions.")],
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 where a verdict flips.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Judge the stored flows by another policy and list the verdicts that flip, with counts and examples.

    Nothing is written. What was said and carried is judged by the stored transactions; what is not stored (dropped
    contents, the sensor's wire) keeps its verdict, and is counted.
    """
    from sekisho.zones_report import show_trial

    flips = show_trial(file, since, until, run, store, config, as_json, lang)
    raise typer.Exit(3 if flips and exit_code else 0)


@app.command(epilog=examples("sekisho zones learn zones.toml > proposed.toml",
                             "sekisho zones learn zones.toml --all --since 2026-09-01", "sekisho zones learn --json"))
def learn(
    file: PolicyArgument = None,
    everything: Annotated[bool, typer.Option(
        "--all", help="Also what was permitted already; without it only what was not.")] = False,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Propose conduits from what was established between zones, as TOML for a person to review.

    Each comes with its support, the rarest last and marked: they may be a mistake or an attack. Hours stand where many
    flows on many days all kept to them. Owner and justification are empty, so that no check lets a proposal through
    before somebody has filled them in.
    """
    from sekisho.zones_report import show_proposals

    show_proposals(file, everything, since, until, run, store, config, as_json, lang)


@app.command(epilog=examples("sekisho zones coverage zones.toml", "sekisho zones coverage --run latest --lang ja",
                             "sekisho zones coverage --since 2026-06-10T09:00 --until 2026-06-10T10:00 --json"))
def coverage(
    file: PolicyArgument = None,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Show over what was looked at: minutes in which each pair of zones was observed, partly or not, and why.

    A pair that nobody observed is not one without violations. With a policy every pair of its zones is listed.
    """
    from sekisho.zones_report import show_coverage

    show_coverage(file, since, until, run, store, config, as_json, lang)

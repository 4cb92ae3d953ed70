"""sekisho zones: a first policy, what is wrong with one, what it says, and what changed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, examples

EXAMPLES = examples("sekisho zones new --preset alpha > zones.toml", "sekisho zones check zones.toml",
                    "sekisho zones matrix zones.toml", "sekisho zones diff old.toml new.toml",
                    "sekisho zones try new.toml")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                  help="Zone policies: write, check, show and compare them, and try them on what is stored.")
PolicyArgument = Annotated[Path | None, typer.Argument(
    metavar="FILE|DIR", help="The policy (TOML), or the folder of its editions. [default: that of the configuration]")]


class Preset(StrEnum):
    """A policy to begin with."""

    ALPHA = "alpha"
    ALPHA_PRIME = "alpha-prime"
    BETA = "beta"
    BETA_PRIME = "beta-prime"
    FREE = "free"


@app.callback()
def group() -> None:
    """Zone policies: write, check, show and compare them, and try them on what is stored."""


@app.command(epilog=examples("sekisho zones new --preset alpha-prime --city 架空市 > zones.toml",
                             "sekisho zones new --preset free"))
def new(
    preset: Annotated[Preset, typer.Option(
        "--preset", help="alpha, alpha-prime, beta, beta-prime (三層の対策 α α' β β') or free, for any network.")],
    city: Annotated[str, typer.Option("--city", metavar="NAME", help="Whose policy it is.")] = "架空市",
    approved_by: Annotated[str | None, typer.Option(
        "--approved-by", metavar="WHO", help="Who approves it; without it the file says that it is a draft.")] = None,
) -> None:
    """Write a commented policy to begin with to standard output.

    It passes `zones check --new` as it stands. Its addresses are fictional: replace each by your own.
    """
    import datetime as dt

    from zones.presetting import NOT_APPROVED, preset_text

    text = preset_text(preset.value, city=city, today=dt.datetime.now().astimezone().date(),
                       approved_by=approved_by or NOT_APPROVED)
    typer.echo(text, nl=False)


@app.command(epilog=examples("sekisho zones check zones.toml", "sekisho zones check policies/",
                             "sekisho zones check zones.toml --new --json"))
def check(
    file: Annotated[Path, typer.Argument(
        metavar="FILE|DIR", help="The policy (TOML), or the folder of its editions.")],
    new: Annotated[bool, typer.Option(
        "--new", help="Judge it as a new policy: an expired conduit is an error.")] = False,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Check a zone policy: every error and warning with its code, its place and the remedy.

    Exit code 0 when it can be used (warnings are allowed), 2 when it has errors.
    """
    from sekisho.terminal import Screen
    from zones import check_policy, problem_rows

    screen = Screen(lang)
    problems = check_policy(file, new)
    errors = sum(p.level == "error" for p in problems)
    if as_json:
        screen.json({"file": str(file), "valid": errors == 0, "errors": errors,
                     "warnings": len(problems) - errors, "problems": problem_rows(problems)})
    else:
        if problems:
            meaning = ("ja",) if screen.words.lang == "ja" else ()
            keys = ("code", "level", "where", *meaning, "message", "remedy")
            screen.table(keys, [[row[k] for k in keys] for row in problem_rows(problems)])
        counts = f"{errors} {screen.words('errors')}, {len(problems) - errors} {screen.words('warnings')}"
        screen.line(f"{file}: {screen.words('not valid' if errors else 'valid')} ({counts})")
    raise typer.Exit(2 if errors else 0)


@app.command(epilog=examples("sekisho zones show zones.toml", "sekisho zones show zones.toml --zone mynumber --json"))
def show(
    file: PolicyArgument = None,
    zone: Annotated[str | None, typer.Option(
        "--zone", metavar="ZONE", help="Only this zone and its conduits.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Show a policy: its editions, zones, sensors, and the register of permitted conduits (許可通信台帳)."""
    from sekisho.policy_place import named_policy
    from sekisho.policy_show import show_policy
    from sekisho.terminal import Screen

    show_policy(Screen(lang), named_policy(file, config), zone, as_json=as_json)


@app.command(epilog=examples("sekisho zones matrix zones.toml", "sekisho zones matrix zones.toml --json"))
def matrix(
    file: PolicyArgument = None, config: ConfigOption = None, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Show who may open connections to whom, as a picture: from the row's zone to the column's.

    Each cell holds the services of the conduits that are open today; an exclamation mark stands for conduits of which
    all have expired, a dot for no conduit: there the default denies.
    """
    from sekisho.policy_place import named_policy
    from sekisho.policy_show import show_matrix
    from sekisho.terminal import Screen

    show_matrix(Screen(lang), named_policy(file, config), as_json=as_json)


@app.command(epilog=examples("sekisho zones diff old.toml new.toml", "sekisho zones diff old.toml new.toml --json"))
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The policy before.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The policy after.")],
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 where they differ.")] = False,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Show what changed in meaning: pairs of zones that open or close, conduits, zones and sensors.

    Order, comments and spelling of a value are no change. Of a conduit the effect says whether it permits more (wider),
    less (narrower), something else (other) or the same flows.
    """
    from sekisho.policy_show import show_diff
    from sekisho.terminal import Screen
    from zones import load_policy

    changed = show_diff(Screen(lang), load_policy(old), load_policy(new), as_json=as_json)
    raise typer.Exit(3 if changed and exit_code else 0)

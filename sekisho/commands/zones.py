"""sekisho zones check: is a zone policy valid?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import JsonOption, LangOption, examples

EXAMPLES = examples("sekisho zones check zones.toml", "sekisho zones check zones.toml --new --json")

app = typer.Typer(no_args_is_help=True, help="Zone policies: check one before it is used.", rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Zone policies: check one before it is used."""


@app.command(epilog=EXAMPLES)
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy (TOML).")],
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

"""sekisho check: is everything here that a replay needs?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, StoreOption, examples

EXAMPLES = examples("sekisho check", "sekisho check --config site.toml --zones zones.toml --store /srv/sekisho")


def check(
    config: ConfigOption = None,
    zones: Annotated[Path | None, typer.Option(
        "--zones", metavar="FILE", help="Zone policy. [default: that of the configuration]")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Check environment, configuration, policy and store, without changing anything.

    Exit code 0 when all can be used, 2 when configuration or policy has errors, 1 when the store cannot be opened.
    What is only missing for a part (tshark, a policy, a store not made yet) is shown and is no error.
    """
    from sekisho.checking import check_all
    from sekisho.terminal import Screen

    screen = Screen(lang)
    findings = check_all(config, zones, store)
    if as_json:
        screen.json({f.name: {"result": f.result, "detail": f.detail} for f in findings})
    else:
        screen.table(("check", "result", "detail"), [(f.name, screen.words(f.result), f.detail) for f in findings])
    raise typer.Exit(max((f.exit_code for f in findings), default=0))

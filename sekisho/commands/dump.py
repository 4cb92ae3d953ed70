"""sekisho dump: the schema that everything is derived from, or the effective configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import examples

EXAMPLES = examples("sekisho dump", "sekisho dump --config > sekisho.toml", "sekisho dump --config --from site.toml")


def dump(
    config: Annotated[bool, typer.Option(
        "--config", help="The configuration instead: a complete file with every key explained.")] = False,
    source: Annotated[Path | None, typer.Option(
        "--from", metavar="FILE", help="With --config: the effective values of this file, not the defaults.")] = None,
) -> None:
    """Print the schema of every table as one text: columns, types, DDL, EVE names. A changed schema is a diff."""
    if source is not None and not config:
        raise typer.BadParameter("--from needs --config")
    if config:
        from sekisho.config import load_settings
        from sekisho.config_text import config_toml

        print(config_toml(load_settings(source)), end="")
    else:
        from columns.dump import render_dump

        print(render_dump(), end="")

"""sekisho dump: the schema that everything is derived from, or the effective configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import examples

EXAMPLES = examples("sekisho dump", "sekisho dump --config > sekisho.toml",
                    "sekisho dump --config --from site.toml",
                    "sekisho dump --suricata-yaml suricata.yaml > site.toml",
                    "sekisho dump --cluster sekisho > cluster.sql")


def dump(
    config: Annotated[bool, typer.Option(
        "--config", help="The configuration instead: a complete file with every key explained.")] = False,
    source: Annotated[Path | None, typer.Option(
        "--from", metavar="FILE", help="With --config: the effective values of this file, not the defaults.")] = None,
    suricata_yaml: Annotated[Path | None, typer.Option(
        "--suricata-yaml", metavar="FILE", help="The configuration, with what a suricata.yaml says taken over into it; "
        "keys without a counterpart are named on stderr.")] = None,
    cluster: Annotated[str | None, typer.Option(
        "--cluster", metavar="NAME", help="The statements that make the same tables on a ClickHouse cluster of this "
        "name: replicated, sharded, distributed.")] = None,
) -> None:
    """Print the schema of every table as one text: columns, types, DDL, EVE names. A changed schema is a diff."""
    config = config or suricata_yaml is not None
    if source is not None and not config:
        raise typer.BadParameter("--from needs --config")
    if config and cluster is not None:
        raise typer.BadParameter("--config and --cluster exclude each other")
    if config:
        from sekisho.config import load_settings
        from sekisho.config_text import config_toml

        settings = load_settings(source)
        if suricata_yaml is not None:
            from sekisho.suricata.taking import take_over

            taken = take_over(settings, suricata_yaml.resolve())
            settings = taken.settings
            for note in taken.notes(everything=True):
                print(f"sekisho: {note}", file=sys.stderr)
        print(config_toml(settings), end="")
    elif cluster is not None:
        from columns.cluster import render_cluster_ddl

        print(render_cluster_ddl(cluster), end="")
    else:
        from columns.dump import render_dump

        print(render_dump(), end="")

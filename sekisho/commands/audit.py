"""sekisho audit: the pack for an audit or self-inspection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, StoreOption, examples

EXAMPLES = examples(
    "sekisho audit --from 2026-04-01 --to 2026-09-30 --zones zones.toml --lang ja",
    "sekisho audit --from 2026-06-10 --to 2026-06-10 --annotations notes.toml --out june.html --pdf",
    "sekisho audit --from 2026-06-10T09:00+09:00 --to 2026-06-10T17:00+09:00 --json",
)


def audit(
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="First day, or moment (ISO 8601).")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Last day (all of it), or moment.")],
    zones: Annotated[Path | None, typer.Option(
        "--zones", metavar="FILE", help="Zone policy; without it: zones in [replay] of the configuration.")] = None,
    annotations: Annotated[Path | None, typer.Option(
        "--annotations", metavar="FILE", help="Texts for what the store does not hold (TOML, docs/audit.md).")] = None,
    out: Annotated[Path | None, typer.Option(
        "--out", metavar="FILE", help="Where the HTML goes (default: audit-FROM-TO.html).")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF beside it, too.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Write the audit pack of a period: fifteen sections in one self-contained HTML file.

    The same store and arguments give the same bytes. What was not observed is never called free of violations. With
    --json the manifest (queries, digests) is printed. Exit code 0 when it was written, 2 for a wrong period or file.
    """
    from sekisho.audit.writing import write_pack

    write_pack(since, until, zones, annotations, out, pdf, store, config, as_json, lang)

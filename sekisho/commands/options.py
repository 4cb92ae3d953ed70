"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sekisho.language import Lang
from sekisho.store_place import DEFAULT_STORE, STORE_ENV


class SeverityName(StrEnum):
    """A severity by name, as options take it."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def number(self) -> int:
        """Its number in the ALERT table: 1 is the most severe."""
        return list(SeverityName).index(self) + 1


ConfigOption = Annotated[Path | None, typer.Option(
    "--config", metavar="FILE", help="Configuration file (TOML). Without it: $SEKISHO_CONFIG, else the defaults.")]
StoreOption = Annotated[str | None, typer.Option(
    "--store", metavar="DIR|URL", help="Folder of the store, or a server: clickhouse://USER@HOST:PORT/DATABASE (its "
    f"password: docs/storage.md). Without it: ${STORE_ENV}, else [store] target, else ./{DEFAULT_STORE}.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON for programs instead of tables for people.")]
LangOption = Annotated[Lang | None, typer.Option(
    "--lang", metavar="ja|en", help="Language of headings and explanations. Without it: that of the locale ($LANG).")]
RunOption = Annotated[str | None, typer.Option(
    "--run", metavar="RUN_ID", help="Only this run; `latest` is the newest.")]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1_000_000, help="At most this many rows.")]


def examples(*lines: str) -> str:
    """Return the epilog of a command: examples that the help keeps line by line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)

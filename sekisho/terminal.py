"""Where things are written: results to stdout, progress and notes to stderr, colour and bars only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

from sekisho.language import Lang, Words, chosen_language

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_PIPE_WIDTH = 200
SEVERITY_STYLE = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}


class Screen:
    """The two streams of a command, in one language; results_to_stderr frees stdout for another writer."""

    def __init__(self, lang: Lang | None = None, *, quiet: bool = False, results_to_stderr: bool = False) -> None:
        self.words = Words(chosen_language(lang))
        self.quiet = quiet
        self._results: IO[str] = sys.stderr if results_to_stderr else sys.stdout

    @property
    def console(self) -> Console:
        """The rich console of the results."""
        return _console(self._results)

    def note(self, text: str) -> None:
        """Write one line for people to stderr, unless quiet."""
        if not self.quiet:
            print(f"sekisho: {text}", file=sys.stderr)

    def line(self, text: str = "") -> None:
        """Write one line of results."""
        print(text, file=self._results)

    def flush(self) -> None:
        """Let what was written reach a pipe at once: the command waits from here on."""
        self._results.flush()

    def json(self, value: Any) -> None:
        """Write one JSON value as one line of results."""
        self.line(json.dumps(value, ensure_ascii=False, default=str))

    def heading(self, word: str) -> None:
        """Write a heading above a part of the results."""
        from rich.text import Text

        self.console.print(Text("\n" + self.words(word), style="bold"))

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
        """Write a table; headings are words to say in the language, those in right are aligned to the right.

        Cells are text or rich objects, never markup.
        """
        self.console.print(self._table(headings, rows, right))

    def _table(self, headings: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str]) -> Table:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(self.words(heading), justify="right" if heading in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*[Text(clean(cell)) if isinstance(cell, (str, int, float)) else cell for cell in row])
        return table

    def severity(self, label: str) -> Any:
        """Return a severity as coloured text in the language."""
        from rich.text import Text

        return Text(self.words.label(label), style=SEVERITY_STYLE.get(label, ""))


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False,
                   width=None if stream.isatty() else _PIPE_WIDTH)


def clean(value: Any) -> str:
    """Return text that is safe on a terminal: control characters (a capture may bring them) become U+FFFD."""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def quantity(value: float, unit: str) -> str:
    """Return a number with a decimal prefix: 5_800_000, "pps" becomes "5.80 Mpps"."""
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.2f} {prefix}{unit}"
    return f"{value:.0f} {unit}"

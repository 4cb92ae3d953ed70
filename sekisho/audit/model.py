"""What a pack is made of: sections of blocks. HTML and PDF are two ways to set the same blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sekisho.language import Lang

GOOD, WATCH, BAD, UNSEEN, PLAIN = "good", "watch", "bad", "unseen", "plain"
"""Tones: nothing to say, look at it, a violation, not observed, no judgement."""


class Say:
    """Chooses between Japanese and English; both stand side by side where they are said."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, ja: str, en: str) -> str:
        """Return the text in the language of the pack."""
        return ja if self.lang is Lang.JA else en


@dataclass(frozen=True)
class Text:
    """A paragraph. missing: it says that something is not recorded."""

    text: str
    missing: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of texts. tones: one for each row; more: rows that there are beyond those shown."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    tones: Sequence[str] = ()
    more: int = 0


@dataclass(frozen=True)
class Cell:
    """A cell of a matrix: a text, a tone, and how strong it is (0 to 4)."""

    text: str
    tone: str = PLAIN
    strength: int = 0


@dataclass(frozen=True)
class Matrix:
    """A heat map of zones: from the zone of the row to the zone of the column."""

    labels: Sequence[str]
    cells: Sequence[Sequence[Cell]]
    caption: str
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Bars:
    """Figures side by side: (label, value, tone)."""

    items: Sequence[tuple[str, int, str]]
    caption: str

    @property
    def highest(self) -> int:
        """The greatest value, at least 1."""
        return max([1, *(value for _, value, _ in self.items)])


Block = Text | Grid | Matrix | Bars


@dataclass
class Section:
    """One of the fifteen. basis: clauses of the policy it answers to; queries: numbers of the queries it rests on."""

    number: int
    title: str
    basis: str
    blocks: list[Block] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self.blocks.append(Text(text))

    def missing(self, text: str) -> None:
        """Say that something is not recorded: that is no statement that it did not happen."""
        self.blocks.append(Text(text, missing=True))

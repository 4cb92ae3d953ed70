"""What every section is made from: the period, the store, the policy, the words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from columns.labels import label_text
from sekisho.audit.annotations import Annotations
from sekisho.audit.asking import Asker
from sekisho.audit.model import Cell, Grid, Matrix, Say, Section
from sekisho.audit.period import Period

if TYPE_CHECKING:
    from zones import Policy

ROWS = 200
"""So many rows of one table are shown; how many more there are is said."""


@dataclass
class Context:
    """Shared by the sections of one pack."""

    period: Period
    asker: Asker
    policy: Policy | None
    notes: Annotations
    say: Say
    facts: dict[str, Any] = field(default_factory=dict)

    def section(self, number: int, title: tuple[str, str], basis: str) -> Section:
        """Begin a section."""
        return Section(number, self.say(*title), basis)

    def label(self, label: Any) -> str:
        """Return a code in words."""
        return label_text(str(label), self.say.lang)

    def zone(self, name: str) -> str:
        """Return a zone's name with its Japanese one, where the policy has it."""
        names = {z.name: z.ja for z in self.policy.zones} if self.policy else {}
        return f"{names[name]} ({name})" if self.say.lang == "ja" and names.get(name) else name or "-"

    def grid(
        self,
        columns: list[tuple[str, str]],
        rows: list[tuple[Any, ...]],
        caption: tuple[str, str] = ("", ""),
        tones: list[str] | None = None,
        limit: int = ROWS,
    ) -> Grid:
        """Return a table of at most limit rows."""
        shown = [tuple("" if v is None else str(v) for v in row) for row in rows[:limit]]
        return Grid(
            [self.say(*c) for c in columns], shown, self.say(*caption), (tones or [])[:limit], max(len(rows) - limit, 0)
        )

    def matrix(
        self,
        labels: list[str],
        cells: dict[tuple[str, str], Cell],
        caption: tuple[str, str],
        legend: list[tuple[str, str]],
    ) -> Matrix:
        """Return a heat map; a pair without a cell is empty."""
        return Matrix(
            labels, [[cells.get((a, b), Cell("")) for b in labels] for a in labels], self.say(*caption), legend
        )

    def written(self, section: Section, name: str, key: str = "text") -> bool:
        """Add what people wrote about a section, and return whether they did."""
        text = self.notes.text(name, key)
        if text:
            section.text(text)
        return bool(text)


def strength_of(value: int, highest: int) -> int:
    """Return 1 to 4 by the order of magnitude of a value among the highest; 0 for none."""
    if value <= 0:
        return 0
    return max(1, min(4, 4 - (len(str(highest)) - len(str(value)))))

"""What a run looked at, in figures: no alert says nothing about pairs of zones that nobody observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from columns import Coverages
from columns.codes import Coverage, CoverageCause, labels_of
from sensor.capture.counts import REFUSALS

if TYPE_CHECKING:
    from sekisho.terminal import Screen

LOSSES = (*REFUSALS, "input_truncated", "input_damaged", "read_error")
"""Counters of the capture reader that say that frames are missing."""


@dataclass(frozen=True)
class CoverageReport:
    """Rows of COVERAGE and the names of their zones."""

    rows: Coverages
    zones: Sequence[str]

    def summary(self) -> dict[str, Any]:
        """Return pairs of zones by what was observed of them, minutes by state, and pairs by cause.

        A pair is observed when all its minutes are, and not observed when none is even partly.
        """
        rows, states, causes = self.rows, labels_of(Coverage), labels_of(CoverageCause)
        pair = rows.src_zone.astype(np.int64) << 16 | rows.dst_zone
        found: Counter[str] = Counter(dict.fromkeys(states.values(), 0))
        for one in np.unique(pair).tolist():
            of_pair = set(rows.state[pair == one].tolist())
            found[states[of_pair.pop()] if len(of_pair) == 1 else "partly"] += 1
        minutes = np.bincount(rows.state, rows.minutes, minlength=len(states)).astype(np.int64).tolist()
        by_cause = {label: int(np.unique(pair[rows.cause == number]).size)
                    for number, label in causes.items() if number}
        return {"pairs": sum(found.values()), **dict(reversed(found.items())),
                "minutes": {states[k]: n for k, n in enumerate(minutes)},
                "causes": {label: n for label, n in by_cause.items() if n}}


def print_coverage(screen: Screen, coverage: CoverageReport | None) -> None:
    """Write in one line over how many pairs of zones a result speaks."""
    if coverage is None or not coverage.rows.minutes.size:
        return
    found, words = coverage.summary(), screen.words
    causes = ", ".join(f"{words.label(cause)} {n:,}" for cause, n in found["causes"].items())
    parts = ", ".join(f"{words.label(state)} {found[state]:,}" for state in ("observed", "partly", "not_observed"))
    screen.line(f"{words('looked at')}: {words('pairs of zones')} {found['pairs']:,}: {parts}"
                + (f" ({causes})" if causes else ""))

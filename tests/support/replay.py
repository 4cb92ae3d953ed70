"""A replay in this process, with everything it found at hand as dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from columns import ALERT, FLOW
from sekisho.pipeline import ReplayOptions
from sekisho.pipeline import replay as replay_captures
from sekisho.report import ReplayReport
from sekisho.rows import batch_rows
from sekisho.settings import Settings, default_settings
from zones import Policy, load_policy


@dataclass
class Found:
    """What a replay found: every alert revision and flow row, and the report."""

    report: ReplayReport | None = None
    alerts: list[dict[str, Any]] = field(default_factory=list)
    flows: list[dict[str, Any]] = field(default_factory=list)
    transactions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    health: int = 0

    @property
    def digest(self) -> str:
        return self.report.digest

    def write_flows(self, flows, vocabularies) -> None:
        self.flows += batch_rows(FLOW, flows, vocabularies)

    def write_alerts(self, alerts) -> None:
        self.alerts += batch_rows(ALERT, alerts)

    def write_transactions(self, table, batch, vocabularies) -> None:
        self.transactions.extend((table.name, row) for row in batch_rows(table, batch, vocabularies))

    def write_health(self, health) -> None:
        self.health += 1

    def finish(self, report) -> None:
        self.report = report

    def abort(self) -> None:
        pass


@cache
def _policy(path: Path) -> Policy:
    return load_policy(path)


def replay(
    captures: Path | str | Sequence[Path | str], *, policy: Path | None = None, batch: int = 65536,
    settings: Settings | None = None,
) -> Found:
    """Replay one capture, or several as one stream, and return what was found."""
    found = Found()
    paths = [captures] if isinstance(captures, (str, Path)) else list(captures)
    options = ReplayOptions(
        paths, settings or default_settings(), _policy(Path(policy)) if policy else None, batch=batch, sensor="test")
    report = replay_captures(options, sinks=[found])
    assert found.report is report
    return found

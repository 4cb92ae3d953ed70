"""The rules of a replay: loaded with the variables and files of the configuration; what is refused is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from columns.errors import UsageError
from sekisho.rules_loading import load
from sekisho.settings import Settings
from sekisho.terminal import Screen

if TYPE_CHECKING:
    from detectors.signatures.language.ruleset import RuleSet

_SHOWN = 5


def replay_rules(paths: Sequence[Path], settings: Settings, screen: Screen) -> RuleSet | None:
    """Return the rule set of a replay, None where there are no rules; UsageError where none can be evaluated."""
    if not paths and not settings.rules.files:
        return None
    ruleset = load(settings, paths)
    refused = [p for p in ruleset.refused if p.enabled]
    for problem in refused[:_SHOWN]:
        screen.note(str(problem))
    if len(refused) > _SHOWN:
        screen.note(f"{len(refused):,} rules are refused in all; sekisho rules check lists them")
    if refused and not ruleset.enabled:
        raise UsageError("no rule can be evaluated", where=", ".join(map(str, paths)),
                         expected="at least one rule that is switched on", remedy="see sekisho rules check")
    return ruleset

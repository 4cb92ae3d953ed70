"""What `sekisho rules profile` does and shows: a replay in which each rule's work is counted and timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detectors.signatures.detector import RuleCost
from sekisho.language import Lang
from sekisho.pipeline import ReplayOptions, replay
from sekisho.rules_loading import replay_rules, rule_paths, settings_of_rules
from sekisho.terminal import Screen


def show_profile(captures: list[Path], rules: list[Path], config: Path | None, *, top: int, as_json: bool,
                 lang: Lang | None) -> None:
    """Print the dearest rules, and the share of packets and transactions that came as far as full evaluation."""
    screen = Screen(lang)
    settings = settings_of_rules(config, rules, screen)
    ruleset = replay_rules(rule_paths(settings, rules), settings, screen, named=rules)
    named = settings.replay
    report = replay(ReplayOptions(captures, settings, None, named.batch, named.sensor, True, ruleset,
                                  profile_rules=True))
    engine = report.counters["signatures"]
    dearest = sorted(report.rule_costs, key=lambda c: (-c.seconds, -c.candidates, c.sid))[:top]
    if as_json:
        screen.json({"packets": report.packets, "bytes": report.bytes, "alerts": report.alerts,
                     "engine": engine, "seconds": report.seconds, "rules": [_as_json(c) for c in dearest]})
        return
    screen.table(("rule", "message", "candidates", "evaluated", "matched", "ms"),
                 [(c.rule, c.msg, c.candidates, c.evaluated, c.matched, f"{c.seconds * 1e3:.2f}") for c in dearest],
                 right=("candidates", "evaluated", "matched", "ms"))
    rows = [("packets", engine.get("packets", 0), engine.get("packets_evaluated", 0)),
            ("windows", engine.get("windows", 0), engine.get("windows_evaluated", 0)),
            ("steps", engine.get("steps", 0), engine.get("steps_evaluated", 0))]
    screen.table(("looked at", "all", "evaluated", "share"), [
        (screen.words(name), whole, part, f"{100 * part / whole:.2f} %" if whole else "-")
        for name, whole, part in rows], right=("all", "evaluated", "share"))


def _as_json(cost: RuleCost) -> dict[str, Any]:
    return {**cost._asdict(), "seconds": round(cost.seconds, 6)}

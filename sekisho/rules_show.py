"""What `sekisho rules show` says of one rule."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from columns.errors import UsageError
from sekisho import rules_loading
from sekisho.language import Lang
from sekisho.rules_report import rule_row
from sekisho.terminal import Screen

if TYPE_CHECKING:
    from detectors.signatures.language.rule import Rule
    from detectors.signatures.language.ruleset import RuleSet


def show_rule(number: str, files: list[Path], config: Path | None, *, as_json: bool, lang: Lang | None) -> None:
    """Print one rule; UsageError where there is none of this number, with the reason if it was refused."""
    screen = Screen(lang)
    rule = _found(rules_loading.load(rules_loading.settings_of_rules(config, files, screen), files), number)
    if as_json:
        screen.json(rule_json(rule))
        return
    screen.line(rule.text)
    screen.table(("part", "meaning"), [(screen.words(part), meaning) for part, meaning in _parts(rule)])


def _found(rules: RuleSet, number: str) -> Rule:
    gid, _, sid = number.rpartition(":")
    if not sid.isdigit() or not (gid or "1").isdigit():
        raise UsageError(f"{number!r} is no number of a rule", expected="SID or GID:SID")
    for rule in rules.rules:
        if rule.sid == int(sid) and rule.gid == int(gid or rule.gid):
            return rule
    refused = next((p for p in rules.refused if p.sid == int(sid)), None)
    if refused:
        raise UsageError(f"the rule is refused: {refused.keyword}: {refused.what}", where=refused.place,
                         remedy=refused.remedy)
    raise UsageError(f"there is no rule {number}", remedy="`sekisho rules list --off` shows all")


def _parts(rule: Rule):
    yield "where", f"{rule.file}:{rule.line}"
    yield "message", rule.msg
    yield "class type", f"{rule.classtype} ({rule.class_description}), priority {rule.priority}"
    yield "kind", f"{rule.kind}, {rule.toward}"
    yield "protocol", f"{rule.proto} ({', '.join(rule.app_protos) or 'any application'})"
    for condition in filter(None, (rule.flow, *rule.conditions, *rule.effects, rule.threshold, rule.detection_filter)):
        yield "condition", described(condition)
    for group in rule.groups:
        steps = " | ".join([group.buffer, *(t.name for t in group.transforms)])
        for match in group.matches:
            yield steps, described(match)
    if rule.fast_pattern:
        pattern = rule.fast_pattern
        place = rule.groups[pattern.group].buffer
        yield "fast pattern", f"{pattern.pattern!r} in {place} (strength {pattern.strength})"
    yield from rule.metadata


def described(part: Any) -> str:
    """Return a match or condition as text: its name, and the fields that are not at their defaults."""
    said = [f"{f.name}={_value(getattr(part, f.name))}" for f in fields(part)
            if getattr(part, f.name) != f.default and f.name not in ("buffer", "transforms", "hashes")]
    return f"{type(part).__name__}({', '.join(said)})"


def _value(value: Any) -> str:
    if is_dataclass(value):
        return str(value)
    return repr(value)


def rule_json(rule: Rule) -> dict[str, Any]:
    """Return a rule for programs."""
    pattern = rule.fast_pattern
    return rule_row(rule) | {
        "text": rule.text, "toward": rule.toward, "app_protos": rule.app_protos,
        "references": rule.references, "metadata": rule.metadata, "noalert": rule.noalert,
        "conditions": [described(x) for x in filter(None, (rule.flow, *rule.conditions, *rule.effects,
                                                            rule.threshold, rule.detection_filter))],
        "groups": [{"buffer": g.buffer, "transforms": [t.name for t in g.transforms],
                    "matches": [described(m) for m in g.matches]} for g in rule.groups],
        "fast_pattern": None if pattern is None else {
            "buffer": rule.groups[pattern.group].buffer, "hex": pattern.pattern.hex(), "nocase": pattern.nocase,
            "strength": pattern.strength}}

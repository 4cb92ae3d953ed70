"""What is odd about rules that can be used: they are slow, match everything or never, or name what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from detectors.signatures.language.classification import ClassType
from detectors.signatures.language.conditions import Condition, FlowBits, FlowInt, HostBits, XBits
from detectors.signatures.language.problems import RuleError
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.ruleset import Problem


def warnings_of(rule: Rule, classes: Mapping[str, ClassType], references: Mapping[str, str]) -> Iterable[RuleError]:
    """Yield what is odd about a rule that works: it is slow, matches everything, or names what is not known."""
    if rule.classtype and rule.classtype.lower() not in classes:
        yield RuleError("classtype", f"unknown class type {rule.classtype}; its priority is {rule.priority}",
                        "add it to classification.config")
    unknown = [key for key, _ in rule.references if key not in references]
    if unknown:
        yield RuleError("reference", f"unknown type {unknown[0]}", "add it to reference.config")
    if not rule.groups and not rule.conditions and rule.flow is None and not rule.hook:
        if rule.src.any and rule.dst.any and rule.src_ports.any and rule.dst_ports.any:
            yield RuleError("rule", "matches everything of its protocol", "give it a condition, or switch it off")
    elif rule.groups and rule.fast_pattern is None:
        yield RuleError("rule", "has no fast pattern: every packet or transaction of its kind is looked at",
                        "add a content that is not negated")
    elif rule.fast_pattern is not None and len(rule.fast_pattern.pattern) < 3:
        yield RuleError("content", f"the fast pattern is {len(rule.fast_pattern.pattern)} bytes long and found often",
                        "add a longer content")


_KEYWORDS = {FlowBits: "flowbits", FlowInt: "flowint", XBits: "xbits", HostBits: "hostbits"}


def unset_bits(rules: Iterable[Rule]) -> list[Problem]:
    """Return a warning for each rule that is on and asks for a bit or number that no rule that is on ever sets."""
    on = [rule for rule in rules if rule.enabled]
    made = {bit for rule in on for x in rule.effects for bit in _names(x) if not _unset(x)}
    found = []
    for rule in on:
        for x in rule.conditions:
            if type(x) in _KEYWORDS and x.op == "isset" and not made & set(_names(x)):
                names = " or ".join(name for _, name in _names(x))
                found.append(Problem(rule.file, rule.line, 0, _KEYWORDS[type(x)],
                                     f"no rule that is on sets {names}: it never matches",
                                     "load the rule that sets it, or switch this one off", rule.sid, True, True))
                break
    return found


def _names(x: Condition) -> Iterator[tuple[type, str]]:
    if type(x) in _KEYWORDS:
        yield from ((type(x), name) for name in (x.names if isinstance(x, FlowBits) else (x.name,)))


def _unset(x: Condition) -> bool:
    return x.op == "unset"

"""The order in which rules are looked at: pass, drop, reject, alert; who sets before who asks; priority; as written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from detectors.signatures.language.conditions import FlowBits, FlowInt, HostBits, XBits
from detectors.signatures.language.rule import Rule

ACTIONS = ("pass", "drop", "rejectsrc", "rejectdst", "rejectboth", "reject", "alert")
_KINDS = {"rejectsrc": "reject", "rejectdst": "reject", "rejectboth": "reject", "config": "alert"}


def in_order(rules: Sequence[Rule], actions: Sequence[str] = ("pass", "drop", "reject", "alert")) -> list[Rule]:
    """Return rules in the order in which Suricata looks at them; actions in the order that its configuration gives."""
    ranks = _flowbit_ranks(rules)
    by_action = {action: k for k, action in enumerate(actions)}
    keyed = [((by_action.get(_KINDS.get(r.action, r.action), len(by_action)), ranks[k],
               *(_kind_rank(r, kind) for kind in (FlowInt, HostBits, XBits)), r.priority, k), r)
             for k, r in enumerate(rules)]
    return [rule for _, rule in sorted(keyed, key=lambda pair: pair[0])]


def _kind_rank(rule: Rule, kind: type[FlowInt] | type[HostBits] | type[XBits]) -> int:
    """0 sets only, 1 sets and asks, 2 has none, 3 asks only."""
    sets = any(isinstance(c, kind) and c.effect for c in (*rule.effects, *rule.conditions))
    asks = any(isinstance(c, kind) and not c.effect for c in rule.conditions)
    return 1 if sets and asks else 0 if sets else 3 if asks else 2


def _flowbit_ranks(rules: Sequence[Rule]) -> list[int]:
    """Rank by the longest chain of bits that have to be set before; a circle is cut where it is met again."""
    sets: list[set[str]] = [_bits(r, lambda c: c.op in ("set", "toggle", "unset")) for r in rules]
    asks: list[set[str]] = [_bits(r, lambda c: not c.effect) for r in rules]
    setters: dict[str, list[int]] = {}
    for k, names in enumerate(sets):
        for name in names:
            setters.setdefault(name, []).append(k)
    rank = [0 if s else 1 for s in sets]
    for _ in range(16):  # as deep as chains of bits are followed
        changed = False
        for k, names in enumerate(asks):
            before = [rank[j] + 1 for name in names for j in setters.get(name, ()) if j != k]
            wanted = max([*before, 3 if not sets[k] and names else rank[k]]) if names else rank[k]
            if wanted > rank[k] and wanted < 64:
                rank[k], changed = wanted, True
        if not changed:
            break
    return rank


def _bits(rule: Rule, wanted: Callable[[Any], bool]) -> set[str]:
    found = [c for c in (*rule.conditions, *rule.effects) if isinstance(c, FlowBits) and wanted(c)]
    return {name for c in found for name in c.names}

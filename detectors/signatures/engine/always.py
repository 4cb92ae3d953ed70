"""Rules about transactions that no filter looks for: they may hold of any, so each is asked first what is asked at
little cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from typing import NamedTuple

from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.engine.transactions import Side
from detectors.signatures.language import conditions as c
from detectors.signatures.language.integers import IntTest
from detectors.signatures.language.matches import Content

_LAYERS = ("app", "file", "frame")


class Gate(NamedTuple):
    """What a rule asks of one buffer, as it is shared by many rules: its length, or bytes that are somewhere in it."""

    buffer: str
    length: IntTest | None
    text: bytes = b""
    nocase: bool = False

    def opens(self, side: Side) -> bool:
        """Return whether one of the instances of the buffer is so; a rule cannot hold before."""
        for value in side.values(self.buffer):
            if self.length.holds(len(value)) if self.length is not None else (
                    self.text in (value.lower() if self.nocase else value)):
                return True
        return False


class Always:
    """Such rules for one direction of flows, by what they ask first. both: those that are about both directions."""

    def __init__(self, rules: Sequence[Prepared]) -> None:
        self.both = tuple(p for p in rules if p.rule.direction == "=>")
        found: dict[Gate | None, list[Prepared]] = defaultdict(list)
        for p in rules:
            if p.rule.direction != "=>":
                found[gate_of(p)].append(p)
        self._needs = frozenset(p.needs for p in rules if p.rule.direction != "=>")
        self._by_gate = [(gate, tuple(some)) for gate, some in found.items()]

    def waits(self, names: Set[str]) -> bool:
        """Return whether buffers of these names are all that one of the rules needs."""
        return any(needs <= names for needs in self._needs)

    def ready(self, side: Side) -> list[Prepared]:
        """Return the rules that may hold of what a side has told so far, and have not matched."""
        names, told = side.names, side.told
        return [p for gate, some in self._by_gate if gate is None or gate.opens(side)
                for p in some if p.needs <= names and p.number not in told]


NOTHING = Always(())


def gate_of(p: Prepared) -> Gate | None:
    """Return what a rule is asked first, None where there is nothing of that kind."""
    for x in p.transaction:
        if isinstance(x, c.UriLen):
            return Gate("http.uri.raw" if x.raw else "http.uri", x.test)
    for group, told in zip(p.groups, p.rule.groups, strict=True):
        if group.layer in _LAYERS and not group.transforms and not group.search.absent:
            for m in told.matches:
                if isinstance(m, Content) and not m.negated:
                    return Gate(group.buffer, None, m.pattern.lower() if m.nocase else m.pattern, m.nocase)
    return None

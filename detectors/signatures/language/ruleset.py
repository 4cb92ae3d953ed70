"""What loading rules gives: the rules, those refused with the reason, warnings, and the digest that alerts carry."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from detectors.signatures.language.rule import Rule


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a rule or a file of rules. column counts from 1, 0 where the whole line is meant.

    keyword is the keyword at fault, or header, options, rule. enabled is false for a rule that is switched off.
    """

    file: str
    line: int
    column: int
    keyword: str
    what: str
    remedy: str = ""
    sid: int = 0
    enabled: bool = True

    @property
    def place(self) -> str:
        """file:line:column, as compilers write it."""
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        named = f" (sid {self.sid})" if self.sid else ""
        return f"{self.place}: {self.keyword}: {self.what}{named}" + (f"; {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A set of values: raw bytes of kind string, md5 or sha256, 16-byte addresses of ipv4 and ip.

    values gives each its reputation (datarep) or its enrichment as JSON text, None for neither.
    """

    name: str
    kind: str
    reputation: bool
    values: dict[bytes, int | str | None]


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order of Suricata's evaluation of equals: as read. refused and warnings are Problems.

    digest is the sha256 (hex) of what the rules mean: independent of files, their order, and white space.
    """

    rules: tuple[Rule, ...] = ()
    refused: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    datasets: dict[str, DatasetFile] = field(default_factory=dict)
    digest: str = ""

    @property
    def enabled(self) -> tuple[Rule, ...]:
        """The rules that are switched on."""
        return tuple(r for r in self.rules if r.enabled)

    def refused_by_keyword(self) -> dict[str, int]:
        """Return how many rules were refused because of which keyword, most first."""
        return dict(Counter(p.keyword for p in self.refused).most_common())


def digest_of(rules: tuple[Rule, ...], extra: str = "") -> str:
    """Return the sha256 (hex) of the enabled rules' meaning; extra goes in for what else decides about alerts."""
    lines = sorted(repr((r.action, r.proto, r.hook, r.src.ranges, r.src_ports.ranges, r.direction, r.dst.ranges,
                         r.dst_ports.ranges, [(o.name, o.value, o.negated) for o in r.options])) for r in rules
                   if r.enabled)
    return hashlib.sha256("\n".join([*lines, extra]).encode()).hexdigest()

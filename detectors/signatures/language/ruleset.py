"""What loading rules gives: the rules, those refused with the reason, warnings, and the digest that alerts carry."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace

from detectors.signatures.language.conditions import FileHash
from detectors.signatures.language.matches import DataRep, Dataset
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.threshold_file import RateFilter, Suppress


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a rule or a file of rules. column counts from 1, 0 where the whole line is meant.

    keyword is the keyword at fault, or header, options, rule. enabled is false for a rule that is switched off. valid
    is true where the rule itself is right, and only cannot be evaluated here (or is warned of).
    """

    file: str
    line: int
    column: int
    keyword: str
    what: str
    remedy: str = ""
    sid: int = 0
    enabled: bool = True
    valid: bool = False

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
    suppress: tuple[Suppress, ...] = ()
    rate_filters: tuple[RateFilter, ...] = ()
    digest: str = ""

    @property
    def enabled(self) -> tuple[Rule, ...]:
        """The rules that are switched on."""
        return tuple(r for r in self.rules if r.enabled)

    @property
    def invalid(self) -> tuple[Problem, ...]:
        """The refused rules that are switched on and wrong by themselves, whatever an engine can evaluate."""
        return tuple(p for p in self.refused if p.enabled and not p.valid)

    def refused_by_keyword(self) -> dict[str, int]:
        """Return how many rules were refused because of which keyword, most first."""
        return dict(Counter(p.keyword for p in self.refused).most_common())


def digest_of(rules: tuple[Rule, ...], *others: object) -> str:
    """Return the sha256 (hex) of what the enabled rules mean, and of what else decides about alerts."""
    lines = sorted(_meaning(rule) for rule in rules if rule.enabled)
    return hashlib.sha256("\n".join([*lines, *map(repr, others)]).encode("utf-8", "replace")).hexdigest()


def _meaning(r: Rule) -> str:
    """Return a rule as text that says all that it means and nothing of where it stands."""
    groups = [(g.buffer, g.transforms, [_placeless(m) for m in g.matches], g.occurrence, g.direction)
              for g in r.groups]
    return repr((
        r.gid, r.sid, r.rev, r.action, r.proto, r.hook, r.src.ranges, r.src_ports.ranges, r.direction, r.dst.ranges,
        r.dst_ports.ranges, r.msg, r.classtype, r.priority, r.references, r.metadata, r.target, r.noalert, r.flow,
        [_placeless(x) for x in r.conditions], r.effects, groups, r.threshold, r.detection_filter, r.tags))


def _placeless(part: object) -> object:
    """Return a part of a rule without the folders of its files; their contents are in the digest by themselves."""
    if isinstance(part, (Dataset, DataRep)):
        return replace(part, load=bool(part.load))  # type: ignore[arg-type]
    if isinstance(part, FileHash):
        return part.algorithm, part.negated, sorted(part.hashes)
    return part

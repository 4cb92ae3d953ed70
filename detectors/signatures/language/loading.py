"""Files and folders of rules -> RuleSet. A rule that is wrong is refused with its place and the rest go on."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from columns.errors import UsageError
from detectors.signatures.language.classification import CLASS_TYPES, REFERENCES, ClassType
from detectors.signatures.language.conditions import IPRep
from detectors.signatures.language.dataset_files import DatasetFiles
from detectors.signatures.language.needs import lacking
from detectors.signatures.language.problems import RuleError, RuleSkipped
from detectors.signatures.language.reading import read_rule
from detectors.signatures.language.reputation import NO_REPUTATION, Reputation
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.ruleset import DatasetFile, Problem, RuleSet, digest_of
from detectors.signatures.language.text import LogicalLine, read_lines
from detectors.signatures.language.threshold_file import NO_THRESHOLDS, ThresholdFile
from detectors.signatures.language.variables import Variables
from detectors.signatures.language.warnings import unset_bits, warnings_of

MAX_RULES = 1_000_000
MAX_PROBLEMS = 100_000
"""Refusals and warnings that are kept; a file of nonsense must not fill the memory."""
_SID = re.compile(r"sid\s*:\s*(\d{1,10})\s*;")
Progress = Callable[[int, int], None]
"""Called with (rules read, files left)."""


def rule_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and every *.rules beneath folders, sorted; UsageError for none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob("*.rules"))
            if not inside:
                raise UsageError("holds no rules", where=str(path), expected="files that end in .rules")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise UsageError("does not exist", where=str(path), expected="a file or folder of rules")
    return list(dict.fromkeys(found))


@dataclass
class _Loading:
    variables: Variables
    evaluable: Container[str] | None
    classes: Mapping[str, ClassType]
    references: Mapping[str, str]
    rules: dict[tuple[int, int], Rule] = field(default_factory=dict)
    refused: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    reputation: Reputation = NO_REPUTATION
    datasets: DatasetFiles = field(default_factory=DatasetFiles)

    def take(self, line: LogicalLine, path: Path) -> None:
        """Read one rule into the set, or note why not."""
        try:
            rule = read_rule(line.text, self.variables, file=path, line=line.line, enabled=line.enabled,
                             classes=self.classes)
            if rule.enabled:
                self.datasets.take(rule)
                rule = with_reputation(rule, self.reputation)
        except RuleSkipped as skipped:
            self._note(self.warnings, line, path, RuleError("requires", f"not loaded: {skipped}"))
        except RuleError as error:
            self._note(self.refused, line, path, error)
        else:
            self._enter(rule, line, path)

    def _enter(self, rule: Rule, line: LogicalLine, path: Path) -> None:
        if need := lacking(rule, self.evaluable):
            error = RuleError(need[1], f"cannot be evaluated here ({need[0]})", "switch the rule off", valid=True)
            self._note(self.refused, line, path, error)
            return
        key = (rule.gid, rule.sid)
        known = self.rules.get(key)
        if known is not None and known.enabled and not rule.enabled:
            return
        if known is not None and known.enabled == rule.enabled:
            if rule.rev <= known.rev:
                self._note(self.refused, line, path, RuleError(
                    "sid", f"{rule.sid} is taken by {known.file}:{known.line} of rev {known.rev}",
                    "take one out, or raise rev", valid=True))
                return
            self._note(self.warnings, line, path, RuleError(
                "sid", f"replaces rev {known.rev} in {known.file}:{known.line}"))
            del self.rules[key]
        self.rules[key] = rule
        if rule.enabled:
            for error in warnings_of(rule, self.classes, self.references):
                self._note(self.warnings, line, path, error)

    def _note(self, into: list[Problem], line: LogicalLine, path: Path, error: RuleError) -> None:
        if len(into) >= MAX_PROBLEMS:
            return
        number, column = line.place(error.offset) if error.offset is not None else (line.line, 0)
        found = _SID.search(line.text)
        into.append(Problem(str(path), number, column, error.keyword, error.what, error.remedy,
                            int(found[1]) if found else 0, line.enabled,
                            error.valid or into is self.warnings))


def load_rules(paths: Iterable[Path], variables: Variables | None = None, *, evaluable: Container[str] | None = None,
               classes: Mapping[str, ClassType] = CLASS_TYPES, references: Mapping[str, str] = REFERENCES,
               thresholds: ThresholdFile = NO_THRESHOLDS, reputation: Reputation = NO_REPUTATION,
               progress: Progress | None = None) -> RuleSet:
    """Return the rules of files and folders. UsageError only where a file cannot be read at all.

    evaluable holds the words of needs.py that the engine knows, None for all. Of rules with one gid and sid the higher
    rev stays; of equals the first, and the other is refused. A switched-off rule never displaces one that is on.
    """
    loading = _Loading(variables or Variables(), evaluable, classes, references, reputation=reputation)
    files, count = rule_files(paths), 0
    for k, path in enumerate(files):
        for line in read_lines(path):
            count += 1
            if count > MAX_RULES:
                raise UsageError(f"there are more than {MAX_RULES} rules", where=str(path), remedy="load fewer files")
            loading.take(line, path)
            if progress and count % 256 == 0:
                progress(count, len(files) - k)
    rules = tuple(thresholds.applied(rule) for rule in loading.rules.values())
    loading.warnings += unset_bits(rules)[:max(MAX_PROBLEMS - len(loading.warnings), 0)]
    sets = loading.datasets.sets
    return RuleSet(rules, tuple(loading.refused), tuple(loading.warnings), sets, thresholds.suppress,
                   thresholds.rate_filters, digest_of(rules, thresholds.suppress, thresholds.rate_filters,
                                                      _contents(sets), *_of_reputation(rules)))


def with_reputation(rule: Rule, reputation: Reputation) -> Rule:
    """Return a rule whose iprep conditions know the reputations; RuleError where they have no such category."""
    if not any(isinstance(x, IPRep) for x in rule.conditions):
        return rule
    for condition in rule.conditions:
        if isinstance(condition, IPRep) and condition.category not in reputation.categories:
            raise RuleError("iprep", f"the category {condition.category} is not known",
                            "name it in the file of [rules] reputation_categories", valid=not reputation.categories)
    return replace(rule, conditions=tuple(
        replace(x, known=reputation) if isinstance(x, IPRep) else x for x in rule.conditions))


def _of_reputation(rules: Iterable[Rule]) -> set[str]:
    """Return the digest of the reputations that rules ask for, if any does."""
    return {x.known.digest for rule in rules if rule.enabled for x in rule.conditions if isinstance(x, IPRep)}


def _contents(sets: Mapping[str, DatasetFile]) -> list[tuple[str, str, bool, str]]:
    """Return each set with a hash of its values, for the digest."""
    return [(name, found.kind, found.reputation, sha256(repr(sorted(found.values.items())).encode()).hexdigest())
            for name, found in sorted(sets.items())]

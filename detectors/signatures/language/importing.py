"""Taking rules over into a folder of our own: lists applied, files of values copied, one file replaced at once."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from columns.errors import UsageError
from detectors.signatures.language.classification import CLASS_TYPES, ClassType
from detectors.signatures.language.conditions import FileHash, FlowBits
from detectors.signatures.language.lists import Change, Choice, chosen
from detectors.signatures.language.loading import load_rules
from detectors.signatures.language.matches import DataRep, Dataset
from detectors.signatures.language.problems import RuleError, RuleSkipped
from detectors.signatures.language.reading import read_rule
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.ruleset import Problem, RuleSet
from detectors.signatures.language.variables import Variables

FILE_NAME = "sekisho.rules"
_HEAD = "# Written by `sekisho rules update`: the next update replaces it. Switch rules by the lists of [rules].\n"


@dataclass(frozen=True)
class ImportLists:
    """The lists that an import goes by, read already."""

    disable: list[Choice] = field(default_factory=list)
    enable: list[Choice] = field(default_factory=list)
    modify: list[Change] = field(default_factory=list)
    drop: list[Choice] = field(default_factory=list)


@dataclass(frozen=True)
class ImportReport:
    """What an import did: (gid, sid, msg) of the rules it added, removed, changed, and switched on and off."""

    path: Path
    rules: int
    enabled: int
    added: tuple[tuple[int, int, str], ...]
    removed: tuple[tuple[int, int, str], ...]
    changed: tuple[tuple[int, int, str], ...]
    switched_on: tuple[tuple[int, int, str], ...]
    switched_off: tuple[tuple[int, int, str], ...]
    for_flowbits: tuple[tuple[int, int, str], ...]
    refused: tuple[Problem, ...]


def import_rules(paths: Iterable[Path], folder: Path, lists: ImportLists, variables: Variables | None = None,
                 classes: Mapping[str, ClassType] = CLASS_TYPES, *, dry_run: bool = False) -> ImportReport:
    """Take rules over into FOLDER/sekisho.rules and return what changed there.

    Switched off by disable, then on by enable; what sets a flowbit that a rule which is on asks for is switched on too.
    A rule that is refused, before or after modify, is left out and named in a comment. The file is replaced in one step
    or not at all; with dry_run only the report is made. UsageError where files cannot be read or written.
    """
    variables = variables or Variables()
    found = load_rules(paths, variables, classes=classes)
    rules, refused = _listed(found, lists, variables, classes)
    rules, awakened = _with_setters(rules)
    target = folder / FILE_NAME
    before = load_rules([target], variables, classes=classes).rules if target.exists() else ()
    if not dry_run:
        folder.mkdir(parents=True, exist_ok=True)
        rules = [_carried(rule, folder) for rule in rules]
        _write(target, rules, refused)
    return _report(target, before, rules, awakened, refused)


def _listed(found: RuleSet, lists: ImportLists, variables: Variables,
            classes: Mapping[str, ClassType]) -> tuple[list[Rule], list[Problem]]:
    rules, refused = [], list(found.refused)
    for rule in found.rules:
        enabled = (rule.enabled and not chosen(rule, lists.disable)) or chosen(rule, lists.enable)
        text = rule.text
        for change in lists.modify:
            text = change.applied(replace(rule, text=text))
        if rule.action == "alert" and not rule.noalert and chosen(rule, lists.drop):
            text = "drop" + text.removeprefix("alert")
        if text == rule.text:
            rules.append(replace(rule, enabled=enabled))
            continue
        try:
            rules.append(read_rule(text, variables, file=Path(rule.file), line=rule.line, enabled=enabled,
                                   classes=classes))
        except (RuleError, RuleSkipped) as error:
            keyword, remedy = getattr(error, "keyword", "requires"), getattr(error, "remedy", "")
            refused.append(Problem(rule.file, rule.line, 0, keyword, f"{error} (after modify)", remedy, rule.sid))
    return rules, refused


def _with_setters(rules: list[Rule]) -> tuple[list[Rule], list[Rule]]:
    """Return the rules with those switched on that set flowbits which others need, and the ones it switched on."""
    setters: dict[str, list[int]] = {}
    for k, rule in enumerate(rules):
        for effect in rule.effects:
            if isinstance(effect, FlowBits) and effect.op in ("set", "toggle"):
                setters.setdefault(effect.names[0], []).append(k)
    waiting, awakened = [k for k, rule in enumerate(rules) if rule.enabled], []
    while waiting:
        rule = rules[waiting.pop()]
        wanted = [name for x in rule.conditions if isinstance(x, FlowBits) and x.op == "isset" for name in x.names]
        for name in wanted:
            for k in setters.get(name, ()):
                if not rules[k].enabled:
                    rules[k] = replace(rules[k], enabled=True)
                    awakened.append(rules[k])
                    waiting.append(k)
    return rules, awakened


def _carried(rule: Rule, folder: Path) -> Rule:
    """Return a rule whose files of values are copied beside it, its text naming the copies."""
    paths = [m.load for g in rule.groups for m in g.matches if isinstance(m, (Dataset, DataRep)) and m.load]
    paths += [x.path for x in rule.conditions if isinstance(x, FileHash)]
    text = rule.text
    for path in map(Path, paths):
        if not path.exists():
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        copy = Path("values") / f"{digest}-{path.name}"
        if not (folder / copy).exists():
            (folder / copy).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, folder / copy)
        written = os.path.relpath(path, Path(rule.file).parent)
        text = text.replace(written, str(copy)) if written in text else text.replace(str(path), str(copy))
    return replace(rule, text=text)


def _write(target: Path, rules: list[Rule], refused: list[Problem]) -> None:
    lines = [_HEAD, *(f"{'' if rule.enabled else '# '}{rule.text}\n" for rule in rules)]
    lines += [f"## refused: {' '.join(str(problem).split())}\n" for problem in refused]
    content = "".join(lines).encode("utf-8", "surrogateescape")
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(fresh, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UsageError(f"cannot be written ({error.strerror})", where=str(target),
                         remedy="free space, or choose another directory of [rules]") from None


def _report(target: Path, before: Iterable[Rule], rules: list[Rule], awakened: list[Rule],
            refused: list[Problem]) -> ImportReport:
    old, new = {(r.gid, r.sid): r for r in before}, {(r.gid, r.sid): r for r in rules}
    both = [key for key in new if key in old]

    def named(found: Iterable[Rule]) -> tuple[tuple[int, int, str], ...]:
        return tuple(sorted((r.gid, r.sid, r.msg) for r in found))

    return ImportReport(
        target, len(rules), sum(r.enabled for r in rules),
        named(r for key, r in new.items() if key not in old), named(r for key, r in old.items() if key not in new),
        named(new[key] for key in both if _meaning(new[key]) != _meaning(old[key])),
        named(new[key] for key in both if new[key].enabled and not old[key].enabled),
        named(new[key] for key in both if old[key].enabled and not new[key].enabled), named(awakened), tuple(refused))


def _meaning(rule: Rule) -> tuple:
    """Return what a rule says, without the names of the files of values, which an import changes."""
    return (rule.action, rule.proto, rule.src, rule.src_ports, rule.direction, rule.dst, rule.dst_ports,
            [(o.name, o.negated, o.value) for o in rule.options if o.name not in (
                "dataset", "datarep", "filemd5", "filesha1", "filesha256")])

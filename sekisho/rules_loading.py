"""Rules as the configuration and the command line name them: files, variables, class types, thresholds, lists."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from columns.errors import ConfigError, UsageError
from sekisho.garbage import rare_collections
from sekisho.settings import Settings
from sekisho.terminal import Screen

if TYPE_CHECKING:
    from detectors.signatures.language.importing import ImportLists
    from detectors.signatures.language.reputation import Reputation
    from detectors.signatures.language.ruleset import RuleSet
    from detectors.signatures.language.variables import Variables
    from detectors.signatures.settings import RulesSettings


_SHOWN = 5
"""Refused rules that a replay names one by one."""


def variables_of(settings: Settings, home_net: Iterable[str] = ()) -> Variables:
    """Return the variables: defaults, vars_file, [rules.vars], then home_net; each is checked here."""
    from detectors.signatures.language.problems import ValueProblem
    from detectors.signatures.language.variables import ADDRESS_DEFAULTS, PORT_DEFAULTS, Variables
    from detectors.signatures.language.vars_file import read_vars_file

    rules = settings.rules
    addresses, ports = read_vars_file(Path(rules.vars_file)) if rules.vars_file else ({}, {})
    for name, value in rules.vars.items():
        is_port = name in ports or name in PORT_DEFAULTS or (name.endswith(("_PORT", "_PORTS")) and
                                                             name not in addresses and name not in ADDRESS_DEFAULTS)
        (ports if is_port else addresses)[name] = value
    if networks := tuple(home_net) or settings.replay.home_net:
        addresses["HOME_NET"] = f"[{','.join(networks)}]"
    found = Variables(addresses, ports)
    for name, check in [(n, found.address_set) for n in addresses] + [(n, found.port_set) for n in ports]:
        try:
            check(f"${name}")
        except ValueProblem as problem:
            raise ConfigError(problem.what, where=f"[rules.vars] {name}", remedy=problem.remedy) from None
    return found


def settings_of_rules(config: Path | None, rules: Iterable[Path], screen: Screen) -> Settings:
    """Return the settings for rules that the command line names, with a note where a suricata.yaml stands beside."""
    from sekisho.suricata.beside import settings_for

    settings, taken = settings_for(config, rules)
    for note in taken.notes() if taken is not None else ():
        screen.note(note)
    return settings


def rule_paths(settings: Settings, named: Iterable[Path] = ()) -> list[Path]:
    """Return the files and folders of rules: those named, else [rules] files and what was imported."""
    from detectors.signatures.language.importing import FILE_NAME

    found = list(named)
    if not found:
        found = [Path(name) for name in settings.rules.files]
        imported = rules_folder(settings) / FILE_NAME
        found += [imported] if imported.exists() else []
    if not found:
        raise UsageError("no rules are named", expected="FILE or DIR, files of [rules], or rules imported by "
                         "`sekisho rules update`")
    return found


def rules_folder(settings: Settings) -> Path:
    """Return the folder that imported rules are kept in."""
    from detectors.signatures.settings import DEFAULT_DIRECTORY

    return Path(settings.rules.directory or DEFAULT_DIRECTORY)


def load(settings: Settings, named: Iterable[Path] = (), *, home_net: Iterable[str] = (),
         evaluable: Container[str] | None = None, progress: Callable[[int, int], None] | None = None) -> RuleSet:
    """Return the rules that the command line names, else the configuration, under its variables and files.

    evaluable: what the engine knows, by default all that this program's engine does.
    """
    from detectors.signatures.engine.capabilities import CAPABILITIES
    from detectors.signatures.language.loading import load_rules
    from detectors.signatures.language.threshold_file import NO_THRESHOLDS, read_threshold_file

    evaluable = CAPABILITIES if evaluable is None else evaluable
    rules, variables = settings.rules, variables_of(settings, home_net)
    thresholds = read_threshold_file(Path(rules.threshold), variables) if rules.threshold else NO_THRESHOLDS
    with rare_collections():  # a rule set is a million objects, none of which is garbage
        return load_rules(rule_paths(settings, named), variables, evaluable=evaluable, thresholds=thresholds,
                          reputation=reputation_of(rules), progress=progress, **tables(rules))


def reputation_of(rules: RulesSettings) -> Reputation:
    """Return the reputations of addresses that the configuration names."""
    from detectors.signatures.language.reputation import NO_REPUTATION, read_reputation

    if rules.reputation and not rules.reputation_categories:
        raise ConfigError("has no categories", where="[rules] reputation",
                          expected="a file of lines NUMBER,NAME,DESCRIPTION", remedy="name it as reputation_categories")
    if not rules.reputation_categories:
        return NO_REPUTATION
    return read_reputation(Path(rules.reputation_categories), map(Path, rules.reputation))


def replay_rules(paths: Sequence[Path], settings: Settings, screen: Screen,
                 named: Sequence[Path] | None = None) -> RuleSet | None:
    """Return the rule set of a replay, None where there are no rules; what is refused is told.

    named: those of the paths that the command line names, all by default. UsageError where no rule can be evaluated,
    and for a rule that is wrong by itself: [rules] invalid says where.
    """
    if not paths and not settings.rules.files:
        return None
    ruleset = load(settings, paths)
    _insist(ruleset, paths if named is None else named, settings.rules.invalid)
    refused = [p for p in ruleset.refused if p.enabled]
    for problem in refused[:_SHOWN]:
        screen.note(str(problem))
    if len(refused) > _SHOWN:
        screen.note(f"{len(refused):,} rules are refused in all; sekisho rules check lists them")
    if refused and not ruleset.enabled:
        raise UsageError("no rule can be evaluated", where=", ".join(map(str, paths)),
                         expected="at least one rule that is switched on", remedy="see sekisho rules check")
    return ruleset


def _insist(ruleset: RuleSet, paths: Sequence[Path], how: str) -> None:
    """Raise UsageError for rules that are wrong by themselves, in the files that must be right."""
    if how == "note":
        return
    named = {str(path) for path in paths}
    wrong = [p for p in ruleset.invalid if how == "refuse" or p.file in named]
    if wrong:
        first, more = wrong[0], len(wrong) - 1
        raise UsageError(
            f"{first.keyword}: {first.what}" + (f" (sid {first.sid})" if first.sid else "")
            + (f", and {more:,} more rules are wrong" if more else ""), where=first.place,
            expected="rules that are right in a file that the command line names",
            remedy=(f"{first.remedy}; " if first.remedy else "")
            + "`sekisho rules check` lists them all; # before a rule, or invalid = \"note\" in [rules], leaves it out")


def tables(rules: RulesSettings) -> dict:
    """Return the class types and reference types as load_rules takes them."""
    from detectors.signatures.language.classification import (
        CLASS_TYPES,
        REFERENCES,
        read_classification,
        read_references,
    )

    return {"classes": read_classification(Path(rules.classification)) if rules.classification else CLASS_TYPES,
            "references": read_references(Path(rules.reference)) if rules.reference else REFERENCES}


def import_lists(rules: RulesSettings) -> ImportLists:
    """Return the lists of the configuration, read."""
    from detectors.signatures.language.importing import ImportLists
    from detectors.signatures.language.lists import read_changes, read_choices

    def choices(name: str) -> list:
        return read_choices(Path(name)) if name else []

    return ImportLists(choices(rules.disable), choices(rules.enable),
                       read_changes(Path(rules.modify)) if rules.modify else [], choices(rules.drop))

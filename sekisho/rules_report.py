"""What `sekisho rules check`, `list`, `stats` and `update` do and show."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho import rules_loading
from sekisho.config import load_settings
from sekisho.language import Lang
from sekisho.terminal import Screen

if TYPE_CHECKING:
    from detectors.signatures.language.rule import Rule
    from detectors.signatures.language.ruleset import Problem, RuleSet

SHOWN = 20


def show_check(files: list[Path], config: Path | None, home_net: str | None, *, everything: bool, as_json: bool,
               lang: Lang | None) -> int:
    """Print the report of compiling rules; return how many that are switched on were refused."""
    screen = Screen(lang)
    settings = rules_loading.settings_of_rules(config, files, screen)
    began = time.perf_counter()
    with _progress(screen) as progress:
        found = rules_loading.load(settings, files, home_net=(home_net or "").split(",") if home_net else (),
                                   progress=progress)
    seconds = time.perf_counter() - began
    refused_on = sum(p.enabled for p in found.refused)
    if as_json:
        screen.json(check_json(found, seconds))
        return refused_on
    _counts(screen, found, seconds)
    for title, problems in (("refused", found.refused), ("warnings", found.warnings)):
        rows = [p for p in problems if everything or p.enabled]
        if rows:
            screen.heading(title)
            screen.table(("keyword", "count"), Counter(p.keyword for p in rows).most_common(), right=("count",))
            shown = rows if everything else rows[:SHOWN]
            screen.table(("where", "sid", "keyword", "message", "remedy"),
                         [(p.place, str(p.sid or ""), p.keyword, p.what, p.remedy) for p in shown])
            if len(shown) < len(rows):
                screen.line(f"{len(rows) - len(shown)} {screen.words('and more')} (--all)")
    return refused_on


def _counts(screen: Screen, found: RuleSet, seconds: float) -> None:
    off = [p for p in found.refused if not p.enabled]
    on, total = len(found.enabled), len(found.rules)
    refused_on = len(found.refused) - len(off)
    screen.table(("rules", "can be evaluated", "refused", "share"), [
        (screen.words("switched on"), on, refused_on, _share(on, on + refused_on)),
        (screen.words("all"), total, len(found.refused), _share(total, total + len(found.refused)))],
        right=("can be evaluated", "refused", "share"))
    screen.line(f"{screen.words('digest')} {found.digest[:16]}, {len(found.warnings)} {screen.words('warnings')}, "
                f"{seconds:.1f} s")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def check_json(found: RuleSet, seconds: float) -> dict[str, Any]:
    """Return the report of compiling rules for programs."""
    refused_on = [p for p in found.refused if p.enabled]
    return {
        "rules": len(found.rules) + len(found.refused), "evaluable": len(found.rules),
        "enabled": len(found.enabled) + len(refused_on), "enabled_evaluable": len(found.enabled),
        "refused_by_keyword": found.refused_by_keyword(), "digest": found.digest, "seconds": round(seconds, 3),
        "refused": [problem_json(p) for p in found.refused], "warnings": [problem_json(p) for p in found.warnings]}


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return one refusal or warning for programs."""
    return asdict(problem)


@contextmanager
def _progress(screen: Screen) -> Iterator[Any]:
    """Show how many rules were read, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status(screen.words("rules")) as status:
        yield lambda rules, files: status.update(f"{screen.words('rules')}: {rules:,}")


def matching(rules: Iterable[Rule], word: str | None, classtype: str | None, off: bool) -> list[Rule]:
    """Return the rules that the options of `rules list` choose."""
    return [r for r in rules if (off or r.enabled) and (not classtype or r.classtype == classtype)
            and (not word or word.lower() in r.text.lower())]


def show_list(files: list[Path], config: Path | None, *, word: str | None, classtype: str | None, off: bool,
              limit: int, as_json: bool, lang: Lang | None) -> None:
    """Print rules, one on each line."""
    screen = Screen(lang)
    with _progress(screen) as progress:
        found = rules_loading.load(rules_loading.settings_of_rules(config, files, screen), files, progress=progress)
    rows = matching(found.rules, word, classtype, off)
    if as_json:
        for rule in rows[:limit]:
            screen.json(rule_row(rule))
        return
    screen.table(("sid", "revision", "protocol", "class type", "message", "where"),
                 [(f"{r.gid}:{r.sid}" if r.gid != 1 else str(r.sid), str(r.rev), r.proto, r.classtype,
                   r.msg if r.enabled else f"({r.msg})", f"{r.file}:{r.line}") for r in rows[:limit]])
    if len(rows) > limit:
        screen.note(f"{len(rows) - limit} {screen.words('and more')} (--limit)")


def rule_row(rule: Rule) -> dict[str, Any]:
    """Return what `rules list` says of a rule, for programs."""
    return {"gid": rule.gid, "sid": rule.sid, "rev": rule.rev, "action": rule.action, "proto": rule.proto,
            "msg": rule.msg, "classtype": rule.classtype, "priority": rule.priority, "kind": rule.kind,
            "enabled": rule.enabled, "file": rule.file, "line": rule.line}


def show_stats(files: list[Path], config: Path | None, *, as_json: bool, lang: Lang | None) -> None:
    """Print counts of the rules that are switched on."""
    screen = Screen(lang)
    with _progress(screen) as progress:
        found = rules_loading.load(rules_loading.settings_of_rules(config, files, screen), files, progress=progress)
    counts = statistics(found.enabled)
    if as_json:
        screen.json({name: dict(counter.most_common()) for name, counter in counts.items()}
                    | {"rules": len(found.rules), "enabled": len(found.enabled)})
        return
    screen.line(f"{len(found.rules):,} {screen.words('rules')}, {len(found.enabled):,} {screen.words('switched on')}")
    for name, counter in counts.items():
        screen.table((name, "count"), counter.most_common(SHOWN), right=("count",))


def statistics(rules: Iterable[Rule]) -> dict[str, Counter]:
    """Return counts of rules by what they are and use."""
    counts: dict[str, Counter] = {name: Counter() for name in (
        "action", "protocol", "class type", "kind", "buffer", "fast pattern", "keyword")}
    for r in rules:
        counts["action"][r.action] += 1
        counts["protocol"][r.proto] += 1
        counts["class type"][r.classtype or "-"] += 1
        counts["kind"][r.kind] += 1
        counts["buffer"].update({g.buffer for g in r.groups})
        counts["fast pattern"][r.groups[r.fast_pattern.group].buffer if r.fast_pattern else "-"] += 1
        counts["keyword"].update(r.keywords)
    return counts


def show_update(files: list[Path], directory: Path | None, config: Path | None, *, dry_run: bool, as_json: bool,
                lang: Lang | None) -> None:
    """Take rules over and print what changed."""
    from detectors.signatures.language.importing import import_rules

    screen, settings = Screen(lang), load_settings(config)
    report = import_rules(files, directory or rules_loading.rules_folder(settings),
                          rules_loading.import_lists(settings.rules), rules_loading.variables_of(settings),
                          rules_loading.tables(settings.rules)["classes"], dry_run=dry_run)
    parts = {"added": report.added, "removed": report.removed, "changed": report.changed,
             "switched on": report.switched_on, "switched off": report.switched_off,
             "for flowbits": report.for_flowbits}
    if as_json:
        named = {k.replace(" ", "_"): [{"gid": g, "sid": s, "msg": m} for g, s, m in v] for k, v in parts.items()}
        screen.json({"path": str(report.path), "written": not dry_run, "rules": report.rules, "enabled": report.enabled,
                     **named, "refused": [problem_json(p) for p in report.refused]})
        return
    screen.table(("change", "rules"), [(screen.words(k), len(v)) for k, v in parts.items()]
                 + [(screen.words("refused"), len(report.refused))], right=("rules",))
    for name, rows in parts.items():
        if 0 < len(rows) <= SHOWN:
            screen.table((name, "message"), [(f"{g}:{s}", m) for g, s, m in rows])
    done = screen.words("nothing was written" if dry_run else "written")
    screen.line(f"{report.path}: {report.rules:,} {screen.words('rules')}, {report.enabled:,} "
                f"{screen.words('switched on')} ({done})")

"""What a policy and the store say together: verdicts that flip, conduits proposed, pairs of zones looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.config import load_settings
from sekisho.coverage_query import PairCoverage, coverage_of
from sekisho.filters import Filters
from sekisho.history import History
from sekisho.language import Lang
from sekisho.policy_place import named_policy
from sekisho.progress import StepProgress
from sekisho.reading import chosen_run, existing_store
from sekisho.said_flows import asks_names, forbidden_by
from sekisho.seen_flows import seen_flows
from sekisho.terminal import Screen, quantity
from sekisho.trial import Trial, try_policy
from zones import load_policy
from zones.learning import proposals_toml, propose

if TYPE_CHECKING:
    from storage import Store

_STYLES = {"observed": "green", "partly": "yellow", "not_observed": "dim"}


@contextmanager
def _asked(store: str | None, config: Path | None, run: str | None, since: str | None, until: str | None,
           columns: tuple[str, str]) -> Iterator[tuple[Store, Filters]]:
    """Open the store with the filters of a command; columns are those that since and until speak of."""
    with existing_store(store, config) as opened:
        filters = Filters()
        filters.equals("run_id", chosen_run(opened, run))
        filters.since(columns[0], since, "--since")
        filters.since(columns[1], until, "--until", until=True)
        yield opened, filters


def show_trial(file: Path, since: str | None, until: str | None, run: str | None, store: str | None,
               config: Path | None, as_json: bool, lang: Lang | None) -> int:
    """Judge the stored flows by a policy, write what flips, and return how many kinds of flips there are."""
    screen, policy = Screen(lang), load_policy(file)
    with _asked(store, config, run, since, until, ("flow.ts_start_ns",) * 2) as (opened, filters):
        history = History(opened, filters, with_names=asks_names(policy), with_contents=any(forbidden_by(policy)))
        total = sum(rows for *_, rows in history.portions())
        with StepProgress(screen, "judging", total) as progress:
            trial = try_policy(policy, history, progress.step)
    if as_json:
        screen.json({"policy_digest": policy.digest, "rows": trial.rows, "same": trial.same, "kept": trial.kept,
                     "flips": [{**asdict(f), "alarms": f.alarms} for f in trial.flips]})
    else:
        _print_trial(screen, trial)
    return len(trial.flips)


def _print_trial(screen: Screen, trial: Trial) -> None:
    from rich.text import Text

    words = screen.words
    if trial.flips:
        screen.table(
            ("zones", "verdict before", "verdict after", "conduit", "rows", "bytes", "examples"),
            [[f"{f.source} → {f.target}", words.label(f.before),
              Text(words.label(f.after), style="bold red" if f.alarms else "green"),
              f.conduit_after or f.conduit_before, f.rows, quantity(f.bytes, "B"), "\n".join(f.examples)]
             for f in trial.flips], right=("rows", "bytes"))
    flipped = sum(f.rows for f in trial.flips)
    screen.line(f"{words('flow rows judged')} {trial.rows:,}: {words('as before')} {trial.same:,}, "
                f"{words('flipped')} {flipped:,}, {words('not judged anew (not stored)')} {trial.kept:,}")


def show_proposals(file: Path | None, everything: bool, since: str | None, until: str | None, run: str | None,
                   store: str | None, config: Path | None, as_json: bool, lang: Lang | None) -> None:
    """Write proposed conduits as TOML, or as JSON."""
    screen, policy = Screen(lang), named_policy(file, config)
    with _asked(store, config, run, since, until, ("flow.ts_start_ns",) * 2) as (opened, filters):
        with StepProgress(screen, "reading", None):
            seen, days = seen_flows(opened, filters, everything=everything, timezone=policy.timezone)
        found = propose(seen, history_days=days)
    span = (f" since {since}" if since else "") + (f" until {until}" if until else "")
    source = f"{days} days of stored flows{span}"
    if as_json:
        screen.json({"days": days, "proposals": [_plain(asdict(p)) for p in found]})
    elif found:
        screen.line(proposals_toml(found, policy, source=source, today=dt.datetime.now().astimezone().date()))
    rare = sum(p.rare for p in found)
    screen.note(f"{screen.words('proposed')} {len(found)}, {screen.words('rare')} {rare}")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: [str(v) for v in value] if isinstance(value, list) else value for k, value in row.items()}


def show_coverage(file: Path | None, since: str | None, until: str | None, run: str | None, store: str | None,
                  config: Path | None, as_json: bool, lang: Lang | None) -> None:
    """Write which pairs of zones were looked at."""
    screen = Screen(lang)
    known = file is not None or bool(load_settings(config).replay.zones)
    zones = tuple(named_policy(file, config).newest.draft.zones) if known else ()
    with _asked(store, config, run, since, until, ("coverage.ts_until_ns", "coverage.ts_from_ns")) as (opened, filters):
        pairs = coverage_of(opened, filters, zones)
    if as_json:
        screen.json([{**asdict(p), "state": p.state} for p in pairs])
        return
    _print_coverage(screen, pairs)


def _print_coverage(screen: Screen, pairs: list[PairCoverage]) -> None:
    from rich.text import Text

    words, zones = screen.words, list(dict.fromkeys(p.source for p in pairs))
    cells = {(p.source, p.target): p for p in pairs}

    def cell(source: str, target: str) -> Text:
        pair = cells.get((source, target))
        if pair is None:
            return Text("■", style="dim")
        minutes = pair.observed + pair.partly + pair.not_observed
        share = f" {100 * pair.observed // minutes}%" if minutes and pair.state == "partly" else ""
        mark = {"observed": "●", "partly": "◐", "not_observed": "○"}[pair.state]
        return Text(f"{mark}{share}", style=_STYLES[pair.state])

    screen.line(f"● {words.label('observed')}, ◐ {words.label('partly')}, ○ {words.label('not_observed')}: "
                + words("a pair that was not observed is not one without violations"))
    screen.table(("from / to", *zones), [[a, *[cell(a, b) for b in zones]] for a in zones])
    lacking = [p for p in pairs if p.state != "observed"]
    if lacking:
        screen.heading("why not")
        screen.table(("zones", "state", "cause", "observed", "partly", "not observed", "flows"), [
            [f"{p.source} → {p.target}", Text(words.label(p.state), style=_STYLES[p.state]),
             ", ".join(words.label(c) for c in p.causes), p.observed, p.partly, p.not_observed, p.flows]
            for p in lacking], right=("observed", "partly", "not observed", "flows"))

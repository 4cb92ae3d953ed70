"""One replay as the command line asks for it: settings, policy, sinks, progress, the run, and its summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from columns.codes import Severity
from sekisho import __version__
from sekisho.config import config_digest, load_settings, override
from sekisho.detection import RULES, rules_detector
from sekisho.home import home_policy
from sekisho.identity import capture_name, input_captures, run_id
from sekisho.language import Lang
from sekisho.pipeline import ReplayOptions, Sink
from sekisho.pipeline import replay as replay_captures
from sekisho.progress import ReplayProgress, stop_on_interrupt
from sekisho.report import ReplayReport
from sekisho.rules_loading import replay_rules
from sekisho.settings import Settings
from sekisho.sinks import CollectSink, EveSink, StoreSink
from sekisho.store_place import StorePlace, store_place
from sekisho.store_report import prune_lines
from sekisho.summary import print_summary, summary_json
from sekisho.terminal import Screen
from sekisho.warm import load_kernels
from sekisho.workers.crew import Crew, workers_for
from storage import Begun, Run
from zones import Policy, load_policy

if TYPE_CHECKING:
    from detectors.signatures.language.ruleset import RuleSet
    from sekisho.suricata.taking import TakenOver

DONE, FAILED, ALERTED = 0, 1, 3


@dataclass(frozen=True)
class Request:
    """What the command line asks for; None means: as the configuration says. keep is False for --no-store.

    beside: a suricata.yaml that stands beside the rules is taken over.
    """

    captures: Sequence[Path]
    config: Path | None = None
    zones: Path | None = None
    store: str | None = None
    keep: bool = True
    eve: str | None = None
    checksums: str | None = None
    home_net: str | None = None
    rules: Sequence[Path] = ()
    suricata_yaml: Path | None = None
    suricata_set: Sequence[str] = ()
    beside: bool = True
    simulate_ips: bool = False
    payload: bool | None = None
    batch: int | None = None
    workers: int | None = None
    sensor: str | None = None
    site: str | None = None
    fail_on: int | None = None
    as_json: bool = False
    quiet: bool = False
    lang: Lang | None = None


@dataclass(frozen=True)
class Outcome:
    """A finished replay with what names it and what it was made under."""

    run: Run
    report: ReplayReport
    settings: Settings
    policy: Policy | None
    store: StorePlace | None

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.run.run_id

    @property
    def digests(self) -> dict[str, str]:
        """Digests of what the results were made under; the policy's is empty where there is none."""
        return {"config": self.run.config_digest, "policy": self.run.policy_digest}


def run_replay(request: Request) -> int:
    """Replay, show what was found, and return the exit code."""
    screen = Screen(request.lang, quiet=request.quiet, results_to_stderr=request.eve == "-")
    settings, taken = requested_settings(request)
    for note in taken.notes() if taken is not None and not request.as_json else ():
        screen.note(note)
    policy = _policy(settings, screen)
    collected = CollectSink()
    captures = input_captures(request.captures)
    outcome = _run(request, captures, settings, policy, collected, screen)
    if request.as_json:
        screen.json(summary_json(outcome) | ({"suricata_yaml": taken.as_json()} if taken is not None else {}))
    elif not request.quiet:
        print_summary(screen, outcome, collected)
    for note in outcome.report.notes if request.as_json else ():
        screen.note(note)
    return _exit_code(outcome.report, request.fail_on)


def requested_settings(request: Request) -> tuple[Settings, TakenOver | None]:
    """Return the settings of the configuration with the command line's options over them, and what a suricata.yaml
    that it names brought."""
    settings, taken = load_settings(request.config), None
    if request.suricata_yaml is None and request.rules and request.beside:
        from sekisho.suricata.beside import settings_for

        settings, taken = settings_for(request.config, request.rules, request.suricata_set)
    if taken is None and (request.suricata_yaml is not None or request.suricata_set):
        from sekisho.suricata.taking import take_over

        taken = take_over(settings, request.suricata_yaml, request.suricata_set)
        settings = taken.settings
    if request.checksums is not None:
        settings = override(settings, "decode", {"checksums": request.checksums}, "--checksums")
    if request.home_net is not None:
        networks = [n.strip() for n in request.home_net.split(",") if n.strip()]
        settings = override(settings, "replay", {"home_net": networks}, "--home-net")
    if request.simulate_ips:
        settings = override(settings, "signatures", {"inline": True}, "--simulate-ips")
    replaced = {"batch": request.batch, "workers": request.workers, "payload": _switch(request.payload),
                "sensor": request.sensor, "site": request.site, "zones": request.zones and str(request.zones)}
    for key, value in replaced.items():
        if value is not None:
            settings = override(settings, "replay", {key: value}, f"--{key}")
    return settings, taken


def _switch(wanted: bool | None) -> str | None:
    return None if wanted is None else "on" if wanted else "off"


def _policy(settings: Settings, screen: Screen) -> Policy | None:
    if not settings.replay.zones and settings.replay.home_net:
        return home_policy(settings.replay.home_net)
    if not settings.replay.zones:
        screen.note("no zone policy given: zones are not judged (--zones FILE, or zones in [replay])")
        return None
    policy = load_policy(settings.replay.zones)
    for warning in policy.warnings:
        screen.note(f"{settings.replay.zones}: {warning}")
    return policy


def _run(request: Request, captures: list[Path], settings: Settings, policy: Policy | None,
         collected: CollectSink, screen: Screen) -> Outcome:
    ruleset = replay_rules(request.rules, settings, screen)
    run = _run_of(captures, settings, policy, ruleset)
    sinks: list[Sink] = [] if request.as_json or request.quiet else [collected]  # what is not shown is not gathered
    wanted = settings.replay.payload
    payload = wanted == "on" or (wanted == "auto" and (request.keep or request.eve is not None))
    options = ReplayOptions(captures, settings, policy, settings.replay.batch, settings.replay.sensor,
                            payload or ruleset is not None, ruleset)
    place = store_place(request.store, settings) if request.keep else None
    with ExitStack() as stack:
        began = time.perf_counter()
        crew = _crew(options, screen)
        if crew is not None:
            stack.enter_context(crew)
        started = time.perf_counter() - began
        if place is not None:
            kept = stack.enter_context(StoreSink(place, run, settings.spool, settings.retention))
            sinks.append(kept)
            if kept.begun is Begun.COMPLETE:
                screen.note(f"run {run.run_id} is in the store already; its rows are not written again")
            elif kept.begun is Begun.DEFERRED:
                screen.note(f"the server does not say what it holds of this run: rows wait in {settings.spool.folder} "
                            "until it does, and are sent then unless it has them all")
        if request.eve is not None:
            sinks.append(stack.enter_context(EveSink(request.eve, settings.replay.sensor, settings.eve)))
        stopped = stack.enter_context(stop_on_interrupt(screen))
        progress = stack.enter_context(ReplayProgress(screen))
        began = time.perf_counter()
        report = replay_captures(options, sinks=sinks, progress=progress.update, stopped=stopped, crew=crew)
        report.seconds["kernels"] += started
        report.seconds["total"] = round(time.perf_counter() - began + started, 6)
    if place is not None and kept.pruned and (kept.pruned.dropped or kept.pruned.over):
        for line in prune_lines(screen, kept.pruned):
            screen.note(line)
    return Outcome(run, report, settings, policy, place)


def _crew(options: ReplayOptions, screen: Screen) -> Crew | None:
    """Start workers where they help, before anything else runs threads; None where one process does all."""
    wanted = options.settings.replay.workers
    workers = workers_for(options.captures, wanted) if options.payload else 1
    if wanted > 1 and workers == 1:
        screen.note("one process reads what is not a file: no workers are started" if options.payload else
                    "nobody looks into what is said: no workers are started")
    if workers == 1:
        return None
    load_kernels(options.payload, options.ruleset is not None)
    return Crew(options.captures, options.batch, options.settings, options.policy, options.decoding, workers,
                _rules_of(options))


def _rules_of(options: ReplayOptions) -> Callable[[bool], Any] | None:
    """Return what makes the detector of rules where one is wanted, told whether alerts wait for answers."""
    settings, ruleset = options.settings, options.ruleset
    if ruleset is None or not settings.detectors.stands(RULES):
        return None
    return lambda answers: rules_detector(settings, ruleset, answers=answers)


def _run_of(captures: Sequence[Path], settings: Settings, policy: Policy | None, ruleset: RuleSet | None) -> Run:
    """Return the run of these captures; the same ones under the same digests get the same id every time."""
    digests = {"config_digest": config_digest(settings), "policy_digest": policy.digest if policy else "",
               "version": __version__}
    named = settings.replay
    rules = (ruleset.digest,) if ruleset is not None else ()
    name = run_id(captures, named.sensor, named.site, *digests.values(), *rules)
    return Run(name, sensor=named.sensor, site=named.site, captures=tuple(capture_name(c) for c in captures), **digests)


def _exit_code(report: ReplayReport, fail_on: int | None) -> int:
    if report.interrupted:
        return FAILED
    highest = report.highest_severity or int(max(Severity)) + 1
    return ALERTED if fail_on is not None and highest <= fail_on else DONE


def rates(report: ReplayReport) -> dict[str, Any]:
    """Return packets and bits per second of the replay, from its first packet on (kernels are loaded before)."""
    seconds = report.seconds.get("total", 0.0) - report.seconds.get("kernels", 0.0) or 1e-9
    return {"packets_per_second": round(report.packets / seconds), "bits_per_second": round(report.bytes * 8 / seconds)}

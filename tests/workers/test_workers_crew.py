"""The crew: how many there are, what becomes of them when something goes wrong, and when a replay is interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from columns import ALERT, Alerts
from detectors.signatures.detector import SignatureDetector
from detectors.signatures.language.ruleset import RuleSet
from pcaps.manifest import cached, load_manifest
from sekisho.detection import rules_detector
from sekisho.pipeline import ReplayOptions, replay
from sekisho.report import ReplayReport
from sekisho.settings import default_settings
from sekisho.warm import load_kernels
from sekisho.workers import worker
from sekisho.workers.crew import Crew, WorkerError, workers_for


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    load_kernels()
    return cached(load_manifest()["demo_day"], tmp_path_factory.mktemp("day"))


def crew_for(options: ReplayOptions, workers: int = 2) -> Crew:
    ruleset = options.ruleset
    rules = None if ruleset is None else lambda answers: rules_detector(options.settings, ruleset, answers=answers)
    return Crew(options.captures, options.batch, options.settings, options.policy, options.decoding, workers, rules)


def options_of(*captures: Path, batch: int = 512, ruleset: RuleSet | None = None) -> ReplayOptions:
    return ReplayOptions(captures, default_settings(), batch=batch, ruleset=ruleset)


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    assert not multiprocessing.active_children()


def test_a_replay_that_is_interrupted_ends_in_order(day: Path) -> None:
    asked = iter(range(1000))
    options = options_of(day)
    with crew_for(options) as crew:
        mine = replay(options, stopped=lambda: next(asked) == 5, crew=crew)
    assert mine.interrupted
    assert 6 * 512 <= mine.packets < 21_171
    assert mine.packets % 512 == 0
    blocks = iter(range(1000))
    alone = replay(options, stopped=lambda: (next(blocks) + 1) * 512 == mine.packets)
    assert (mine.digest, mine.transactions, mine.flows) == (alone.digest, alone.transactions, alone.flows)


def test_a_worker_that_is_killed_is_named(day: Path) -> None:
    options = options_of(day)
    with crew_for(options) as crew:
        second = next(p for p in multiprocessing.active_children() if p.name == "sekisho worker 2")
        os.kill(second.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match=r"sekisho worker 2: it was killed by signal 9.*--workers"):
            replay(options, crew=crew)


def test_the_process_of_the_rules_is_named_when_it_is_killed(day: Path) -> None:
    options = options_of(day, ruleset=RuleSet())
    with crew_for(options) as crew:
        rules = next(p for p in multiprocessing.active_children() if p.name == "sekisho rules")
        os.kill(rules.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="sekisho rules: it was killed by signal 9"):
            replay(options, crew=crew)


def test_rules_that_trip_are_counted_and_the_others_go_on(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def trip(self: SignatureDetector, *rows: Any) -> Alerts:
        asked.append(rows)
        if len(asked) == 2:
            raise ValueError("tripped")
        return ALERT.none

    monkeypatch.setattr(SignatureDetector, "update", trip)
    options = options_of(day, batch=4096, ruleset=RuleSet())
    with crew_for(options) as crew:
        report = replay(options, crew=crew)
    assert report.counters["chain"]["failed_signatures"] == 1
    assert any("tripped" in note for note in report.notes)
    assert report.alerts > 0
    assert not asked  # all of it in the other process


def test_a_worker_that_fails_says_why(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, *_: Any) -> None:
            raise RuntimeError("nothing works")

    monkeypatch.setattr(worker, "Payload", Broken)
    options = options_of(day)
    with crew_for(options) as crew, pytest.raises(WorkerError, match="RuntimeError: nothing works"):
        replay(options, crew=crew)


def test_workers_who_read_something_else_are_not_believed(day: Path, tmp_path: Path) -> None:
    shorter = cached(load_manifest()["fragments"], tmp_path)
    with crew_for(options_of(shorter)) as crew, pytest.raises(WorkerError, match="read something else"):
        replay(options_of(day), crew=crew)


def test_an_error_of_the_replay_leaves_no_worker_behind(day: Path) -> None:
    options = options_of(day)

    def stumble() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), crew_for(options) as crew:
        replay(options, stopped=stumble, crew=crew)


_STARTS = """
import multiprocessing, pathlib, sys, time
from sekisho.pipeline import ReplayOptions
from sekisho.settings import default_settings
from sekisho.workers.crew import Crew

options = ReplayOptions([pathlib.Path(sys.argv[1])], default_settings())
crew = Crew(options.captures, 512, options.settings, None, options.decoding, 3)
print(*[p.pid for p in multiprocessing.active_children()], flush=True)
time.sleep(60)
"""


def test_workers_end_with_who_started_them(day: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _STARTS, day], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 3
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(_runs(pid) for pid in pids):
        time.sleep(0.05)
    assert not [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_how_many_there_are(day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(6)))
    large = tmp_path / "large.pcap"
    with large.open("wb") as file:
        file.truncate(32 << 20)
    assert workers_for([day], 0) == 1  # they would take longer to start
    assert workers_for([day, large], 0) == 6
    assert workers_for([day], 3) == 3
    assert workers_for([large], 1) == 1
    assert workers_for([Path("-")], 4) == workers_for([day, tmp_path / "none"], 0) == 1


def test_a_pipe_has_one_reader_and_it_is_said(day: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "sekisho", "replay", "-", "--no-store", "--payload", "--workers", "2"],
                          input=day.read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0
    assert b"one process reads what is not a file" in done.stderr


def test_results_do_not_depend_on_what_was_left_out(day: Path) -> None:
    """Without payload nobody is started, and nothing is missing for it."""
    done = subprocess.run([sys.executable, "-m", "sekisho", "replay", day, "--no-store", "--no-payload", "--workers",
                           "2"], capture_output=True, check=False)
    assert done.returncode == 0
    assert b"no workers are started" in done.stderr


def test_the_report_of_workers_counts_all_of_them(day: Path) -> None:
    options = options_of(day, batch=65536)
    with crew_for(options, 4) as crew:
        mine: ReplayReport = replay(options, crew=crew)
    alone = replay(options)
    for stage in ("streams", "protocols", "app_layer.flow", "app_layer.tx", "mask"):
        wanted = {name: count for name, count in alone.counters[stage].items() if name != "pages_peak"}
        assert {name: mine.counters[stage][name] for name in wanted} == wanted
    assert list(mine.counters) == list(alone.counters)

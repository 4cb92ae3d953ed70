"""Whole processes on one core: wall and processor seconds, peak memory, what they printed."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_S = 600.0


@dataclass(frozen=True)
class Sample:
    """One run of a process."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Subject:
    """Something to measure: a command over a capture.

    packets and wire_bytes are what one run reads (of the slice, where the subject reads a slice). prepare runs before
    every repeat and may return environment variables for it; seconds finds the processing time in the output, without
    start-up, where the command says it.
    """

    name: str
    argv: Sequence[str]
    capture: str
    packets: int
    wire_bytes: int
    prepare: Callable[[], dict[str, str]] | None = None
    seconds: Callable[[dict[str, Any]], float] | None = None
    repeats: int | None = None
    note: str = ""
    all_cores: bool = False


@dataclass
class Measured:
    """A subject with its samples, or with the error that stopped it."""

    subject: Subject
    samples: list[Sample] = field(default_factory=list)
    error: str = ""

    @property
    def report(self) -> dict[str, Any]:
        """The JSON object that the last run printed, empty if it printed none."""
        return _json_object(self.samples[-1].output) if self.samples else {}

    def spread(self, value: Callable[[Sample], float]) -> dict[str, float]:
        """Return least, median and greatest of a value over the samples."""
        values = [value(s) for s in self.samples]
        return {"min": min(values), "median": statistics.median(values), "max": max(values)}

    def as_dict(self) -> dict[str, Any]:
        """Return the measurement for JSON: seconds whole and of processing, rates from the medians, peak memory."""
        s = self.subject
        row: dict[str, Any] = {
            "subject": s.name, "capture": s.capture, "command": [Path(s.argv[0]).name, *s.argv[1:]],
            "packets": s.packets, "wire_bytes": s.wire_bytes, "note": s.note, "repeats": len(self.samples),
        }
        if self.error or not self.samples:
            return row | {"error": self.error or "not run"}
        row |= {
            "wall_s": self.spread(lambda x: x.wall_s),
            "cpu_s": self.spread(lambda x: x.cpu_s),
            "peak_mb": self.spread(lambda x: x.peak_mb),
            "whole": rates(s, self.spread(lambda x: x.wall_s)["median"]),
            "report": self.report,
        }
        if s.seconds is not None:
            own = self.spread(lambda x: s.seconds(_json_object(x.output)))
            row |= {"seconds": own, "processing": rates(s, own["median"])}
        return row


def rates(subject: Subject, seconds: float) -> dict[str, float]:
    """Return millions of packets and gigabits a second."""
    seconds = max(seconds, 1e-9)
    return {"mpps": subject.packets / seconds / 1e6, "gbit_s": subject.wire_bytes * 8 / seconds / 1e9}


def measure(subject: Subject, repeats: int, core: int) -> Measured:
    """Run a subject several times on one core; a run that fails ends the measurement with its last line of errors."""
    measured = Measured(subject)
    for _ in range(subject.repeats or repeats):
        extra = subject.prepare() if subject.prepare else {}
        sample = run_once(subject.argv, None if subject.all_cores else core, extra)
        if sample.exit_code != 0:
            lines = (sample.errors.strip() or sample.output.strip()).splitlines()
            measured.error = f"exit {sample.exit_code}: {lines[-1] if lines else 'no output'}"
            break
        if subject.seconds is not None:
            try:
                subject.seconds(_json_object(sample.output))
            except (KeyError, TypeError) as missing:
                measured.error = f"its output does not say {missing}"
                break
        measured.samples.append(sample)
    return measured


def run_once(argv: Sequence[str], core: int | None, extra: dict[str, str], limit_s: float = TIME_LIMIT_S) -> Sample:
    """Run a command to its end on one core (None: on all); stopped with exit code -9 after limit_s.

    peak_mb is ru_maxrss of the process and of the children it waited for, in MiB.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "SEKISHO_CONFIG")} | extra
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=ROOT, start_new_session=True,
            preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),
        )
        status, usage = _wait(process.pid, began + limit_s)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    cpu = usage.ru_utime + usage.ru_stime
    return Sample(wall, cpu, usage.ru_maxrss / 1024, process.returncode, *texts)


def _wait(pid: int, deadline: float) -> tuple[int, Any]:
    """Wait for a child with its resource usage; kill its session at the deadline."""
    pause = 0.0005
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return status, usage
        if time.perf_counter() > deadline:
            os.killpg(pid, 9)
            _, status, usage = os.wait4(pid, 0)
            return status, usage
        time.sleep(pause)
        pause = min(pause * 1.1, 0.005)


def _json_object(text: str) -> dict[str, Any]:
    """Return the last JSON object that a command printed, alone on its line or as the whole output."""
    for piece in [text, *reversed(text.strip().splitlines())]:
        try:
            found = json.loads(piece)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def machine() -> dict[str, Any]:
    """Return what the figures were taken on."""
    cpu = "unknown"
    if Path("/proc/cpuinfo").is_file():
        names = [x for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    parts = {}
    for name in ("numpy", "numba", "chdb", "dpkt", "nfstream"):
        try:
            parts[name] = version(name)
        except PackageNotFoundError:
            parts[name] = "absent"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu, "cores": os.cpu_count(), "memory_mb": memory >> 20,
        "system": f"{platform.system()} {platform.release()}", "python": sys.version.split()[0], "parts": parts,
        "load_before": os.getloadavg()[0],
    }


def last_core() -> int:
    """Return the highest core this process may use: the lowest one serves most interrupts."""
    return max(os.sched_getaffinity(0))


@cache
def warm_file(path: Path | str) -> None:
    """Bring a file into memory as the system reads files, once a run, so that every subject finds it there.

    Pages that stand there from writing it are let go first: a file that was just written, and in no order, lies in
    single pages of 4 KiB, one that was read ahead in pieces of up to 2 MiB; to copy that takes a third of the time.
    """
    with open(path, "rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            os.fsync(file.fileno())  # only what is on the disk can be let go
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while file.read(1 << 24):
            pass

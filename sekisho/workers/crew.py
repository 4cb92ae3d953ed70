"""The crew: starts workers, lets them go ahead by a few blocks, and puts what they say together."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any

import numpy as np

from columns import FLOW, Flows, Packets
from columns.errors import SekishoError
from columns.said import Said
from sekisho.digest import ResultDigest, Sums
from sekisho.payload import Asked, Counts
from sekisho.settings import Settings
from sekisho.stopwatch import Stopwatch
from sekisho.workers.part import Ends, Part, Portion, joined_heard, joined_rows
from sekisho.workers.rules import RulesAside, judge
from sekisho.workers.shares import shares_of
from sekisho.workers.task import GO_ON, STOP, Failed, Finished, Task, send
from sekisho.workers.worker import Wanted, work
from sensor.decode import DecodeSettings
from zones import Policy

MOST = 64
_AHEAD = 3
_PATIENCE_S = 5
_FEW_BYTES = 32 << 20
_BY_NAME = "app_layer.error."


class WorkerError(SekishoError):
    """A worker process ended before its work did."""


def workers_for(captures: Sequence[Path | str], wanted: int) -> int:
    """Return how many workers to start: as many as wanted, or, where that is 0, one for each core this process may use.

    1 is none beside this process: for captures that are small, and for pipes, which can be read only once.
    """
    if not all(os.path.isfile(path) for path in captures):
        return 1
    if wanted:
        return wanted
    small = sum(os.stat(path).st_size for path in captures) < _FEW_BYTES
    return 1 if small else min(len(os.sched_getaffinity(0)), MOST)


class _Member:
    """A process of the crew, and what it says: taken as it comes by a thread, so that it need not wait."""

    def __init__(self, process: Any, pipe: Connection) -> None:
        self.process, self.pipe, self.name = process, pipe, str(process.name)
        self._said: SimpleQueue[bytes | None] = SimpleQueue()
        self._listener = Thread(target=self._listen, daemon=True)

    def tell(self, what: bytes) -> None:
        """Tell it something, if it is still there: what it said last tells why it is not, or that it had finished."""
        with suppress(OSError):
            self.pipe.send_bytes(what)

    def begin(self, what: Any) -> None:
        """Tell it what to do, and listen."""
        with suppress(OSError):
            send(self.pipe, what)
        self._listener.start()

    def _listen(self) -> None:
        try:
            while True:
                self._said.put(self.pipe.recv_bytes())
        except (EOFError, OSError):
            self._said.put(None)

    def following(self, kind: type[Any], seconds: Stopwatch) -> Any:
        """Return what it says next, which is of this kind; else WorkerError says what became of it."""
        with seconds.watch("workers"):
            raw = self._said.get()
        with seconds.watch("merge"):
            said = pickle.loads(raw) if raw is not None else None
        if isinstance(said, kind):
            return said
        if isinstance(said, Failed):
            raise WorkerError(said.why, where=self.name)
        if said is not None:
            raise self.otherwise()
        self.process.join(_PATIENCE_S)
        code = self.process.exitcode or 0
        raise WorkerError(f"it was killed by signal {-code}" if code < 0 else "it ended early", where=self.name,
                          remedy="each worker needs some 300 MB: with fewer (--workers) there is more room")

    def otherwise(self) -> WorkerError:
        """Return the error of a process that has read something else."""
        return WorkerError("it has read something else than this process", where=self.name,
                           expected="captures that nobody writes to while they are read")

    def end(self, patience_s: float) -> None:
        """Wait for its end, but not longer."""
        self.process.join(patience_s)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()
        if self._listener.ident is not None:
            self._listener.join()
        self.pipe.close()


class Crew:
    """Workers who look into what is said, in place of a Payload; at least two.

    They are made by fork, so that all kernels and settings are theirs at once. It has to be done before other threads
    run (those of an embedded store, for one), hence before it is known what the detectors ask: ``begin`` says that.
    rules: makes the detector of rules, told whether alerts wait for answers; it then works in a process of its own, and
    ``rules_aside`` stands in the chain for it.
    """

    def __init__(self, captures: Sequence[Path | str], batch: int, settings: Settings, policy: Policy | None,
                 decoding: DecodeSettings, workers: int, rules: Callable[[bool], Any] | None = None) -> None:
        self.seconds = Stopwatch()
        self._seed = secrets.randbits(63)
        task = Task(captures, batch, settings, policy, decoding, workers, self._seed)
        shares_of(FLOW.none, workers, 0)  # its kernel is loaded once for all
        fork = multiprocessing.get_context("fork")
        to_crew = [fork.Pipe() for _ in range(workers + (rules is not None))]
        to_rules = [fork.Pipe(duplex=False) for _ in range(workers if rules is not None else 0)]
        ends = [end for pair in (*to_crew, *to_rules) for end in pair]

        def member(name: str, k: int, target: Callable[..., None], *arguments: Any) -> _Member:
            ours, theirs = to_crew[k]
            process = fork.Process(target=target, name=name, args=(*arguments[:-1], theirs, arguments[-1], ends),
                                   daemon=True)
            process.start()
            return _Member(process, ours)

        self._workers = [member(f"sekisho worker {k + 1}", k, work, task, k, to_rules[k][1] if to_rules else None)
                         for k in range(workers)]
        self._rules = None if rules is None else member(
            "sekisho rules", workers, judge, task, rules, [heard for heard, _ in to_rules])
        for end in [theirs for _, theirs in to_crew] + [end for pair in to_rules for end in pair]:
            end.close()
        self._may_take = self._taken = 0
        self._finished = False
        self._lost: WorkerError | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for member in self._members():
            member.end(_PATIENCE_S if self._finished else 0)

    def _members(self) -> list[_Member]:
        return [*self._workers, *([self._rules] if self._rules is not None else [])]

    def rules_aside(self, answers: bool) -> RulesAside | None:
        """Return what stands in the chain for the rules, once they are compiled; None where they are judged in it."""
        if self._rules is None:
            return None
        self._rules.begin(answers)
        return RulesAside(partial(self._judged, self._rules, Stopwatch()), answers)

    def _judged(self, rules: _Member, seconds: Stopwatch, kind: type[Any]) -> Any:
        """Return what the process of the rules says next; the chain goes on without a detector, a replay must not.

        seconds: nobody reads them, for a detector's time is that of the chain already.
        """
        try:
            return rules.following(kind, seconds)
        except WorkerError as error:
            self._lost = self._lost or error
            raise

    def begin(self, asked: Asked, heard: frozenset[str], seconds: Stopwatch) -> Crew:
        """Let them begin; seconds gets the time that is spent waiting for them, and putting together what they say.

        heard: the names of the buffers that detectors hear of here, if rules are judged elsewhere.
        """
        self.seconds = seconds
        for worker in self._workers:
            worker.begin(Wanted(asked, heard if self._rules is not None else None))
        self._let(_AHEAD)
        return self

    def go_on(self) -> None:
        """The next block of frames is taken here: they may take one more."""
        self._taken += 1
        self._let(1)

    def stop(self) -> int:
        """They take no more blocks; return how many they may have taken that were not taken here."""
        for member in self._members():
            member.tell(STOP)
        return self._may_take - self._taken

    def update(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray]) -> Said:
        """Return what was said in the next rows; app_proto and transactions of the flows are filled in."""
        if self._lost is not None:
            raise self._lost
        portion = Portion.of(packets, flows)
        parts = [worker.following(Part, self.seconds) for worker in self._workers]
        for worker, part in zip(self._workers, parts, strict=True):
            if part.portion != portion:
                raise worker.otherwise()
        with self.seconds.watch("merge"):
            shares, ends = shares_of(flows, len(parts), self._seed), Ends(flows)
            for k, part in enumerate(parts):
                part.labels.put(flows, np.flatnonzero(shares == k))
            spoken, stretches = joined_heard([part.heard for part in parts], ends, buffers)
            return Said(joined_rows(parts, ends), spoken, buffers, stretches)

    def finish(self) -> tuple[Counts, Sums]:
        """Return the counters of all of them, and the sums of all rows, at the end."""
        if self._lost is not None:
            raise self._lost
        found, digest = dict[str, Counter[str]](), ResultDigest()
        for worker in self._workers:
            finished = worker.following(Finished, self.seconds)
            digest.add_sums(finished.sums)
            for stage, counts in finished.counters.items():
                found.setdefault(stage, Counter()).update(counts)
        self._finished = True
        order = sorted(found, key=lambda stage: stage if stage.startswith(_BY_NAME) else "")
        return {s: dict(found[s] if s == "streams" else sorted(found[s].items())) for s in order}, digest.sums()

    def _let(self, blocks: int) -> None:
        self._may_take += blocks
        for member in self._members():
            for _ in range(blocks):
                member.tell(GO_ON)

"""The crew: starts workers, lets them go ahead by a few blocks, and puts what they say together."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
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
from sekisho.workers.part import Part, Portion, merged
from sekisho.workers.shares import shares_of
from sekisho.workers.worker import GO_ON, STOP, Failed, Finished, Task, work
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


class Crew:
    """Workers who look into what is said, in place of a Payload; at least two.

    They are made by fork, so that all kernels and settings are theirs at once. It has to be done before other threads
    run (those of an embedded store, for one), hence before it is known what the detectors ask: ``begin`` says that.
    """

    def __init__(self, captures: Sequence[Path | str], batch: int, settings: Settings, policy: Policy | None,
                 decoding: DecodeSettings, workers: int) -> None:
        self.seconds = Stopwatch()
        self._task = Task(captures, batch, settings, policy, decoding, workers, secrets.randbits(63))
        shares_of(FLOW.none, workers, 0)  # its kernel is loaded once for all
        fork = multiprocessing.get_context("fork")
        pipes = [fork.Pipe() for _ in range(workers)]
        self._pipes = [ours for ours, _ in pipes]
        self._workers = [
            fork.Process(target=work, name=f"sekisho worker {k + 1}", daemon=True, args=(
                self._task, k, theirs, [end for pair in pipes for end in pair if end is not theirs]))
            for k, (_, theirs) in enumerate(pipes)]
        for worker in self._workers:
            worker.start()
        for _, theirs in pipes:
            theirs.close()
        self._said: list[SimpleQueue[bytes | None]] = [SimpleQueue() for _ in pipes]
        self._listeners = [Thread(target=_listen, args=pair, daemon=True)
                           for pair in zip(self._pipes, self._said, strict=True)]
        self._may_take = self._taken = 0
        self._finished = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for worker in self._workers:
            worker.join(_PATIENCE_S if self._finished else 0)
            if worker.is_alive():
                worker.kill()
                worker.join()
            worker.close()
        for listener in self._listeners:
            if listener.ident is not None:
                listener.join()
        for pipe in self._pipes:
            pipe.close()

    def begin(self, asked: Asked, seconds: Stopwatch) -> Crew:
        """Let them begin; seconds gets the time that is spent waiting for them, and putting together what they say."""
        self.seconds = seconds
        for pipe, listener in zip(self._pipes, self._listeners, strict=True):
            self._send(pipe, pickle.dumps(asked))
            listener.start()
        self._let(_AHEAD)
        return self

    def go_on(self) -> None:
        """The next block of frames is taken here: they may take one more."""
        self._taken += 1
        self._let(1)

    def stop(self) -> int:
        """They take no more blocks; return how many they may have taken that were not taken here."""
        for pipe in self._pipes:
            self._send(pipe, STOP)
        return self._may_take - self._taken

    def update(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray]) -> Said:
        """Return what was said in the next rows; app_proto and transactions of the flows are filled in."""
        portion = Portion.of(packets, flows)
        parts = [self._next(k, Part) for k in range(len(self._workers))]
        for worker, part in zip(self._workers, parts, strict=True):
            if part.portion != portion:
                raise _otherwise(worker.name)
        with self.seconds.watch("merge"):
            shares = shares_of(flows, len(parts), self._task.seed)
            for k, part in enumerate(parts):
                part.labels.put(flows, np.flatnonzero(shares == k))
            return merged(parts, flows, buffers)

    def finish(self) -> tuple[Counts, Sums]:
        """Return the counters of all of them, and the sums of all rows, at the end."""
        found, digest = dict[str, Counter[str]](), ResultDigest()
        for k in range(len(self._workers)):
            finished = self._next(k, Finished)
            digest.add_sums(finished.sums)
            for stage, counts in finished.counters.items():
                found.setdefault(stage, Counter()).update(counts)
        self._finished = True
        order = sorted(found, key=lambda stage: stage if stage.startswith(_BY_NAME) else "")
        return {s: dict(found[s] if s == "streams" else sorted(found[s].items())) for s in order}, digest.sums()

    def _let(self, blocks: int) -> None:
        self._may_take += blocks
        for pipe in self._pipes:
            for _ in range(blocks):
                self._send(pipe, GO_ON)

    @staticmethod
    def _send(pipe: Connection, what: bytes) -> None:
        with suppress(OSError):  # it has ended: what it said last tells why, or that it had finished
            pipe.send_bytes(what)

    def _next(self, k: int, kind: type[Any]) -> Any:
        """Return what a worker says next."""
        with self.seconds.watch("workers"):
            raw = self._said[k].get()
        with self.seconds.watch("merge"):
            said = pickle.loads(raw) if raw is not None else None
        if isinstance(said, kind):
            return said
        where = self._workers[k].name
        if isinstance(said, Failed):
            raise WorkerError(said.why, where=where)
        if said is not None:
            raise _otherwise(where)
        self._workers[k].join(_PATIENCE_S)
        code = self._workers[k].exitcode or 0
        raise WorkerError(f"it was killed by signal {-code}" if code < 0 else "it ended early", where=where,
                          remedy="each worker needs some 300 MB: with fewer (--workers) there is more room")


def _otherwise(worker: str) -> WorkerError:
    return WorkerError("it has read something else than this process", where=worker,
                       expected="captures that nobody writes to while they are read")


def _listen(pipe: Connection, said: SimpleQueue[bytes | None]) -> None:
    """Take what a worker says as it comes, so that it need not wait; None once it says nothing any more."""
    try:
        while True:
            said.put(pipe.recv_bytes())
    except (EOFError, OSError):
        said.put(None)

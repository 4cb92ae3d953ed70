"""A thread that encodes and inserts chunks while the sensor goes on."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from storage.block import Constant, block_of
from storage.chunk import Chunk
from storage.engine import Connection
from storage.run import Run

_IN_FLIGHT = 2


class Job(NamedTuple):
    """A chunk to insert, the constants that lead its rows, its vocabularies, and its deduplication token."""

    chunk: Chunk
    constants: Sequence[Constant]
    vocabularies: Mapping[str, Sequence[str]]
    token: str


class RunJobs:
    """Makes the jobs of one run: each chunk gets the constants of the run, and the next number of its table."""

    def __init__(self, run: Run) -> None:
        self._run, self._sent, self._second = run, Counter[str](), 0

    def job(self, chunk: Chunk, vocabularies: Mapping[str, Sequence[str]]) -> Job:
        """Return the job of the next chunk.

        Its time of insertion is fixed here: sent again a month later, it is still the same block of the same partition.
        """
        run, name = self._run, chunk.table.name
        self._second = max(self._second, int(time.time()))
        number, self._sent[name] = self._sent[name], self._sent[name] + 1
        constants = (("run_id", "LowCardinality(String)", run.run_id), ("sensor", "LowCardinality(String)", run.sensor),
                     ("site", "LowCardinality(String)", run.site), ("keep_days", "UInt16", run.keep_days),
                     ("inserted_at", "DateTime", self._second))
        return Job(chunk, constants, vocabularies, f"{run.run_id}/{name}/{number}")


class Inserter:
    """Inserts jobs in order in a thread of its own over a connection of its own.

    put() blocks while two chunks wait (back-pressure). After an error nothing more is inserted: put() and wait()
    raise what the connection raised.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._jobs: queue.Queue[Job | None] = queue.Queue(_IN_FLIGHT)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="store-insert", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job, waiting while the queue is full."""
        self._raise()
        self._jobs.put(job)

    def wait(self) -> None:
        """Return when all that was queued is inserted."""
        self._jobs.join()
        self._raise()

    def close(self) -> None:
        """Insert what is queued and end the thread; never raises."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        connection: Connection | None = None
        while (job := self._jobs.get()) is not None:
            try:
                if self._error is None:
                    connection = connection or self._connect()
                    insert(connection, job)
            except Exception as error:
                self._error = error
            finally:
                self._jobs.task_done()
        if connection is not None:
            connection.close()


def insert(connection: Connection, job: Job) -> None:
    """Encode a chunk and send it. The engine drops it when it has seen its token in this table."""
    block = block_of(job.chunk.table, job.chunk.batch(), constants=job.constants, vocabularies=job.vocabularies,
                     token=job.token)
    job.chunk.give_back()
    connection.insert(block)

"""A thread that encodes and inserts chunks while the sensor goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from columns.clickhouse import INSERT_SETTINGS, quoted, stored_columns
from storage.block_file import BlockFile
from storage.chunk import Chunk
from storage.native import encode_block

_IN_FLIGHT = 2


class Job(NamedTuple):
    """A chunk to insert, the constants that lead its rows, its vocabularies, and its deduplication token."""

    chunk: Chunk
    constants: Sequence[tuple[str, str, str | int]]
    vocabularies: Mapping[str, Sequence[str]]
    token: str


class Inserter:
    """Inserts jobs in order in a thread of its own with a session of its own.

    put() blocks while two chunks wait (back-pressure). After an error nothing more is inserted: put() and wait()
    raise what the engine raised.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
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
        session, file = None, BlockFile()
        while (job := self._jobs.get()) is not None:
            try:
                if self._error is None:
                    session = session or self._connect()
                    insert(session, job, file)
            except Exception as error:
                self._error = error
            finally:
                self._jobs.task_done()
        if session is not None:
            session.close()
        file.close()


def insert(session: Any, job: Job, file: BlockFile) -> None:
    """Insert a chunk through a session. The engine drops it where it has seen its token, table by table: in the
    raw table and in each of its rollups."""
    table = job.chunk.table
    names = ", ".join([name for name, _, _ in job.constants] + [c.name for c in stored_columns(table)])
    file.write(encode_block(table, job.chunk.batch(), constants=job.constants, vocabularies=job.vocabularies))
    session.query(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM file('{file.path}', Native) "
                  f"SETTINGS insert_deduplication_token = {quoted(job.token)}, {INSERT_SETTINGS}")

"""One worker: reads the captures, follows the flows, and says what was said in its share of them."""

from __future__ import annotations

import gc
import pickle
import signal
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from columns import PACKET, Flows, Packets, slice_rows, take_rows
from sekisho.digest import Sums
from sekisho.frames import frames_of
from sekisho.garbage import rare_collections
from sekisho.payload import Asked, Counts, Payload
from sekisho.report import ReplayReport
from sekisho.settings import Settings
from sekisho.stopwatch import Stopwatch
from sekisho.traffic import Traffic
from sekisho.workers.part import Labels, Part, Portion
from sekisho.workers.shares import shares_of, shares_of_packets
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowTable
from sensor.frames import FrameBlock, read_only
from zones import Policy

GO_ON, STOP = b"g", b"s"
"""What a worker is told before each block of frames."""

_NO_BUFFERS = (read_only(b""), read_only(b""))


class Task(NamedTuple):
    """What all workers do alike. batch: in frames, the same as that of who asks, so that rows are cut alike."""

    captures: Sequence[Path | str]
    batch: int
    settings: Settings
    policy: Policy | None
    decoding: DecodeSettings
    workers: int
    seed: int


class Failed(NamedTuple):
    """A worker could not go on."""

    why: str


class Finished(NamedTuple):
    """A worker has said everything, see Payload.finish."""

    counters: Counts
    sums: Sums


def work(task: Task, which: int, to_crew: Connection, others: Sequence[Connection]) -> None:
    """Do a worker's part: wait for what the detectors ask, then send a Part for each portion, and Finished.

    others: the ends of the pipes that are not this worker's, open here too: they are closed, so that all workers
    learn when nobody waits for them any more.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started the workers
    for connection in others:
        connection.close()
    gc.freeze()
    try:
        with rare_collections():
            asked = pickle.loads(to_crew.recv_bytes())
            for said in _Share(task, which, asked, to_crew).parts():
                to_crew.send_bytes(pickle.dumps(said, 5))
    except (EOFError, OSError):
        return  # nobody waits any more
    except Exception as error:
        to_crew.send_bytes(pickle.dumps(Failed(f"{type(error).__name__}: {error}"), 5))


class _Share:
    """One worker's share of the captures."""

    def __init__(self, task: Task, which: int, asked: Asked, to_crew: Connection) -> None:
        self._task, self._which, self._crew = task, which, to_crew
        self._table = FlowTable(task.settings.flow)
        self._payload = Payload(task.settings, task.policy, asked, Stopwatch(), task.workers)

    def parts(self) -> Iterator[Part | Finished]:
        """Yield what was said, portion by portion."""
        decoder = Decoder(self._task.decoding)
        for block in self._blocks():
            for packets, buffers in decoder.decode(block):
                for start, stop, flows in self._table.update(packets):
                    yield self._part(slice_rows(packets, start, stop), flows, buffers)
        for flows in self._table.finish():
            yield self._part(PACKET.none, flows, _NO_BUFFERS)
        yield Finished(*self._payload.finish())

    def _blocks(self) -> Iterator[FrameBlock]:
        blocks = frames_of(self._task.captures, self._task.batch, ReplayReport(), Traffic(), None)
        while self._crew.recv_bytes() == GO_ON:
            block = next(blocks, None)
            if block is None:
                return
            yield block

    def _part(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray]) -> Part:
        portion = Portion.of(packets, flows)
        packets = self._mine(packets, shares_of_packets(packets, self._task.workers, self._task.seed))
        flows = self._mine(flows, shares_of(flows, self._task.workers, self._task.seed))
        said = self._payload.update(packets, flows, buffers)
        stretches = said.stretches if said.stretches.slot.size else None
        if stretches is not None:
            stretches = stretches._replace(buffers=(*_NO_BUFFERS, stretches.buffers[2]))
        return Part(portion, [(table.name, batch) for table, batch in said.rows], said.spoken, stretches,
                    self._payload.dissector.places, Labels.of(flows))

    def _mine(self, rows: Any, shares: np.ndarray) -> Any:
        return take_rows(rows, np.flatnonzero(shares == self._which))

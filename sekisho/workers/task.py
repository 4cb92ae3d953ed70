"""What everybody of a crew does alike: read the captures, block by block as it is told to, and follow the flows."""

from __future__ import annotations

import gc
import pickle
import signal
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from columns import PACKET, Flows, Packets, slice_rows
from sekisho.digest import Sums
from sekisho.frames import frames_of
from sekisho.garbage import rare_collections
from sekisho.payload import Counts
from sekisho.report import ReplayReport
from sekisho.settings import Settings
from sekisho.traffic import Traffic
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowTable
from sensor.frames import FrameBlock, read_only
from zones import Policy

GO_ON, STOP = b"g", b"s"
"""What everybody is told before each block of frames."""

_NO_BUFFERS = (read_only(b""), read_only(b""))


class Task(NamedTuple):
    """What all do alike. batch: in frames, the same as that of who asks, so that rows are cut alike."""

    captures: Sequence[Path | str]
    batch: int
    settings: Settings
    policy: Policy | None
    decoding: DecodeSettings
    workers: int
    seed: int


class Failed(NamedTuple):
    """Somebody could not go on."""

    why: str


class Finished(NamedTuple):
    """Somebody has said everything: counters by stage, and sums of rows, see Payload.finish."""

    counters: Counts
    sums: Sums


def send(pipe: Connection, what: Any) -> None:
    """Send something; OSError where nobody listens any more."""
    pipe.send_bytes(pickle.dumps(what, 5))


def receive(pipe: Connection) -> Any:
    """Return what comes next; EOFError where nothing comes any more."""
    return pickle.loads(pipe.recv_bytes())


def begin(mine: Iterable[Connection], all_ends: Iterable[Connection]) -> None:
    """Settle in a new process: Ctrl-C is for who started it, and ends of pipes that are not its own are closed.

    Only so everybody learns when nobody is at the other end any more.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = set(map(id, mine))
    for end in all_ends:
        if id(end) not in own:
            end.close()
    gc.freeze()


def say(pipe: Connection, messages: Iterable[Any]) -> None:
    """Send all messages, and at last what went wrong, if anything did; end where nobody listens any more."""
    try:
        with rare_collections():
            for message in messages:
                send(pipe, message)
    except (EOFError, OSError):
        return
    except Exception as error:
        send(pipe, Failed(f"{type(error).__name__}: {error}"))


def portions(task: Task, told: Connection) -> Iterator[tuple[Packets, Flows, Sequence[np.ndarray]]]:
    """Yield the portions of the captures as a replay has them: packets with their flows, flow rows, buffers."""
    decoder, table = Decoder(task.decoding), FlowTable(task.settings.flow)
    for block in _blocks(task, told):
        for packets, buffers in decoder.decode(block):
            for start, stop, flows in table.update(packets):
                yield slice_rows(packets, start, stop), flows, buffers
    for flows in table.finish():
        yield PACKET.none, flows, _NO_BUFFERS


def _blocks(task: Task, told: Connection) -> Iterator[FrameBlock]:
    blocks = frames_of(task.captures, task.batch, ReplayReport(), Traffic(), None)
    while told.recv_bytes() == GO_ON:
        block = next(blocks, None)
        if block is None:
            return
        yield block

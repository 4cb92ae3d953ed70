"""One worker: says what was said in its share of the captures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from columns import Flows, Packets, take_rows
from sekisho.payload import Asked, Payload
from sekisho.stopwatch import Stopwatch
from sekisho.workers.part import Heard, Labels, Part, Portion
from sekisho.workers.shares import shares_of, shares_of_packets
from sekisho.workers.task import Finished, Task, begin, portions, receive, say, send


class Wanted(NamedTuple):
    """What a worker is to find out: what all detectors ask, and what those of the replay's own process hear of it.

    heard: the names of buffers; None for everything.
    """

    asked: Asked
    heard: frozenset[str] | None


def work(task: Task, which: int, to_crew: Connection, to_rules: Connection | None,
         all_ends: Sequence[Connection]) -> None:
    """Do a worker's part: wait for what is wanted, then send a Part for each portion, and Finished.

    to_rules: takes all that is heard, where rules are judged in a process of their own.
    """
    begin([end for end in (to_crew, to_rules) if end is not None], all_ends)
    say(to_crew, _said(task, which, to_crew, to_rules))


def _said(task: Task, which: int, to_crew: Connection, to_rules: Connection | None) -> Iterator[Part | Finished]:
    wanted = receive(to_crew)
    payload = Payload(task.settings, task.policy, wanted.asked, Stopwatch(), task.workers)

    def mine(rows: Any, shares: np.ndarray) -> Any:
        return take_rows(rows, np.flatnonzero(shares == which))

    def part(all_packets: Packets, all_flows: Flows, buffers: Sequence[np.ndarray]) -> Part:
        portion = Portion.of(all_packets, all_flows)
        packets = mine(all_packets, shares_of_packets(all_packets, task.workers, task.seed))
        flows = mine(all_flows, shares_of(all_flows, task.workers, task.seed))
        said = payload.update(packets, flows, buffers)
        places = payload.dissector.places
        heard = Heard.of(said, places)
        if to_rules is not None:
            with suppress(OSError):  # who judged the rules has ended: the replay knows
                send(to_rules, (portion, heard))
        if wanted.heard is not None:
            heard = heard.only(wanted.heard)
        return Part(portion, [(table.name, batch) for table, batch in said.rows], places.rows, Labels.of(flows), heard)

    for packets, flows, buffers in portions(task, to_crew):
        yield part(packets, flows, buffers)
    yield Finished(*payload.finish())

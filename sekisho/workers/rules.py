"""Rules judged in a process of their own: what all workers hear goes there, alerts come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from columns import Alerts, Flows, Packets
from columns.app import AppProto
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alerts_of
from detectors.contract import Signature
from sekisho.workers.part import Ends, Portion, joined_heard
from sekisho.workers.task import Finished, Task, begin, portions, receive, say

NAME = "signatures"


class Ready(NamedTuple):
    """The rules are compiled; inspects: the protocols whose buffers they look into."""

    inspects: frozenset[AppProto] | None


class Judged(NamedTuple):
    """The alerts of a portion, those among them that wait for an answer, and the answers that came; or what failed."""

    portion: Portion
    alerts: Alerts
    waiting: np.ndarray
    answered: Sequence[Any]
    failed: str = ""


def judge(task: Task, make: Callable[[bool], Any], to_crew: Connection, from_workers: Sequence[Connection],
          all_ends: Sequence[Connection]) -> None:
    """Wait to be told whether alerts wait for answers, make the detector, send Ready, and Judged for each portion."""
    begin([to_crew, *from_workers], all_ends)
    say(to_crew, _judged(task, make, to_crew, from_workers))


def _judged(task: Task, make: Callable[[bool], Any], to_crew: Connection,
            from_workers: Sequence[Connection]) -> Iterator[Ready | Judged | Finished]:
    detector = make(receive(to_crew))
    yield Ready(detector.inspects)
    for packets, flows, buffers in portions(task, to_crew):
        portion, heard = Portion.of(packets, flows), [receive(pipe) for pipe in from_workers]
        if any(other != portion for other, _ in heard):
            raise RuntimeError("the workers have read something else")
        said = Said((), *_in_order([h for _, h in heard], flows, buffers))
        try:
            alerts = detector.update(packets, flows, said)
        except Exception as error:  # the chain counts it; the next portion may go well
            yield Judged(portion, alerts_of([]), np.zeros(0, np.uint64), (), f"{type(error).__name__}: {error}")
            continue
        waits = alerts.alert_id[detector.waits(alerts.alert_id)] if detector.answers else alerts.alert_id[:0]
        yield Judged(portion, alerts, waits, detector.answered() if detector.answers else ())
    yield Finished({NAME: detector.counters()}, {})


def _in_order(heard: Sequence[Any], flows: Flows, buffers: Sequence[np.ndarray]) -> tuple[Any, Any, Any]:
    spoken, stretches = joined_heard(heard, Ends(flows), buffers)
    return spoken, buffers, stretches


class RulesAside:
    """Stands in the chain for the rules that another process judges.

    following: returns what that process says next, of the kind given.
    """

    name = NAME
    listens = storm_by_signature = True
    signatures: tuple[Signature, ...] = ()

    def __init__(self, following: Callable[[type[Any]], Any], answers: bool) -> None:
        self._following, self.answers = following, answers
        self.inspects = following(Ready).inspects
        self._waiting, self._answered = np.zeros(0, np.uint64), list[Any]()
        self._counters: dict[str, int] = {}

    def reset(self) -> None:
        """There is one replay for each crew: nothing was learned before."""

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Return the alerts of the next rows."""
        judged = self._following(Judged)
        if judged.failed:
            raise RuntimeError(judged.failed)
        if judged.portion != Portion.of(packets, flows):
            raise RuntimeError("the rules were judged of other rows")
        self._waiting, self._answered = judged.waiting, [*self._answered, *judged.answered]
        return judged.alerts

    def finish(self) -> Alerts:
        """Nothing is left to tell."""
        self._counters = self._following(Finished).counters[NAME]
        return alerts_of([])

    def waits(self, alert_ids: np.ndarray) -> np.ndarray:
        """Return bool[n]: which alerts of the last update are to be told again by ``answered``."""
        return np.isin(alert_ids, self._waiting)

    def answered(self) -> list[Any]:
        """Return the alerts that wait no longer since this was asked last, in the order in which they were told."""
        found, self._answered = self._answered, []
        return found

    def counters(self) -> dict[str, int]:
        """Return the counters of the rules, at the end."""
        return self._counters

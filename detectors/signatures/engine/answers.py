"""Answers: the packet at which Suricata would have told a match in a TCP stream, and what was known by then.

Suricata looks at TCP data once the other end has acknowledged it, at the next packet of the end that sent it; by then
the answer to a request has often been seen. A match is told here when its last byte comes. Where alerts must compare
with Suricata's, they wait for that packet, and show what their transaction has shown until then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from columns import Packets, rows_in
from columns.codes import Status
from detectors.signatures.engine.context import app_objects
from detectors.signatures.engine.facts import PacketFacts
from detectors.signatures.engine.judge import Match

_TCP, _ACK, _HALF = 6, 16, 1 << 31
MOST = 65_536
"""Matches that wait at once; beyond that the oldest waits no longer, counted."""


class Answer(NamedTuple):
    """An alert that waits no longer. packet_number: where it was answered, 0 where its flow ended before.

    ts_ns: the event time of that; None where it could wait no longer. context: the alert's context by then, as JSON.
    """

    alert_id: int
    ts_ns: int | None
    packet_number: int
    context: str


class _Held:
    """A match that waits: from packet ``number`` on, until what ends at sequence number ``end`` is acknowledged."""

    __slots__ = ("acknowledged", "alert_id", "context", "end", "match", "number", "order")

    def __init__(self, match: Match, alert_id: int, context: str, order: int) -> None:
        assert match.scene.answer is not None
        self.match, self.alert_id, self.context, self.order = match, alert_id, context, order
        self.number, self.end = match.scene.answer
        self.acknowledged = False


class Answers:
    """The matches that wait, by flow."""

    def __init__(self, most: int = MOST) -> None:
        self._held: dict[int, list[_Held]] = defaultdict(list)
        self._most, self._order, self._waiting = most, 0, 0
        self.forgotten = 0

    def hold(self, match: Match, alert_id: int, context: str) -> bool:
        """Let a match wait, unless nothing answers it; return whether it waits."""
        if match.scene.answer is None:
            return False
        self._held[match.scene.flow_id].append(_Held(match, alert_id, context, self._order))
        self._order += 1
        self._waiting += 1
        return True

    def release(self, packets: Packets, facts: PacketFacts, ended: Iterable[tuple[int, int]]) -> list[Answer]:
        """Return what is answered by the next packets, or ends with its flow: (flow_id, event time when it ended)."""
        if not self._waiting:
            return []
        found = list(self._answered(packets, facts)) if rows_in(packets) else []
        for flow_id, clock_ns in ended:
            found += [(held.order, self._answer(held, clock_ns, 0)) for held in self._held.pop(flow_id, ())]
        self._waiting -= len(found)
        while self._waiting > self._most:
            found.append((-1, self._given_up()))
        return [answer for _, answer in sorted(found, key=lambda pair: pair[0])]

    def _given_up(self) -> Answer:
        flow_id = next(iter(self._held))
        held = self._held[flow_id].pop(0)
        if not self._held[flow_id]:
            del self._held[flow_id]
        self._waiting -= 1
        self.forgotten += 1
        return Answer(held.alert_id, None, held.match.scene.at.packet_number, held.context)

    def _answered(self, p: Packets, facts: PacketFacts) -> Iterable[tuple[int, Answer]]:
        flows = np.fromiter(self._held, np.uint64, len(self._held))
        rows = np.flatnonzero((p.proto == _TCP) & (p.status == Status.OK) & np.isin(p.flow_id, flows))
        columns = (p.flow_id, p.packet_number, p.to_server, p.tcp_flags, p.tcp_ack)
        for row, flow_id, number, to_server, flags, ack in zip(
                rows.tolist(), *[column[rows].tolist() for column in columns], strict=True):
            waiting = self._held.get(flow_id)
            if not waiting:
                continue
            still = []
            for held in waiting:
                if number < held.number or (held.match.scene.to_server == bool(to_server) and not held.acknowledged):
                    still.append(held)
                elif held.match.scene.to_server == bool(to_server):
                    yield held.order, self._answer(held, int(p.ts_ns[row]), number, facts.sums[row].tolist())
                else:
                    held.acknowledged |= bool(flags & _ACK) and (ack - held.end) & 0xFFFFFFFF < _HALF
                    still.append(held)
            if still:
                self._held[flow_id] = still
            else:
                del self._held[flow_id]

    @staticmethod
    def _answer(held: _Held, ts_ns: int, number: int, sums: list[int] | None = None) -> Answer:
        context: dict[str, Any] = json.loads(held.context)
        context |= app_objects(held.match)
        if sums is None:
            context["pkt_src"] = "stream (flow timeout)"
        elif "flow" in context:
            names = ("pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient")
            context["flow"] |= dict(zip(names, sums, strict=True))
        return Answer(held.alert_id, ts_ns, number, json.dumps(context, ensure_ascii=False, separators=(",", ":")))

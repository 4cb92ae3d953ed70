"""The datagrams of many flows at once: those that a protocol follows together, and what is left for conversations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from columns import Flows, Packets, Table
from columns.app import AppProto
from sensor.protocols.agreement import PROBE_BYTES
from sensor.protocols.datagrams import Datagrams, Events, events_of
from sensor.protocols.facts import FACTS, columns_of, facts_of, records_of
from sensor.protocols.parser import FlowFacts, FlowsAtOnce, Wants
from sensor.protocols.recognising import Recogniser
from sensor.protocols.seats import DATAGRAM, LAST_ROW, Seats, grown

_BY_CONVERSATION, _IGNORED, _UNKNOWN, _TOGETHER = 0, 1, 2, 3


class AtOnce:
    """Seats the flows of UDP and lets protocols that can follow all of theirs at once do so.

    flows: as many as the flow table has. Which flow is whose is decided by its first datagram, as a conversation would.
    """

    def __init__(self, flows: int, recogniser: Recogniser, own_settings: Mapping[AppProto, Any], conversations: int, *,
                 inspected: bool) -> None:
        self._seats, self._recogniser, self._inspected = Seats(flows), recogniser, inspected
        self._whose = np.zeros(self._seats.room, np.uint8)  # by seat: _TOGETHER + k is the k-th who follows many
        self._facts = np.zeros(self._seats.room, FACTS)
        self._wants = [want for want in recogniser.wants if want.at_once is not None and not inspected]
        self._followers: list[FlowsAtOnce] = [want.at_once(own_settings.get(want.app_proto), conversations)
                                              for want in self._wants]
        self._alone = [recogniser.asked_first(want) for want in self._wants]
        self.told: list[tuple[Table, Any]] = []
        self.named = np.zeros(0, np.bool_)
        self.ended, self.failed = Counter[AppProto](), Counter[AppProto]()
        self._counts: Counter[str] = Counter()

    def take(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray]) -> Datagrams:
        """Take the next rows; return what is left for conversations.

        ``told`` is then what was told together. Flow rows of those who are followed so got their app_proto and
        transactions; ``named`` says which these are.
        """
        events = events_of(packets, flows)
        seats, firsts = self._seats.take(events.kind, events.flow_id, events.place)
        if self._whose.size < self._seats.room:
            more = self._seats.room - self._whose.size
            self._whose, self._facts = grown(self._whose, more), grown(self._facts, more)
        self._whose[seats[firsts]] = _BY_CONVERSATION
        self.told, self.named = [], np.zeros(flows.flow_id.size, np.bool_)
        for k in range(len(self._followers)):
            firsts = self._begin(k, events, seats, firsts, packets, buffers)
            self._follow(k, events, seats, flows, buffers)
        if not self._inspected:
            self._leave_alone(events, seats, firsts, packets, flows, buffers)
        left = np.flatnonzero((self._whose[seats] == _BY_CONVERSATION) & (seats > 0)
                              & ((events.kind == DATAGRAM) | (events.kind == LAST_ROW)))
        return Datagrams(events.some(left), seats[left], buffers)

    def ignore(self, seat: int) -> None:
        """Nobody wants the rest of the flow on a seat."""
        self._whose[seat] = _IGNORED

    def _begin(self, k: int, events: Events, seats: np.ndarray, firsts: np.ndarray, packets: Packets,
               buffers: Sequence[np.ndarray]) -> np.ndarray:
        """Find the flows that begin with a protocol; return the first datagrams of the others."""
        if not firsts.size:
            return firsts
        facts = records_of(packets, events.row[firsts], events.to_server[firsts])
        taken = np.zeros(firsts.size, np.bool_)
        for buffer in np.unique(events.buffer[firsts]).tolist():
            here = np.flatnonzero(events.buffer[firsts] == buffer)
            starts = events.start[firsts[here]]
            stops = starts + events.size[firsts[here]]
            taken[here] = self._followers[k].begins(buffers[buffer], starts, stops, facts[here])
            sides = (~events.to_server[firsts[here]]).astype(np.int64)
            doubtful = here[taken[here] & ~self._alone[k][sides, buffers[buffer][starts]]]
            heads = _heads(events, firsts[doubtful], facts[doubtful], buffers)
            taken[doubtful] = [self._gets(self._wants[k], *head) for head in heads]
        mine = seats[firsts[taken]]
        self._whose[mine], self._facts[mine] = _TOGETHER + k, facts[taken]
        self._followers[k].begin(mine, self._seats.room)
        self._counts["conversations"] += mine.size
        return firsts[~taken]

    def _leave_alone(self, events: Events, seats: np.ndarray, firsts: np.ndarray, packets: Packets, flows: Flows,
                     buffers: Sequence[np.ndarray]) -> None:
        """Leave flows alone that no protocol may begin so, as a conversation would; their flow rows say it."""
        facts = records_of(packets, events.row[firsts], events.to_server[firsts])
        refused = firsts[[self._refuse(*head) for head in _heads(events, firsts, facts, buffers)]]
        self._whose[seats[refused]] = _UNKNOWN
        self._counts["conversations"] += refused.size
        self.ended[AppProto.FAILED] += refused.size
        rows = events.row[(events.kind != DATAGRAM) & (self._whose[seats] == _UNKNOWN)]
        flows.app_proto[rows], self.named[rows] = AppProto.FAILED, True

    def _gets(self, want: Wants, client: bytes, server: bytes, flow: FlowFacts) -> bool:
        """Return whether a protocol gets a flow that its probe takes; if a probe fails, a conversation may count it."""
        try:
            return not self._recogniser.forestalls(want, client, server, flow)
        except Exception:
            return False

    def _refuse(self, client: bytes, server: bytes, flow: FlowFacts) -> bool:
        """Return whether all probes say no."""
        try:
            return self._recogniser.ask(client, server, flow) == (None, False)
        except Exception:
            return False

    def _follow(self, k: int, events: Events, seats: np.ndarray, flows: Flows, buffers: Sequence[np.ndarray]) -> None:
        """Let one take the datagrams of its flows and name the flow rows."""
        follower, ours = self._followers[k], self._whose[seats] == _TOGETHER + k
        said = np.flatnonzero(ours & (events.kind == DATAGRAM))
        if said.size:
            try:
                self._tell(follower, events.some(said), seats[said], buffers)
            except Exception as error:  # a mistake of ours: what else is said must go on
                self.failed[follower.app_proto] += 1
                self._counts[f"failed_{follower.app_proto.name.lower()}"] += 1
                self._counts[f"failed_with_{type(error).__name__}"] += 1
        rows = np.flatnonzero(ours & (events.kind != DATAGRAM))
        if rows.size:
            flows.app_proto[events.row[rows]] = follower.app_proto
            self.named[events.row[rows]] = True
            over = rows[events.kind[rows] == LAST_ROW]
            flows.transactions[events.row[over]] = follower.end(seats[over])
            self.ended[follower.app_proto] += over.size

    def _tell(self, follower: FlowsAtOnce, events: Events, seats: np.ndarray, buffers: Sequence[np.ndarray]) -> None:
        facts = self._facts[seats]
        which, tx_id, columns = follower.take(events, seats, facts, buffers)
        if which.size:
            numbers = events.packet_number[which].astype(np.uint64)
            self.told.append((follower.table, follower.table.from_columns(
                which.size, **columns, **columns_of(facts[which]), ts_ns=events.ts_ns[which], tx_id=tx_id,
                packet_number=numbers, logged_packet=numbers)))

    def counts(self) -> Counter[str]:
        """Return the flows that are followed together, as conversations, and what was counted of them by cause."""
        return sum((follower.counts for follower in self._followers), self._counts)

    @property
    def live(self) -> int:
        """So many flows that are followed together live."""
        return self._counts["conversations"] - self.ended.total()


def _heads(events: Events, which: np.ndarray, facts: np.ndarray,
           buffers: Sequence[np.ndarray]) -> Iterator[tuple[bytes, bytes, FlowFacts]]:
    """Yield what the initiator and the responder say in first datagrams, and who speaks: what probes are asked."""
    data = [buffer.data for buffer in buffers]
    columns = (events.buffer[which], events.start[which], np.minimum(events.size[which], PROBE_BYTES),
               events.to_server[which])
    for buffer, start, size, to_server, flow in zip(*[column.tolist() for column in columns], facts_of(facts),
                                                    strict=True):
        head = bytes(data[buffer][start : start + size])
        yield (head, b"", flow) if to_server else (b"", head, flow)

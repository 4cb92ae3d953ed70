"""One batch put in order: packets that rules may hold of, windows of streams, steps of transactions, ends of flows.

What the filters find is found for the whole batch at once; after that everything is looked at in the order in which it
happened, so that what one rule remembers another can ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from columns import Flows, Packets
from columns.codes import EndReason
from columns.said import FlowFacts, Said, Step
from detectors.signatures.engine.decode_events import events as decode_events
from detectors.signatures.engine.decode_events import odd_rows
from detectors.signatures.engine.facts import ESTABLISHED, FOLLOWED, PacketFacts
from detectors.signatures.engine.listening import Heard
from detectors.signatures.engine.memory import Flows as FlowMemories
from detectors.signatures.engine.packets import INSPECTED, PacketColumns, packet_rows
from detectors.signatures.engine.plan import Kind, Plan
from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.engine.scene import PacketView
from detectors.signatures.engine.streams import Windows
from detectors.signatures.engine.suspects import FlowEnds, Suspects, Ways
from detectors.signatures.engine.transforms import transformed

_TCP = 6
_RECOGNISED, _PACKET, _SPOKEN, DETECTED, END = range(5)


class Event:
    """Something to look at, in its place: a row with its rules, a window, a gap, a step, a recognition, an ended flow.

    heard: so many stretches of the batch came before; asked: a rule, or its alert, may be about what a step shows; row:
    that of the step's packet, -1 where it is not in the batch; established: its flow was by then.
    """

    __slots__ = ("asked", "established", "heard", "number", "phase", "place", "row", "rules", "what")

    def __init__(self, number: int, phase: int, place: int, what: Any, rules: Sequence[Prepared] = ()) -> None:
        self.number, self.phase, self.place, self.what, self.rules = number, phase, place, what, rules
        self.heard, self.asked, self.row, self.established = 0, False, -1, False


_PLACE = attrgetter("number", "phase", "place")


class _Pieces(NamedTuple):
    """Bytes of one kind, and the events they belong to."""

    places: list[int]
    data: list[bytes]


class Batch:
    """What there is to look at in one call of the detector."""

    def __init__(self, plan: Plan, windows: Windows, packets: Packets, flows: Flows, said: Said,
                 facts: PacketFacts, memory: FlowMemories, *, answers: bool = False,
                 odd: frozenset[int] = frozenset(), all_steps: bool = False) -> None:
        self._odd_tcp, self._all_steps = odd, all_steps
        self._plan, self._packets, self._facts, self._said = plan, packets, facts, said
        self._memory = memory
        heard = Heard(plan, windows, said.stretches, *self._reached(answers), answers=answers)
        self.steps = 0
        self._streamed = list(self._streams(heard))
        self.windows, self.bytes, self.pieces = heard.windows, heard.bytes, heard.windows
        self.events: list[Event] = [*self._ends(flows), *self._streamed, *self._spoken(heard), *self._rows()]
        self.events.sort(key=_PLACE)

    def _ends(self, flows: Flows) -> Iterator[Event]:
        over = np.flatnonzero(flows.end_reason != EndReason.ACTIVE_TIMEOUT)
        numbers, ids = flows.emitted_before[over].tolist(), flows.flow_id[over].tolist()
        for k, (number, flow_id) in enumerate(zip(numbers, ids, strict=True)):
            yield Event(number - 1, END, k, flow_id)

    def _reached(self, answers: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return of all stretches whether the flow was established by then, and the sequence number behind them.

        The latter is of no use for what no packet of these brought: the end of a flow; 0 where nobody asks.
        """
        s, p = self._said.stretches, self._packets
        rows = packet_rows(p, s.packet_number, s.flow_id)
        ends = np.zeros(rows.size, np.int64)
        if not p.status.size:
            return np.zeros(rows.size, bool), ends
        if answers:
            ends = (p.tcp_seq[rows].astype(np.int64) + p.payload_bytes[rows]) & 0xFFFFFFFF
        return (rows >= 0) & (self._facts.bits[rows] & ESTABLISHED != 0), ends

    def _streams(self, heard: Heard) -> Iterator[Event]:
        places = self._said.stretches.place
        if self._plan.stream_events:
            for row, odd in heard.odd():
                yield Event(odd.at.packet_number, _SPOKEN, row + int(places[row]), odd, self._plan.stream_events)
        for row, number, window, rules in heard.found():
            yield Event(number, _SPOKEN, row + int(places[row]), window, rules)

    def _spoken(self, heard: Heard) -> list[Event]:
        events: list[Event] = []
        kinds = {kind: _Pieces([], []) for kind in self._plan.kinds}
        kinds_of = {name: [(kinds[kind], kind[1]) for kind in some] for name, some in self._plan.kinds_of.items()}
        before = heard.rows_before(len(self._said.spoken)).tolist()
        begun: set[tuple[int, int]] = set()
        senders: list[int] = []  # of each event: the flow, by its place in flows, and the direction
        flows: dict[FlowFacts, int] = {}
        for k, item in enumerate(self._said.spoken):
            number = item.at.packet_number
            if type(item) is Step:
                asked = self._all_steps or self._plan.asked.matters(item.app_proto, item.buffers)
                if not self._matters(item, asked, begun):
                    continue
                for name, data in item.buffers:
                    for some, transforms in kinds_of.get(name, ()):
                        made = transformed(data, transforms) if transforms else data
                        if made:
                            some.places.append(len(events))
                            some.data.append(made)
                event = Event(number, _SPOKEN, k + before[k], item)
                event.heard, event.asked = before[k], asked
                events.append(event)
                senders.append(2 * flows.setdefault(item.flow, len(flows)) + item.to_server)
            else:
                events.append(Event(number, _RECOGNISED, k, item))
                senders.append(0)
                if self._plan.detection:
                    events.append(Event(number, DETECTED, k, item))
                    senders.append(0)
        self._find_rows([event for event in events if event.phase == _SPOKEN])
        self._join(events, kinds, FlowEnds(self._plan.headers, list(flows)), np.array(senders, np.int64))
        return events

    def _find_rows(self, steps: list[Event]) -> None:
        """Tell steps the rows of their packets."""
        rows = packet_rows(self._packets, [e.number for e in steps], [e.what.flow.flow_id for e in steps])
        if not self._packets.status.size:
            return
        established = (self._facts.bits[rows] & ESTABLISHED != 0).tolist()
        for event, row, opened in zip(steps, rows.tolist(), established, strict=True):
            event.row, event.established = row, opened

    def _join(self, events: list[Event], kinds: dict[Kind, _Pieces], ends: FlowEnds, senders: np.ndarray) -> None:
        """Give each event the rules that may hold of what it shows."""
        found: dict[int, set[Prepared]] = defaultdict(set)
        for kind, some in kinds.items():
            if some.places:
                by = senders[some.places]
                for place, rule in self._joined(self._plan.kinds[kind], some, ends.ways(by >> 1, by & 1 == 1)):
                    found[place].add(rule)
        for place, rules in found.items():
            events[place].rules = sorted(rules, key=_number)

    def _matters(self, step: Step, asked: bool, begun: set[tuple[int, int]]) -> bool:
        """Whether a rule may ask for a step: for what it shows, or because something of its transaction was kept.

        begun: (flow, transaction) of the steps of this batch that matter; this one joins them.
        """
        flow_id, tx_id = step.flow.flow_id, step.tx_id
        self.steps += 1
        if asked:
            begun.add((flow_id, tx_id))
            return True
        memory = self._memory.get(flow_id)
        return (flow_id, tx_id) in begun or (memory is not None and tx_id in memory.txs)

    def _joined(self, suspects: Suspects, some: _Pieces, ways: Ways) -> Iterator[tuple[int, Prepared]]:
        """Find patterns in many pieces at once; yield places and the rules that may hold there."""
        sizes = np.array([len(d) for d in some.data], np.int64)
        starts = np.zeros(sizes.size, np.int64)
        np.cumsum(sizes[:-1], out=starts[1:])
        self.pieces += sizes.size
        joined = np.frombuffer(b"".join(some.data), np.uint8)
        found, searched = suspects.find(joined, starts, sizes, None, ways)
        self.bytes += searched
        for piece, rule in found:
            yield some.places[piece], rule

    def _rows(self) -> Iterator[Event]:
        p, plan = self._packets, self._plan
        if not p.status.size:
            return
        found: dict[int, list[Prepared]] = defaultdict(list)
        columns = PacketColumns(p, self._facts, self._said.buffers)
        there = np.isin(p.status, INSPECTED) & (p.ip_version != 0) & (p.payload_captured_bytes > 0)
        tcp = p.proto == _TCP
        loose = there & tcp & (self._facts.bits & FOLLOWED == 0)
        self._payloads(plan.tcp, there & tcp, columns, found)
        self._payloads(plan.other, there & ~tcp, columns, found)
        self._payloads(plan.stream, loose, columns, found)
        for rule in plan.ip_only:
            self._add(columns.rows_of(rule, columns.first()), rule, found)
        if loose.any():
            for rule in plan.stream_always:
                self._add(columns.rows_of(rule, loose), rule, found)
        late = [r for r in plan.packet_always if r.needs_memory]
        for rule in plan.packet_always:
            if not rule.needs_memory:
                within = self._covered(rule, tcp, loose)
                if rule.rule.hook == "flow_start":
                    within = columns.opening()
                self._add(columns.rows_of(rule, within), rule, found)
        if late:
            known = self._known_flows(found)
            for rule in late:
                self._add(columns.rows_of(rule, known), rule, found)
        self._odd(found)
        for row in self._odd_tcp:
            found[row].extend(plan.tcp_events)
        numbers = p.packet_number
        for row, rules in found.items():
            unique = sorted(set(rules), key=_number)
            late = [r for r in unique if r.rule.kind == "app_layer"]  # after what shows the protocol, and may pass it
            if len(late) < len(unique):
                early = [r for r in unique if r.rule.kind != "app_layer"] if late else unique
                yield Event(int(numbers[row]), _PACKET, row, row, early)
            if late:
                yield Event(int(numbers[row]), DETECTED, row, row, late)

    @staticmethod
    def _covered(rule: Prepared, tcp: np.ndarray, loose: np.ndarray) -> np.ndarray | None:
        """Rows that a rule without a pattern looks at: not those whose payload a stream covers, if that is enough."""
        if rule.has_payload and rule.rule.on_stream and not rule.rule.on_packet:
            return ~tcp | loose
        return None

    def _known_flows(self, found: dict[int, list[Prepared]]) -> np.ndarray:
        """bool[rows]: of flows of which something is remembered, or that something happens to in this batch."""
        ids = set(self._memory.ids())
        ids.update(item.flow.flow_id for item in self._said.spoken)
        ids.update(event.what.flow.flow_id for event in self._streamed)
        ids.update(self._packets.flow_id[list(found)].tolist() if found else ())
        return np.isin(self._packets.flow_id, np.fromiter(ids, np.uint64, len(ids)))

    @staticmethod
    def _add(rows: np.ndarray, rule: Prepared, found: dict[int, list[Prepared]]) -> None:
        for row in rows.tolist():
            found[row].append(rule)

    def _payloads(self, suspects: Suspects, mask: np.ndarray, columns: PacketColumns,
                  found: dict[int, list[Prepared]]) -> None:
        if not suspects.rules:
            return
        p = self._packets
        for number, buffer in enumerate(self._said.buffers):
            rows = np.flatnonzero(mask & (p.buffer == number))
            if not rows.size:
                continue
            sizes = p.payload_captured_bytes[rows].astype(np.int64)
            self.pieces += rows.size
            starts = p.payload_offset[rows].astype(np.int64)
            hits, searched = suspects.find(buffer, starts, sizes, None, self._sent(rows))
            self.bytes += searched
            pieces: dict[Prepared, list[int]] = defaultdict(list)
            for piece, rule in hits:
                pieces[rule].append(piece)
            for rule, some in pieces.items():
                self._add(columns.tested(rule, rows[some]), rule, found)

    def _sent(self, rows: np.ndarray) -> Ways:
        """Who sends the packets of these rows."""
        p, headers = self._packets, self._plan.headers
        return Ways(
            headers.address_ranges(p.src_ip_hi[rows], p.src_ip_lo[rows]),
            headers.address_ranges(p.dst_ip_hi[rows], p.dst_ip_lo[rows]), headers.port_ranges(p.src_port[rows]),
            headers.port_ranges(p.dst_port[rows]), (p.to_server[rows] != 0) | (p.flow_id[rows] == 0))

    def _odd(self, found: dict[int, list[Prepared]]) -> None:
        """Rows whose headers are odd, or that were refused in decoding, for rules about decoder events."""
        wanted, buffers = self._plan.decoder, self._said.buffers
        if not wanted:
            return
        for row in odd_rows(self._packets, buffers, frozenset(wanted)).tolist():
            for name in decode_events(PacketView(self._packets, row, self._facts, buffers)):
                if name in wanted:
                    found[row].extend(wanted[name])


def _number(rule: Prepared) -> int:
    return rule.number

"""One batch put in order: packets that rules may hold of, windows of streams, steps of transactions, ends of flows.

What the filters find is found for the whole batch at once; after that everything is looked at in the order in which it
happened, so that what one rule remembers another can ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from columns import Flows, Packets
from columns.codes import EndReason, Status
from columns.said import FlowFacts, Recognised, Said, Step, Stretch
from detectors.signatures.engine.facts import ESTABLISHED, FOLLOWED, PacketFacts
from detectors.signatures.engine.packets import INSPECTED, PacketColumns, packet_rows
from detectors.signatures.engine.plan import Plan
from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.engine.raw import STATUS_EVENTS
from detectors.signatures.engine.streams import Window, Windows
from detectors.signatures.engine.suspects import Suspects, Ways
from detectors.signatures.engine.transforms import transformed

_TCP, _IPV6_BYTES = 6, 40
_RECOGNISED, _PACKET, _SPOKEN, DETECTED, END = range(5)


class Event:
    """Something to look at, in its place: a row with its rules, a window, a step or a recognition, an ended flow."""

    __slots__ = ("end", "history", "number", "phase", "place", "rules", "what")

    def __init__(self, number: int, phase: int, place: int, what: Any, rules: Sequence[Prepared] = ()) -> None:
        self.number, self.phase, self.place, self.what, self.rules = number, phase, place, what, rules
        self.history = b""
        self.end: int | None = None  # the sequence number behind what there is to look at, where somebody asks


_PLACE = attrgetter("number", "phase", "place")


class _Pieces:
    """Bytes of one kind: the events they belong to, who sends them, from where their places count."""

    __slots__ = ("data", "flows", "places", "skips", "to_server")

    def __init__(self) -> None:
        self.places: list[int] = []
        self.data: list[bytes] = []
        self.flows: list[FlowFacts] = []
        self.to_server: list[bool] = []
        self.skips: list[int] = []

    def add(self, place: int, data: bytes, flow: FlowFacts, to_server: bool, skip: int) -> None:
        """Add one piece."""
        self.places.append(place)
        self.data.append(data)
        self.flows.append(flow)
        self.to_server.append(to_server)
        self.skips.append(skip)


class Batch:
    """What there is to look at in one call of the detector."""

    def __init__(self, plan: Plan, windows: Windows, packets: Packets, flows: Flows, said: Said,
                 facts: PacketFacts, remembered: Iterable[int], *, answers: bool = False,
                 odd: Sequence[int] = ()) -> None:
        self._answers, self.odd = answers, frozenset(odd)
        self._plan, self._packets, self._facts, self._said = plan, packets, facts, said
        self._remembered = remembered
        self._always_of: dict[tuple[int, bool], list[Prepared]] = {}
        self.bytes = self.pieces = self.windows = 0
        self.events: list[Event] = [*self._ends(flows), *self._spoken(windows), *self._rows()]
        self.events.sort(key=_PLACE)

    def _ends(self, flows: Flows) -> Iterator[Event]:
        over = np.flatnonzero(flows.end_reason != EndReason.ACTIVE_TIMEOUT)
        numbers, ids = flows.emitted_before[over].tolist(), flows.flow_id[over].tolist()
        for k, (number, flow_id) in enumerate(zip(numbers, ids, strict=True)):
            yield Event(number - 1, END, k, flow_id)

    def _spoken(self, windows: Windows) -> list[Event]:
        events: list[Event] = []
        pieces: dict[Any, _Pieces] = defaultdict(_Pieces)
        add_window = pieces["stream"].add
        kinds_of, history = self._plan.kinds_of, self._plan.history
        opened, ends = self._reached()
        for k, item in enumerate(self._said.spoken):
            number, kind_of = item.at.packet_number, type(item)
            if kind_of is Stretch:
                if item.gap and self._plan.stream_events and not self._ends_here(k, item):
                    events.append(Event(number, _SPOKEN, k, item, self._plan.stream_events))
                for window in windows.take(item, opened[k], ends[k] if ends else None):
                    add_window(len(events), window.data, window.flow, window.to_server, window.looked)
                    events.append(Event(number, _SPOKEN, k, window, self._always(window.flow, window.to_server)))
            elif kind_of is Step:
                for name, data in item.buffers:
                    if name in kinds_of:
                        for kind in kinds_of[name]:
                            made = transformed(data, kind[1]) if kind[1] else data
                            if made:
                                pieces[kind].add(len(events), made, item.flow, item.to_server, 0)
                event = Event(number, _SPOKEN, k, item)
                if ends:
                    event.end = windows.end(item.flow.flow_id, item.to_server)
                if history and item.flow.proto == _TCP:
                    event.history = windows.history(item.flow.flow_id, item.to_server)
                events.append(event)
            else:
                events += [Event(number, _RECOGNISED, k, item), Event(number, DETECTED, k, item)]
        self.windows = len(pieces["stream"].places)
        found: dict[int, set[Prepared]] = defaultdict(set)
        for kind, some in pieces.items():
            for place, rule in self._joined(self._plan.stream if kind == "stream" else self._plan.kinds[kind], some):
                found[place].add(rule)
        for place, rules in found.items():
            events[place].rules = sorted({*rules, *events[place].rules}, key=_number)
        return [e for e in events if e.rules or type(e.what) is not Window]

    def _reached(self) -> tuple[list[bool], list[int]]:
        """Return for all that was said whether its flow was established by then, and the sequence number behind it.

        The latter is of no use for what no packet of these brought: the end of a flow; [] where nobody asks.
        """
        items, p = self._said.spoken, self._packets
        rows = packet_rows(p, [i.at.packet_number for i in items], [i.flow.flow_id for i in items])
        if not p.status.size:
            return [False] * len(items), [0] * len(items) if self._answers else []
        opened = (rows >= 0) & (self._facts.bits[rows] & ESTABLISHED != 0)
        ends = (p.tcp_seq[rows].astype(np.int64) + p.payload_bytes[rows]) & 0xFFFFFFFF if self._answers else rows[:0]
        return opened.tolist(), ends.tolist()

    def _always(self, flow: FlowFacts, to_server: bool) -> Sequence[Prepared]:
        """Rules about streams that have no pattern and may hold of one direction of a flow."""
        if not self._plan.stream_always:
            return ()
        key = (flow.flow_id, to_server)
        found = self._always_of.get(key)
        if found is None:
            ends = self._plan.headers.ends(flow.src_ip, flow.dst_ip, flow.src_port, flow.dst_port)
            found = self._always_of[key] = [r for r in self._plan.stream_always if r.may_go(ends, to_server)]
        return found

    def _ends_here(self, k: int, stretch: Stretch) -> bool:
        """Whether the flow ends with this packet: what waits is handed on then, and what it waited for is not lost."""
        for item in self._said.spoken[k + 1 :]:
            if item.at.packet_number != stretch.at.packet_number:
                return False
            if type(item) is Stretch and item.ended and item.flow.flow_id == stretch.flow.flow_id:
                return True
        return False

    def _joined(self, suspects: Suspects, some: _Pieces) -> Iterator[tuple[int, Prepared]]:
        """Find patterns in many pieces at once; yield places and the rules that may hold there."""
        sizes = np.array([len(d) for d in some.data], np.int64)
        starts = np.zeros(sizes.size, np.int64)
        np.cumsum(sizes[:-1], out=starts[1:])
        self.bytes += int(sizes.sum())
        self.pieces += sizes.size
        joined = np.frombuffer(b"".join(some.data) or b"\0", np.uint8)
        found = suspects.find(
            joined, starts, sizes, np.array(some.skips, np.int64), lambda which: self._ways(some, which))
        for piece, rule in found:
            yield some.places[piece], rule

    def _ways(self, some: _Pieces, which: np.ndarray) -> Ways:
        """Who sends the pieces of these numbers."""
        headers = self._plan.headers
        flows = [some.flows[k] for k in which.tolist()]
        to_server = np.array([some.to_server[k] for k in which.tolist()], bool)
        src = np.array([headers.address_range(f.src_ip) for f in flows], np.int64)
        dst = np.array([headers.address_range(f.dst_ip) for f in flows], np.int64)
        src_port = headers.port_ranges(np.array([f.src_port for f in flows], np.int64))
        dst_port = headers.port_ranges(np.array([f.dst_port for f in flows], np.int64))
        return Ways(np.where(to_server, src, dst), np.where(to_server, dst, src),
                    np.where(to_server, src_port, dst_port), np.where(to_server, dst_port, src_port), to_server)

    def _rows(self) -> Iterator[Event]:
        p, plan = self._packets, self._plan
        if not p.status.size:
            return
        found: dict[int, list[Prepared]] = defaultdict(list)
        columns = PacketColumns(p, self._facts)
        there = np.isin(p.status, INSPECTED) & (p.ip_version != 0) & (p.payload_captured_bytes > 0)
        tcp = p.proto == _TCP
        loose = there & tcp & (self._facts.bits & FOLLOWED == 0)
        self._payloads(plan.tcp, there & tcp, found)
        self._payloads(plan.other, there & ~tcp, found)
        self._payloads(plan.stream, loose, found)
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
        for row in self.odd:
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
        ids = set(self._remembered)
        ids.update(item.flow.flow_id for item in self._said.spoken)
        ids.update(self._packets.flow_id[list(found)].tolist() if found else ())
        return np.isin(self._packets.flow_id, np.fromiter(ids, np.uint64, len(ids)))

    @staticmethod
    def _add(rows: np.ndarray, rule: Prepared, found: dict[int, list[Prepared]]) -> None:
        for row in rows.tolist():
            found[row].append(rule)

    def _payloads(self, suspects: Suspects, mask: np.ndarray, found: dict[int, list[Prepared]]) -> None:
        if not suspects.rules:
            return
        p = self._packets
        for number, buffer in enumerate(self._said.buffers):
            rows = np.flatnonzero(mask & (p.buffer == number))
            if not rows.size:
                continue
            sizes = p.payload_captured_bytes[rows].astype(np.int64)
            self.bytes += int(sizes.sum())
            self.pieces += rows.size
            starts = p.payload_offset[rows].astype(np.int64)
            hits = suspects.find(buffer, starts, sizes, None, lambda which, rows=rows: self._sent(rows[which]))
            for piece, rule in hits:
                found[int(rows[piece])].append(rule)

    def _sent(self, rows: np.ndarray) -> Ways:
        """Who sends the packets of these rows."""
        p, headers = self._packets, self._plan.headers
        return Ways(
            headers.address_ranges(p.src_ip_hi[rows], p.src_ip_lo[rows]),
            headers.address_ranges(p.dst_ip_hi[rows], p.dst_ip_lo[rows]), headers.port_ranges(p.src_port[rows]),
            headers.port_ranges(p.dst_port[rows]), (p.to_server[rows] != 0) | (p.flow_id[rows] == 0))

    def _odd(self, found: dict[int, list[Prepared]]) -> None:
        """Rows that were refused in decoding, for rules about decoder events."""
        if not self._plan.decoder:
            return
        p = self._packets
        odd = (p.status != Status.QUOTED) & (np.isin(p.status, list(STATUS_EVENTS)) | (
            (p.ip_version == 6) & (p.transport_offset - p.network_offset > _IPV6_BYTES)))
        for row in np.flatnonzero(odd).tolist():
            found[row].extend(self._plan.decoder)


def _number(rule: Prepared) -> int:
    return rule.number


SPOKEN_TYPES = (Window, Step, Recognised)

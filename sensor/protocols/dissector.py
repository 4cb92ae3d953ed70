"""The dissector: chunks of streams and datagrams in, rows of protocol tables out."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from columns import Flows, Packets, Table
from columns.app import AppProto
from columns.codes import EndReason
from columns.protocols.anomaly import ANOMALY
from columns.said import Recognised, Said, Step, moments
from sensor.protocols.ahead import LONG_BYTES, Ahead
from sensor.protocols.anomalies import DIFFERING, Anomalies
from sensor.protocols.at_once import AtOnce
from sensor.protocols.conversation import Conversation
from sensor.protocols.datagrams import UDP, Datagrams
from sensor.protocols.facts import facts_of_chunks, flow_facts
from sensor.protocols.gathered import Gathered, places_of
from sensor.protocols.packet_rows import PacketRows, PacketRowSettings
from sensor.protocols.parser import Context, FlowFacts, Moment, Show, Wants
from sensor.protocols.recognised import chosen
from sensor.protocols.recognising import Recogniser
from sensor.protocols.settings import ProtocolSettings
from sensor.protocols.told import Places, Speaker, Told, place_of
from sensor.streams import Chunks, Streams
from sensor.streams.state import CONFLICT, END

_EXPECTED = 4096
_AT_ONCE = 1024
_OVER_TCP, _OVER_UDP = "_tcp", "_udp"
_PARTS = frozenset({"fileinfo", "ftp_data", "anomaly", "arp", "icmp"})
"""Tables whose rows are parts of transactions that another table tells, or no transactions at all."""


class Dissector:
    """Follows the conversations of a flow table and tells their transactions.

    The result does not depend on how the packets are portioned: everything goes by the numbers of packets. A parser
    that raises is a mistake of ours: it is counted by its name, its conversation is left alone, the others go on.
    inspected: somebody looks into buffers and streams, so steps and stretches are told beside the rows. shown: somebody
    looks into bodies and files, so steps of these are. buffers_of: steps are wanted of these protocols only, but for
    bodies and files; None is all. It may change, for conversations whose protocol is recognised then.
    """

    def __init__(self, streams: Streams, stream_wants: Sequence[Wants], datagram_wants: Sequence[Wants],
                 settings: ProtocolSettings | None = None, own_settings: Mapping[AppProto, Any] | None = None, *,
                 inspected: bool = False, shown: bool = False, buffers_of: frozenset[AppProto] | None = None,
                 packet_rows: PacketRowSettings | None = None) -> None:
        self.settings = settings or ProtocolSettings()
        self._streams, self._own = streams, own_settings or {}
        self._inspected, self._shown, self.buffers_of = inspected, inspected or shown, buffers_of
        self._spoken: list[Step | Recognised] = []
        self._spoken_at: list[int] = []
        self._told = Told()
        self.places = Places((), (), np.zeros(0, np.int64))
        self._alone = PacketRows(streams.flows, packet_rows)
        off, heads = self.settings.off, self.settings.recognised_only
        self._wants = {6: Recogniser(chosen(stream_wants, off, heads)),
                       UDP: Recogniser(chosen(datagram_wants, off, heads))}
        self._talks: dict[int, Conversation] = {}
        self._ahead: dict[int, tuple[Ahead, int]] = {}  # some bytes of these flows can be passed by
        self._labels: dict[int, tuple[tuple[int, int], ...]] = {}
        self._numbers: dict[int, dict[str, int]] = {}
        self._at_once = AtOnce(streams.flows, self._wants[UDP], self._own, self.settings.conversations,
                               inspected=inspected)
        self._expected: OrderedDict[tuple[int, int, int], Callable[[Context], Any]] = OrderedDict()
        self.counts: Counter[str] = Counter()
        self._by_protocol: Counter[tuple[str, str]] = Counter()
        self._recognised: Counter[tuple[int, int]] = Counter()  # conversations by protocol, in the end, and transport
        self._on_both = frozenset(w.app_proto for w in stream_wants) & frozenset(w.app_proto for w in datagram_wants)

    def update(self, packets: Packets, flows: Flows, chunks: Iterable[Chunks],
               buffers: Sequence[np.ndarray]) -> Said:
        """Take the next rows and return what was said in them; app_proto of the flows is filled in.

        flows are rows written before or among the packets; chunks is what Streams.update makes of the same rows.
        ``places`` is then where all of it stands in the order of everything.
        """
        datagrams, gathered = self._at_once.take(packets, flows, buffers), Gathered()
        for batch in chunks:
            self._take_chunks(batch, packets, datagrams, gathered)
        for event in datagrams.rest():
            self._take_datagram(*event, packets)
        self._label(flows)
        spoken, spoken_at, self._spoken, self._spoken_at = self._spoken, self._spoken_at, [], []
        alone = self._alone.update(packets, buffers)
        said = Said(self._batches(alone), spoken, buffers, gathered.stretches(buffers))
        self.places = Places([*self._told.places, *[place_of(batch.packet_number) for _, batch in alone]], spoken_at,
                             gathered.places())
        return said

    def _take_chunks(self, chunks: Chunks, packets: Packets, datagrams: Datagrams, gathered: Gathered) -> None:
        records, buffers = chunks.records, [b.data for b in chunks.buffers]
        talks, labels, inspected, note = self._talks, self._labels, self._inspected, gathered.note
        begins = facts_of_chunks(packets, records, talks)
        differing = frozenset(np.flatnonzero(records["flags"] & CONFLICT).tolist())
        for k, (place, at, flow_id, to_server, ended, passed, buffer, start, size, gap) in enumerate(_columns(records)):
            if datagrams.next_key < place:
                for event in datagrams.before(place):
                    self._take_datagram(*event, packets)
            talk = talks.get(flow_id)
            if talk is None:
                row = -1 if ended or flow_id in labels else int(records["row"][k])
                if row < 0:
                    continue
                talk = self._begin(begins.get(row) or flow_facts(packets, row, to_server), at)
            self._told.place = place
            if differing and k in differing:
                self._tell_differing(talk, to_server, at, waited=place & 1 == 1)
            ahead = talk.ahead
            if ahead is not None:
                if passed:
                    ahead.passed_by(records["passed"][k].tolist())
                if size <= ahead.left[not to_server] and not (gap or ended or inspected):
                    ahead.wait(not to_server, size, buffers[buffer], start)
                    continue
            if inspected and talk.done and not ended and to_server not in talk.unheard:
                note(k, talk.flow, len(self._spoken))
                continue
            if ended:
                if ahead is not None:
                    self._guard(talk, talk.catch_up, at)
                self._end(talk, at)
                if inspected:
                    note(k, talk.flow, len(self._spoken))
                continue
            rest = bytes(buffers[buffer][start : start + size])
            if ahead is not None:
                rest = ahead.take(not to_server, rest, gap)
                if rest and ahead.waits:
                    self._guard(talk, talk.catch_up, at)
            told = len(self._spoken)
            if rest:
                try:
                    talk.say(to_server, rest, gap, at)
                except Exception as error:  # see _guard, which costs a call for each chunk
                    self._failed(talk, error)
            if inspected:
                note(k, talk.flow, told)
                if to_server in talk.unheard:
                    self._tell_recognised(talk, to_server, at, told)
                if size >= LONG_BYTES and rest:
                    talk.look_ahead(1 - to_server, count=False)
                continue  # the rest of the stream is wanted, whatever the parser says
            if talk.done:
                self._streams.pass_over(int(records["slot"][k]), flow_id)
                self._leave(talk)
            elif size >= LONG_BYTES and rest and talk.look_ahead(1 - to_server):
                assert talk.ahead is not None
                self._ahead[flow_id] = talk.ahead, int(records["slot"][k])
        for flow_id, (ahead, slot) in self._ahead.items():
            for side, left in ahead.asked_of_streams():
                self._streams.pass_by(slot, flow_id, side, left)
        self._ahead.clear()
        gathered.take(chunks)

    def _tell_differing(self, talk: Conversation, to_server: bool, at: Moment, *, waited: bool) -> None:
        """Tell that overlapping segments differed: one of them is not what a host has seen."""
        numbers = self._numbers.setdefault(talk.flow.flow_id, {})
        if numbers.get(ANOMALY.name, 0) >= Anomalies.MOST:
            self.counts["anomaly_not_told"] += 1
            return
        self._told.ending = waited  # until the flow ended: no packet brought it
        Speaker(self._told, talk.flow, numbers).emit(ANOMALY, at, {
            "to_server": int(to_server), "type": "stream", "event": DIFFERING, "tx_id": 0})
        self._told.ending = False

    def _take_datagram(self, place: int, row: int, flow_id: int, seat: int, to_server: bool, data: bytes, at: Moment,
                       packets: Packets) -> None:
        self._told.place = place
        talk = self._talks.get(flow_id)
        if row < 0:
            if talk is not None:
                self._end(talk, at)
            return
        if talk is None:
            if flow_id in self._labels:
                return
            talk = self._begin(flow_facts(packets, row, to_server), at)
        told = len(self._spoken)
        self._guard(talk, talk.say, to_server, data, 0, at)
        if self._inspected:
            self._tell_recognised(talk, to_server, at, told)
        if talk.done and not (self._inspected and talk.unheard):
            self._at_once.ignore(seat)
            self._leave(talk)

    def _tell_recognised(self, talk: Conversation, to_server: bool, at: Moment, place: int) -> None:
        """Tell once for each direction that has spoken since its protocol is known, before what was said then."""
        if talk.app_proto and to_server in talk.unheard:
            talk.unheard -= {to_server}
            self._spoken.insert(place, Recognised(talk.flow, at, talk.app_proto, to_server))
            self._spoken_at.insert(place, self._told.place)

    def _begin(self, facts: FlowFacts, at: Moment) -> Conversation:
        if len(self._talks) >= self.settings.conversations:
            oldest = next(iter(self._talks.values()))
            self.counts["evicted"] += 1
            self._end(oldest, at)
        talk = Conversation(facts, self._context, self._wants[facts.proto], self.settings.undecided_bytes,
                            self.settings.undecided_datagrams)
        self._talks[facts.flow_id] = talk
        if self._expected and facts.proto != UDP:
            follow = self._expected.pop((facts.src_ip, facts.dst_ip, facts.dst_port), None)
            if follow is not None:
                talk.adopt(follow, at)
        self.counts["conversations"] += 1
        return talk

    def _context(self, facts: FlowFacts, app_proto: AppProto, from_proto: AppProto) -> Context:
        """Make what a parser is given: its own settings, and show only if its protocol is inspected."""
        speaker = Speaker(self._told, facts, self._numbers.setdefault(facts.flow_id, {}))
        contents = self._showing(facts) if self._shown else None
        inspected = self._inspected and (self.buffers_of is None or not app_proto or app_proto in self.buffers_of)
        return Context(facts, speaker.emit, self._count, self._own.get(app_proto), from_proto,
                       contents if inspected else None, contents, partial(self._expect, facts))

    def _count(self, cause: str, times: int = 1) -> None:
        self.counts[cause] += times

    def _showing(self, facts: FlowFacts) -> Show:
        """Return what takes the steps of a flow."""
        def show(at: Moment, tx_id: int, to_server: bool, buffers: Sequence[tuple[str, bytes]],
                 done: bool = False) -> None:
            app_proto = self._talks[facts.flow_id].app_proto
            self._spoken.append(Step(facts, at, app_proto, tx_id, to_server, tuple(buffers), done))
            self._spoken_at.append(self._told.place)

        return show

    def _expect(self, facts: FlowFacts, to_server: bool, port: int, follow: Callable[[Context], Any]) -> None:
        if len(self._expected) >= _EXPECTED:
            self._expected.popitem(last=False)
            self.counts["expected_forgotten"] += 1
        ends = (facts.src_ip, facts.dst_ip) if to_server else (facts.dst_ip, facts.src_ip)
        self._expected[(*ends, port)] = follow

    def _guard(self, talk: Conversation, step: Callable[..., None], *what: Any) -> None:
        """Let a parser go a step: whatever it trips over, the others must go on."""
        try:
            step(*what)
        except Exception as error:
            self._failed(talk, error)

    def _failed(self, talk: Conversation, error: Exception) -> None:
        self.counts[f"failed_{talk.app_proto.name.lower()}"] += 1
        self._by_protocol["error", self._name(talk.app_proto.name, talk.flow.proto)] += 1
        self.counts[f"failed_with_{type(error).__name__}"] += 1
        talk.done = True

    def _end(self, talk: Conversation, at: Moment) -> None:
        self._told.ending = True
        try:
            talk.end(at)
        except Exception as error:
            self._failed(talk, error)
        self._told.ending = False
        self._leave(talk)

    def _leave(self, talk: Conversation) -> None:
        """Forget a conversation, but not what it was: its flow rows are still to come."""
        self._talks.pop(talk.flow.flow_id, None)
        talk.leave()
        if talk.decisions:
            self._recognised[talk.decisions[-1][1], talk.flow.proto] += 1
        self._labels[talk.flow.flow_id] = talk.decisions

    def _label(self, flows: Flows) -> None:
        """Fill in app_proto of flow rows with what was known at their place in the order."""
        rows = np.flatnonzero(~self._at_once.named)
        if not rows.size:
            return
        labels, talks = self._labels, self._talks
        flows.app_proto[rows] = flows.first_app_proto[rows] = 0
        ids, before = flows.flow_id[rows].tolist(), flows.emitted_before[rows].tolist()
        ended = (flows.end_reason[rows] != EndReason.ACTIVE_TIMEOUT).tolist()
        for k, flow_id, limit, over in zip(rows.tolist(), ids, before, ended, strict=True):
            decisions = labels.get(flow_id)
            if decisions is None:
                if flow_id not in talks:
                    continue
                decisions = talks[flow_id].decisions
            known = [app for number, app in decisions if number < limit]
            if known:
                flows.app_proto[k], flows.first_app_proto[k] = known[-1], known[0] if known[0] != known[-1] else 0
            if over:
                labels.pop(flow_id, None)
                if numbers := self._numbers.pop(flow_id, None):
                    flows.transactions[k] = sum(n for name, n in numbers.items() if name not in _PARTS)

    def _batches(self, alone: list[tuple[Table, Any]]) -> list[tuple[Table, Any]]:
        made = [*self._told.batches(self._at_once.told), *alone]
        for table, batch in made:
            rows, over_udp = batch.proto.size, int(np.count_nonzero(batch.proto == UDP))
            self.counts[f"rows_{table.name}"] += rows
            if table.name not in _PARTS:
                self._by_protocol["tx", self._name(table.name, UDP)] += over_udp
                self._by_protocol["tx", self._name(table.name, 6)] += rows - over_udp
        return made

    def counters(self) -> dict[str, int]:
        """Return conversations begun, evicted and live, rows by table, and what the parsers counted by cause."""
        found = self.counts + self._at_once.counts() + Counter(self._alone.counts)
        return {**found, "live": len(self._talks) + self._at_once.live}

    def by_protocol(self) -> dict[str, dict[str, int]]:
        """Return flows and transactions by protocol and the parsers that failed, under Suricata's names of counters."""
        found: dict[str, dict[str, int]] = {"app_layer.flow": {}, "app_layer.tx": {}}
        counts = self._by_protocol.copy()
        for (app_proto, proto), count in self._recognised.items():
            counts["flow", self._name(AppProto(app_proto).name, proto)] += count
        for kind, together in (("flow", self._at_once.ended), ("error", self._at_once.failed)):
            counts.update({(kind, self._name(proto.name, UDP)): n for proto, n in together.items()})
        for (kind, name), count in sorted(counts.items()):
            if kind == "error" or not count:
                continue
            found[f"app_layer.{kind}"][name] = count
            if kind == "flow" and not name.startswith("failed"):
                found[f"app_layer.error.{name}"] = {"parser": counts["error", name]}
        return found

    def _name(self, protocol: str, proto: int) -> str:
        """Return the name of a protocol, with that of the transport where there are two."""
        both = AppProto.__members__.get(protocol.upper()) in self._on_both or protocol == "FAILED"
        return protocol.lower() + ((_OVER_UDP if proto == UDP else _OVER_TCP) if both else "")


def _columns(records: np.ndarray) -> Iterator[tuple[Any, ...]]:
    """Yield of each chunk its place among datagrams, its moment, and what is asked of every one of them.

    By column, as a list of records takes five times as long, and few at once, so that these numbers stay in a cache.
    """
    return chain.from_iterable(map(_some_columns, np.split(records, range(_AT_ONCE, records.size, _AT_ONCE))))


def _some_columns(records: np.ndarray) -> Iterator[tuple[Any, ...]]:
    numbers = records["packet_number"]
    passed = records["passed"]
    columns = [places_of(records), records["flow_id"], records["side"] == 0, records["flags"] & END != 0,
               passed[:, 0] | passed[:, 1], *[records[name] for name in ("buffer", "start", "size", "gap")]]
    first, *others = [column.tolist() for column in columns]
    return zip(first, moments(records["ts_ns"], numbers), *others, strict=True)

"""The runner: looks at the events of a batch in their order, remembers, and tells the rules that matched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from columns import Flows, Packets
from columns.said import FlowFacts, Moment, Recognised, Said, Step
from detectors.signatures.engine.always import NOTHING, Always
from detectors.signatures.engine.asked import WIDER, app_name
from detectors.signatures.engine.batch import DETECTED, END, Batch, Event
from detectors.signatures.engine.facts import ESTABLISHED, Facts, PacketFacts
from detectors.signatures.engine.headers import Ends
from detectors.signatures.engine.judge import Judge, Match
from detectors.signatures.engine.listening import StreamEvent
from detectors.signatures.engine.memory import FlowMemory
from detectors.signatures.engine.plan import Plan
from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.engine.scene import PacketView, Scene
from detectors.signatures.engine.settings import SignatureSettings
from detectors.signatures.engine.streams import Window, Windows
from detectors.signatures.engine.tcp_events import INVALID_TIMESTAMP, TcpEvents
from detectors.signatures.engine.transactions import BothSides, Side, Tx, tx_of

_TCP, _SYN, _ACK = 6, 2, 16
_REMEMBERED = 1 << 16
_NUMBER = attrgetter("number")


class Runner:
    """All state of the engine but the plan, which can be exchanged between batches."""

    def __init__(self, plan: Plan, settings: SignatureSettings, *, midstream: bool = False,
                 profile: bool = False, answers: bool = False) -> None:
        self.settings, self._answers = settings, answers and not settings.inline
        self._judge = Judge(settings, profile=profile)
        self.memory, self.counts = self._judge.memory, self._judge.counts
        self._facts, self._tcp_events = Facts(midstream), TcpEvents()
        self._windows = Windows(settings.flows, plan.history, inline=settings.inline)
        self._open: dict[int, bool] = {}  # TCP flows that live: whether they are established
        self.exchange(plan)

    def exchange(self, plan: Plan) -> None:
        """Go on with another plan; flows, bits and counts stay. What rules wait for in a transaction is let go."""
        self.plan = plan
        self._always_of: dict[tuple[str, bool, Ends], Always] = {}
        self._judge.exchange(plan)
        self._windows.keep_history(plan.history)
        for _, memory in self.memory.flows.items():
            memory.forget_rules(NOTHING)

    def counters(self) -> dict[str, int]:
        """Return the counts since the start."""
        flows = self.memory.flows
        kept = {"flows_kept": len(flows), "flows_forgotten": flows.forgotten,
                "bits_forgotten": self.memory.bits.forgotten,
                "thresholds_forgotten": self._judge.thresholds.forgotten,
                "streams_forgotten": self._windows.forgotten, "dataset_full": self._judge.sets.full}
        return dict(self.counts) | dict(self.memory.counts) | kept

    def take(self, packets: Packets, flows: Flows, said: Said, tell: Callable[[Match], None]) -> None:
        """Look at a batch; tell takes what is to be told, in order, each when all of its packet was looked at.

        Only then its transaction is as it was: at the end of the batch it may have gone on.
        """
        self._p, self._f, self._buffers = packets, self._facts.of(packets), said.buffers
        if self.settings.midstream_policy != "ignore":
            self._pass_midstream(packets)
        self._odd = self._odd_rows(packets, said)
        batch = Batch(self.plan, self._windows, packets, flows, said, self._f, self.memory.flows,
                      answers=self._answers, odd=self._odd, all_steps=self.settings.guess_transaction)
        self.counts["bytes_searched"] += batch.bytes
        self.counts["pieces_searched"] += batch.pieces
        self.counts["windows"] += batch.windows
        self.counts["steps"] += batch.steps
        self._judge.tell, packet = tell, -1
        for event in batch.events:
            if event.number != packet:
                packet = event.number
                self._judge.next_packet()
            self._look(event)
        self._judge.next_packet()
        self._windows.settle()

    def _odd_rows(self, packets: Packets, said: Said) -> frozenset[int]:
        """Return the rows with an event of TCP, where a rule asks for one."""
        return frozenset(self._tcp_events.of(packets, said.buffers).tolist() if self.plan.tcp_events else ())

    def _pass_midstream(self, packets: Packets) -> None:
        """Look at no rule in connections whose start was not seen: their first packet is no SYN of a client."""
        first = self._f.sums[:, 0] + self._f.sums[:, 1] == 1
        first &= (packets.proto == _TCP) & (packets.tcp_flags & (_SYN | _ACK) != _SYN)
        for flow_id in packets.flow_id[first].tolist():
            self.memory.flows.of(flow_id).passed = True

    def _look(self, event: Event) -> None:
        what = event.what
        if type(what) is int:
            if event.phase == END:
                self._over(what)
            else:
                self._row(what, event.rules)
        elif type(what) is Window:
            self._window(what, event)
        elif type(what) is Step:
            self._step(what, event)
        elif type(what) is StreamEvent:
            self._odd_stream(what, event)
        elif event.phase == DETECTED:
            self._detected(what)
        else:
            self._recognised(what)

    def _over(self, flow_id: int) -> None:
        self.memory.flows.forget(flow_id)
        self._open.pop(flow_id, None)

    @property
    def facts(self) -> PacketFacts:
        """What is known of the packets of the batch that was taken last."""
        return self._f

    # packets

    def _row(self, row: int, rules: Sequence[Prepared]) -> None:
        p, bits = self._p, int(self._f.bits[row])
        flow_id = int(p.flow_id[row])
        memory = self.memory.flows.get(flow_id)
        if memory is not None and memory.passed:
            return
        scene = self._scene_of_row(row, flow_id, memory, bool(bits & ESTABLISHED))
        self.counts["packets_evaluated"] += 1
        if memory is None and flow_id:
            scene.memory = memory = self.memory.flows.get(flow_id)
        view = scene.packet
        assert view is not None
        scene.data = view.payload if p.payload_captured_bytes[row] else None
        if row in self._odd:
            scene.stream_events = (INVALID_TIMESTAMP,)
        tx = self._guessed(scene, memory)
        for rule in rules:
            if self._judge.holds(rule, scene, tx) and rule.rule.on_stream and flow_id:
                self.memory.flows.of(flow_id).by_packet[scene.to_server].add(rule.number)

    def _scene_of_row(self, row: int, flow_id: int, memory: FlowMemory | None, established: bool) -> Scene:
        p = self._p
        src, dst = _address(p.src_ip_hi[row], p.src_ip_lo[row]), _address(p.dst_ip_hi[row], p.dst_ip_lo[row])
        src_port, dst_port = int(p.src_port[row]), int(p.dst_port[row])
        scene = Scene(
            at=Moment(int(p.ts_ns[row]), int(p.packet_number[row])), flow_id=flow_id, src_ip=src, dst_ip=dst,
            src_port=src_port, dst_port=dst_port, proto=int(p.proto[row]), vlan=int(p.vlan[row]),
            to_server=bool(p.to_server[row]) or not flow_id, memory=memory, established=established,
            ends=self.plan.headers.ends(src, dst, src_port, dst_port))
        scene.packet = PacketView(p, row, self._f, self._buffers)
        return scene

    # streams

    def _window(self, window: Window, event: Event) -> None:
        flow = window.flow
        memory = self.memory.flows.of(flow.flow_id)
        if memory.passed:
            return
        self.counts["windows_evaluated"] += 1
        scene = self._scene_of_flow(flow, memory, window.to_server, window.at,
                                    self._row_of(event.number, flow.flow_id))
        scene.is_stream, scene.late = True, window.late
        scene.established |= window.opened  # its packet may be gone, where the window ends with the flow
        if window.end is not None:
            scene.answer = event.number + window.late, window.end
        fired: dict[int, int] = memory.fired[window.to_server]
        told, tx = memory.by_packet[window.to_server], self._guessed(scene, memory)
        for rule in event.rules:
            if rule.number in told:  # by one of the packets that make up this window
                continue
            again = rule.placed or fired.get(rule.number) == window.turn
            scene.data = window.data[window.looked :] if again and window.looked else window.data
            if self._judge.holds(rule, scene, tx):
                fired[rule.number] = window.turn
            elif not (again and self.settings.inline):  # whose windows overlap: the new bytes alone were looked at
                fired.pop(rule.number, None)
        told.clear()

    def _guessed(self, scene: Scene, memory: FlowMemory | None) -> Tx | None:
        """Return the transaction that something was probably said in: the only one that goes on."""
        if not self.settings.guess_transaction or memory is None or len(memory.txs) != 1:
            return None
        scene.guessed = True
        scene.tx_id, tx = next(iter(memory.txs.items()))
        return tx

    def _odd_stream(self, odd: StreamEvent, event: Event) -> None:
        """Bytes of a stream are missing, or segments differed: that is an event of its own."""
        memory = self.memory.flows.of(odd.flow.flow_id)
        if memory.passed:
            return
        scene = self._scene_of_flow(odd.flow, memory, odd.to_server, odd.at,
                                    self._row_of(event.number, odd.flow.flow_id))
        scene.stream_events = (odd.name,)
        for rule in event.rules:
            self._judge.holds(rule, scene)

    def _scene_of_flow(self, flow: FlowFacts, memory: FlowMemory, to_server: bool, at: Moment, row: int) -> Scene:
        src, dst, src_port, dst_port = flow.src_ip, flow.dst_ip, flow.src_port, flow.dst_port
        if not to_server:
            src, dst, src_port, dst_port = dst, src, dst_port, src_port
        if row >= 0:
            self._open[flow.flow_id] = bool(self._f.bits[row] & ESTABLISHED)
        scene = Scene(at=at, flow_id=flow.flow_id, src_ip=src, dst_ip=dst, src_port=src_port, dst_port=dst_port,
                      proto=flow.proto, vlan=flow.vlan, to_server=to_server, memory=memory,
                      established=self._open.get(flow.flow_id, False),
                      ends=self.plan.headers.ends(src, dst, src_port, dst_port))
        if row >= 0:
            scene.packet = PacketView(self._p, row, self._f, self._buffers)
        return scene

    def _row_of(self, number: int, flow_id: int) -> int:
        """Return the row of a packet in this batch that belongs to a flow, -1 for none."""
        numbers = self._p.packet_number
        row = int(np.searchsorted(numbers, np.uint64(number)))
        while row < numbers.size and numbers[row] == number:
            if self._p.flow_id[row] == flow_id:
                return row
            row += 1
        return -1

    # transactions

    def _recognised(self, item: Recognised) -> None:
        memory = self.memory.flows.of(item.flow.flow_id)
        name = app_name(item.app_proto, item.flow)
        if not memory.apps[item.to_server] and memory.app and memory.app != name:
            memory.said.add("applayer.protocol_changed")
        memory.app = memory.apps[item.to_server] = name

    def _detected(self, item: Recognised) -> None:
        """Rules about the protocol alone, after all else of the packet that shows it."""
        memory = self.memory.flows.of(item.flow.flow_id)
        if memory.passed:
            return
        row = self._row_of(item.at.packet_number, item.flow.flow_id)
        scene = self._scene_of_flow(item.flow, memory, item.to_server, item.at, row)
        for rule in self.plan.detection:
            self._judge.holds(rule, scene)

    def _step(self, step: Step, event: Event) -> None:
        memory = self.memory.flows.of(step.flow.flow_id)
        app = app_name(step.app_proto, step.flow)
        memory.app = memory.app or app
        if not event.asked and not event.rules and step.tx_id not in memory.txs:
            return
        tx, full = tx_of(memory.txs, step, app, self.settings.transactions)
        self.counts["transactions_forgotten"] += full
        side: Side = tx.sides[step.to_server]
        if side.done:
            return
        if not memory.apps[step.to_server]:
            memory.apps[step.to_server] = app
        self.counts["buffers_refused"] += side.add(step.buffers)
        side.done = side.done or step.done
        if not memory.passed:
            self._candidates(tx, side, event.rules, app, step)
            if side.always is not NOTHING or side.pending or tx.both:
                self._evaluate(step, memory, tx, side, event)
        if side.done:
            side.pending.clear()
        if tx.over:
            memory.txs.pop(step.tx_id, None)

    def _candidates(self, tx: Tx, side: Side, rules: Sequence[Prepared], app: str, step: Step) -> None:
        """Let rules wait for what they need, unless they have matched here."""
        if side.always is None:
            side.always = self._always(app, step.flow, step.to_server)
            rules = (*side.always.both, *rules) if side.always.both else rules
        for rule in rules:
            if rule.rule.direction == "=>":
                if rule.number not in tx.told:
                    tx.both[rule.number] = rule
            elif rule.number not in side.told:
                side.pending[rule.number] = rule

    def _always(self, app: str, flow: FlowFacts, to_server: bool) -> Always:
        """Return the rules without a pattern that may hold of any transaction of one direction of a flow."""
        ends = self.plan.headers.ends(flow.src_ip, flow.dst_ip, flow.src_port, flow.dst_port)
        found = self._always_of.get((app, to_server, ends))
        if found is None:
            if len(self._always_of) >= _REMEMBERED:
                self._always_of.clear()
            rules = dict.fromkeys(rule for name in sorted({"", app, WIDER.get(app, app)})  # some are under two names
                                  for rule in self.plan.tx_always.get(name, ()) if rule.may_go(ends, to_server))
            found = self._always_of[app, to_server, ends] = Always(list(rules)) if rules else NOTHING
        return found

    @staticmethod
    def _ready(side: Side, step: Step) -> list[Prepared]:
        """Return the rules that what a side has told is enough for, in order; none again that it decided against."""
        ready: list[Prepared] = side.always.ready(side)
        if side.pending:
            names = side.names
            ready += [rule for rule in side.pending.values() if rule.needs <= names]
        if ready and side.refused:
            shown = {name for name, _ in step.buffers}
            ready = [p for p in ready if p.number not in side.refused or not shown.isdisjoint(p.decided_by or ())]
        ready.sort(key=_NUMBER)
        return ready

    def _evaluate(self, step: Step, memory: FlowMemory, tx: Tx, side: Side, event: Event) -> None:
        names = side.names
        waits = side.always.waits(names) or any(rule.needs <= names for rule in side.pending.values())
        if not waits and not tx.both:
            return
        if event.row >= 0:
            self._open[step.flow.flow_id] = event.established
        ready = self._ready(side, step)
        if not ready and not tx.both:
            return
        self.counts["steps_evaluated"] += 1
        flow = step.flow
        row = event.row if event.row >= 0 else self._row_of(event.number, flow.flow_id)
        scene = self._scene_of_flow(flow, memory, step.to_server, step.at, row)
        scene.tx, scene.tx_id = side, step.tx_id
        if self._answers and (end := self._windows.end(flow.flow_id, step.to_server, event.heard)) is not None:
            scene.answer = step.at.packet_number, end
        if flow.proto == _TCP and self.plan.history:
            scene.later = partial(self._windows.history, flow.flow_id, step.to_server, event.heard)
        elif flow.proto != _TCP and scene.packet is not None:
            scene.later = partial(getattr, scene.packet, "payload")
        folded: bytes | None = None
        for rule in ready:
            if rule.early is not None:  # most are settled by this
                if rule.early[1] and folded is None:
                    folded = (scene.data or b"").lower()
                if rule.early[0] not in ((folded if rule.early[1] else scene.data) or b""):
                    continue
            looked_into = rule.evaluated
            if self._judge.holds(rule, scene, tx):
                side.told |= {rule.number}
                side.pending.pop(rule.number, None)
            elif rule.decided_by is not None and rule.evaluated > looked_into:
                side.refused |= {rule.number}
        if tx.both:
            scene.tx = BothSides(tx)
            for number in sorted(tx.both):
                if self._judge.holds(tx.both[number], scene, tx):
                    tx.told |= {number}
                    del tx.both[number]


def _address(hi: Any, lo: Any) -> int:
    return int(hi) << 64 | int(lo)

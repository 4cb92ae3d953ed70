"""What rules keep: bits and numbers of flows, hosts and pairs of hosts; all of it by event time, capped and counted."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any, ClassVar

from detectors.signatures.engine.made import MadeWhenAsked
from detectors.signatures.language.conditions import FlowBits, FlowInt, FlowVar, HostBits, XBits

_SECOND = 1_000_000_000
_NAMES = 4096
"""Most bits, numbers and texts of one flow."""
_TEXT_BYTES = 8192
"""Most bytes of a text."""


class FlowMemory(MadeWhenAsked):
    """What is kept of one flow as long as it lives. apps: protocol by direction (to client, to server).

    by_packet: by direction, rules that a packet matched; fired: by direction, rule -> turn it last matched in.
    """

    __slots__ = ("app", "apps", "bits", "by_packet", "fired", "ints", "passed", "said", "texts", "txs")
    bits: set[str]
    ints: dict[str, int]
    texts: dict[tuple[str, str], tuple[int, bytes]]  # by kind and name: since which packet, what
    said: set[str]
    by_packet: tuple[set[int], set[int]]
    fired: tuple[dict[int, int], dict[int, int]]
    _made: ClassVar = {"bits": set, "ints": dict, "texts": dict, "said": set,
             "by_packet": lambda: (set(), set()), "fired": lambda: ({}, {})}

    def __init__(self) -> None:
        self.app = ""
        self.apps = ["", ""]
        self.passed = False
        self.txs: dict[int, Any] = {}

    def forget_rules(self, always: Any) -> None:
        """Other rules come: what is known of these, by their numbers, says nothing of those. always: see Tx."""
        for name in ("by_packet", "fired"):
            if self.is_made(name):
                delattr(self, name)
        for tx in self.txs.values():
            tx.forget_rules(always)


class Flows:
    """The memories of flows, at most so many: beyond that the one not used for longest is forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._known = most, OrderedDict[int, FlowMemory]()
        self.forgotten = 0

    def get(self, flow_id: int) -> FlowMemory | None:
        """Return the memory of a flow, None where nothing is kept of it."""
        return self._known.get(flow_id)

    def of(self, flow_id: int) -> FlowMemory:
        """Return the memory of a flow, a new one where there is none."""
        found = self._known.get(flow_id)
        if found is None:
            if len(self._known) >= self._most:
                self._known.popitem(last=False)
                self.forgotten += 1
            found = self._known[flow_id] = FlowMemory()
        else:
            self._known.move_to_end(flow_id)
        return found

    def forget(self, flow_id: int) -> None:
        """The flow is over."""
        self._known.pop(flow_id, None)

    def items(self) -> list[tuple[int, FlowMemory]]:
        """All flows and their memories, the one not used for longest first."""
        return list(self._known.items())

    def ids(self) -> Iterable[int]:
        """The flows of which something is kept."""
        return self._known.keys()

    def __len__(self) -> int:
        return len(self._known)


class TimedBits:
    """Bits by (name, whose), each with the event time until which it is set; at most so many."""

    def __init__(self, most: int) -> None:
        self._most, self._until = most, OrderedDict[tuple[Any, ...], int]()
        self.forgotten = 0

    def is_set(self, key: tuple[Any, ...], now_ns: int) -> bool:
        """Return whether a bit is set."""
        return self._until.get(key, -1) >= now_ns

    def change(self, op: str, key: tuple[Any, ...], now_ns: int, expire_s: int) -> None:
        """Set, unset or toggle a bit."""
        if op == "toggle":
            op = "unset" if self.is_set(key, now_ns) else "set"
        self._until.pop(key, None)
        if op == "set":
            if len(self._until) >= self._most:
                self._until.popitem(last=False)
                self.forgotten += 1
            self._until[key] = now_ns + expire_s * _SECOND


class Memory:
    """All that rules keep."""

    def __init__(self, most_flows: int, most_bits: int) -> None:
        self.flows = Flows(most_flows)
        self.bits = TimedBits(most_bits)
        self.counts: Counter[str] = Counter()

    def asks(self, condition: FlowBits | FlowInt | FlowVar | XBits | HostBits, flow: FlowMemory | None,
             scene: Any) -> bool:
        """Return whether a condition holds that asks for state."""
        if isinstance(condition, FlowBits):
            there = flow is not None and any(name in flow.bits for name in condition.names)
            return there == (condition.op == "isset")
        if isinstance(condition, FlowInt):
            return _asks_int(condition, flow)
        if isinstance(condition, FlowVar):
            since, text = flow.texts.get((condition.kind, condition.name), _NO_TEXT) if flow is not None else _NO_TEXT
            return condition.value in text and (condition.kind == "flow" or since == scene.at.packet_number)
        there = any(self.bits.is_set(key, scene.at.ts_ns) for key in _keys(condition, scene))
        return there == (condition.op == "isset")

    def keep(self, captured: Iterable[tuple[str, str, bytes]], flow: FlowMemory, packet_number: int) -> None:
        """Keep texts that expressions captured: those of kind flow as long as it lives, of kind pkt for the packet."""
        for kind, name, text in captured:
            if kind not in ("flow", "pkt"):
                continue
            if len(flow.texts) >= _NAMES and (kind, name) not in flow.texts:
                self.counts["texts_full"] += 1
                continue
            flow.texts[kind, name] = packet_number, text[:_TEXT_BYTES]

    def change(self, condition: FlowBits | FlowInt | XBits | HostBits, flow: FlowMemory, scene: Any) -> None:
        """Do what a rule that matched does to the state."""
        if isinstance(condition, FlowBits):
            for name in condition.names:
                _change_bit(condition.op, name, flow.bits)
            if len(flow.bits) > _NAMES:
                flow.bits.pop()
                self.counts["flowbits_full"] += 1
        elif isinstance(condition, FlowInt):
            _change_int(condition, flow)
        else:
            for key in _keys(condition, scene):
                self.bits.change(condition.op, key, scene.at.ts_ns, condition.expire_s)


_NO_TEXT = (-1, b"")


def _change_bit(op: str, name: str, bits: set[str]) -> None:
    if op == "set" or (op == "toggle" and name not in bits):
        bits.add(name)
    else:
        bits.discard(name)


def _asks_int(condition: FlowInt, flow: FlowMemory | None) -> bool:
    value = None if flow is None else flow.ints.get(condition.name)
    if condition.op in ("isset", "isnotset", "notset"):
        return (value is not None) == (condition.op == "isset")
    other = condition.value
    if isinstance(other, str):
        other = None if flow is None else flow.ints.get(other)
    if other is None:
        return False
    if value is None:
        return False
    return {"==": value == other, "!=": value != other, "<": value < other, "<=": value <= other,
            ">": value > other, ">=": value >= other}[condition.op]


def _change_int(condition: FlowInt, flow: FlowMemory) -> None:
    value = condition.value
    number = flow.ints.get(value, 0) if isinstance(value, str) else value or 0
    before = flow.ints.get(condition.name, 0)
    after = number if condition.op == "=" else before + number if condition.op == "+" else before - number
    flow.ints[condition.name] = after & 0xFFFFFFFF


def _keys(condition: XBits | HostBits, scene: Any) -> list[tuple[Any, ...]]:
    """Whose bit it is. Names of both kinds are apart."""
    src, dst = scene.src_ip, scene.dst_ip
    if isinstance(condition, HostBits):
        hosts = {"src": (src,), "dst": (dst,), "both": (src, dst)}[condition.track]
        return [("host", condition.name, host) for host in hosts]
    if condition.track == "ip_src":
        return [("x", condition.name, src)]
    if condition.track == "ip_dst":
        return [("x", condition.name, dst)]
    if condition.track == "ip_pair":
        return [("pair", condition.name, min(src, dst), max(src, dst))]
    return [("tx", condition.name, scene.flow_id, scene.tx_id)]

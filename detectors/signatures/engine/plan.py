"""The plan: every rule prepared, and who is a candidate for what: by a pattern, by its protocol, or always."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from detectors.signatures.engine.grams import GramFilter
from detectors.signatures.engine.headers import HeaderBits, Headers
from detectors.signatures.engine.order import in_order
from detectors.signatures.engine.search import Search
from detectors.signatures.language import conditions as c
from detectors.signatures.language.buffers import find_buffer
from detectors.signatures.language.matches import Transform
from detectors.signatures.language.protocols import PROTOCOLS
from detectors.signatures.language.rule import PAYLOAD, Rule
from detectors.signatures.language.ruleset import RuleSet

STATE = (c.FlowBits, c.FlowInt, c.XBits, c.HostBits)
_FILE = (c.FileHash, c.FileSize)
_TX_CONDITIONS = (c.AppLayerEvent, c.AppLayerState, c.UriLen, c.AppInteger, c.AppCount, c.AppWords, c.DceIface,
                  c.DceOpnum, c.FtpBounce)
_TCP = 6


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a rule, prepared. layer: payload, packet, app, file, decoded."""

    buffer: str
    layer: str
    transforms: tuple[Transform, ...]
    search: Search
    direction: str


@dataclass(slots=True, eq=False)
class Prepared:
    """A rule with all that looking at it takes; number is its place in the order. cost counts what became of it."""

    number: int
    rule: Rule
    header: HeaderBits
    version: int
    groups: tuple[Group, ...]
    packet: tuple[Any, ...]
    transaction: tuple[Any, ...]
    file: tuple[Any, ...]
    state: tuple[Any, ...]
    reputation: tuple[Any, ...]
    effects: tuple[Any, ...]
    is_tx: bool
    has_payload: bool
    candidates: int = 0
    evaluated: int = 0
    matched: int = 0
    seconds: float = 0.0

    @property
    def needs_memory(self) -> bool:
        """Whether it can only hold of a flow of which something is remembered."""
        return bool(self.rule.app_protos) or any(isinstance(x, c.FlowBits) and x.op == "isset" for x in self.state)

    @property
    def where(self) -> str:
        """gid:sid:rev, as analysts write it."""
        return f"{self.rule.gid}:{self.rule.sid}:{self.rule.rev}"


Kind = tuple[str, tuple[Transform, ...]]
"""What one filter looks at: a buffer and the transforms that it goes through before."""


@dataclass
class PatternSet:
    """Patterns of many rules looked for in one kind of bytes, and the rules that each stands for."""

    filter: GramFilter
    rules: tuple[tuple[Prepared, ...], ...]


@dataclass
class _Patterns:
    wanted: dict[tuple[bytes, bool], list[Prepared]] = field(default_factory=lambda: defaultdict(list))

    def add(self, rule: Prepared) -> None:
        fast = rule.rule.fast_pattern
        assert fast is not None
        self.wanted[(fast.pattern, fast.nocase)].append(rule)

    def build(self) -> PatternSet:
        return PatternSet(GramFilter(list(self.wanted)), tuple(tuple(rules) for rules in self.wanted.values()))


class Plan:
    """All enabled rules of a rule set, ready to run."""

    def __init__(self, ruleset: RuleSet) -> None:
        ordered = in_order(ruleset.enabled)
        self.ruleset = ruleset
        self.headers = Headers(ordered)
        self.rules = [_prepared(k, rule, self.headers.of[k]) for k, rule in enumerate(ordered)]
        stream, tcp, other = _Patterns(), _Patterns(), _Patterns()
        kinds: dict[Kind, _Patterns] = defaultdict(_Patterns)
        self.stream_always: list[Prepared] = []
        self.packet_always: list[Prepared] = []
        self.ip_only: list[Prepared] = []
        self.decoder: list[Prepared] = []
        self.detection: list[Prepared] = []
        self.stream_events: list[Prepared] = []
        self.tx_always: dict[str, list[Prepared]] = defaultdict(list)
        self.tx_both: list[Prepared] = []
        for p in self.rules:
            r, fast = p.rule, p.rule.fast_pattern
            if p.is_tx:
                group = p.groups[fast.group] if fast is not None else None
                if group is not None and group.layer in ("app", "file", "frame"):
                    kinds[(group.buffer, group.transforms)].add(p)
                else:
                    for app in r.app_protos or ("",):
                        self.tx_always[app].append(p)
            elif any(isinstance(x, c.Event) and x.layer == "stream" for x in p.packet):
                self.stream_events.append(p)
            elif r.kind == "decoder_event":
                self.decoder.append(p)
            elif r.kind == "protocol_detection_only":
                self.detection.append(p)
            elif r.kind == "ip_only" and not p.state:
                self.ip_only.append(p)
            else:
                self._place(p, stream, tcp, other)
        self.stream, self.tcp, self.other = stream.build(), tcp.build(), other.build()
        self.kinds = {kind: patterns.build() for kind, patterns in kinds.items()}
        self.kinds_of: dict[str, list[Kind]] = defaultdict(list)
        for kind in self.kinds:
            self.kinds_of[kind[0]].append(kind)
        self.history = any(p.is_tx and p.has_payload for p in self.rules)
        self.snapshot = any(p.rule.on_stream and p.packet for p in self.rules)

    def _place(self, p: Prepared, stream: _Patterns, tcp: _Patterns, other: _Patterns) -> None:
        rule, fast = p.rule, p.rule.fast_pattern
        searched = fast is not None and p.groups[fast.group].layer == "payload" and not p.groups[fast.group].transforms
        protos = rule.ip_protos
        over_tcp = protos is None or _TCP in protos
        on_stream = rule.on_stream and over_tcp
        if on_stream:
            stream.add(p) if searched else self.stream_always.append(p)
        if protos is None or protos - {_TCP} or not on_stream or rule.on_packet:
            if not searched:
                self.packet_always.append(p)
                return
            if over_tcp and (rule.on_packet or not on_stream):
                tcp.add(p)
            if protos is None or protos - {_TCP}:
                other.add(p)


def _prepared(number: int, rule: Rule, header: HeaderBits) -> Prepared:
    groups = tuple(Group(g.buffer, find_buffer(g.buffer).layer, g.transforms, Search(g.matches), g.direction)
                   for g in rule.groups)
    state = tuple(x for x in rule.conditions if isinstance(x, STATE) and not x.effect)
    file = tuple(x for x in rule.conditions if isinstance(x, _FILE))
    transaction = tuple(x for x in rule.conditions if isinstance(x, _TX_CONDITIONS))
    reputation = tuple(x for x in rule.conditions if isinstance(x, (c.IPRep, c.GeoIp, c.FlowVar)))
    used = {id(x) for x in (*state, *file, *transaction, *reputation)}
    packet = tuple(x for x in rule.conditions if id(x) not in used and not getattr(x, "effect", False)
                   and not isinstance(x, (c.Stored, c.Flow)))
    effects = tuple(x for x in (rule.effects or rule.conditions) if isinstance(x, STATE) and x.effect)
    is_tx = any(g.layer in ("app", "file", "frame") for g in groups) or bool(transaction or file)
    version = PROTOCOLS[rule.proto].version if rule.proto in PROTOCOLS else 0
    return Prepared(number, rule, header, version, groups, packet, transaction, file, state, reputation, effects,
                    is_tx, any(g.buffer == PAYLOAD for g in groups))


def fits_app(wanted: Sequence[str], app: str) -> bool:
    """Return whether a flow's protocol is among those that a rule is bound to; no binding fits all."""
    return not wanted or app in wanted or ("http" in wanted and app in ("http1", "http2")) or (
        "dcerpc" in wanted and app == "smb")

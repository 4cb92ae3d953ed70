"""The plan: every rule prepared, and who is a candidate for what: by a pattern, by its protocol, or always."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from detectors.signatures.engine.asked import Asked
from detectors.signatures.engine.grams import Pattern, searchable
from detectors.signatures.engine.headers import Headers
from detectors.signatures.engine.order import in_order
from detectors.signatures.engine.prepared import Prepared, pattern_of, prepare
from detectors.signatures.engine.settings import ACTIONS
from detectors.signatures.engine.suspects import Fitting, Suspects
from detectors.signatures.engine.tcp_events import TCP_EVENTS
from detectors.signatures.language import conditions as c
from detectors.signatures.language.matches import Transform
from detectors.signatures.language.ruleset import RuleSet

_TCP = 6
_Patterns = defaultdict[Pattern, list[Prepared]]

Kind = tuple[str, tuple[Transform, ...]]
"""What one filter looks at: a buffer and the transforms that it goes through before."""


class Plan:
    """All enabled rules of a rule set, ready to run; actions in the order in which rules of them are looked at."""

    def __init__(self, ruleset: RuleSet, actions: Sequence[str] = ACTIONS) -> None:
        ordered = in_order(ruleset.enabled, actions)
        self.ruleset = ruleset
        self.headers = Headers(ordered)
        self.rules = [prepare(k, rule, self.headers.of[k]) for k, rule in enumerate(ordered)]
        stream, tcp, other = _Patterns(list), _Patterns(list), _Patterns(list)
        kinds: dict[Kind, _Patterns] = defaultdict(lambda: _Patterns(list))
        self.stream_always: list[Prepared] = []
        self.packet_always: list[Prepared] = []
        self.ip_only: list[Prepared] = []
        self.decoder: dict[str, list[Prepared]] = defaultdict(list)  # by one of the events that a rule is about
        self.detection: list[Prepared] = []
        self.stream_events: list[Prepared] = []
        self.tcp_events: list[Prepared] = []
        self.tx_always: dict[str, list[Prepared]] = defaultdict(list)
        for p in self.rules:
            r, fast = p.rule, p.rule.fast_pattern
            if p.is_tx:
                group = p.groups[fast.group] if fast is not None else None
                if group is not None and group.layer in ("app", "file", "frame") and searchable(pattern_of(r)):
                    kinds[(group.buffer, group.transforms)][pattern_of(r)].append(p)
                else:
                    for app in r.app_protos or ("",):
                        self.tx_always[app].append(p)
            elif any(isinstance(x, c.Event) and x.layer == "stream" for x in p.packet):
                self.stream_events.append(p)
                if any(isinstance(x, c.Event) and x.name in TCP_EVENTS for x in p.packet):
                    self.tcp_events.append(p)
            elif r.kind == "decoder_event":
                self.decoder[next(x.name for x in p.packet if isinstance(x, c.Event))].append(p)
            elif r.kind == "protocol_detection_only":
                self.detection.append(p)
            elif r.kind == "ip_only" and not p.state:
                self.ip_only.append(p)
            else:
                self._place(p, stream, tcp, other)
        self.stream, self.tcp, self.other = (Suspects(self.headers, found) for found in (stream, tcp, other))
        self.always_on_stream = Fitting(self.headers, self.stream_always)
        self.kinds = {kind: Suspects(self.headers, found) for kind, found in kinds.items()}
        self.kinds_of: dict[str, list[Kind]] = defaultdict(list)
        for kind in self.kinds:
            self.kinds_of[kind[0]].append(kind)
        self.asked = Asked(self.rules, list(self.tx_always))
        self.history = any(p.is_tx and p.has_payload for p in self.rules)

    def _place(self, p: Prepared, stream: _Patterns, tcp: _Patterns, other: _Patterns) -> None:
        rule, fast = p.rule, p.rule.fast_pattern
        group = p.groups[fast.group] if fast is not None else None
        searched = group is not None and group.layer == "payload" and not group.transforms and searchable(
            pattern_of(rule))
        protos = rule.ip_protos
        over_tcp = protos is None or _TCP in protos
        on_stream = rule.on_stream and over_tcp
        if on_stream:
            (stream[pattern_of(rule)] if searched else self.stream_always).append(p)
        if protos is None or protos - {_TCP} or not on_stream or rule.on_packet:
            if not searched:
                self.packet_always.append(p)
                return
            if over_tcp and (rule.on_packet or not on_stream):
                tcp[pattern_of(rule)].append(p)
            if protos is None or protos - {_TCP}:
                other[pattern_of(rule)].append(p)

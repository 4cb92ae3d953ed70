"""What becomes of a match: state changes, passes, filters and thresholds, and at last what is to be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from detectors.signatures.engine.evaluate import Evaluator
from detectors.signatures.engine.memory import FlowMemory, Memory
from detectors.signatures.engine.plan import Plan
from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.engine.scene import Scene
from detectors.signatures.engine.sets import Sets
from detectors.signatures.engine.settings import SignatureSettings
from detectors.signatures.engine.steps import Variables
from detectors.signatures.engine.thresholds import Thresholds
from detectors.signatures.engine.transactions import Tx
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.threshold_file import Suppress

_FLOW_KINDS = frozenset({"ip_only", "like_ip_only", "protocol_detection_only", "app_layer", "app_tx"})
_STATEFUL_KINDS = frozenset({"packet_stream", "stream"})
DROPS = frozenset({"drop", "reject", "rejectsrc", "rejectdst", "rejectboth"})
_TCP = 6


class Match(NamedTuple):
    """A rule that matched and is to be told, with what it was looked at against and what it read.

    verdict: what becomes of its packet. action: that of the rule, or of the rate filter in its place.
    """

    rule: Prepared
    scene: Scene
    variables: Variables
    tx: Tx | None
    serial: int
    action: str = "alert"
    verdict: Verdict | None = None


class Verdict:
    """What becomes of a packet: it is let through, passed by a rule, or dropped; and whom a reject would be sent to.

    Nothing is ever blocked here: it is what an inline sensor would do.
    """

    __slots__ = ("dropped", "passed", "reject", "tcp")

    def __init__(self) -> None:
        self.passed = self.dropped = self.tcp = False
        self.reject = ""


class Judge:
    """Tries rules on scenes and keeps what follows from it. tell takes the matches that are to be told, in order.

    What matches at one packet waits until all of the packet was looked at; then passes, thresholds and the limit of
    alerts apply in the order of the rules.
    """

    def __init__(self, settings: SignatureSettings, *, profile: bool) -> None:
        self._profile, self._settings = profile, settings
        self.counts: Counter[str] = Counter()
        self.memory = Memory(settings.flows, settings.bits)
        self.thresholds = Thresholds(settings.thresholds)
        self.tell: Callable[[Match], None] = lambda match: None
        self._waiting: list[Match] = []

    def exchange(self, plan: Plan) -> None:
        """Go on with another plan."""
        self._suppress = _suppressing(plan.ruleset.suppress)
        self._rates = {(f.gid, f.sid): f for f in plan.ruleset.rate_filters}
        self.sets = Sets(plan.ruleset.datasets)
        self._evaluator = Evaluator(self.memory, self.sets, self.counts, profile=self._profile)

    def holds(self, rule: Prepared, scene: Scene, tx: Tx | None = None) -> bool:
        """Return whether a rule holds; what it sets is set, and what else follows waits for the end of its packet."""
        variables = self._evaluator.holds(rule, scene)
        if variables is None:
            return False
        rule.matched += 1
        self._matched(rule, scene, variables, tx)
        return True

    def _matched(self, p: Prepared, scene: Scene, variables: Variables, tx: Tx | None) -> None:
        key, action = (p.rule.gid, p.rule.sid), p.rule.action
        if self._rates and (rate := self._rates.get(key)) is not None:
            action = self.thresholds.rated(key, rate, action, scene)
        if p.rule.detection_filter is not None and self.thresholds.filtered(key, p.rule.detection_filter, scene):
            return
        if p.effects or variables.captured:
            scene.memory = scene.memory or (self.memory.flows.of(scene.flow_id) if scene.flow_id else FlowMemory())
            for effect in p.effects:
                self.memory.change(effect, scene.memory, scene)
            self.memory.keep(variables.captured, scene.memory, scene.at.packet_number)
        self._waiting.append(Match(p, scene, variables, tx, 0, action))

    def next_packet(self) -> None:
        """All of a packet was looked at: decide what of its matches is to be told."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        if len(waiting) > 1:
            waiting.sort(key=lambda match: match.rule.number)
        verdicts: dict[int, Verdict] = {}
        serials: Counter[Any] = Counter()
        told: list[Match] = []
        for match in waiting:
            scene = match.scene
            verdict = verdicts.setdefault(scene.flow_id, Verdict())
            if verdict.passed or not self._applies(match, verdict) or self._held(match):
                continue
            self.counts["matches"] += 1
            if len(told) >= self._settings.alerts_per_packet:
                self.counts["over_packet_limit"] += 1
                continue
            place = (match.rule.number, scene.flow_id, scene.tx_id, scene.to_server)
            told.append(match._replace(serial=serials[place], verdict=verdict))
            serials[place] += 1
        for match in told:  # the verdict stands only now
            self.tell(match)

    def _applies(self, match: Match, verdict: Verdict) -> bool:
        """Do what a match does to its packet and flow; return whether it may be told at all."""
        rule, scene, action = match.rule.rule, match.scene, match.action
        if action == "pass":
            verdict.passed = True
            if self._is_of_flow(match):
                self.memory.flows.of(scene.flow_id).passed = True
            return "alert" in rule.keywords
        if action in DROPS:
            verdict.dropped |= self._settings.inline
            if action != "drop":
                verdict.reject, verdict.tcp = action, scene.proto == _TCP
            if self._settings.inline and self._is_of_flow(match):
                self.memory.flows.of(scene.flow_id).passed = True
        return not rule.noalert and rule.action != "config"

    @staticmethod
    def _is_of_flow(match: Match) -> bool:
        """Whether what a rule says of its packet holds for the rest of the flow, too."""
        kind, scene = match.rule.rule.kind, match.scene
        stateful = scene.is_stream or scene.tx is not None
        return bool(scene.flow_id) and (kind in _FLOW_KINDS or (kind in _STATEFUL_KINDS and stateful))

    def _held(self, match: Match) -> bool:
        """Whether threshold.config or a threshold of the rule keeps an alert back."""
        rule, scene = match.rule.rule, match.scene
        if self._suppressed(rule, scene):
            self.counts["suppressed"] += 1
            return True
        if rule.threshold is not None and self.thresholds.held((rule.gid, rule.sid), rule.threshold, scene):
            self.counts["held_by_threshold"] += 1
            return True
        return False

    def _suppressed(self, rule: Rule, scene: Scene) -> bool:
        """Whether threshold.config says that no alert is made; gid or sid 0 there is every one."""
        if not self._suppress:
            return False
        for key in ((rule.gid, rule.sid), (rule.gid, 0), (0, rule.sid), (0, 0)):
            for one in self._suppress.get(key, ()):
                ends = {"by_src": (scene.src_ip,), "by_dst": (scene.dst_ip,)}.get(
                    one.track, (scene.src_ip, scene.dst_ip))
                if not one.track or any(one.addresses.holds(end) for end in ends):
                    return True
        return False


def _suppressing(suppress: Sequence[Suppress]) -> dict[tuple[int, int], list[Suppress]]:
    found: dict[tuple[int, int], list[Suppress]] = {}
    for one in suppress:
        found.setdefault((one.gid, one.sid), []).append(one)
    return found

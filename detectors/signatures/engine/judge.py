"""What becomes of a match: state changes, passes, filters and thresholds, and at last what is to be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


class Match(NamedTuple):
    """A rule that matched and is to be told, with what it was looked at against and what it read."""

    rule: Prepared
    scene: Scene
    variables: Variables
    tx: Tx | None
    serial: int


class Judge:
    """Tries rules on scenes and keeps what follows from it. told: the matches that are to be told, in order."""

    def __init__(self, settings: SignatureSettings, *, profile: bool) -> None:
        self._profile = profile
        self.counts: Counter[str] = Counter()
        self.memory = Memory(settings.flows, settings.bits)
        self.thresholds = Thresholds(settings.thresholds)
        self.told: list[Match] = []
        self._serials: Counter[Any] = Counter()
        self._passing: set[int] = set()  # flows that a rule passes for this packet

    def exchange(self, plan: Plan) -> None:
        """Go on with another plan."""
        self._suppress = _suppressing(plan.ruleset.suppress)
        self._rates = {(f.gid, f.sid): f for f in plan.ruleset.rate_filters}
        self.sets = Sets(plan.ruleset.datasets)
        self._evaluator = Evaluator(self.memory, self.sets, self.counts, profile=self._profile)

    def next_packet(self) -> None:
        """Another packet begins: what was passed or told for the last one alone is over."""
        self._passing = set()
        self._serials.clear()

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

    def holds(self, rule: Prepared, scene: Scene, tx: Tx | None = None) -> bool:
        """Return whether a rule holds; what follows from it is done."""
        variables = self._evaluator.holds(rule, scene)
        if variables is None:
            return False
        rule.matched += 1
        self._matched(rule, scene, variables, tx)
        return True

    def _matched(self, p: Prepared, scene: Scene, variables: Variables, tx: Tx | None) -> None:
        rule = p.rule
        key = (rule.gid, rule.sid)
        action = rule.action
        if self._rates and (rate := self._rates.get(key)) is not None:
            action = self.thresholds.rated(key, rate, action, scene)
        if rule.detection_filter is not None and self.thresholds.filtered(key, rule.detection_filter, scene):
            return
        if p.effects or variables.captured:
            scene.memory = scene.memory or (self.memory.flows.of(scene.flow_id) if scene.flow_id else FlowMemory())
            for effect in p.effects:
                self.memory.change(effect, scene.memory, scene)
        if action == "pass":
            self._passing.add(scene.flow_id)
            stateful = scene.is_stream or scene.tx is not None
            if scene.flow_id and (rule.kind in _FLOW_KINDS or (rule.kind in _STATEFUL_KINDS and stateful)):
                self.memory.flows.of(scene.flow_id).passed = True
            if "alert" not in rule.keywords:
                return
        elif scene.flow_id in self._passing:
            return
        if rule.noalert or rule.action == "config":
            return
        if self._suppressed(rule, scene):
            self.counts["suppressed"] += 1
            return
        if rule.threshold is not None and self.thresholds.held(key, rule.threshold, scene):
            self.counts["held_by_threshold"] += 1
            return
        place = (p.number, scene.flow_id, scene.tx_id, scene.to_server)
        serial = self._serials[place]
        self._serials[place] += 1
        self.told.append(Match(p, scene, variables, tx, serial))


def _suppressing(suppress: Sequence[Suppress]) -> dict[tuple[int, int], list[Suppress]]:
    found: dict[tuple[int, int], list[Suppress]] = {}
    for one in suppress:
        found.setdefault((one.gid, one.sid), []).append(one)
    return found

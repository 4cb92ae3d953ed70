"""SignatureDetector: a rule set at work in the chain."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from columns import Alerts, Flows, Packets, rows_in
from columns.app import AppProto
from columns.codes import EndReason
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alerts_of
from detectors.contract import Signature
from detectors.signatures.engine.answers import Answer, Answers
from detectors.signatures.engine.judge import Match
from detectors.signatures.engine.plan import Plan
from detectors.signatures.engine.runner import Runner
from detectors.signatures.engine.settings import SignatureSettings
from detectors.signatures.engine.telling import NAME, row_of
from detectors.signatures.language.ruleset import RuleSet


class RuleCost(NamedTuple):
    """What one rule has cost: how often its pattern was found, how often it was looked into, how often it matched.

    seconds is 0 unless the detector was told to measure.
    """

    rule: str
    sid: int
    msg: str
    candidates: int
    evaluated: int
    matched: int
    seconds: float


class SignatureDetector:
    """Looks for what the enabled rules of a rule set describe; every match that is to be told is one alert.

    swap() puts another rule set, compiled beside, in place of this one between two batches: what is known of flows,
    bits, hosts and counts stays. profile: the time that each rule takes is measured (see ``plan``). answers: what
    becomes of alerts when they are answered is told, too (see ``waits`` and ``answered``).
    """

    name = NAME
    listens = True
    storm_by_signature = True
    signatures: tuple[Signature, ...] = ()

    def __init__(self, ruleset: RuleSet, settings: SignatureSettings | None = None, *, midstream: bool = False,
                 profile: bool = False, answers: bool = False) -> None:
        self.ruleset, self.settings = ruleset, settings or SignatureSettings()
        self.midstream, self.profile, self.answers = midstream, profile, answers
        self.plan_ = Plan(ruleset, self.settings.action_order)
        self.reset()

    def reset(self) -> None:
        """Forget everything learned."""
        self.runner_ = Runner(self.plan_, self.settings, midstream=self.midstream, profile=self.profile,
                              answers=self.answers)
        self.answers_, self.waiting_, self.answered_ = Answers(), set[int](), list[Answer]()
        self.counts_ = {"packets": 0, "alerts": 0}

    @property
    def inspects(self) -> frozenset[AppProto] | None:
        """The protocols whose buffers the rules look into, None for all: an alert may show any that goes on."""
        return None if self.settings.guess_transaction else self.plan_.asked.protocols

    def swap(self, ruleset: RuleSet, plan: Plan | None = None) -> None:
        """Go on with another rule set from the next batch; plan is its plan where it was compiled beside already.

        Where it looks into the buffers of other protocols (``inspects``), the dissector has to know (``buffers_of``).
        """
        self.ruleset, self.plan_ = ruleset, plan or Plan(ruleset, self.settings.action_order)
        self.runner_.exchange(self.plan_)

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and what was said in them; return the alerts."""
        self.counts_["packets"] += rows_in(packets)
        rows: list[dict[str, Any]] = []
        matches: list[Match] = []

        def tell(match: Match) -> None:
            row = row_of(match, self.ruleset.digest, self.settings)
            rows.append(row)
            if self.answers and self.answers_.hold(match, row["alert_id"], row["context"]):
                self.waiting_.add(row["alert_id"])
                matches.append(match)

        self.runner_.take(packets, flows, said, tell)
        self.counts_["alerts"] += len(rows)
        if self.answers:
            self._release(matches, packets, flows)
        return alerts_of(rows)

    def _release(self, matches: list[Match], packets: Packets, flows: Flows) -> None:
        for match in matches:
            match.scene.packet = match.scene.later = None  # what waits must not keep the frames of this batch
        over = np.flatnonzero(flows.end_reason != EndReason.ACTIVE_TIMEOUT)
        ended = zip(flows.flow_id[over].tolist(), flows.clock_ns[over].tolist(), strict=True)
        found = self.answers_.release(packets, self.runner_.facts, ended)
        self.waiting_.difference_update(answer.alert_id for answer in found)
        self.answered_ += found

    def waits(self, alert_ids: np.ndarray) -> np.ndarray:
        """Return bool[n]: which alerts of the last update are to be told again by ``answered``."""
        known = self.waiting_ | {answer.alert_id for answer in self.answered_}
        return np.isin(alert_ids, np.fromiter(known, np.uint64, len(known)))

    def answered(self) -> list[Answer]:
        """Return the alerts that wait no longer since this was asked last, in the order in which they were told."""
        found, self.answered_ = self.answered_, []
        return found

    def finish(self) -> Alerts:
        """Nothing is left to tell: the last windows and transactions end with their flows."""
        return alerts_of([])

    def costs(self) -> list[RuleCost]:
        """Return what every rule has cost so far, in the order of evaluation."""
        return [RuleCost(p.where, p.rule.sid, p.rule.msg, p.candidates, p.evaluated, p.matched, p.seconds)
                for p in self.plan_.rules]

    def counters(self) -> dict[str, int]:
        """Return rows and bytes searched, units that reached full evaluation, what was forgotten for lack of room."""
        return self.counts_ | self.runner_.counters() | {"rules": len(self.plan_.rules)} | (
            {"answers_forgotten": self.answers_.forgotten} if self.answers else {})

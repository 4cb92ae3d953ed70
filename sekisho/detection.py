"""Which detectors stand in the chain, in which order, under which digests."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from detectors.chain import Chain
from detectors.contract import Detector
from detectors.flood import FloodDetector
from detectors.leaks.all import LEAK_DETECTORS
from detectors.leaks.lists import Lists, load_lists
from detectors.mynumber import MyNumberDetector
from detectors.scan import ScanDetector
from detectors.seen import Shared
from detectors.zone_evidence import ZoneEvidence
from detectors.zone_verdicts import ZoneVerdicts
from sekisho.config import config_digest
from sekisho.settings import Settings
from zones import Policy
from zones.coverage import CoverageLog
from zones.flow_judge import FlowJudge

if TYPE_CHECKING:
    from detectors.signatures.language.ruleset import RuleSet

RULES = "signatures"
"""Name of the detector of rules."""

Makers = dict[str, Callable[[], Detector]]


def build_chain(settings: Settings, policy: Policy | None, rules: Callable[[], Detector] | None = None) -> Chain:
    """Return the chain for these settings, without the detectors that they switch off; without a policy the zone
    detectors are left out. rules: makes the detector of rules, None for none (see ``rules_detector``).
    """
    makers = _of_any_network(settings, policy, rules)
    if policy is None:
        return Chain(_made(settings, makers), settings.chain, config_digest=config_digest(settings))
    lists = load_lists(settings.leaks.lists)
    makers |= _of_zones(settings, policy, lists)

    def zone_names(hi, lo, ts_ns):
        return [policy.zone_names[number] for number in policy.zone_of(hi, lo, ts_ns).tolist()]

    return Chain(_made(settings, makers), settings.chain, policy_digest=policy.digest,
                 config_digest=config_digest(settings), zone_names=zone_names,
                 remarks=lists.notes(datetime.date.today()))


def _made(settings: Settings, makers: Makers) -> list[Detector]:
    return [make() for name, make in makers.items() if settings.detectors.stands(name)]


def rules_detector(settings: Settings, ruleset: RuleSet, *, profile: bool = False, answers: bool = False) -> Detector:
    """Return the detector of rules. answers: its alerts are told again once they are answered."""
    from detectors.signatures.detector import SignatureDetector

    return SignatureDetector(ruleset, settings.signatures, midstream=settings.streams.midstream, profile=profile,
                             answers=answers)


def _of_any_network(settings: Settings, policy: Policy | None, rules: Callable[[], Detector] | None) -> Makers:
    """Return what makes each detector that needs no policy, by its name."""
    makers: Makers = {ScanDetector.name: lambda: ScanDetector(settings.scan),
                      FloodDetector.name: lambda: FloodDetector(settings.flood)}
    if rules is not None:
        makers[RULES] = rules
    if settings.mynumber.inspect != "off":
        makers[MyNumberDetector.name] = lambda: MyNumberDetector(policy, settings.mynumber)
    return makers


def _of_zones(settings: Settings, policy: Policy, lists: Lists) -> Makers:
    """Return what makes each detector that goes by the policy, by its name."""
    sensor, shared = known_sensor(settings, policy), Shared(policy)
    return {
        ZoneVerdicts.name: lambda: ZoneVerdicts(policy, settings.findings, shared=shared),
        ZoneEvidence.name: lambda: ZoneEvidence(policy, settings.findings, sensor=sensor, shared=shared),
        **{kind.name: partial(kind, policy, lists, settings.leaks, sensor=sensor, shared=shared)
           for kind in LEAK_DETECTORS}}


def build_judge(settings: Settings, policy: Policy | None) -> FlowJudge | None:
    """Return what judges flow rows, or None without a policy."""
    return None if policy is None else FlowJudge(policy, known_sensor(settings, policy))


def build_coverage(settings: Settings, policy: Policy | None) -> CoverageLog | None:
    """Return what notes which zones were looked at, or None without a policy."""
    return None if policy is None else CoverageLog(policy, known_sensor(settings, policy))


def known_sensor(settings: Settings, policy: Policy) -> str:
    """Return the name of the sensor if the policy has it, else "": of a capture from elsewhere it is not known what
    its wire expects."""
    known = any(s.name == settings.replay.sensor for s in policy.sensors)
    return settings.replay.sensor if known else ""

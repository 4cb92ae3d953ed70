"""Which detectors stand in the chain, in which order, under which digests."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from detectors.chain import Chain
from detectors.contract import Detector
from detectors.flood import FloodDetector
from detectors.leaks.all import LEAK_DETECTORS
from detectors.leaks.lists import load_lists
from detectors.leaks.shared import Shared
from detectors.mynumber import MyNumberDetector
from detectors.scan import ScanDetector
from detectors.zone_evidence import ZoneEvidence
from detectors.zone_verdicts import ZoneVerdicts
from sekisho.config import config_digest
from sekisho.settings import Settings
from zones import Policy
from zones.coverage import CoverageLog
from zones.flow_judge import FlowJudge

if TYPE_CHECKING:
    from detectors.signatures.language.ruleset import RuleSet


def build_chain(settings: Settings, policy: Policy | None, ruleset: RuleSet | None = None, *,
                profile_rules: bool = False) -> Chain:
    """Return the chain for these settings; without a policy the zone detectors are left out, without rules theirs."""
    detectors: list[Detector] = [ScanDetector(settings.scan), FloodDetector(settings.flood)]
    if ruleset is not None:
        from detectors.signatures.detector import SignatureDetector

        detectors.append(SignatureDetector(ruleset, settings.signatures, midstream=settings.streams.midstream,
                                           profile=profile_rules))
    if settings.mynumber.inspect != "off":
        detectors.append(MyNumberDetector(policy, settings.mynumber))
    digest = config_digest(settings)
    if policy is None:
        return Chain(detectors, settings.chain, config_digest=digest)
    sensor = known_sensor(settings, policy)
    detectors += [ZoneVerdicts(policy, settings.findings), ZoneEvidence(policy, settings.findings, sensor=sensor)]
    lists = load_lists(settings.leaks.lists)
    shared = Shared(policy)
    detectors += [kind(policy, lists, settings.leaks, sensor=sensor, shared=shared) for kind in LEAK_DETECTORS]

    def zone_names(hi, lo, ts_ns):
        return [policy.zone_names[number] for number in policy.zone_of(hi, lo, ts_ns).tolist()]

    return Chain(detectors, settings.chain, policy_digest=policy.digest, config_digest=digest, zone_names=zone_names,
                 remarks=lists.notes(datetime.date.today()))


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

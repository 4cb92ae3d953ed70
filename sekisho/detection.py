"""Which detectors stand in the chain, in which order, under which digests."""

from __future__ import annotations

from detectors.chain import Chain
from detectors.contract import Detector
from detectors.flood import FloodDetector
from detectors.scan import ScanDetector
from sekisho.config import config_digest
from sekisho.settings import Settings
from zones import Policy


def build_chain(settings: Settings, policy: Policy | None) -> Chain:
    """Return the chain for these settings; without a policy the zone detectors are left out."""
    detectors: list[Detector] = [ScanDetector(settings.scan), FloodDetector(settings.flood)]
    if policy is not None:
        detectors.insert(0, ZoneVerdicts(policy))
    return Chain(detectors, settings.chain, policy_digest=policy.digest if policy else "",
                 config_digest=config_digest(settings))

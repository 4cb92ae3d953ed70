"""What a leak detector can find: a signature with its scenario, evidence and blind spots, and its severity by rank."""

from __future__ import annotations

from dataclasses import dataclass

from columns.codes import Certainty, Outcome, Severity
from detectors.contract import Signature
from zones import Policy


@dataclass(frozen=True)
class Leak(Signature):
    """A signature of the leak detectors; ``severity`` is the most severe that it can be.

    scenario: number in the zone model. evidence, blind: what it goes by and what it cannot see (documentation).
    by_itself: the evidence is complete with one packet or message, whether it was answered or not.
    """

    scenario: int = 0
    evidence: str = ""
    blind: str = ""
    by_itself: bool = False


def severity_of(policy: Policy, leak: Leak, zones: tuple[int, int], outcome: int, certainty: int) -> Severity:
    """Return the severity by the rank of the better protected zone, the outcome and the certainty of direction.

    Critical when that zone has the policy's highest rank and the other is external, high when its rank is the highest
    or next to it, medium below; one step less unless the communication was established (or the evidence is complete
    by itself); a direction without its SYN is high at most, and nothing is more than the signature allows.
    """
    ranks = policy.ranks
    highest, top = max(ranks), max(ranks[zone] for zone in zones)
    severity = Severity.HIGH if top >= max(highest - 1, 1) else Severity.MEDIUM
    if policy.external in zones and top == highest:
        severity = Severity.CRITICAL
    if outcome != Outcome.ESTABLISHED and not leak.by_itself:
        severity = Severity(min(severity + 1, Severity.LOW))
    if certainty != Certainty.SYN_SEEN:
        severity = max(severity, Severity.HIGH)
    return Severity(max(severity, leak.severity))

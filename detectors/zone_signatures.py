"""What the zone detectors can find, and how severe it is."""

from __future__ import annotations

import numpy as np

from columns.codes import Certainty, Outcome, Property, Severity, Verdict
from detectors.contract import Signature
from zones import Policy

_LEAK, _INTRUSION = Property.CONFIDENTIALITY, Property.INTEGRITY

NO_CONDUIT = Signature(
    900101, "Flow between zones without a conduit", "許可通信のない系間通信", "Policy Violation",
    Severity.HIGH, _LEAK, "T1599", "２(12)", "zone-no-conduit")
WRONG_INITIATOR = Signature(
    900102, "Conduit opened from its far side", "許可通信の開始側が逆", "Policy Violation",
    Severity.HIGH, _INTRUSION, "T1599", "６(3)②", "zone-wrong-initiator")
EXPIRED_CONDUIT = Signature(
    900103, "Conduit used past its review date", "見直し期限を過ぎた許可通信", "Misconfiguration",
    Severity.MEDIUM, _LEAK, "", "３(2)", "zone-expired-conduit")
OUT_OF_HOURS = Signature(
    900104, "Conduit used outside its hours", "許可時間外の通信", "Policy Violation",
    Severity.MEDIUM, _INTRUSION, "T1078", "６(8)", "zone-out-of-hours")
UNATTRIBUTED = Signature(
    900105, "Flow of an address in no zone", "所属不明アドレスの通信", "Misconfiguration",
    Severity.MEDIUM, _INTRUSION, "T1200", "２(12)", "zone-unattributed")
PERMITTED_EXCESS = Signature(
    900106, "More bytes over a conduit than it permits in an hour", "許可通信の1時間あたり上限の超過",
    "Policy Violation", Severity.MEDIUM, _LEAK, "T1048", "３(1)", "zone-permitted-excess")
WRONG_APP = Signature(
    900107, "Conduit used for another application, server or tenant",
    "許可通信の目的外利用（アプリケーション・接続先の相違）",
    "Policy Violation", Severity.HIGH, _LEAK, "T1071", "２(12)", "zone-wrong-app")
UNSANITIZED = Signature(
    900108, "Contents that the conduit's sanitization keeps out", "無害化されていない内容の通過", "Policy Violation",
    Severity.HIGH, _INTRUSION, "T1566.001", "２(13)", "zone-unsanitized")
WRONG_MAC = Signature(
    900109, "Conduit used from another MAC address than it names", "許可通信の通信開始側MACアドレスの相違",
    "Policy Violation", Severity.HIGH, _INTRUSION, "T1557", "６(3)①", "zone-wrong-mac")
PRIVATE_AT_EDGE = Signature(
    900121, "Private source in no zone towards the Internet", "所属不明の私設アドレスによる外部宛通信（NAT漏れ）",
    "Misconfiguration", Severity.MEDIUM, _LEAK, "", "３(2)", "zone-private-at-edge")
WRONG_SEGMENT = Signature(
    900122, "Address of another zone on this wire", "観測点に属さない系のアドレス", "Misconfiguration",
    Severity.HIGH, _LEAK, "T1599", "３(2)", "zone-wrong-segment")
SIXIN4 = Signature(
    900111, "IPv6 tunnel (6in4) across a zone boundary", "系境界を越えるIPv6トンネル(6in4)", "Policy Violation",
    Severity.HIGH, _LEAK, "T1572", "６(3)", "zone-tunnel")
IPIP = Signature(
    900112, "IPv4-in-IP tunnel across a zone boundary", "系境界を越えるIPv4トンネル", "Policy Violation",
    Severity.HIGH, _LEAK, "T1572", "６(3)", "zone-tunnel")
GRE = Signature(
    900113, "GRE tunnel across a zone boundary", "系境界を越えるGREトンネル", "Policy Violation",
    Severity.HIGH, _LEAK, "T1572", "６(3)", "zone-tunnel")
TEREDO = Signature(
    900114, "Teredo tunnel across a zone boundary", "系境界を越えるTeredoトンネル", "Policy Violation",
    Severity.HIGH, _LEAK, "T1572", "６(3)", "zone-tunnel")

BY_CODE = (None, NO_CONDUIT, WRONG_INITIATOR, EXPIRED_CONDUIT, OUT_OF_HOURS, UNATTRIBUTED, PRIVATE_AT_EDGE,
           WRONG_SEGMENT, SIXIN4, IPIP, GRE, TEREDO, PERMITTED_EXCESS, WRONG_APP, UNSANITIZED, WRONG_MAC)
"""Signatures by the code of a finding."""

CODE = {signature.signature_id: code for code, signature in enumerate(BY_CODE) if signature}

_CODE_BY_VERDICT = {Verdict.NO_CONDUIT: NO_CONDUIT, Verdict.WRONG_INITIATOR: WRONG_INITIATOR,
                    Verdict.EXPIRED_CONDUIT: EXPIRED_CONDUIT, Verdict.OUT_OF_HOURS: OUT_OF_HOURS,
                    Verdict.UNATTRIBUTED: UNATTRIBUTED, Verdict.PERMITTED_EXCESS: PERMITTED_EXCESS,
                    Verdict.WRONG_APP: WRONG_APP, Verdict.UNSANITIZED: UNSANITIZED, Verdict.WRONG_SEGMENT: WRONG_MAC}
CODE_OF_VERDICT = np.zeros(max(Verdict) + 1, np.uint16)
for _verdict, _signature in _CODE_BY_VERDICT.items():
    CODE_OF_VERDICT[_verdict] = CODE[_signature.signature_id]

_BY_ITSELF = (SIXIN4, IPIP, GRE, TEREDO, WRONG_SEGMENT)
"""What is told by one packet already: whether it was answered does not matter."""

_MILD = {EXPIRED_CONDUIT.signature_id: Severity.MEDIUM, OUT_OF_HOURS.signature_id: Severity.HIGH,
         UNATTRIBUTED.signature_id: Severity.MEDIUM, PERMITTED_EXCESS.signature_id: Severity.HIGH}
"""The most that a finding which is rather a mistake than a leak can be."""

def severity_of(policy: Policy, signature: Signature, src_zone: int, dst_zone: int, outcome: int,
                certainty: int) -> Severity:
    """Return the severity by zone rank, outcome and certainty.

    The zone of the higher rank sets it: critical when it is of the policy's highest rank and the other is external,
    high when its rank is the highest or next to it, medium below. One step less unless the communication was
    established; a tunnel or a stray address, unless it was refused. A guessed direction is high at most, and so is what
    was only attempted.
    """
    ranks, pair = policy.ranks, (src_zone, dst_zone)
    highest, top = max(ranks), max(ranks[src_zone], ranks[dst_zone])
    severity = Severity.HIGH if top >= max(highest - 1, 1) else Severity.MEDIUM
    if policy.external in pair and top == highest:
        severity = Severity.CRITICAL
    if outcome != Outcome.ESTABLISHED and not (outcome == Outcome.UNKNOWN and signature in _BY_ITSELF):
        severity = Severity(min(severity + 1, Severity.LOW))
    if certainty != Certainty.SYN_SEEN:
        severity = max(severity, Severity.HIGH)
    return Severity(max(severity, _MILD.get(signature.signature_id, Severity.CRITICAL)))

"""What the zone detectors can find, with the words, severity and evidence of each finding."""

from __future__ import annotations

from typing import Any

import numpy as np

from columns.address import address_text, proto_text
from columns.codes import Certainty, Outcome, Property, Severity, Verdict
from detectors.alerts import alert_id, alert_row
from detectors.contract import Signature
from detectors.finding_table import ENDPOINTS, INITIATOR
from zones import Differs, Policy

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
           WRONG_SEGMENT, SIXIN4, IPIP, GRE, TEREDO)
"""Signatures by the code of a finding."""

CODE = {signature.signature_id: code for code, signature in enumerate(BY_CODE) if signature}

_CODE_BY_VERDICT = {Verdict.NO_CONDUIT: NO_CONDUIT, Verdict.WRONG_INITIATOR: WRONG_INITIATOR,
                    Verdict.EXPIRED_CONDUIT: EXPIRED_CONDUIT, Verdict.OUT_OF_HOURS: OUT_OF_HOURS,
                    Verdict.UNATTRIBUTED: UNATTRIBUTED}
CODE_OF_VERDICT = np.zeros(max(Verdict) + 1, np.uint16)
for _verdict, _signature in _CODE_BY_VERDICT.items():
    CODE_OF_VERDICT[_verdict] = CODE[_signature.signature_id]

_BY_ITSELF = (SIXIN4, IPIP, GRE, TEREDO, WRONG_SEGMENT)
"""What is told by one packet already: whether it was answered does not matter."""

_MILD = {EXPIRED_CONDUIT.signature_id: Severity.MEDIUM, OUT_OF_HOURS.signature_id: Severity.HIGH,
         UNATTRIBUTED.signature_id: Severity.MEDIUM}
"""The most that a finding which is rather a mistake than a leak can be."""

_DIFFERS = ((Differs.INITIATOR, "the initiator", "開始側"), (Differs.FROM_HOST, "the initiating host", "開始側ホスト"),
            (Differs.TO_HOST, "the responding host", "応答側ホスト"), (Differs.SERVICE, "the service", "サービス"),
            (Differs.MAC, "the MAC address", "MACアドレス"), (Differs.HOURS, "the hours", "時間帯"),
            (Differs.EXPIRED, "the review date", "見直し期限"))
_OUTCOME = {Outcome.UNKNOWN: ("outcome not yet known", "成否不明"),
            Outcome.ATTEMPTED: ("attempted only", "試行（遮断）"),
            Outcome.ESTABLISHED: ("established", "成立")}


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


class ZoneWords:
    """Turns FINDING records of one detector into rows of the table ALERT."""

    def __init__(self, policy: Policy, detector: str, limits: tuple[int, int]) -> None:
        self.policy, self.detector, self.limits = policy, detector, limits
        self.zones, self.conduits = policy.zone_names, policy.conduit_names

    def row(self, r: np.void) -> dict[str, Any]:
        """Return one finding, as it stood when it was copied out, as an alert row."""
        signature, level = BY_CODE[r["code"]], int(r["level"])
        src_zone, dst_zone, outcome = int(r["src_zone"]), int(r["dst_zone"]), int(r["outcome"])
        certainty = int(r["established_certainty"] if outcome == Outcome.ESTABLISHED else r["certainty"])
        src, dst = _address(r, "src"), _address(r, "dst")
        key = "|".join(str(part) for part in (signature.signature_id, level, src, dst, r["proto"], r["dst_port"],
                                              r["packet_number"], r["first_clock_ns"]))
        events = int(r["events"])
        endpoints = level == ENDPOINTS
        ranks = self.policy.ranks
        english, japanese = self._why(r, signature)
        return alert_row(
            self.detector, signature,
            alert_id=alert_id(self.detector, key, int(r["start_ns"])), revision=int(r["revision"]),
            state=int(r["state"]), ts_ns=int(r["ts_ns"]), start_ns=int(r["start_ns"]), end_ns=int(r["end_ns"]),
            severity=int(severity_of(self.policy, signature, src_zone, dst_zone, outcome, certainty)),
            property=int(_LEAK if ranks[src_zone] >= ranks[dst_zone] else _INTRUSION),
            src_ip=src if level in (ENDPOINTS, INITIATOR) else 0, dst_ip=dst if endpoints else 0,
            src_port=int(r["src_port"]) if endpoints else 0, dst_port=int(r["dst_port"]), proto=int(r["proto"]),
            vlan=int(r["vlan"]), src_zone=self.zones[src_zone], dst_zone=self.zones[dst_zone],
            flow_id=int(r["flow_id"]), packet_number=int(r["packet_number"]), direction_certainty=certainty,
            verdict=int(r["verdict"]), outcome=outcome, conduit=self.conduits[r["conduit"]] if endpoints else "",
            measured=float(events), peak=float(events), threshold=float(self._limit(level)), measure="flows",
            events=events, why=english, why_ja=japanese, policy_digest=self.policy.digest,
        )

    def _limit(self, level: int) -> int:
        return {ENDPOINTS: 1, INITIATOR: self.limits[0]}.get(level, self.limits[1])

    def _why(self, r: np.void, signature: Signature) -> tuple[str, str]:
        """Return the reason in English and Japanese."""
        level, done = int(r["level"]), _OUTCOME[Outcome(int(r["outcome"]))]
        source, target = self.zones[r["src_zone"]], self.zones[r["dst_zone"]]
        src, dst = address_text(int(r["src_hi"]), int(r["src_lo"])), address_text(int(r["dst_hi"]), int(r["dst_lo"]))
        near, near_ja = self._nearest(r)
        sum_en, sum_ja = f"; {done[0]}, flows: {r['events']}", f"（{done[1]}、フロー{r['events']}件"
        if r["packets"]:
            sum_en += f", packets: {r['packets']}, bytes: {r['bytes']}"
            sum_ja += f"、{r['packets']}パケット、{r['bytes']}バイト"
        sum_ja += "）"
        if level == ENDPOINTS:
            by, by_ja = _service(int(r["proto"]), int(r["dst_port"]))
            return (f"{src} ({source}) to {dst} ({target}){by}: {signature.signature}{near}{sum_en}",
                    f"{src}（{source}）から{dst}（{target}）へ{by_ja}：{signature.signature_ja}{near_ja}{sum_ja}")
        who, who_ja = (src, src) if level == INITIATOR else ("more initiators", "他の開始側")
        limit = self._limit(level)
        of = "alerts of this initiator" if level == INITIATOR else "initiators of these zones"
        return (f"{who} ({source}) to many in {target}: {signature.signature}, "
                f"beyond the {limit} {of} reported one by one{sum_en}",
                f"{who_ja}（{source}）から{target}の多数へ：{signature.signature_ja}。個別通知の上限{limit}件を超過{sum_ja}")

    def _nearest(self, r: np.void) -> tuple[str, str]:
        if not r["conduit"]:
            return "", ""
        name, bits = self.conduits[r["conduit"]], int(r["differs"])
        conduit = self.policy.conduits[r["conduit"] - 1]
        if bits & Differs.EXPIRED and not bits & Differs.INITIATOR:
            return (f", conduit {name} was to be reviewed by {conduit.review_by}",
                    f"、許可通信{name}の見直し期限は{conduit.review_by}")
        if bits == Differs.HOURS:
            hours = ", ".join(conduit.hours_text)
            return f", conduit {name} is open {hours}", f"、許可通信{name}の時間帯は{hours}"
        parts = [(en, ja) for bit, en, ja in _DIFFERS if bits & bit]
        if not parts:
            return f", conduit {name}", f"、許可通信{name}"
        return (f", nearest conduit {name} differs in {', '.join(en for en, _ in parts)}",
                f"、最も近い許可通信{name}と{'・'.join(ja for _, ja in parts)}が相違")


def _address(r: np.void, end: str) -> int:
    return int(r[f"{end}_hi"]) << 64 | int(r[f"{end}_lo"])


def _service(proto: int, port: int) -> tuple[str, str]:
    """Return the service in English and Japanese; a finding about an address alone has none."""
    if not proto:
        return "", ""
    text = proto_text(proto).lower() + (f"/{port}" if proto in (6, 17, 132) else "")
    return f" by {text}", text

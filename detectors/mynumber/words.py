"""What is told of Individual Numbers in clear text: severity by zones, and the reason in words without the numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from columns.address import address_text, proto_text
from columns.codes import Certainty, Outcome, Property, Severity, Verdict
from detectors.alerts import alert_id, alert_row
from detectors.contract import Signature
from detectors.mynumber.digits import FORM_NAMES
from detectors.mynumber.wraps import WRAP_NAMES
from zones import FlowKeys, Policy, judge

if TYPE_CHECKING:
    from detectors.mynumber.leaks import Leak

DETECTOR = "mynumber"
IN_CLEAR = Signature(
    900191, "Individual Numbers (My Number) in clear text", "個人番号の平文通信", "Sensitive Data",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1048.003", "２(9)", "mynumber-in-clear")
POSSIBLE = Signature(
    900192, "Twelve digits with the check digit of an Individual Number", "個人番号の可能性がある12桁の数字",
    "Sensitive Data", Severity.LOW, Property.CONFIDENTIALITY, "", "２(9)", "mynumber-possible")

MARKS = 5
"""So many numbers get a keyed mark in the alert where there is a key."""
_LOW = 0xFFFFFFFFFFFFFFFF
_OUTCOME = {Outcome.UNKNOWN: ("outcome not yet known", "成否不明"),
            Outcome.ATTEMPTED: ("attempted only", "試行（遮断）"),
            Outcome.ESTABLISHED: ("established", "成立")}


class Words:
    """Turns leaks into rows of the table ALERT; without a policy there are no zones."""

    def __init__(self, policy: Policy | None) -> None:
        self.policy = policy

    def zones_of(self, src: int, dst: int, ts_ns: int) -> tuple[int, int]:
        """Return the zones of initiator and responder at an event time, 0 for none."""
        if self.policy is None:
            return 0, 0
        hi, lo = (np.array([part(src), part(dst)], np.uint64) for part in (lambda a: a >> 64, lambda a: a & _LOW))
        found = self.policy.zone_of(hi, lo, np.array([ts_ns, ts_ns], np.int64)).tolist()
        return found[0], found[1]

    def at_home(self, zones: tuple[int, int]) -> bool:
        """Return whether both ends are in one zone of the policy's highest rank, where numbers belong."""
        policy = self.policy
        return policy is not None and zones[0] == zones[1] != 0 and policy.ranks[zones[0]] == max(policy.ranks)

    def verdict(self, leak: Leak) -> tuple[int, str]:
        """Return the judgement of the zone policy on the leak's flow, and the conduit."""
        if self.policy is None:
            return int(Verdict.NOT_JUDGED), ""
        flow = leak.flow
        found = judge(self.policy, FlowKeys(
            *(np.array([v], np.uint64) for v in (flow.src_ip >> 64, flow.src_ip & _LOW, flow.dst_ip >> 64,
                                                 flow.dst_ip & _LOW)),
            *(np.array([v], np.uint16) for v in (flow.src_port, flow.dst_port)), np.array([flow.proto], np.uint8),
            np.zeros(1, np.uint8), np.array([leak.start_ns], np.int64), np.array([leak.certainty], np.uint8),
            np.zeros(1, np.uint64), np.zeros(1, np.uint8), np.full(1, -1, np.int32)))
        return int(found.verdict[0]), self.policy.conduit_names[found.conduit[0]]

    def severity(self, leak: Leak, verdict: int) -> Severity:
        """Return the severity by the zones of sender and receiver, outcome and certainty.

        Critical: out of a zone of the highest rank, unless a conduit permits that flow; or from one of the rank next to
        it to the outside. Medium: into a better protected zone, or within one. High: the rest, also without a policy.
        One step less unless the communication was established; at most high where the direction is guessed.
        """
        if leak.signature is POSSIBLE:
            return Severity.LOW
        severity = self._by_zones(leak, verdict)
        if leak.outcome != Outcome.ESTABLISHED:
            severity = Severity(min(severity + 1, Severity.LOW))
        return Severity(max(severity, Severity.HIGH)) if leak.certainty != Certainty.SYN_SEEN else severity

    def _by_zones(self, leak: Leak, verdict: int) -> Severity:
        if self.policy is None:
            return Severity.HIGH
        sender, receiver = leak.zones if leak.upward else leak.zones[::-1]
        ranks, highest = self.policy.ranks, max(self.policy.ranks)
        if sender == receiver or ranks[receiver] > ranks[sender]:
            return Severity.MEDIUM
        if ranks[sender] == highest:
            return Severity.HIGH if verdict == Verdict.PERMITTED else Severity.CRITICAL
        outside = receiver == self.policy.external
        return Severity.CRITICAL if outside and ranks[sender] >= max(highest - 1, 1) else Severity.HIGH

    def row(self, leak: Leak, state: int, ts_ns: int) -> dict[str, Any]:
        """Return a leak as it stands now as an alert row."""
        flow, (verdict, conduit) = leak.flow, self.verdict(leak)
        names = self.policy.zone_names if self.policy else ("",)
        zones = [names[zone] for zone in leak.zones]
        key = "|".join(str(part) for part in (leak.signature.signature_id, flow.src_ip, flow.dst_ip, flow.proto,
                                              flow.dst_port, leak.upward, leak.packet_number))
        english, japanese = self._why(leak, zones)
        return alert_row(
            DETECTOR, leak.signature, alert_id=alert_id(DETECTOR, key, leak.start_ns), revision=leak.revision,
            state=state, ts_ns=ts_ns, start_ns=leak.start_ns, end_ns=leak.end_ns, peak_ns=leak.end_ns,
            severity=int(self.severity(leak, verdict)), src_ip=flow.src_ip, dst_ip=flow.dst_ip,
            src_port=flow.src_port, dst_port=flow.dst_port, proto=flow.proto, vlan=flow.vlan, src_zone=zones[0],
            dst_zone=zones[1], flow_id=flow.flow_id, packet_number=leak.packet_number,
            direction_certainty=leak.certainty, verdict=verdict, outcome=leak.outcome, conduit=conduit,
            measured=float(leak.count), peak=float(leak.count), threshold=1.0 if leak.keyword else 10.0,
            measure="numbers", events=leak.count, why=english, why_ja=japanese,
            policy_digest=self.policy.digest if self.policy else "")

    def _why(self, leak: Leak, zones: list[str]) -> tuple[str, str]:
        flow = leak.flow
        src, dst = address_text(flow.src_ip >> 64, flow.src_ip & _LOW), address_text(flow.dst_ip >> 64,
                                                                                    flow.dst_ip & _LOW)
        at = [f" ({zone})" if zone else "" for zone in zones], [f"（{zone}）" if zone else "" for zone in zones]
        by = proto_text(flow.proto).lower() + (f"/{flow.dst_port}" if flow.dst_port else "")
        done = _OUTCOME[Outcome(leak.outcome)]
        signs, signs_ja = _signs(leak)
        written = ", ".join(_encodings(leak.written))
        payload = ("the decoded payload", "復号後のペイロード") if leak.decoded else ("the payload", "ペイロード")
        place = f"byte {leak.offset} of {leak.where or payload[0]}"
        place_ja = f"{leak.where or payload[1]}の{leak.offset}バイト目"
        sender, sender_ja = ("initiator", "通信開始側") if leak.upward else ("responder", "応答側")
        full, full_ja = ("at least ", "以上") if leak.full else ("", "")
        marks = f"; marks {' '.join(leak.marks)}" if leak.marks else ""
        return (
            f"{src}{at[0][0]} to {dst}{at[0][1]} by {by}: {leak.signature.signature}, sent by the {sender}; "
            f"different numbers: {full}{leak.count}{signs}; written in {written}; first in packet {leak.packet_number} "
            f"at {place}; {done[0]}{marks}",
            f"{src}{at[1][0]}から{dst}{at[1][1]}へ{by}：{leak.signature.signature_ja}。送信は{sender_ja}、"
            f"異なる番号{leak.count}件{full_ja}{signs_ja}、符号化 {written}、最初はパケット{leak.packet_number}の"
            f"{place_ja}（{done[1]}）" + (f"、照合用標識 {' '.join(leak.marks)}" if leak.marks else ""))


def _signs(leak: Leak) -> tuple[str, str]:
    signs = [words for there, words in ((leak.keyword, ("a keyword beside them", "キーワードが近接")),
                                        (leak.listed, ("a list", "一覧形式"))) if there]
    if not signs:
        return ", right check digits alone", "（検査用数字のみ一致）"
    return (", " + " and ".join(en for en, _ in signs), f"（{'・'.join(ja for _, ja in signs)}）")


def _encodings(written: Iterable[tuple[int, int]]) -> list[str]:
    """Return the ways in which numbers were written, without repetition, in a fixed order."""
    return [" in ".join([FORM_NAMES[form], *(name for bit, name in WRAP_NAMES.items() if wrap & bit)])
            for form, wrap in sorted(written)]

"""The words of a zone finding: who, whom, what, how it stands against the nearest conduit, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from columns.address import address_text, proto_text
from columns.codes import Outcome, Property
from detectors.alerts import alert_id, alert_row
from detectors.contract import Signature
from detectors.finding_table import ENDPOINTS, FINDING, INITIATOR
from detectors.zone_difference import difference
from detectors.zone_signatures import BY_CODE, severity_of
from zones import Policy

Finding = Mapping[str, int]
"""One record of FINDING, by the names of its fields."""

MOST_TEXTS = 1 << 14

_OUTCOME = {Outcome.UNKNOWN: ("outcome not yet known", "成否不明"),
            Outcome.ATTEMPTED: ("attempted only", "試行（遮断）"),
            Outcome.ESTABLISHED: ("established", "成立")}


class Texts:
    """Texts that findings speak of (names of servers, files), each once, under numbers; 0 stands for none.

    At most MOST_TEXTS are kept, none longer than 200 characters; what comes later is counted as untold.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self._texts = [""]
        self.untold = 0

    def number(self, text: str) -> int:
        """Return the number of a text, 0 where there is no room for it."""
        text = text[:200]
        if text not in self._numbers:
            if len(self._texts) > MOST_TEXTS:
                self.untold += 1
                return 0
            self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return self._numbers[text]

    def __getitem__(self, number: int) -> str:
        return self._texts[number]


NO_TEXTS = Texts()


class ZoneWords:
    """Turns FINDING records of one detector into rows of the table ALERT."""

    def __init__(self, policy: Policy, detector: str, limits: tuple[int, int]) -> None:
        self.policy, self.detector, self.limits = policy, detector, limits
        self.zones, self.conduits = policy.zone_names, policy.conduit_names

    def rows(self, found: Iterable[np.ndarray], texts: Texts = NO_TEXTS) -> list[dict[str, Any]]:
        """Return findings (arrays of FINDING), as they stood when they were copied out, as alert rows."""
        names = FINDING.names or ()
        return [self._row(dict(zip(names, values, strict=True)), texts)
                for records in found for values in records.tolist()]

    def _row(self, r: Finding, texts: Texts) -> dict[str, Any]:
        signature, level = BY_CODE[r["code"]], int(r["level"])
        src_zone, dst_zone, outcome = int(r["src_zone"]), int(r["dst_zone"]), int(r["outcome"])
        certainty = int(r["established_certainty"] if outcome == Outcome.ESTABLISHED else r["certainty"])
        src, dst = _address(r, "src"), _address(r, "dst")
        key = "|".join(str(part) for part in (signature.signature_id, level, src, dst, r["proto"], r["dst_port"],
                                              r["packet_number"], r["first_clock_ns"]))
        events = int(r["events"])
        endpoints = level == ENDPOINTS
        ranks = self.policy.ranks
        english, japanese = self._why(r, signature, texts[int(r["text"])])
        return alert_row(
            self.detector, signature,
            alert_id=alert_id(self.detector, key, int(r["start_ns"])), revision=int(r["revision"]),
            state=int(r["state"]), ts_ns=int(r["ts_ns"]), start_ns=int(r["start_ns"]), end_ns=int(r["end_ns"]),
            severity=int(severity_of(self.policy, signature, src_zone, dst_zone, outcome, certainty)),
            property=int(Property.CONFIDENTIALITY if ranks[src_zone] >= ranks[dst_zone] else Property.INTEGRITY),
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

    def _why(self, r: Finding, signature: Signature, text: str) -> tuple[str, str]:
        """Return the reason in English and Japanese."""
        level, done = int(r["level"]), _OUTCOME[Outcome(int(r["outcome"]))]
        source, target = self.zones[r["src_zone"]], self.zones[r["dst_zone"]]
        src, dst = address_text(int(r["src_hi"]), int(r["src_lo"])), address_text(int(r["dst_hi"]), int(r["dst_lo"]))
        near, near_ja = difference(self.policy, r, text)
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


def _address(r: Finding, end: str) -> int:
    return int(r[f"{end}_hi"]) << 64 | int(r[f"{end}_lo"])


def _service(proto: int, port: int) -> tuple[str, str]:
    """Return the service in English and Japanese; a finding about an address alone has none."""
    if not proto:
        return "", ""
    text = proto_text(proto).lower() + (f"/{port}" if proto in (6, 17, 132) else "")
    return f" by {text}", text

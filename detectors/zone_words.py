"""The words of a zone finding: who, whom, what, how it stands against the nearest conduit, and how it ended."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from columns import ALERT, Alerts, text_column
from columns.address import address_text, proto_text
from columns.codes import Outcome, Property
from columns.schema import chosen_text
from detectors.alerts import alert_ids, signature_columns
from detectors.finding_table import ENDPOINTS, FINDING, INITIATOR
from detectors.zone_difference import differences
from detectors.zone_signatures import BY_CODE, severity_of
from zones import Policy

MOST_TEXTS = 1 << 14

_NO_FINDINGS = np.zeros(0, FINDING)
_SIGNATURES = BY_CODE[1:]
_AS_THEY_ARE = ("revision", "state", "ts_ns", "start_ns", "end_ns", "dst_port", "proto", "vlan", "flow_id",
                "packet_number", "verdict", "outcome", "events")
"""Columns of ALERT that a FINDING has under the same name."""

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
    """Turns FINDING records of one detector into rows of the table ALERT, column by column."""

    def __init__(self, policy: Policy, detector: str, limits: tuple[int, int]) -> None:
        self.policy, self.detector, self.limits = policy, detector, limits
        self.zones, self.conduits = policy.zone_names, policy.conduit_names

    def alerts(self, portions: list[np.ndarray], texts: Texts = NO_TEXTS) -> Alerts:
        """Return findings, as they stood when they were copied out, as alert rows in their order."""
        found = np.concatenate(portions) if portions else _NO_FINDINGS
        if not found.size:
            return ALERT.none
        endpoints, alone = found["level"] == ENDPOINTS, found["level"] <= INITIATOR
        established = found["outcome"] == int(Outcome.ESTABLISHED)
        certainty = np.where(established, found["established_certainty"], found["certainty"])
        ranks = np.array(self.policy.ranks)
        keeps = ranks[found["src_zone"]] >= ranks[found["dst_zone"]]
        same = {name: found[name] for name in _AS_THEY_ARE}
        events = found["events"].astype(np.float64)
        english, japanese = self._why(found, texts)
        return ALERT.from_columns(
            found.size, detector=self.detector, **signature_columns(_SIGNATURES, found["code"].astype(np.int64) - 1),
            **same, alert_id=self._ids(found), severity=self._severities(found, certainty),
            property=np.where(keeps, int(Property.CONFIDENTIALITY), int(Property.INTEGRITY)),
            src_ip=(found["src_hi"] * alone, found["src_lo"] * alone),
            dst_ip=(found["dst_hi"] * endpoints, found["dst_lo"] * endpoints), src_port=found["src_port"] * endpoints,
            src_zone=chosen_text(self.zones, found["src_zone"]), dst_zone=chosen_text(self.zones, found["dst_zone"]),
            direction_certainty=certainty, conduit=chosen_text(self.conduits, found["conduit"] * endpoints),
            measured=events, peak=events, threshold=np.array([1, *self.limits], np.float64)[found["level"]],
            measure="flows", why=text_column(english), why_ja=text_column(japanese), policy_digest=self.policy.digest)

    def _ids(self, found: np.ndarray) -> np.ndarray:
        number = np.array([s.signature_id for s in _SIGNATURES])[found["code"].astype(np.int64) - 1]
        columns = [number, *[found[name] for name in ("level", "src_hi", "src_lo", "dst_hi", "dst_lo", "proto",
                                                      "dst_port", "packet_number", "first_clock_ns")]]
        keys = (f"{sid}|{level}|{src_hi << 64 | src_lo}|{dst_hi << 64 | dst_lo}|{proto}|{port}|{packet}|{first_ns}"
                for sid, level, src_hi, src_lo, dst_hi, dst_lo, proto, port, packet, first_ns
                in zip(*[c.tolist() for c in columns], strict=True))
        return alert_ids(self.detector, keys, found["start_ns"].tolist())

    def _severities(self, found: np.ndarray, certainty: np.ndarray) -> np.ndarray:
        """Return severity_of each finding; most are alike in all that it goes by."""
        packed = found["code"].astype(np.uint64)
        for column, bits in ((found["src_zone"], 16), (found["dst_zone"], 16), (found["outcome"], 8), (certainty, 8)):
            packed = packed << np.uint64(bits) | column.astype(np.uint64)
        _, first, which = np.unique(packed, return_index=True, return_inverse=True)
        different = [severity_of(self.policy, BY_CODE[r["code"]], int(r["src_zone"]), int(r["dst_zone"]),
                                 int(r["outcome"]), int(sure))
                     for r, sure in zip(found[first], certainty[first], strict=True)]
        return np.array(different, np.uint8)[which]

    def _why(self, found: np.ndarray, texts: Texts) -> tuple[list[str], list[str]]:
        """Return the reasons in English and Japanese."""
        numbers = [found[name].tolist() for name in ("level", "code", "src_zone", "dst_zone", "proto", "dst_port",
                                                     "outcome", "events", "packets", "bytes")]
        ends = [_addresses(found, end) for end in ("src", "dst")]
        near = differences(self.policy, found, texts)
        told = [self._sentence(*row) for row in zip(*ends, near, *numbers, strict=True)]
        return [english for english, _ in told], [japanese for _, japanese in told]

    def _sentence(self, src: str, dst: str, near: tuple[str, str], level: int, code: int, src_zone: int, dst_zone: int,
                  proto: int, port: int, outcome: int, events: int, packets: int, size: int) -> tuple[str, str]:
        signature, (done, done_ja) = BY_CODE[code], _OUTCOME[outcome]
        source, target = self.zones[src_zone], self.zones[dst_zone]
        much, much_ja = ("", "")
        if packets:
            much, much_ja = f", packets: {packets}, bytes: {size}", f"、{packets}パケット、{size}バイト"
        sum_en, sum_ja = f"; {done}, flows: {events}{much}", f"（{done_ja}、フロー{events}件{much_ja}）"
        if level == ENDPOINTS:
            by, by_ja = _service(proto, port)
            return (f"{src} ({source}) to {dst} ({target}){by}: {signature.signature}{near[0]}{sum_en}",
                    f"{src}（{source}）から{dst}（{target}）へ{by_ja}：{signature.signature_ja}{near[1]}{sum_ja}")
        who, who_ja = (src, src) if level == INITIATOR else ("more initiators", "他の開始側")
        limit = self.limits[level - INITIATOR]
        of = "alerts of this initiator" if level == INITIATOR else "initiators of these zones"
        return (f"{who} ({source}) to many in {target}: {signature.signature}, "
                f"beyond the {limit} {of} reported one by one{sum_en}",
                f"{who_ja}（{source}）から{target}の多数へ：{signature.signature_ja}。個別通知の上限{limit}件を超過{sum_ja}")


def _addresses(found: np.ndarray, end: str) -> list[str]:
    """Return the texts of the addresses of one end, each different one worded once."""
    halves = list(zip(found[f"{end}_hi"].tolist(), found[f"{end}_lo"].tolist(), strict=True))
    known = {address: address_text(*address) for address in set(halves)}
    return [known[address] for address in halves]


@lru_cache(4096)
def _service(proto: int, port: int) -> tuple[str, str]:
    """Return the service in English and Japanese; a finding about an address alone has none."""
    if not proto:
        return "", ""
    text = proto_text(proto).lower() + (f"/{port}" if proto in (6, 17, 132) else "")
    return f" by {text}", text

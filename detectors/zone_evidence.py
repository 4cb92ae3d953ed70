"""Zone evidence: signs of a leak that need no verdict: a tunnel out of a zone, an address on the wrong wire."""

from __future__ import annotations

import numpy as np

from columns import Alerts, Flows, Packets
from columns.codes import FlowEvent, Verdict
from columns.said import NOTHING_SAID, Said
from detectors.finding_table import EVIDENCE
from detectors.findings import FindingBook, FindingSettings, FollowedFlows
from detectors.seen import Seen, Shared
from detectors.zone_rows import NOTHING, Clock, evidence_of, in_order, opened, progress, totals
from detectors.zone_signatures import CODE, GRE, IPIP, SIXIN4, TEREDO, WRONG_SEGMENT
from detectors.zone_words import ZoneWords
from zones import FlowKeys, Judgement, Policy
from zones.flow_judge import expected_zones

_OPENED, _ANSWERED = int(FlowEvent.OPENED), int(FlowEvent.ANSWERED)
_UDP, _TEREDO_PORT = 17, 3544
_TUNNEL_CODE = np.zeros(256, np.uint16)
_TUNNEL_CODE[4], _TUNNEL_CODE[41], _TUNNEL_CODE[47] = (CODE[s.signature_id] for s in (IPIP, SIXIN4, GRE))


class ZoneEvidence:
    """Finds tunnels that cross the boundary of an internal zone and, where it is known which sensor looks, addresses
    that the sensor does not expect.

    policy: the validated zone policy. sensor: a name in its [sensor] table, "" for none. shared: what other detectors
    of this policy see of the same packets. A tunnel that a conduit permits is none. PolicyError when the policy has no
    such sensor.
    """

    name = "zone_evidence"
    signatures = (SIXIN4, IPIP, GRE, TEREDO, WRONG_SEGMENT)

    def __init__(self, policy: Policy, settings: FindingSettings | None = None, *, sensor: str = "",
                 shared: Shared | None = None) -> None:
        self.policy, self.settings, self.sensor = policy, settings or FindingSettings(), sensor
        self.shared = shared or Shared(policy)
        self.words = ZoneWords(policy, self.name, (self.settings.per_initiator, self.settings.per_zone_pair))
        self.internal = np.array([False, *(z.kind == "internal" for z in policy.zones)])
        self.expected = expected_zones(policy, sensor)
        self.reset()

    def reset(self) -> None:
        """Forget everything learned."""
        self.book_ = FindingBook(self.settings)
        self.followed_ = FollowedFlows()
        self.clock_ = Clock()

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and return the alerts they give rise to."""
        self.followed_.tidy(self.book_)
        seen = self.shared.of(packets)
        tunnels = self._tunnels(packets, seen)
        strays = self._strays(packets)
        flow_rows = self.followed_.among(flows.flow_id, np.arange(flows.flow_id.size))
        later = self.followed_.among(packets.flow_id, seen.later)
        changes = (later, progress(packets, later)) if later.size else NOTHING
        ends = totals(flows, flow_rows, np.zeros(flow_rows.size, EVIDENCE)) if flow_rows.size else NOTHING[1]
        evidence = in_order(flows.emitted_before[flow_rows], ends, packets, [tunnels, strays, changes],
                            self.clock_.set_back(packets))
        found = [self.book_.take(evidence)] if evidence.size else []
        if packets.clock_ns.size:
            found.append(self.book_.sweep(self.clock_.now_ns))
        return self._alerts(found)

    def _tunnels(self, packets: Packets, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
        rows = seen.openings
        if not rows.size or not np.any(_teredo(seen.keys) | (_TUNNEL_CODE[seen.keys.proto] != 0)):
            return NOTHING
        keys, found = seen.keys, seen.judgement
        code = self._tunnel_codes(keys, found)
        chosen = np.flatnonzero(code)
        self.followed_.add(packets.flow_id[rows[chosen]])
        return rows[chosen], opened(packets, rows[chosen], evidence_of(keys, found, code, chosen))

    def _tunnel_codes(self, keys: FlowKeys, found: Judgement) -> np.ndarray:
        code = np.where(_teredo(keys), np.uint16(CODE[TEREDO.signature_id]), _TUNNEL_CODE[keys.proto])
        crosses = (self.internal[found.src_zone] | self.internal[found.dst_zone]) & (found.src_zone != found.dst_zone)
        barred = (found.verdict != int(Verdict.PERMITTED)) & (found.verdict != int(Verdict.NOT_JUDGED))
        return np.where(crosses & barred, code, np.uint16(0))

    def _strays(self, packets: Packets) -> tuple[np.ndarray, np.ndarray]:
        """Return evidence of senders whose zone the sensor does not expect; the sender stands as the initiator."""
        if self.expected is None:
            return NOTHING
        rows = np.flatnonzero((packets.flow_event & (_OPENED | _ANSWERED) != 0) & (packets.tunnel_depth == 0))
        if not rows.size:
            return NOTHING
        hi, lo, ts_ns = packets.src_ip_hi[rows], packets.src_ip_lo[rows], packets.ts_ns[rows]
        rows = rows[~self.expected[self.policy.zone_of(hi, lo, ts_ns)] & ~self.policy.is_local(hi, lo, ts_ns)]
        evidence = np.zeros(rows.size, EVIDENCE)
        for end in ("src", "dst"):
            hi, lo = getattr(packets, f"{end}_ip_hi")[rows], getattr(packets, f"{end}_ip_lo")[rows]
            evidence[f"{end}_hi"], evidence[f"{end}_lo"] = hi, lo
            evidence[f"{end}_zone"] = self.policy.zone_of(hi, lo, packets.ts_ns[rows])
        evidence["code"], evidence["verdict"] = CODE[WRONG_SEGMENT.signature_id], int(Verdict.WRONG_SEGMENT)
        evidence["start_ns"] = evidence["end_ns"] = packets.ts_ns[rows]
        self.followed_.add(packets.flow_id[rows])
        return rows, opened(packets, rows, evidence)

    def _alerts(self, found: list[np.ndarray]) -> Alerts:
        return self.words.alerts(found)

    def finish(self) -> Alerts:
        """Return the last revision of what is still open."""
        return self._alerts([self.book_.drain(self.clock_.now_ns)])

    def counters(self) -> dict[str, int]:
        """Return what the limits held back."""
        return self.book_.counters()


def _teredo(keys: FlowKeys) -> np.ndarray:
    return (keys.proto == _UDP) & ((keys.src_port == _TEREDO_PORT) | (keys.dst_port == _TEREDO_PORT))

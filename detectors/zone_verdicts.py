"""Zone verdicts: an alert for each flow that the zone policy does not permit, from its first packet or word on."""

from __future__ import annotations

import numpy as np

from columns import Alerts, Flows, Packets
from columns.codes import Verdict
from columns.said import NOTHING_SAID, Said
from detectors.findings import FindingBook, FindingSettings, FollowedFlows
from detectors.seen import Seen, Shared
from detectors.zone_rows import (
    NOTHING,
    Clock,
    evidence_of,
    in_order,
    opened,
    progress,
    spoken,
    totals,
)
from detectors.zone_signatures import (
    CODE,
    CODE_OF_VERDICT,
    EXPIRED_CONDUIT,
    NO_CONDUIT,
    OUT_OF_HOURS,
    PERMITTED_EXCESS,
    PRIVATE_AT_EDGE,
    UNATTRIBUTED,
    UNSANITIZED,
    WRONG_APP,
    WRONG_INITIATOR,
    WRONG_MAC,
)
from detectors.zone_words import Texts, ZoneWords
from zones import Differs, FlowKeys, Judgement, Policy, flow_keys, judge
from zones.said import SaidJudge
from zones.volume import Volumes

_PRIVATE_AT_EDGE = CODE[PRIVATE_AT_EDGE.signature_id]


class ZoneVerdicts:
    """Judges every flow by the zone policy; one alert per initiator, responder, service and verdict.

    policy: the validated zone policy. settings: limits. shared: what other detectors of this policy see of the same
    packets. Rows within one zone, ICMP errors, and rows to or from
    multicast, broadcast and link-local addresses are not judged. Permitted flows cost vector work alone. Where payload
    is looked into, what is said is judged too; bytes are counted against the limits of conduits as flow rows come.
    """

    name = "zone_verdicts"
    signatures = (NO_CONDUIT, WRONG_INITIATOR, EXPIRED_CONDUIT, OUT_OF_HOURS, UNATTRIBUTED, PRIVATE_AT_EDGE,
                  PERMITTED_EXCESS, WRONG_APP, UNSANITIZED, WRONG_MAC)

    def __init__(self, policy: Policy, settings: FindingSettings | None = None, *,
                 shared: Shared | None = None) -> None:
        self.policy, self.settings, self.shared = policy, settings or FindingSettings(), shared or Shared(policy)
        self.words = ZoneWords(policy, self.name, (self.settings.per_initiator, self.settings.per_zone_pair))
        self.contents, self.volumes = SaidJudge(policy), Volumes(policy)
        self.reset()

    def reset(self) -> None:
        """Forget everything learned."""
        self.book_ = FindingBook(self.settings)
        self.followed_ = FollowedFlows()
        self.clock_ = Clock()
        self.judged_ = np.zeros(max(Verdict) + 1, np.int64)
        self.texts_ = Texts()
        self.volumes.reset()

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and return the alerts they give rise to; flow rows have the labels of FlowJudge."""
        self.followed_.tidy(self.book_)
        seen = self.shared.of(packets)
        openings = self._openings(packets, seen)
        flow_rows, flow_evidence = self._flow_evidence(flows)
        later = self.followed_.among(packets.flow_id, seen.later)
        changes = (later, progress(packets, later)) if later.size else NOTHING
        words = self._said_evidence(said, packets)
        evidence = in_order(flows.emitted_before[flow_rows], flow_evidence, packets, [openings, changes],
                            self.clock_.set_back(packets), words)
        found = [self.book_.take(evidence)] if evidence.size else []
        if packets.clock_ns.size:
            found.append(self.book_.sweep(self.clock_.now_ns))
        return self._alerts(found)

    def _openings(self, packets: Packets, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
        rows = seen.openings
        if not rows.size:
            return NOTHING
        keys, found = seen.keys, seen.judgement
        self.judged_ += np.bincount(found.verdict, minlength=self.judged_.size)
        code = self._codes(found)
        chosen = np.flatnonzero(code)
        self.followed_.add(packets.flow_id[rows[chosen]])
        return rows[chosen], opened(packets, rows[chosen], evidence_of(keys, found, code, chosen))

    def _flow_evidence(self, flows: Flows) -> tuple[np.ndarray, np.ndarray]:
        if not flows.flow_id.size:
            return NOTHING
        code, used = self._codes(flows), self.volumes.take(flows)
        self.followed_.add(flows.flow_id[code != 0])
        chosen = np.flatnonzero((code != 0) | self.followed_.maybe(flows.flow_id))
        if not chosen.size:
            return NOTHING
        keys = FlowKeys(*[column[chosen] for column in flow_keys(flows)])
        found = judge(self.policy, keys)  # once more, for what differs from the conduit
        evidence = evidence_of(keys, found, code[chosen], np.arange(chosen.size))
        evidence["verdict"], evidence["conduit"] = flows.verdict[chosen], flows.conduit[chosen]
        _, mine, theirs = np.intersect1d(chosen, used.rows, assume_unique=True, return_indices=True)
        evidence["differs"][mine] |= used.broken[theirs]
        evidence["amount"][mine] = np.where(used.broken == int(Differs.BYTES_DOWN), used.down, used.up)[theirs]
        return chosen, totals(flows, chosen, evidence)

    def _said_evidence(self, said: Said, packets: Packets) -> np.ndarray:
        parts = []
        for table, batch in said.rows:
            found = self.contents.take(table, batch)
            if found is None:
                continue
            everyone = np.arange(found.rows.size)
            evidence = evidence_of(found.keys, found.found, CODE_OF_VERDICT[found.found.verdict], everyone)
            evidence["text"] = [self.texts_.number(text) for text in found.texts]
            clock_ns = self.clock_.at(packets, batch.packet_number[found.rows])
            parts.append(spoken(batch, found.rows, clock_ns, evidence))
            self.followed_.add(evidence["flow_id"])
        return np.concatenate(parts) if parts else NOTHING[1]

    def _codes(self, found: Judgement | Flows) -> np.ndarray:
        """Return the code of each row's finding, 0 where there is none."""
        code = CODE_OF_VERDICT[found.verdict]
        code = np.where((found.verdict == int(Verdict.WRONG_SEGMENT)) & (found.conduit == 0), np.uint16(0), code)
        edge = (found.verdict == int(Verdict.UNATTRIBUTED)) & (found.src_zone == 0)
        return np.where(edge & (found.dst_zone == self.policy.external), np.uint16(_PRIVATE_AT_EDGE), code)

    def _alerts(self, found: list[np.ndarray]) -> Alerts:
        return self.words.alerts(found, self.texts_)

    def finish(self) -> Alerts:
        """Return the last revision of what is still open."""
        return self._alerts([self.book_.drain(self.clock_.now_ns)])

    def counters(self) -> dict[str, int]:
        """Return flows judged by verdict, and what the limits held back."""
        judged = {f"opened_{Verdict(v).name.lower()}": int(n) for v, n in enumerate(self.judged_) if n}
        return {**judged, **self.book_.counters(), "texts_untold": self.texts_.untold,
                "volumes_untracked": self.volumes.untracked}

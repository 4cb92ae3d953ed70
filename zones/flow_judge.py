"""FlowJudge: the verdict that is stored with each flow row, from the row itself, its hour, its wire and what was said.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from columns import Flows, Table
from columns.codes import EndReason, Verdict
from columns.errors import PolicyError
from zones.judging import judge_flows, label_ends
from zones.policy import Policy
from zones.said import SaidJudge
from zones.volume import Volumes

MOST_MARKS = 1 << 16
_PERMITTED, _NOT_JUDGED = int(Verdict.PERMITTED), int(Verdict.NOT_JUDGED)
_EXCESS, _SEGMENT = int(Verdict.PERMITTED_EXCESS), int(Verdict.WRONG_SEGMENT)
_MILD = np.zeros(max(Verdict) + 1, bool)
_MILD[[_PERMITTED, _EXCESS, int(Verdict.OUT_OF_HOURS), int(Verdict.EXPIRED_CONDUIT)]] = True


class FlowJudge:
    """Judges flow rows in the one order in which they are written; what was said in a flow comes before its rows.

    policy: the validated zone policy. sensor: a name in its [sensor] table, "" where the wire is not known: an address
    that it does not expect makes an otherwise innocent row ``wrong_segment``. Flows of which something was said that
    their conduit does not permit are remembered, at most MOST_MARKS of them, the oldest forgotten first and counted.
    PolicyError when the policy has no such sensor.
    """

    def __init__(self, policy: Policy, sensor: str = "") -> None:
        self.policy, self.expected = policy, expected_zones(policy, sensor)
        self.volumes, self.contents = Volumes(policy), SaidJudge(policy)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.volumes.reset()
        self.marks_: dict[int, tuple[int, int]] = {}
        self.counts_ = {"marks_forgotten": 0, "volumes_untracked": 0}

    def said(self, table: Table, batch: Any) -> None:
        """Label the ends of transactions, and remember the flows of those that are not permitted."""
        label_ends(self.policy, batch)
        found = self.contents.take(table, batch)
        if found is None:
            return
        ids = batch.flow_id[found.rows].tolist()
        for flow_id, verdict, conduit in zip(ids, found.found.verdict.tolist(), found.found.conduit.tolist(),
                                             strict=True):
            if flow_id not in self.marks_ and len(self.marks_) >= MOST_MARKS:
                del self.marks_[next(iter(self.marks_))]
                self.counts_["marks_forgotten"] += 1
            self.marks_[flow_id] = (verdict, conduit)

    def judge(self, flows: Flows) -> None:
        """Fill src_zone, dst_zone, verdict and conduit of flow rows in place."""
        judge_flows(self.policy, flows)
        if self.marks_:
            self._mark(flows)
        used = self.volumes.take(flows)
        over = used.rows[used.broken != 0]
        flows.verdict[over[flows.verdict[over] == _PERMITTED]] = _EXCESS
        self.counts_["volumes_untracked"] = self.volumes.untracked
        if self.expected is not None:
            self._stray(flows)

    def _mark(self, flows: Flows) -> None:
        marked = np.flatnonzero(np.isin(flows.flow_id, np.fromiter(self.marks_, np.uint64, len(self.marks_))))
        for row in marked[_MILD[flows.verdict[marked]]].tolist():
            flows.verdict[row], flows.conduit[row] = self.marks_[int(flows.flow_id[row])]
        for flow_id in flows.flow_id[marked[flows.end_reason[marked] != int(EndReason.ACTIVE_TIMEOUT)]].tolist():
            self.marks_.pop(flow_id, None)

    def _stray(self, flows: Flows) -> None:
        """An end that sent something from a zone that this wire does not expect."""
        stray = (~self.expected[flows.src_zone] & (flows.pkts_toserver > 0)
                 & ~self.policy.is_local(flows.src_ip_hi, flows.src_ip_lo, flows.ts_start_ns))
        stray |= (~self.expected[flows.dst_zone] & (flows.pkts_toclient > 0)
                  & ~self.policy.is_local(flows.dst_ip_hi, flows.dst_ip_lo, flows.ts_start_ns))
        innocent = (flows.verdict == _PERMITTED) | (flows.verdict == _EXCESS) | (flows.verdict == _NOT_JUDGED)
        rows = np.flatnonzero(stray & innocent & (flows.tunnel_depth == 0))
        flows.verdict[rows], flows.conduit[rows] = _SEGMENT, 0

    def counters(self) -> dict[str, int]:
        """Return what the limits of memory cost."""
        return dict(self.counts_)


def expected_zones(policy: Policy, sensor: str) -> np.ndarray | None:
    """Return bool by zone number: may a sensor see its addresses; None without a sensor. PolicyError if unknown."""
    if not sensor:
        return None
    for known in policy.sensors:
        if known.name == sensor:
            return np.array([False, *(z.name in known.expects for z in policy.zones)])
    raise PolicyError(f"the policy has no sensor {sensor!r}", where="sensor",
                      expected=f"one of {', '.join(s.name for s in policy.sensors) or 'none defined'}")

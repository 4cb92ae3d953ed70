"""All that is known of one alert: from the store, the policy file and the captures; and what is missing of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from columns import FLOW
from columns.address import address_int
from columns.app import AppProto
from columns.codes import Certainty
from columns.errors import SekishoError, UsageError
from sekisho.config import load_settings
from sekisho.dissect import dissect, why_not
from sekisho.evidence import FoundPacket, find_packets
from sekisho.language import Lang
from sekisho.reading import alert_revisions, chosen_run, flow_rows, run_record
from sekisho.rows import Row, iso_text
from sekisho.runbooks import runbook_text
from zones import Differs, Policy, conduit_rows, flow_keys, judge, load_policy

if TYPE_CHECKING:
    from storage import Store


@dataclass
class Explanation:
    """One alert with its surroundings; missing says in words what could not be shown, and why."""

    alert: Row
    revisions: list[Row]
    run: Row
    flows: list[Row] = field(default_factory=list)
    policy_known: bool = False
    conduit: dict[str, str] = field(default_factory=dict)
    differs: list[str] = field(default_factory=list)
    runbook: str = ""
    packets: list[FoundPacket] = field(default_factory=list)
    layers: list[list[tuple[str, list[str]]]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values for JSON."""
        layers = self.layers or [[] for _ in self.packets]
        packets = [
            {"packet_number": p.number, "timestamp": iso_text(p.ts_ns), "summary": p.summary, "frame": p.frame.hex(),
             "layers": [{"layer": name, "lines": lines} for name, lines in found]}
            for p, found in zip(self.packets, layers, strict=False)
        ]
        return {"alert": self.alert, "revisions": self.revisions, "flows": self.flows, "conduit": self.conduit,
                "differs": self.differs, "runbook": self.runbook, "run": self.run, "packets": packets,
                "missing": self.missing}


def explanation(store: Store, alert_id: int, run: str | None, *, config: Path | None, zones: Path | None,
                packets: int, lang: Lang) -> Explanation:
    """Return what is known of an alert; UsageError when the store has no such alert."""
    revisions = alert_revisions(store, alert_id, chosen_run(store, run))
    if not revisions:
        raise UsageError(f"no alert {alert_id}" + (f" in run {run}" if run else " in this store"), where="ALERT_ID",
                         expected="an id that `sekisho alerts` lists")
    alert = revisions[-1]
    told = Explanation(alert, revisions, run_record(store, alert["run_id"]))
    told.runbook = runbook_text(alert["runbook"], lang)
    if alert["flow_id"]:
        told.flows = flow_rows(store, alert["flow_id"], alert["run_id"])
    if not told.flows:
        told.missing.append("the flow: the alert is about many flows" if not alert["flow_id"]
                            else "the flow: it is not in the store")
    _add_policy(told, config, zones)
    if packets and told.flows:
        _add_packets(told, packets)
    return told


def _add_policy(told: Explanation, config: Path | None, zones: Path | None) -> None:
    """Add the line of the policy that decided and what differs from it, if the same policy is at hand."""
    wanted = told.alert["policy_digest"]
    if not wanted or not (told.alert["conduit"] or told.alert["verdict"] != "not_judged"):
        return
    path = str(zones or load_settings(config).replay.zones)
    if not path:
        told.missing.append("the policy line: name the policy with --zones FILE")
        return
    try:
        policy = load_policy(path)
    except SekishoError as error:
        told.missing.append(f"the policy line: {error}")
        return
    if policy.digest != wanted:
        told.missing.append(f"the policy line: {path} is not the policy of this alert any more "
                            f"(digest {policy.digest[:16]}, the alert's is {wanted[:16]})")
        return
    told.policy_known = True
    told.conduit = next((row for row in conduit_rows(policy) if row["conduit"] == told.alert["conduit"]), {})
    if told.flows:
        told.differs = _differences(policy, told.flows[0])


def _differences(policy: Policy, flow: Row) -> list[str]:
    row = {name: flow[name] for name in ("src_port", "dst_port", "proto", "icmp_type", "tunnel_depth", "src_mac")}
    row |= {side: address_int(flow[side]) for side in ("src_ip", "dst_ip")}
    row["app_proto"] = AppProto[flow["app_proto"].upper()]
    row["direction_certainty"] = Certainty[flow["direction_certainty"].upper()]
    row["ts_start_ns"] = _ns(flow["ts_start_ns"])
    differs = int(judge(policy, flow_keys(FLOW.from_rows([row]))).differs[0])
    return [bit.name.lower() for bit in Differs if bit and differs & bit and bit.name]


def _ns(iso: str) -> int:
    import numpy as np

    return int(np.datetime64(iso.removesuffix("Z"), "ns").astype(np.int64))


def _add_packets(told: Explanation, limit: int) -> None:
    """Add the packets of the flow, dissected where that is possible."""
    evidence = find_packets(told.run["captures"], told.flows[0], limit)
    told.packets = evidence.packets
    told.missing += [f"packets: {reason}" for reason in evidence.missing]
    reason = why_not()
    if told.packets and not reason:
        try:
            told.layers = dissect(told.packets)
        except RuntimeError as error:
            reason = str(error)
    if reason:
        told.missing.append(f"dissection: {reason}")

"""What the separation models of a Japanese municipality ask of conduits (三層の対策), and inbound from the Internet."""

from __future__ import annotations

from zones.model import Conduit, Draft, Network, Zone
from zones.prefixes import all_inside
from zones.problems import Report

SANITIZED = frozenset({"inspection", "file-cdr", "text-extraction", "mail-text", "image-pdf", "screen-transfer"})
RISK_ACCEPTED = "risk-accepted-alpha-prime"


def check_inbound(draft: Draft, report: Report) -> None:
    """E419: in a municipal model nothing is opened from the Internet; in a free one only to named hosts."""
    for conduit in draft.conduits.values():
        source = draft.zones.get(conduit.source)
        if source and source.kind == "external" and (draft.model != "free" or not conduit.to_hosts):
            report.add("E419", f"conduit.{conduit.name}.from", f"{conduit.target} is open to {conduit.source}")


def check_municipal(draft: Draft, report: Report) -> None:
    """E412 to E418 for the models alpha, alpha-prime, beta and beta-prime."""
    side = internet_side(draft)
    gateways = _gateways(draft)
    for conduit in draft.conduits.values():
        source, target = draft.zones.get(conduit.source), draft.zones.get(conduit.target)
        if source is None or target is None:
            continue
        ends = {source.tier, target.tier}
        if "mynumber" in ends:
            _check_mynumber(conduit, source, target, side, report)
        if "lgwan" in ends:
            _check_lgwan(conduit, source, target, side, draft, report)
        if ends & {"lgwan", "mynumber"} and {source.name, target.name} & gateways \
                and conduit.sanitization not in SANITIZED:
            report.add("E417", f"conduit.{conduit.name}.sanitization",
                       f"{conduit.sanitization or 'no sanitization'} between {source.name} and {target.name}")
        if conduit.sanitization == "screen-transfer" and ends == {"lgwan", "inet"}:
            _check_initiator(conduit, source, draft.model, report)


def internet_side(draft: Draft) -> set[str]:
    """Return the zones on the Internet side: the external one, and all no better protected than the tier inet."""
    ranks = [z.rank for z in draft.zones.values() if z.tier == "inet"]
    top = max(ranks, default=-1)
    return {z.name for z in draft.zones.values() if z.kind == "external" or z.tier == "inet"
            or (z.rank <= top and z.tier not in ("mynumber", "lgwan", "sanitizer"))}


def _gateways(draft: Draft) -> set[str]:
    named = {z.name for z in draft.zones.values() if z.tier == "sanitizer"}
    fed = {c.target for c in draft.conduits.values() if c.sanitization == "gateway-ingress"}
    return named | {f for f in fed if f in draft.zones and draft.zones[f].tier not in ("lgwan", "mynumber")}


def _check_mynumber(conduit: Conduit, source: Zone, target: Zone, side: set[str], report: Report) -> None:
    where = f"conduit.{conduit.name}"
    if {source.name, target.name} & side:
        report.add("E412", where, f"{source.name} and {target.name} are joined")
    missing = [key for key, given in (
        ("specific = true", conduit.specific), ("src_mac", conduit.src_mac), ("services", conduit.ports),
        ("from_hosts", _narrower(conduit.from_hosts, source)), ("to_hosts", _narrower(conduit.to_hosts, target)),
    ) if not given]
    if missing:
        report.add("E413", where, f"not limited by {', '.join(missing)}")


def _narrower(hosts: list[Network], zone: Zone) -> bool:
    """Return whether hosts are listed and hold no whole prefix of their zone (but that of a single address)."""
    return bool(hosts) and not any(all_inside([n], hosts) for n in zone.networks if n.num_addresses > 1)


def _check_lgwan(
    conduit: Conduit, source: Zone, target: Zone, side: set[str], draft: Draft, report: Report,
) -> None:
    where = f"conduit.{conduit.name}"
    if target.kind == "external":
        if draft.model != "alpha-prime":
            report.add("E415", where, f"{source.name} reaches {target.name} directly in model {draft.model}")
        if not conduit.from_hosts or not (conduit.sni or conduit.to_hosts):
            report.add("E416", where, f"every host of {source.name} or every destination is open")
        if conduit.sanitization not in SANITIZED | {RISK_ACCEPTED}:
            report.add("E414", f"{where}.sanitization", f"{source.name} and {target.name}: "
                       f"{conduit.sanitization or 'none'}")
    elif {source.name, target.name} & side and conduit.sanitization not in SANITIZED:
        report.add("E414", f"{where}.sanitization", f"{source.name} and {target.name}: "
                   f"{conduit.sanitization or 'none'}")


def _check_initiator(conduit: Conduit, source: Zone, model: str, report: Report) -> None:
    initiator = "lgwan" if model.startswith("alpha") else "inet"
    if source.tier != initiator:
        report.add("E418", f"conduit.{conduit.name}.from",
                   f"in model {model} the screen transfer starts in {initiator}")

"""What makes a policy sound for any network: the file's approval, zones, sensors, and each conduit by itself."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable

from zones.model import MODELS, SANITIZATION_STRENGTH, Conduit, Draft, Zone
from zones.prefixes import Prefix, PrefixSet, redundant, zone_prefixes
from zones.problems import Level, Report
from zones.services import open_ports

DUE_DAYS, MOST_DAYS, MOST_PORTS = 30, 366, 1024


def check_file(draft: Draft, today: dt.date, report: Report) -> None:
    """E003, E004, E005: default and approval."""
    if draft.default != "deny":
        report.add("E003", "default", f"default = {draft.default!r}")
    if not draft.approved_by:
        report.add("E004", "approved_by", "missing")
    if draft.approved_on is None:
        report.add("E004", "approved_on", "missing or unreadable")
    elif draft.approved_on > today:
        report.add("E005", "approved_on", f"{draft.approved_on} is after {today}")


def check_zones(draft: Draft, report: Report) -> None:
    """E102 to E109: prefixes, owners, VLANs, tiers, the one external zone."""
    zones = list(draft.zones.values())
    vlans: dict[int, str] = {}
    for zone in zones:
        where = f"zone.{zone.name}"
        if not zone.networks:
            report.add("E102", f"{where}.cidr", "no usable prefix")
        if not zone.owner or (zone.owner == "-" and zone.kind != "external"):
            report.add("E103", f"{where}.owner", "no owner")
        for vlan in dict.fromkeys(zone.vlans):
            if vlan in vlans:
                report.add("E104", f"{where}.vlan", f"VLAN {vlan} is also in zone {vlans[vlan]}")
            vlans.setdefault(vlan, zone.name)
    external = [z.name for z in zones if z.kind == "external"]
    if len(external) != 1:
        report.add("E109", "zone", f"{len(external)} external zones" + (f": {', '.join(external)}" if external else ""))
    if draft.model in MODELS and draft.model != "free":
        for tier in ("mynumber", "lgwan", "inet"):
            if all(z.tier != tier for z in zones):
                report.add("E106", f"zone.{tier}", f"model {draft.model} needs a zone of the tier {tier}")
    _check_overlaps(draft, report)
    _check_redundant(zones, report)


def _check_overlaps(draft: Draft, report: Report) -> None:
    zones = list(draft.zones.values())
    listed = PrefixSet(Prefix(n, i) for i, z in enumerate(zones) for n in z.networks)
    for number, zone in enumerate(zones):
        where = f"zone.{zone.name}.cidr"
        for name in zone.carve_out_of:
            if name not in draft.zones or name == zone.name:
                report.add("E108", f"zone.{zone.name}.carve_out_of", f"there is no other zone {name!r}")
        for network in dict.fromkeys(zone.networks):
            first = listed.label_of(network)
            around = listed.enclosing(network, strict=True)
            if first != number:
                report.add("E108", where, f"{network} is also listed in zone {zones[first].name}",
                           remedy="list it in one zone only")
            elif around and around.label != number and zones[around.label].kind != "external" \
                    and zones[around.label].name not in zone.carve_out_of:
                outer = zones[around.label].name
                report.add("E108", where, f"{network} lies in {around.network} of zone {outer}",
                           remedy=f'move it, or write carve_out_of = "{outer}" in zone {zone.name}')


def _check_redundant(zones: list[Zone], report: Report) -> None:
    kept = zone_prefixes(zones)
    for number, zone in enumerate(zones, 1):
        where = f"zone.{zone.name}.cidr"
        for network in dict.fromkeys(n for n in zone.networks if zone.networks.count(n) > 1):
            report.add("W107", where, f"{network} is listed more than once")
        for network in sorted(set(zone.networks), key=lambda n: (-n.prefixlen, int(n.network_address))):
            if kept.label_of(network) == number and redundant(network, kept):
                report.add("W107", where, f"{network} changes nothing")
                kept.discard(network)


def check_sensors(draft: Draft, report: Report) -> None:
    """E201, W202: what the sensors expect, and zones that no sensor sees."""
    seen: set[str] = set()
    for sensor in draft.sensors.values():
        seen.update(sensor.expects)
        for name in sensor.expects:
            if name not in draft.zones:
                report.add("E201", f"sensor.{sensor.name}.expects", f"{name!r} is no zone" + _like(name, draft.zones))
    if not draft.sensors:
        report.add("W202", "sensor", "no sensor is described, so no zone is observed")
        return
    for name in draft.zones:
        if name not in seen:
            report.add("W202", f"zone.{name}", "no sensor expects it")


def _like(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; nearest is {near[0]!r}" if near else ""


def check_conduits(draft: Draft, today: dt.date, report: Report, *, new: bool) -> None:
    """E402 to E411 and W420: each conduit by itself; fills conduit.ports from its services."""
    prefixes = zone_prefixes(draft.zones.values())
    numbers = {name: i for i, name in enumerate(draft.zones, 1)}
    ids: dict[str, str] = {}
    for conduit in draft.conduits.values():
        folded = conduit.name.strip().casefold()
        if folded in ids:
            report.add("E402", f"conduit.{conduit.name}", f"same id as {ids[folded]} but for case or blanks")
        ids.setdefault(folded, conduit.name)
        _check_ends(conduit, draft, report)
        _check_hosts(conduit, prefixes, numbers, report)
        _check_services(conduit, draft, report)
        _check_review(conduit, today, report, new=new)
        if conduit.sanitization not in SANITIZATION_STRENGTH:
            report.add("E411", f"conduit.{conduit.name}.sanitization", f"{conduit.sanitization!r} is unknown"
                       + _like(conduit.sanitization, filter(None, SANITIZATION_STRENGTH)))


def _check_ends(conduit: Conduit, draft: Draft, report: Report) -> None:
    for key, name in (("from", conduit.source), ("to", conduit.target)):
        if name and name not in draft.zones:
            report.add("E403", f"conduit.{conduit.name}.{key}", f"{name!r} is no zone" + _like(name, draft.zones))
    if conduit.source and conduit.source == conduit.target:
        report.add("E404", f"conduit.{conduit.name}.to", f"from and to are both {conduit.target}")


def _check_hosts(conduit: Conduit, prefixes: PrefixSet, numbers: dict[str, int], report: Report) -> None:
    for key, name, hosts in (
        ("from_hosts", conduit.source, conduit.from_hosts), ("to_hosts", conduit.target, conduit.to_hosts),
    ):
        for network in hosts:
            if name in numbers and prefixes.label_of(network) != numbers[name]:
                report.add("E410", f"conduit.{conduit.name}.{key}", f"{network} is not in zone {name}")


def _check_services(conduit: Conduit, draft: Draft, report: Report) -> None:
    where = f"conduit.{conduit.name}.services"
    for name in conduit.services:
        if name not in draft.services:
            report.add("E405", where, f"{name!r} is no service" + _like(name, draft.services))
    conduit.ports = [r for name in conduit.services for r in draft.services.get(name, [])]
    ports = open_ports(conduit.ports)
    if ports > MOST_PORTS:
        report.add("W420", where, f"{ports} ports are open")


def _check_review(conduit: Conduit, today: dt.date, report: Report, *, new: bool) -> None:
    if conduit.review_by is None:
        return
    where, days = f"conduit.{conduit.name}.review_by", (conduit.review_by - today).days
    if days < 0:
        report.add("E407", where, f"{conduit.review_by} has passed ({-days} days ago)",
                   level=Level.ERROR if new else Level.WARNING)
    elif days <= DUE_DAYS:
        report.add("W408", where, f"{conduit.review_by} is in {days} days")
    elif days > MOST_DAYS:
        report.add("W409", where, f"{conduit.review_by} is in {days} days")

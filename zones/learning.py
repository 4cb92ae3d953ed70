"""Conduits proposed from what was seen, for a person to review: what is proposed permits nothing as it stands."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, collapse_addresses, ip_address, ip_network
from itertools import pairwise

from zones.applications import APPLICATIONS
from zones.model import ANY_PROTO, Network
from zones.policy import Policy
from zones.services import WITH_PORTS, port_text
from zones.services import parse_port_range as _parsed

MOST_HOSTS = 16
"""So many hosts are listed one by one; more become the prefixes of /24 or /64 around them, then the whole zone."""

RARE_FLOWS, LONG_DAYS = 3, 3
HOURS_FLOWS, HOURS_DAYS, QUIET_HOURS = 20, 10, 10
"""Hours are proposed where so many flows on so many days all left so many hours of the day free."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SUFFIX = {4: 24, 6: 64}


@dataclass
class Seen:
    """Flows from one zone to one responder's service: counts, and initiators (a sample of hosts of hosts_counted).

    hours: in which of the 168 hours of the week, from Monday 00:00 local time, flows began.
    """

    src_zone: str
    dst_zone: str
    proto: int
    dst_port: int
    responder: str
    initiators: list[str]
    hosts_counted: int
    flows: int
    days: int
    first_ns: int
    last_ns: int
    bytes_up: int = 0
    bytes_down: int = 0
    apps: list[str] = field(default_factory=list)
    hours: list[int] = field(default_factory=list)


@dataclass
class Proposal:
    """A conduit that would permit what was seen, with its support.

    rare: seen so seldom that it may be a mistake, or an attack, rather than work. hours: the window in which every flow
    began, empty where there is none, or not enough was seen to tell.
    """

    source: str
    target: str
    service: str
    from_hosts: list[Network]
    to_hosts: list[Network]
    apps: list[str]
    flows: int
    days: int
    initiators: int
    responders: int
    first_ns: int
    last_ns: int
    bytes_up: int
    bytes_down: int
    rare: bool
    hours: list[str] = field(default_factory=list)


def propose(seen: Iterable[Seen], *, history_days: int) -> list[Proposal]:
    """Return proposals, those with the most flows first and the rare ones last.

    One proposal stands for one pair of zones, service and application. It is rare with fewer than RARE_FLOWS flows, or
    when it was seen on one day of a history of LONG_DAYS or more.
    """
    groups: dict[tuple[str, str, int, int, tuple[str, ...]], list[Seen]] = defaultdict(list)
    for one in seen:
        apps = tuple(sorted(a for a in one.apps if a in APPLICATIONS))
        groups[one.src_zone, one.dst_zone, one.proto, one.dst_port, apps].append(one)
    made = [_joined(key[4], members, history_days) for key, members in groups.items()]
    return sorted(made, key=lambda p: (p.rare, -p.flows, p.source, p.target, p.service))


def _joined(apps: tuple[str, ...], members: list[Seen], history_days: int) -> Proposal:
    first = members[0]
    initiators = {host for m in members for host in m.initiators}
    counted = max(len(initiators), *(m.hosts_counted for m in members))
    flows, days = sum(m.flows for m in members), max(m.days for m in members)
    began = {hour for m in members for hour in m.hours}
    has_port = first.proto in WITH_PORTS.values()
    service = port_text(_parsed(f"ip/{first.proto}"))
    return Proposal(
        first.src_zone, first.dst_zone, f"{service}/{first.dst_port}" if has_port else service,
        _networks(initiators) if counted <= len(initiators) else [], _networks({m.responder for m in members}),
        list(apps), flows, days, counted, len(members), min(m.first_ns for m in members),
        max(m.last_ns for m in members), sum(m.bytes_up for m in members), sum(m.bytes_down for m in members),
        flows < RARE_FLOWS or (days == 1 and history_days >= LONG_DAYS),
        usual_hours(began) if flows >= HOURS_FLOWS and days >= HOURS_DAYS else [])


def usual_hours(began: set[int]) -> list[str]:
    """Return the window, as ``hours`` takes it, that holds the given hours of the week; empty where it is none.

    The day is divided by its longest quiet time, which must be QUIET_HOURS at least. On working days alone the window
    is that of Mon-Fri, on two weekdays or fewer that of these, else daily; over midnight it is always daily.
    """
    if not began:
        return []
    clock, days = sorted({hour % 24 for hour in began}), sorted({hour // 24 for hour in began})
    gaps = [(after - before - 1, before) for before, after in pairwise([*clock, clock[0] + 24])]
    quiet, last = max(gaps)
    if quiet < QUIET_HOURS:
        return []
    first, stop = (last + quiet + 1) % 24, (last + 1) % 24 or 24
    names = "daily"
    if first < stop and len(days) <= 2:
        names = ",".join(_DAYS[day] for day in days)
    elif first < stop and days[-1] < 5:
        names = "Mon-Fri"
    return [f"{names} {first:02d}:00-{stop:02d}:00"]


def _networks(hosts: set[str]) -> list[Network]:
    """Return hosts as networks: one by one, or by the prefixes around them, or none for all of the zone."""
    addresses = [_plain(h) for h in hosts]
    found = [ip_network(a) for a in addresses]
    if len(found) > MOST_HOSTS:
        found = [ip_network((a, _SUFFIX[a.version]), strict=False) for a in addresses]
    found = [n for version in (4, 6) for n in collapse_addresses(n for n in found if n.version == version)]
    return found if len(found) <= MOST_HOSTS else []


def _plain(text: str):
    address = ip_address(text)
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def proposals_toml(proposals: list[Proposal], policy: Policy, *, source: str, today: dt.date) -> str:
    """Return proposals as TOML to review: owner and justification are empty, so that the checks refuse them (E401)."""
    names = {service: _service_name(service, policy) for service in dict.fromkeys(p.service for p in proposals)}
    known = set(policy.newest.draft.services)
    lines = [f"# Conduits proposed from {source}; none of them is in force.",
             "# Review each: who owns it, why is it needed? Fill in owner and justification, or delete it.",
             "# 提案であり許可ではない。一件ずつ所管と必要理由を確認して記入し、不要なら削除する。", ""]
    new = {name: service for service, name in names.items() if name not in known}
    if new:
        lines += ["[service]", *(f"{_key(name)} = [{json.dumps(service)}]" for name, service in new.items()), ""]
    for number, proposal in enumerate(proposals, 1):
        lines += [*_entry(number, proposal, names[proposal.service], today), ""]
    return "\n".join(lines)


def _entry(number: int, p: Proposal, service: str, today: dt.date) -> list[str]:
    days, (first, last) = f"{p.days} day{'s' * (p.days != 1)}", (_day(p.first_ns), _day(p.last_ns))
    lines = [f"# {p.flows:,} flows on {days} ({first} to {last}), {p.initiators:,} initiators, {p.responders:,} "
             f"responders, {p.bytes_up / 1e6:,.1f} MB up, {p.bytes_down / 1e6:,.1f} MB down"]
    if p.rare:
        lines.append("# RARE (まれ): so seldom that it may be a mistake or an attack; find out before you keep it.")
    lines += [f"[conduit.learned-{number}]", f"from = {json.dumps(p.source)}"]
    if p.from_hosts:
        lines.append(f"from_hosts = {_list(p.from_hosts)}")
    lines.append(f"to = {json.dumps(p.target)}")
    if p.to_hosts:
        lines.append(f"to_hosts = {_list(p.to_hosts)}")
    lines.append(f"services = [{json.dumps(service)}]")
    if p.apps:
        lines.append(f"app = {json.dumps(p.apps)}")
    if p.hours:
        lines += ["# HOURS (時間帯): all of these flows began within them. What runs once a month, or in an",
                  "# emergency, may not: widen or delete the line then (月次処理や緊急時の通信がないか確認)."]
        lines.append(f"hours = {_list(p.hours)}")
    return [*lines, 'owner = ""', 'justification = ""', f"review_by = {today + dt.timedelta(days=90)}"]


def _service_name(service: str, policy: Policy) -> str:
    """Return the policy's name of exactly this service, or a new one."""
    wanted = _parsed(service)
    for name, ports in policy.newest.draft.services.items():
        if ports == [wanted] and wanted.proto != ANY_PROTO:
            return name
    return "learned-" + service.replace("/", "-")


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _list(values: Iterable[object]) -> str:
    return "[" + ", ".join(json.dumps(str(v)) for v in values) + "]"


def _day(ts_ns: int) -> str:
    return dt.datetime.fromtimestamp(ts_ns // 10**9, dt.UTC).date().isoformat()

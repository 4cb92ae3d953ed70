"""A policy and its problems as rows of text, for a table on the screen or in a report."""

from __future__ import annotations

from collections.abc import Iterable

from zones.model import ANY_PROTO, Conduit, PortRange
from zones.policy import Policy
from zones.problems import CODES, Problem
from zones.services import WITH_PORTS, WITHOUT_PORTS

_NAMES = {number: name for name, number in (WITH_PORTS | WITHOUT_PORTS).items()}

PROBLEM_COLUMNS = ("code", "level", "where", "message", "remedy", "ja")
ZONE_COLUMNS = ("zone", "ja", "rank", "kind", "prefixes", "vlan", "owner", "clause", "sensors")
CONDUIT_COLUMNS = ("conduit", "ja", "from", "to", "services", "hours", "sanitization", "owner", "justification",
                   "review_by")


def problem_rows(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return one row per problem with the keys of PROBLEM_COLUMNS."""
    return [
        dict(zip(PROBLEM_COLUMNS, (p.code, str(p.level), p.where, p.message, p.remedy, CODES[p.code].meaning_ja),
                 strict=True)) for p in problems
    ]


def zone_rows(policy: Policy) -> list[dict[str, str]]:
    """Return one row per zone with the keys of ZONE_COLUMNS."""
    rows = []
    for zone in policy.zones:
        sensors = ", ".join(s.name for s in policy.sensors if zone.name in s.expects)
        values = (zone.name, zone.ja, str(zone.rank), zone.kind, ", ".join(map(str, zone.networks)),
                  ", ".join(map(str, zone.vlans)), zone.owner, zone.clause, sensors)
        rows.append(dict(zip(ZONE_COLUMNS, values, strict=True)))
    return rows


def conduit_rows(policy: Policy) -> list[dict[str, str]]:
    """Return one row per conduit, the register of permitted paths (許可通信台帳), with the keys of CONDUIT_COLUMNS."""
    rows = []
    for conduit in policy.conduits:
        values = (conduit.name, conduit.ja, _end(conduit.source, conduit.from_hosts),
                  _end(conduit.target, conduit.to_hosts), _services(conduit), ", ".join(conduit.hours_text),
                  conduit.sanitization, conduit.owner, conduit.justification, str(conduit.review_by))
        rows.append(dict(zip(CONDUIT_COLUMNS, values, strict=True)))
    return rows


def _end(zone: str, hosts: list) -> str:
    return f"{zone} ({', '.join(map(str, hosts))})" if hosts else zone


def _services(conduit: Conduit) -> str:
    return ", ".join(dict.fromkeys(port_text(r) for r in conduit.ports))


def port_text(ports: PortRange) -> str:
    """Return a protocol and its ports as a policy file writes them."""
    if ports.proto == ANY_PROTO:
        return "any"
    name = _NAMES.get(ports.proto, f"ip/{ports.proto}")
    if (ports.low, ports.high) == (0, 65535):
        return name
    return f"{name}/{ports.low}" + (f"-{ports.high}" if ports.high != ports.low else "")

"""A policy and its problems as rows of text, for a table on the screen or in a report."""

from __future__ import annotations

from collections.abc import Iterable

from columns.address import mac_text
from zones.model import Conduit
from zones.policy import Policy
from zones.problems import CODES, Problem
from zones.services import port_text

PROBLEM_COLUMNS = ("code", "level", "where", "message", "remedy", "ja")
ZONE_COLUMNS = ("zone", "ja", "rank", "kind", "prefixes", "vlan", "owner", "clause", "sensors")
CONDUIT_COLUMNS = ("conduit", "ja", "from", "to", "services", "app", "hours", "sanitization", "forbid", "limits",
                   "src_mac", "sni", "owner", "justification", "review_by")
SENSOR_COLUMNS = ("sensor", "ja", "tap", "expects")
EDITION_COLUMNS = ("edition", "valid_from", "approved_by", "approved_on", "model", "zones", "conduits", "digest")


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
                  _end(conduit.target, conduit.to_hosts), _services(conduit), ", ".join(conduit.apps),
                  ", ".join(conduit.hours_text), conduit.sanitization, ", ".join(conduit.forbid), _limits(conduit),
                  ", ".join(mac_text(m) for m in conduit.src_mac), ", ".join(conduit.sni), conduit.owner,
                  conduit.justification, str(conduit.review_by))
        rows.append(dict(zip(CONDUIT_COLUMNS, values, strict=True)))
    return rows


def sensor_rows(policy: Policy) -> list[dict[str, str]]:
    """Return one row per sensor with the keys of SENSOR_COLUMNS."""
    return [dict(zip(SENSOR_COLUMNS, (s.name, s.ja, s.tap, ", ".join(s.expects)), strict=True)) for s in policy.sensors]


def edition_rows(policy: Policy) -> list[dict[str, str]]:
    """Return one row per edition, oldest first, with the keys of EDITION_COLUMNS."""
    rows = []
    for edition in (t.edition for t in policy.tables):
        d = edition.draft
        values = (edition.source, str(d.valid_from or ""), d.approved_by, str(d.approved_on), d.model,
                  str(len(d.zones)), str(len(d.conduits)), edition.digest)
        rows.append(dict(zip(EDITION_COLUMNS, values, strict=True)))
    return rows


def _limits(conduit: Conduit) -> str:
    limits = (("up", conduit.max_up_mb_per_hour), ("down", conduit.max_down_mb_per_hour))
    return ", ".join(f"{way} {limit:g} MB/h" for way, limit in limits if limit)


def _end(zone: str, hosts: list) -> str:
    return f"{zone} ({', '.join(map(str, hosts))})" if hosts else zone


def _services(conduit: Conduit) -> str:
    return ", ".join(dict.fromkeys(port_text(r) for r in conduit.ports))

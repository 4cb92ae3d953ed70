"""What changed between two policies, in what it means and not in how it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from columns.address import mac_text
from zones.checks_pairs import permits_all_of
from zones.model import Conduit, Draft, Sensor, Zone
from zones.policy import Policy
from zones.services import port_text

ZONE_FIELDS = ("ja", "rank", "kind", "networks", "vlans", "owner", "clause", "tier", "organ")
CONDUIT_FIELDS = ("ja", "source", "target", "from_hosts", "to_hosts", "ports", "apps", "sanitization", "forbid",
                  "max_up_mb_per_hour", "max_down_mb_per_hour", "specific", "src_mac", "sni", "tenant", "hours_text",
                  "owner", "justification", "review_by", "exception")
FILE_FIELDS = ("city", "model", "approved_by", "approved_on", "valid_from", "timezone")
_WRITTEN = {"networks": "cidr", "vlans": "vlan", "source": "from", "target": "to", "ports": "services", "apps": "app",
            "hours_text": "hours"}
_IN_ORDER = ("hours_text",)
OPENS, CLOSES, WIDER, NARROWER, OTHER, SAME = "opens", "closes", "wider", "narrower", "other", "same"


class Change(NamedTuple):
    """One change. part: file, zone, sensor, conduit or pair; key: the key of the file, "" where all of it came or went.

    effect: opens, closes, wider (permits all it did and more), narrower, other (neither holds the other) or same (the
    permitted flows are the same).
    """

    part: str
    name: str
    key: str
    before: str
    after: str
    effect: str


def compare(old: Policy, new: Policy, today: dt.date) -> list[Change]:
    """Return the changes from the newest edition of one policy to that of another: pairs of zones first, then conduits.

    today decides which conduits are open: one whose review is over opens no pair.
    """
    a, b = old.newest.draft, new.newest.draft
    return [*_pairs(a, b, today), *_conduits(a, b, today), *_zones(a, b), *_sensors(a, b),
            *_fields("file", "", FILE_FIELDS, a, b, SAME)]


def open_pairs(draft: Draft, today: dt.date) -> dict[tuple[str, str], list[Conduit]]:
    """Return the conduits that are open today by the zones that they join."""
    found: dict[tuple[str, str], list[Conduit]] = {}
    for conduit in draft.conduits.values():
        if conduit.review_by is None or conduit.review_by >= today:
            found.setdefault((conduit.source, conduit.target), []).append(conduit)
    return found


def _pairs(a: Draft, b: Draft, today: dt.date) -> Iterator[Change]:
    before, after = open_pairs(a, today), open_pairs(b, today)
    for source, target in sorted(before.keys() ^ after.keys()):
        pair, was, now = (source, target), before.get((source, target), []), after.get((source, target), [])
        yield Change("pair", f"{source} -> {target}", "", ", ".join(c.name for c in was),
                     ", ".join(c.name for c in now), OPENS if pair in after else CLOSES)


def _conduits(a: Draft, b: Draft, today: dt.date) -> Iterator[Change]:
    for name in _either(a.conduits, b.conduits):
        was, now = a.conduits.get(name), b.conduits.get(name)
        if was is None or now is None:
            yield Change("conduit", name, "", _path(was), _path(now), OPENS if was is None else CLOSES)
            continue
        yield from _fields("conduit", name, CONDUIT_FIELDS, was, now, _effect(was, now, today))


def _effect(was: Conduit, now: Conduit, today: dt.date) -> str:
    if (was.source, was.target) != (now.source, now.target):
        return OTHER
    more, less = permits_all_of(now, was, today), permits_all_of(was, now, today)
    if more and less:
        return SAME
    return WIDER if more else NARROWER if less else OTHER


def _zones(a: Draft, b: Draft) -> Iterator[Change]:
    for name in _either(a.zones, b.zones):
        was, now = a.zones.get(name), b.zones.get(name)
        if was is None or now is None:
            yield Change("zone", name, "", _addresses(was), _addresses(now), OTHER)
            continue
        effect = SAME if set(was.networks) == set(now.networks) and was.kind == now.kind else OTHER
        yield from _fields("zone", name, ZONE_FIELDS, was, now, effect)


def _sensors(a: Draft, b: Draft) -> Iterator[Change]:
    for name in _either(a.sensors, b.sensors):
        was, now = a.sensors.get(name), b.sensors.get(name)
        if was is None or now is None:
            yield Change("sensor", name, "", _expects(was), _expects(now), SAME)
        else:
            yield from _fields("sensor", name, ("ja", "tap", "expects"), was, now, SAME)


def _fields(part: str, name: str, fields: Iterable[str], was: Any, now: Any, effect: str) -> Iterator[Change]:
    for field in fields:
        before, after = (_written(field, getattr(one, field)) for one in (was, now))
        if before != after:
            yield Change(part, name, _WRITTEN.get(field, field), before, after, effect)


def _written(field: str, value: Any) -> str:
    """Return a value as text that is the same for values that mean the same."""
    if field == "ports":
        return ", ".join(sorted({port_text(p) for p in value}))
    if field == "src_mac":
        return ", ".join(sorted({mac_text(m) for m in value}))
    if field in _IN_ORDER or not isinstance(value, list):
        return ", ".join(value) if isinstance(value, list) else "" if value in (None, 0, False) and field != "rank" \
            else str(value)
    return ", ".join(sorted({str(v) for v in value}))


def _either(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys([*a, *b]))


def _path(conduit: Conduit | None) -> str:
    if conduit is None:
        return ""
    return f"{conduit.source} -> {conduit.target} {_written('ports', conduit.ports)}"


def _addresses(zone: Zone | None) -> str:
    return "" if zone is None else _written("networks", zone.networks)


def _expects(sensor: Sensor | None) -> str:
    return "" if sensor is None else _written("expects", sensor.expects)

"""A policy on the screen: its register, the matrix of who may reach whom, and what changed between two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from columns.errors import UsageError
from sekisho.terminal import Screen
from zones import Policy, conduit_rows, zone_rows
from zones.compare import CLOSES, NARROWER, OPENS, WIDER, compare, open_pairs
from zones.model import Conduit
from zones.register import edition_rows, sensor_rows
from zones.services import port_text

_STYLES = {OPENS: "bold red", WIDER: "red", CLOSES: "green", NARROWER: "green"}
_SHOWN = 3


def show_policy(screen: Screen, policy: Policy, zone: str | None, *, as_json: bool) -> None:
    """Write editions, zones, sensors and conduits; of one zone alone those that touch it."""
    newest = policy.newest.draft
    if zone is not None and zone not in newest.zones:
        raise UsageError(f"--zone: {zone} is no zone of this policy", expected="one of " + ", ".join(newest.zones))
    parts = {
        "editions": edition_rows(policy),
        "zones": [r for r in zone_rows(policy) if zone in (None, r["zone"])],
        "sensors": [r for r in sensor_rows(policy) if zone is None or zone in r["expects"].split(", ")],
        "conduits": [r for r, c in zip(conduit_rows(policy), policy.conduits, strict=True)
                     if zone in (None, c.source, c.target)],
    }
    if as_json:
        screen.json({"city": policy.city, "model": policy.model, "timezone": policy.timezone, "digest": policy.digest,
                     **parts})
        return
    screen.line(f"{policy.city} ({policy.model}), {screen.words('digest')} {policy.digest}")
    for name, rows in parts.items():
        if rows and not (name == "editions" and len(rows) == 1):
            screen.heading(name)
            _table(screen, rows)


def _table(screen: Screen, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows under the keys that any of them fills in."""
    keys = [k for k in rows[0] if any(r[k] for r in rows)]
    screen.table(keys, [[r[k] for k in keys] for r in rows])


def show_matrix(screen: Screen, policy: Policy, *, as_json: bool) -> None:
    """Write the matrix of services that are open today."""
    draft, today = policy.newest.draft, dt.datetime.now().astimezone().date()
    pairs = open_pairs(draft, today)
    expired = {(c.source, c.target) for c in draft.conduits.values()} - pairs.keys()
    if as_json:
        screen.json({"zones": list(draft.zones), "digest": policy.digest, "pairs": [
            {"from": a, "to": b, "conduits": [c.name for c in conduits], "services": _services(conduits)}
            for (a, b), conduits in sorted(pairs.items())], "expired": [list(pair) for pair in sorted(expired)]})
        return
    zones = list(draft.zones)
    screen.line(screen.words("from row to column; what is not listed is denied"))
    rows = [[zone, *[_cell(pairs.get((zone, other)), (zone, other) in expired, zone == other) for other in zones]]
            for zone in zones]
    screen.table(("from / to", *zones), rows)
    open_count, all_count = len(pairs), len(zones) * (len(zones) - 1)
    screen.line(f"{screen.words('open')} {open_count} / {all_count} {screen.words('pairs of zones')}, "
                f"{screen.words('expired')} {len(expired)}")


def _cell(conduits: list[Conduit] | None, expired: bool, same: bool) -> Any:
    from rich.text import Text

    if same:
        return Text("■", style="dim")
    if not conduits:
        return Text("!", style="bold yellow") if expired else Text("·", style="dim")
    services = _services(conduits)
    text = " ".join(services[:_SHOWN]) + (f" +{len(services) - _SHOWN}" if len(services) > _SHOWN else "")
    cleaned = all(c.sanitization for c in conduits)
    return Text(text, style="cyan" if cleaned else "green")


def _services(conduits: list[Conduit]) -> list[str]:
    return list(dict.fromkeys(port_text(p) for c in conduits for p in c.ports))


def show_diff(screen: Screen, old: Policy, new: Policy, *, as_json: bool) -> int:
    """Write what changed and return how many changes there are."""
    from rich.text import Text

    changes = compare(old, new, dt.datetime.now().astimezone().date())
    if as_json:
        screen.json({"old": old.digest, "new": new.digest, "changes": [c._asdict() for c in changes]})
    elif changes:
        screen.table(("part", "name", "key", "before", "after", "effect"), [
            [screen.words(c.part), c.name, c.key, c.before, c.after,
             Text(screen.words(c.effect), style=_STYLES.get(c.effect, ""))] for c in changes])
    else:
        screen.line(screen.words("no change in meaning"))
    return len(changes)

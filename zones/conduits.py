"""Conduits as flat arrays, found by the pair of zones they join, the most specific first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from columns.address import MAPPED_LO
from zones.applications import permitted_protocols
from zones.hours import end_of_day_ns, time_zone, utc_offsets, week_minutes
from zones.model import ANY_PROTO, Conduit, Draft, Network
from zones.names import NameRule
from zones.services import WITH_PORTS, open_ports

_ALL_64 = 0xFFFFFFFFFFFFFFFF
_EVERY_ADDRESS = 1 << 130


class ConduitTable(NamedTuple):
    """Rows pair_start[a * zones + b] .. pair_start[a * zones + b + 1] are the conduits from zone a to zone b.

    Of row r: conduit[r] uint16 is its number in Policy.conduit_names; its services and MACs are the runs
    service_run[r]..service_run[r + 1] and mac_run[r]..mac_run[r + 1] of service and mac; its initiators are the run
    host_run[2r]..host_run[2r + 1] of host, its responders the run after that; no hosts or no MACs = all. expires_ns
    int64 is the first instant after its review_by; hours int32 is a row of week, apps int32 one of app_permitted, names
    int32 one of the list of name rules, each -1 for all. app_permitted: uint8[n, 2, 128], see permitted_protocols().
    host: uint64[n, 5], address halves, mask halves, 1 for IPv4. service: int32[n, 3], protocol (-1 = all), first and
    last port. week: uint8[n, 10080] minutes from Monday. offset_since_s, offset_s: int64, the offset of the policy's
    time zone from that second on.
    """

    zones: int
    pair_start: np.ndarray
    conduit: np.ndarray
    host_run: np.ndarray
    service_run: np.ndarray
    mac_run: np.ndarray
    expires_ns: np.ndarray
    hours: np.ndarray
    apps: np.ndarray
    names: np.ndarray
    app_permitted: np.ndarray
    host: np.ndarray
    service: np.ndarray
    mac: np.ndarray
    week: np.ndarray
    offset_since_s: np.ndarray
    offset_s: np.ndarray


def conduit_table(draft: Draft, zone_number: Mapping[str, int], conduit_number: Mapping[str, int],
                  rules: Sequence[NameRule]) -> ConduitTable:
    """Return the lookup columns of a sound policy's conduits, under the numbers that zones and conduits have."""
    zone = time_zone(draft.timezone)
    count = max(zone_number.values(), default=0) + 1
    pairs: dict[int, list[tuple[Conduit, int]]] = defaultdict(list)
    for conduit in draft.conduits.values():
        pair = zone_number[conduit.source] * count + zone_number[conduit.target]
        pairs[pair].append((conduit, conduit_number[conduit.name]))
    rows = [row for pair in sorted(pairs) for row in sorted(pairs[pair], key=lambda row: breadth(row[0]))]
    sizes = np.zeros(count * count + 1, np.int32)
    for pair, members in pairs.items():
        sizes[pair + 1] = len(members)
    week, hours = _weeks([c for c, _ in rows])
    since, offset = utc_offsets(zone)
    apps, permitted = _applications([c for c, _ in rows])
    return ConduitTable(
        count, np.cumsum(sizes, dtype=np.int32), np.array([p for _, p in rows], np.uint16),
        _runs([hosts for c, _ in rows for hosts in (c.from_hosts, c.to_hosts)]),
        _runs([c.ports for c, _ in rows]), _runs([c.src_mac for c, _ in rows]),
        np.array([end_of_day_ns(c.review_by, zone) for c, _ in rows], np.int64), hours,
        apps, np.array([rules.index(name_rule(c)) if c.sni else -1 for c, _ in rows], np.int32), permitted,
        _hosts([n for c, _ in rows for n in (*c.from_hosts, *c.to_hosts)]),
        np.array([p for c, _ in rows for p in c.ports], np.int32).reshape(-1, 3),
        np.array([m for c, _ in rows for m in c.src_mac], np.uint64), week, since, offset,
    )


def name_rule(conduit: Conduit) -> NameRule:
    """Return what a conduit says of names."""
    return NameRule(tuple(conduit.sni), conduit.tenant)


def name_rules(conduits: Iterable[Conduit]) -> list[NameRule]:
    """Return the different name rules of conduits, in their order."""
    return list(dict.fromkeys(name_rule(c) for c in conduits if c.sni))


def breadth(conduit: Conduit) -> tuple[int, ...]:
    """Sort key: fewer responders, then initiators, ports, MACs, minutes, applications and names = more specific."""
    return (
        _addresses(conduit.to_hosts), _addresses(conduit.from_hosts), _ports(conduit),
        len(conduit.src_mac) or 1 << 30, int(week_minutes(conduit.hours).sum()) or 1 << 30,
        len(conduit.apps) or 1 << 30, len(conduit.sni) or 1 << 30,
    )


def _ports(conduit: Conduit) -> int:
    """Ports open, a protocol without ports counting as one; ``any`` is wider than all."""
    if any(r.proto == ANY_PROTO for r in conduit.ports):
        return 1 << 30
    return open_ports(conduit.ports) + len({r.proto for r in conduit.ports} - set(WITH_PORTS.values()))


def _addresses(hosts: list[Network]) -> int:
    return sum(n.num_addresses for n in hosts) or _EVERY_ADDRESS


def _runs(lists: list[list]) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int32), np.cumsum([len(m) for m in lists], dtype=np.int32)]).astype(np.int32)


def _hosts(networks: list[Network]) -> np.ndarray:
    """Return uint64[n, 5]: address halves, mask halves, 1 for IPv4."""
    rows = []
    for network in networks:
        v4 = network.version == 4
        first = int(network.network_address) | (MAPPED_LO if v4 else 0)
        mask = int(network.netmask) | ((1 << 128) - (1 << 32) if v4 else 0)
        rows.append((first >> 64, first & _ALL_64, mask >> 64, mask & _ALL_64, int(v4)))
    return np.array(rows, np.uint64).reshape(-1, 5)


def _weeks(conduits: list[Conduit]) -> tuple[np.ndarray, np.ndarray]:
    weeks: dict[bytes, int] = {}
    hours = np.full(len(conduits), -1, np.int32)
    for row, conduit in enumerate(conduits):
        if conduit.hours:
            hours[row] = weeks.setdefault(week_minutes(conduit.hours).tobytes(), len(weeks))
    return np.frombuffer(b"".join(weeks), np.uint8).reshape(-1, 10080).copy(), hours


def _applications(conduits: list[Conduit]) -> tuple[np.ndarray, np.ndarray]:
    lists: dict[tuple[str, ...], int] = {}
    rows = [lists.setdefault(tuple(sorted(set(c.apps))), len(lists)) if c.apps else -1 for c in conduits]
    permitted = [permitted_protocols(names) for names in lists]
    return np.array(rows, np.int32), np.array(permitted, np.uint8).reshape(-1, 2, 128)

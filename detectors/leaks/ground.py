"""What a policy says about the ground that the leak detectors stand on, as arrays by zone number and VLAN id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from columns.address import address_int
from columns.codes import Certainty, Verdict
from columns.errors import PolicyError
from zones import FlowKeys, Judgement, Policy, judge


@dataclass(frozen=True, eq=False)
class Ground:
    """Arrays by zone number (0 = unattributed): internal, outside (the Internet side), inner (better protected than
    all of the Internet side), has_ipv6; joined[a, b]: a conduit leads from a to b; vlan_zone by VLAN id (0 = none);
    expected: zones that the sensor may see, None without a sensor; expected_vlan by VLAN id."""

    internal: np.ndarray
    outside: np.ndarray
    inner: np.ndarray
    gateway: np.ndarray
    has_ipv6: np.ndarray
    joined: np.ndarray
    vlan_zone: np.ndarray
    expected: np.ndarray | None
    expected_vlan: np.ndarray | None
    external: int


def ground_of(policy: Policy, sensor: str = "") -> Ground:
    """Return the ground of a policy as one of its sensors sees it; PolicyError when it has no such sensor."""
    zones = policy.zones
    inet = [z.rank for z in zones if z.tier == "inet"]
    top = max(inet, default=min(z.rank for z in zones))
    kept = ("mynumber", "lgwan", "sanitizer")
    outside = [z.kind == "external" or z.tier == "inet" or (z.rank <= top and z.tier not in kept) for z in zones]
    numbers = {z.name: n for n, z in enumerate(zones, 1)}
    joined = np.zeros((len(zones) + 1,) * 2, bool)
    for conduit in policy.conduits:
        joined[numbers[conduit.source], numbers[conduit.target]] = True
    vlan_zone = np.zeros(4096, np.uint16)
    for number, zone in enumerate(zones, 1):
        vlan_zone[list(zone.vlans)] = number
    expected = expected_vlan = None
    if sensor:
        known = next((s for s in policy.sensors if s.name == sensor), None)
        if known is None:
            raise PolicyError(f"the policy has no sensor {sensor!r}", where="sensor",
                              expected=f"one of {', '.join(s.name for s in policy.sensors) or 'none defined'}")
        expected = np.array([False, *(z.name in known.expects for z in zones)])
        expected_vlan = np.zeros(4096, bool)
        expected_vlan[0] = True
        expected_vlan[[v for z in zones if z.name in known.expects for v in z.vlans]] = True
    return Ground(
        np.array([False, *(z.kind == "internal" for z in zones)]), np.array([False, *outside]),
        np.array([False, *(z.kind == "internal" and not o and z.tier != "sanitizer"
                           for z, o in zip(zones, outside, strict=True))]),
        np.array([False, *(z.tier == "sanitizer" for z in zones)]),
        np.array([False, *(any(n.version == 6 for n in z.networks) for z in zones)]),
        joined, vlan_zone, expected, expected_vlan, policy.external)


def judged(policy: Policy, rows: object, index: np.ndarray | None = None) -> Judgement:
    """Return the judgement on rows of a protocol table, all or those named; who asked and who answered is known by
    what was said."""
    names = ("src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo", "src_port", "dst_port", "proto", "ts_ns")
    columns = [getattr(rows, name) if index is None else getattr(rows, name)[index] for name in names]
    size = columns[-1].size
    return judge(policy, FlowKeys(
        *columns[:-1], np.zeros(size, np.uint8), columns[-1], np.full(size, int(Certainty.BIFLOW), np.uint8),
        np.zeros(size, np.uint64), np.zeros(size, np.uint8), np.full(size, -1, np.int32)))


def halves(address: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one 128-bit address as two columns."""
    return np.array([address >> 64], np.uint64), np.array([address & 0xFFFFFFFFFFFFFFFF], np.uint64)


def zone_of(policy: Policy, address: int) -> int:
    """Return the zone of one 128-bit address."""
    return int(policy.zone_of(*halves(address))[0])


def address_of(text: str) -> int:
    """Return an address in text as a 128-bit int; 0 where there is none, or 0.0.0.0."""
    try:
        return 0 if text == "0.0.0.0" else address_int(text)
    except ValueError:
        return 0


def zone_of_text(policy: Policy, text: str) -> int:
    """Return the zone of an address in text, 0 where there is none."""
    return zone_of(policy, address_of(text)) if address_of(text) else 0


def permitted(found: Judgement) -> np.ndarray:
    """Return where a judgement raises nothing by itself."""
    return (found.verdict == int(Verdict.PERMITTED)) | (found.verdict == int(Verdict.NOT_JUDGED))

"""The nouns of a policy: zones, sensors, services and conduits, as read from the file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

Network = IPv4Network | IPv6Network

MODELS = ("free", "alpha", "alpha-prime", "beta", "beta-prime")
KINDS = ("internal", "closed", "external")
TIERS = ("mynumber", "lgwan", "inet", "sanitizer")

SANITIZATION_STRENGTH = {
    "": 0, "gateway-ingress": 0, "risk-accepted-alpha-prime": 1, "inspection": 2, "file-cdr": 3,
    "text-extraction": 4, "mail-text": 4, "image-pdf": 4, "screen-transfer": 5,
}
"""How much of an active content each method can let through: a higher number lets through less."""

ANY_PROTO = -1
ALL_PORTS = (0, 65535)


class PortRange(NamedTuple):
    """A protocol (ANY_PROTO for all) and the responder's ports, both ends included."""

    proto: int
    low: int
    high: int


class Window(NamedTuple):
    """A window of the week: weekdays (0 = Monday) on which it starts, minutes of the day; past 1440 = next day."""

    days: tuple[int, ...]
    start_minute: int
    stop_minute: int


@dataclass
class Zone:
    """A zone (領域・系): a set of prefixes with an owner and a rank."""

    name: str
    ja: str = ""
    rank: int = 0
    kind: str = "internal"
    networks: list[Network] = field(default_factory=list)
    vlans: list[int] = field(default_factory=list)
    owner: str = ""
    clause: str = ""
    tier: str = ""
    organ: str = ""
    carve_out_of: list[str] = field(default_factory=list)


@dataclass
class Sensor:
    """A tap, and the zones whose addresses may be seen on its wire."""

    name: str
    ja: str = ""
    tap: str = ""
    expects: list[str] = field(default_factory=list)


@dataclass
class Conduit:
    """A permitted path (通信経路) from the initiator's zone to the responder's.

    Of a list that may be left out (hosts, apps, MAC addresses, names, hours) none means all; of a limit 0 means none.
    """

    name: str
    ja: str = ""
    source: str = ""
    target: str = ""
    from_hosts: list[Network] = field(default_factory=list)
    to_hosts: list[Network] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    ports: list[PortRange] = field(default_factory=list)
    apps: list[str] = field(default_factory=list)
    sanitization: str = ""
    forbid: list[str] = field(default_factory=list)
    max_up_mb_per_hour: float = 0.0
    max_down_mb_per_hour: float = 0.0
    specific: bool = False
    src_mac: list[int] = field(default_factory=list)
    sni: list[str] = field(default_factory=list)
    tenant: str = ""
    hours: list[Window] = field(default_factory=list)
    hours_text: list[str] = field(default_factory=list)
    owner: str = ""
    justification: str = ""
    review_by: dt.date | None = None
    exception: str = ""


@dataclass
class Draft:
    """A policy as far as it could be read; the checks run on it even when parts are wrong."""

    city: str = ""
    model: str = ""
    default: str = ""
    timezone: str = "Asia/Tokyo"
    approved_by: str = ""
    approved_on: dt.date | None = None
    valid_from: dt.date | dt.datetime | None = None
    zones: dict[str, Zone] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)
    services: dict[str, list[PortRange]] = field(default_factory=dict)
    conduits: dict[str, Conduit] = field(default_factory=dict)

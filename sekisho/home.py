"""A policy from nothing but the networks of our own: it labels flows home and external, and permits both ways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from ipaddress import collapse_addresses, ip_network

from columns.errors import ConfigError
from zones import Policy
from zones.loading import examine
from zones.policy import build_policy
from zones.problems import Level

_TEXT = """\
schema = 1
city = "home networks"
model = "free"
default = "deny"
approved_by = "home_net"
approved_on = 2020-01-01
[zone.home]
rank = 1
kind = "internal"
cidr = {networks}
owner = "home_net"
[zone.external]
rank = 0
kind = "external"
cidr = ["0.0.0.0/0", "::/0"]
owner = "home_net"
[service]
all = ["any"]
[conduit.outbound]
from = "home"
to = "external"
services = ["all"]
owner = "home_net"
justification = "declared as home"
review_by = 2200-12-31
[conduit.inbound]
from = "external"
to = "home"
to_hosts = {networks}
services = ["all"]
owner = "home_net"
justification = "declared as home"
review_by = 2200-12-31
"""


def home_policy(networks: Sequence[str]) -> Policy:
    """Return the policy of home networks (CIDR, no host bits).

    Private addresses outside them are in no zone, as in any policy. ConfigError when the networks make none, which
    is when they cover everything.
    """
    text = _TEXT.format(networks=json.dumps(_collapsed(networks)))
    draft, problems = examine(text.encode())
    errors = [p for p in problems if p.level is Level.ERROR]
    if draft is None or errors:
        raise ConfigError(f"home_net: {errors[0].message if errors else 'no networks'}",
                          expected="some networks of our own", remedy="leave addresses of others out of it")
    return build_policy(draft, hashlib.sha256(text.encode()).hexdigest(), ())


def _collapsed(networks: Sequence[str]) -> list[str]:
    parsed = [ip_network(text) for text in networks]
    return [str(n) for version in (4, 6) for n in collapse_addresses(n for n in parsed if n.version == version)]

"""Networks as settings name them and as kernels ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

import numpy as np

from columns.address import address_int
from columns.errors import ConfigError

_LOW = 0xFFFFFFFFFFFFFFFF


def checked_networks(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of networks in CIDR notation as a tuple; ConfigError names what is none."""
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise ConfigError(f"{value!r} is not a list", where=where, expected="a list of networks",
                          remedy='write it like ["192.0.2.0/24", "2001:db8::/32"]')
    for text in value:
        try:
            ip_network(text)
        except ValueError as error:
            raise ConfigError(f"{text!r} is not a network ({error})", where=where,
                              expected="CIDR notation without host bits",
                              remedy='write it like "192.0.2.0/24"') from None
    return tuple(value)


def network_words(networks: Sequence[str]) -> np.ndarray:
    """Return networks as uint64[n, 4]: mask hi, mask lo, network hi, network lo (IPv4 mapped into ::ffff:0:0/96)."""
    words = np.zeros((len(networks), 4), np.uint64)
    for k, text in enumerate(networks):
        network = ip_network(text)
        bits = network.prefixlen + (96 if network.version == 4 else 0)
        mask = (1 << 128) - (1 << (128 - bits))
        address = address_int(str(network.network_address))
        words[k] = [mask >> 64, mask & _LOW, address >> 64, address & _LOW]
    return words

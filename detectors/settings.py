"""How a detector's settings are declared: every field has a unit, a range, a default and a meaning beside it."""

from __future__ import annotations

from dataclasses import field, fields
from ipaddress import ip_network
from typing import Any

import numpy as np

from columns.address import address_int
from columns.errors import ConfigError

_LOW = 0xFFFFFFFFFFFFFFFF
_NETWORKS = "CIDR"


def setting(default: Any, *, unit: str, low: float, high: float, meaning: str) -> Any:
    """Return a dataclass field of a number within low..high (both allowed), with its unit and meaning as metadata."""
    return field(default=default, metadata={"unit": unit, "range": (low, high), "meaning": meaning})


def network_list(*, meaning: str) -> Any:
    """Return a dataclass field of networks in CIDR notation, empty by default."""
    return field(default=(), metadata={"unit": _NETWORKS, "meaning": meaning})


def word_list(*, unit: str, meaning: str) -> Any:
    """Return a dataclass field of texts, empty by default."""
    return field(default=(), metadata={"unit": unit, "meaning": meaning})


def check_settings(settings: Any, section: str) -> None:
    """Raise ConfigError for the first number or list of networks of the wrong type or outside its range."""
    for f in fields(settings):
        value = getattr(settings, f.name)
        where = f"[{section}] {f.name}"
        if "range" not in f.metadata:
            if f.metadata.get("unit") == _NETWORKS:
                object.__setattr__(settings, f.name, _networks(value, where))
            continue
        low, high = f.metadata["range"]
        whole = isinstance(f.default, int)
        right_type = type(value) is int or (type(value) is float and not whole)
        if not right_type or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise ConfigError(f"{value!r} is not allowed", where=where,
                              expected=f"{kind} from {low} to {high} ({f.metadata['unit']})",
                              remedy=f"the default is {f.default}")


def require_power_of_two(settings: Any, section: str, *names: str) -> None:
    """Raise ConfigError unless each named field is a power of two (tables are indexed by the low bits of a hash)."""
    for name in names:
        value = getattr(settings, name)
        if value & (value - 1):
            lower = 1 << (value.bit_length() - 1)
            raise ConfigError(
                f"{value} is not a power of two", where=f"[{section}] {name}",
                expected="a power of two", remedy=f"take {lower} or {lower * 2}",
            )


def _networks(value: Any, where: str) -> tuple[str, ...]:
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


def network_words(networks: tuple[str, ...]) -> np.ndarray:
    """Return networks as uint64[n, 4]: mask hi, mask lo, network hi, network lo (IPv4 mapped), for in_networks."""
    words = np.zeros((len(networks), 4), np.uint64)
    for k, text in enumerate(networks):
        network = ip_network(text)
        bits = network.prefixlen + (96 if network.version == 4 else 0)
        mask = (1 << 128) - (1 << (128 - bits))
        address = address_int(str(network.network_address))
        words[k] = [mask >> 64, mask & _LOW, address >> 64, address & _LOW]
    return words

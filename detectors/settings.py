"""How a detector's settings are declared: every field has a unit, a range, a default and a meaning beside it."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from columns.errors import ConfigError
from columns.networks import checked_networks

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
                object.__setattr__(settings, f.name, checked_networks(value, where))
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

"""Values as suricata.yaml writes them: switches, sizes with units, numbers. Each raises ValueError with what it is."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([kmg]i?b|b)?\s*", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_ON, _OFF = ("yes", "true", "1", "on", "enable", "enabled"), ("no", "false", "0", "off", "disable", "disabled")
UNLIMITED = 1 << 60


def switch(value: Any) -> bool:
    """Return whether it is on."""
    word = str(value).strip().lower()
    if word in _ON or word in _OFF:
        return word in _ON
    raise ValueError("is neither yes nor no")


def not_switch(value: Any) -> bool:
    """Return whether it is off."""
    return not switch(value)


def number(value: Any) -> int:
    """Return a whole number."""
    text = str(value).strip()
    if not re.fullmatch(r"\d{1,18}", text):
        raise ValueError("is no whole number")
    return int(text)


def size(value: Any) -> int:
    """Return a number of bytes; k, m and g count in 1024."""
    found = _SIZE.fullmatch(str(value))
    if found is None:
        raise ValueError("is no size such as 64kb")
    return int(float(found[1]) * _UNITS[(found[2] or "")[:1].lower()])


def size_or_all(value: Any) -> int:
    """Return a number of bytes, where 0 is no limit."""
    return size(value) or UNLIMITED


def kib(value: Any) -> int:
    """Return a size in KiB, rounded up; 0 is no limit."""
    return -(-size_or_all(value) // 1024)


def mib(value: Any) -> int:
    """Return a size in MiB, rounded up."""
    return -(-size(value) // (1 << 20))


def network_text(text: str) -> str | None:
    """Return an address or network in CIDR notation, its host bits set to zero; None for what is neither."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return None


def words(value: Any) -> tuple[str, ...]:
    """Return a list of words; one alone is a list, too."""
    if isinstance(value, list):
        return tuple(str(one).strip() for one in value if not isinstance(one, (dict, list)))
    return tuple(part.strip() for part in str(value).strip("[] ").split(",") if part.strip())

"""What a browser may ask with: every parameter has a name, a type and a bound, and is bound, never pasted into SQL."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from columns.errors import UsageError
from dashboards.panels import Request, step_for

LAST_MS = 4_294_967_295_000
"""The last second that the buckets of rollups can name: February 2106."""
LISTS = ("site", "sensor", "zone", "severity")
_LIST_VALUES = 64
_TEXT_LETTERS = 256

@dataclass(frozen=True)
class Asked:
    """A checked request: the range, the filters that every panel knows, and the rest by name."""

    from_ms: int
    to_ms: int
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rest: dict[str, str] = field(default_factory=dict)

    def request(self, values: Mapping[str, Any]) -> Request:
        """Return what a question is bound with; values are the parameters of its own."""
        lang = one_of("lang", self.rest.get("lang", "en"), ("ja", "en"))
        lists = {name: self.lists.get(name, ()) for name in LISTS}
        return Request(self.from_ms, self.to_ms, step_for(self.to_ms - self.from_ms), lang=lang, values=values, **lists)

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """Return a whole number of the rest, checked against its bounds."""
        return _number(name, self.rest.get(name) or str(default), lowest, highest)


def asked(items: Iterable[tuple[str, str]], known: Iterable[str] = ()) -> Asked:
    """Return a checked request from the parameters of an address; UsageError names what is wrong with them.

    known: names that may come besides the range and the lists. Without a range the last 24 hours are meant.
    """
    plain: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    allowed = {"from", "to", *known}
    for name, value in items:
        if len(value) > _TEXT_LETTERS:
            raise UsageError(f"{name} is longer than {_TEXT_LETTERS} letters", where=name)
        if name in LISTS and name not in allowed:
            lists.setdefault(name, []).append(value)
        elif name in allowed:
            plain[name] = value
        else:
            raise UsageError(f"unknown parameter {name[:40]}", where=name[:40],
                             expected=", ".join([*LISTS, *sorted(allowed)]))
    now = int(time.time() * 1000)
    from_ms = _number("from", plain.pop("from", str(now - 86_400_000)), 0, LAST_MS)
    to_ms = _number("to", plain.pop("to", str(now)), 0, LAST_MS)
    if from_ms >= to_ms:
        raise UsageError("the range ends before it begins", where="from", expected="from before to")
    for name, values in lists.items():
        if len(values) > _LIST_VALUES:
            raise UsageError(f"{len(values)} values of {name}", where=name, expected=f"at most {_LIST_VALUES}")
    return Asked(from_ms, to_ms, {name: tuple(values) for name, values in lists.items()}, plain)


def _number(name: str, text: str, lowest: int, highest: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not lowest <= number <= highest:
        raise UsageError(f"{name}: {text[:40]} is not a number that fits", where=name,
                         expected=f"{lowest} to {highest}")
    return number


def number_of(name: str, text: str, highest: int) -> int:
    """Return a whole number from 0 to highest out of an address's parameter or path."""
    return _number(name, text, 0, highest)


def one_of(name: str, text: str, choices: Iterable[str]) -> str:
    """Return a text that is one of the choices."""
    if text not in choices:
        raise UsageError(f"{name}: {text[:40]} is unknown", where=name, expected="one of " + ", ".join(choices))
    return text


def address_of(text: str, name: str = "ip") -> str:
    """Return an address as people and the views write it (an IPv4-mapped one dotted)."""
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        raise UsageError(f"{name}: {text[:60]} is not an address", where=name,
                         expected="an address such as 192.0.2.1 or 2001:db8::1") from None
    return str(getattr(address, "ipv4_mapped", None) or address)


def network_of(text: str, name: str) -> tuple[str, str]:
    """Return the first and last address of a network or address, as IPv6 text for the tables."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise UsageError(f"{name}: {text[:60]} is not an address or network", where=name,
                         expected="an address such as 192.0.2.1 or a network such as 10.10.0.0/16") from None
    prefix = "::ffff:" if network.version == 4 else ""
    return f"{prefix}{network.network_address}", f"{prefix}{network.broadcast_address}"

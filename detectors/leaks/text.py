"""How evidence is put into words: addresses, zones and services in one way, in English and Japanese."""

from __future__ import annotations

from columns.address import address_text, proto_text
from zones import Policy

_LOW = 0xFFFFFFFFFFFFFFFF


def host(value: int) -> str:
    """Return the text of an address given as a 128-bit int."""
    return address_text(value >> 64, value & _LOW)


def placed(policy: Policy, value: int, zone: int) -> str:
    """Return an address with its zone, for English."""
    return f"{host(value)} ({policy.zone_names[zone]})"


def placed_ja(policy: Policy, value: int, zone: int) -> str:
    """Return an address with its zone, for Japanese."""
    return f"{host(value)}（{policy.zone_names[zone]}）"


def service(proto: int, port: int) -> str:
    """Return a service such as tcp/443, or the name of a protocol without ports."""
    return proto_text(proto).lower() + (f"/{port}" if proto in (6, 17, 132) else "")


def printable(text: str, most: int = 80) -> str:
    """Return a text that came from the network so that it fits a sentence: short, no control characters."""
    clean = "".join(c if c.isprintable() else "?" for c in text[:most])
    return clean + ("…" if len(text) > most else "")

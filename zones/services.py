"""Services: which protocols and responder ports a name stands for."""

from __future__ import annotations

from zones.model import ALL_PORTS, ANY_PROTO, PortRange

WITH_PORTS = {"tcp": 6, "udp": 17, "sctp": 132}
WITHOUT_PORTS = {"icmp": 1, "igmp": 2, "ipip": 4, "6in4": 41, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58,
                 "ospf": 89, "vrrp": 112}
_NAMES = {number: name for name, number in (WITH_PORTS | WITHOUT_PORTS).items()}


def parse_port_range(text: str) -> PortRange:
    """Return what ``tcp/443``, ``udp/3478-3481``, ``tcp``, ``icmp``, ``ip/47`` or ``any`` means; else ValueError."""
    name, slash, ports = text.strip().lower().partition("/")
    if not slash:
        if name == "any":
            return PortRange(ANY_PROTO, *ALL_PORTS)
        proto = WITH_PORTS.get(name) or WITHOUT_PORTS.get(name)
        if proto is None:
            raise ValueError(f"{text!r} is no protocol")
        return PortRange(proto, *ALL_PORTS)
    if name == "ip":
        return PortRange(_number(ports, 0, 255, text), *ALL_PORTS)
    if name not in WITH_PORTS:
        raise ValueError(f"{text!r}: only tcp, udp and sctp have ports")
    low, dash, high = ports.partition("-")
    first = _number(low, 0, 65535, text)
    last = _number(high, 0, 65535, text) if dash else first
    if last < first:
        raise ValueError(f"{text!r} ends before it starts")
    return PortRange(WITH_PORTS[name], first, last)


def _number(text: str, low: int, high: int, whole: str) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise ValueError(f"{whole!r}: {text!r} is not a number from {low} to {high}")
    return int(text)


def port_text(ports: PortRange) -> str:
    """Return a protocol and its ports as a policy file writes them."""
    if ports.proto == ANY_PROTO:
        return "any"
    name = _NAMES.get(ports.proto, f"ip/{ports.proto}")
    if (ports.low, ports.high) == (0, 65535):
        return name
    return f"{name}/{ports.low}" + (f"-{ports.high}" if ports.high != ports.low else "")


def covers(wide: list[PortRange], narrow: list[PortRange]) -> bool:
    """Return whether every protocol and port of narrow is in wide."""
    return all(_inside(wide, r) for r in narrow)


def _inside(wide: list[PortRange], part: PortRange) -> bool:
    at = part.low
    fitting = sorted((r.low, r.high) for r in wide if r.proto in (part.proto, ANY_PROTO))
    for low, high in fitting:
        if low > at:
            return False
        if high >= part.high:
            return True
        at = max(at, high + 1)
    return False


def overlap(a: list[PortRange], b: list[PortRange]) -> bool:
    """Return whether some protocol and port is in both."""
    return any(
        (x.proto == y.proto or ANY_PROTO in (x.proto, y.proto)) and x.low <= y.high and y.low <= x.high
        for x in a for y in b
    )


def open_ports(ranges: list[PortRange]) -> int:
    """Return how many ports of TCP, UDP and SCTP together are open; a port named twice counts once."""
    total = 0
    for proto in WITH_PORTS.values():
        at = -1
        for low, high in sorted((r.low, r.high) for r in ranges if r.proto in (proto, ANY_PROTO)):
            total += max(0, high - max(low, at + 1) + 1)
            at = max(at, high)
    return total

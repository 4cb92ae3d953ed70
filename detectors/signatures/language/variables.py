"""Address and port variables, and the expressions of a header that use them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from detectors.signatures.language.addresses import (
    ANY_ADDRESS,
    ANY_PORT,
    TOP_ADDRESS,
    TOP_PORT,
    V4_HIGH,
    V4_LOW,
    AddressSet,
    PortSet,
    Ranges,
    complement,
    merged,
    without,
)
from detectors.signatures.language.problems import ValueProblem

ADDRESS_DEFAULTS = {
    "HOME_NET": "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]", "EXTERNAL_NET": "!$HOME_NET",
    **dict.fromkeys(("HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "DC_SERVERS",
                     "DNP3_SERVER", "DNP3_CLIENT", "MODBUS_CLIENT", "MODBUS_SERVER", "ENIP_CLIENT", "ENIP_SERVER"),
                    "$HOME_NET"),
    "AIM_SERVERS": "$EXTERNAL_NET",
}
PORT_DEFAULTS = {
    "HTTP_PORTS": "80", "SHELLCODE_PORTS": "!80", "ORACLE_PORTS": "1521", "SSH_PORTS": "22", "DNP3_PORTS": "20000",
    "MODBUS_PORTS": "502", "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]", "FTP_PORTS": "21", "GENEVE_PORTS": "6081",
    "VXLAN_PORTS": "4789", "TEREDO_PORTS": "3544", "SIP_PORTS": "[5060,5061]",
}
"""As in the configuration that comes with Suricata 8."""

MAX_DEPTH = 32
"""Nesting of lists and variables."""
MAX_ITEMS = 65_536
"""Items of one expression, its variables' included."""


class Variables:
    """Variables by name and the sets that expressions come to; each expression is worked out once.

    addresses and ports replace or add to the defaults. A value that is wrong raises ValueProblem where it is used.
    """

    def __init__(self, addresses: Mapping[str, str] | None = None, ports: Mapping[str, str] | None = None) -> None:
        self.addresses = ADDRESS_DEFAULTS | dict(addresses or {})
        self.ports = PORT_DEFAULTS | dict(ports or {})
        self._addresses: dict[str, AddressSet] = {}
        self._ports: dict[str, PortSet] = {}

    def address_set(self, text: str) -> AddressSet:
        """Return the addresses of an expression such as [$HOME_NET,!10.1.1.1]."""
        found = self._addresses.get(text)
        if found is None:
            ranges, negated = _one_set(text, self.addresses, "address", TOP_ADDRESS, _address_item)
            found = ANY_ADDRESS if ranges == ANY_ADDRESS.ranges else AddressSet(ranges, negated)
            self._addresses[text] = found
        return found

    def port_set(self, text: str) -> PortSet:
        """Return the ports of an expression such as [80,1024:,!8080]."""
        found = self._ports.get(text)
        if found is None:
            ranges, _ = _one_set(text, self.ports, "port", TOP_PORT, _port_item)
            self._ports[text] = found = ANY_PORT if ranges == ANY_PORT.ranges else PortSet(ranges)
        return found


def _one_set(text, variables, kind, top, item) -> tuple[Ranges, bool]:
    """Return the ranges of an expression, and whether there are negations.

    It is what is listed, less what is negated; all, less what is negated, where only negations stand.
    """
    wanted: list[tuple[int, int]] = []
    unwanted: list[tuple[int, int]] = []
    waiting = [(text, False, 0)]
    count = 0
    while waiting:
        part, negated, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_ITEMS:
            raise ValueProblem(f"the {kind} expression {text} is nested too deeply or refers to itself",
                               "look at the variables that it uses")
        part = part.strip()
        if part.startswith("!"):
            part, negated = part[1:].lstrip(), not negated
        if part.startswith("["):
            waiting += [(piece, negated, depth + 1) for piece in _pieces(part, kind)]
        elif part.startswith("$"):
            waiting.append((_value(part[1:], variables, kind), negated, depth + 1))
        else:
            low, high = (0, top) if part.lower() == "any" else item(part)
            if negated and (low, high) == (0, top):
                raise ValueProblem(f"!any matches no {kind}", f"take the negation of any out of {text}")
            (unwanted if negated else wanted).append((low, high))
    found = merged(wanted) if wanted else complement((), top)
    found = without(found, merged(unwanted)) if unwanted else found
    if not found:
        raise ValueProblem(f"no {kind} is left of {text}", "its negations take out everything that it lists")
    return found, bool(unwanted)


def _value(name: str, variables: Mapping[str, str], kind: str) -> str:
    if name not in variables:
        known = ", ".join(sorted(variables))
        raise ValueProblem(f"unknown {kind} variable ${name}", f"set it under [rules.vars], or use one of {known}")
    return variables[name]


def _pieces(text: str, kind: str) -> list[str]:
    """Return the items of a list in brackets."""
    if not text.endswith("]"):
        raise ValueProblem(f"the brackets of {text} are not closed", "close them")
    found, depth, start, inner = [], 0, 0, text[1:-1]
    for k, ch in enumerate(inner):
        depth += (ch == "[") - (ch == "]")
        if depth < 0:
            raise ValueProblem(f"the brackets of {text} do not match", "open as many as are closed")
        if ch == "," and not depth:
            found.append(inner[start:k])
            start = k + 1
    found.append(inner[start:])
    if depth or any(not piece.strip() for piece in found):
        raise ValueProblem(f"the {kind} list {text} has an empty item or an open bracket", "write [a,b,!c]")
    return found


def _address_item(text: str) -> tuple[int, int]:
    try:
        if "-" in text:
            low, _, high = text.partition("-")
            first, last = ipaddress.ip_address(low.strip()), ipaddress.ip_address(high.strip())
            if first.version != last.version or int(first) > int(last):
                raise ValueError("does not go upwards")
            base = V4_LOW if first.version == 4 else 0
            return base + int(first), base + int(last)
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueProblem(f"{text} is no address ({error})",
                           "write an address, a network such as 10.0.0.0/8, or a range such as 10.0.0.1-10.0.0.9"
                           ) from None
    if network.version == 4:
        if network.prefixlen == 0:
            return V4_LOW, V4_HIGH
        return V4_LOW + int(network.network_address), V4_LOW + int(network.broadcast_address)
    return int(network.network_address), int(network.broadcast_address)


def _port_item(text: str) -> tuple[int, int]:
    low, colon, high = text.partition(":")
    try:
        first = _port(low) if low.strip() or not colon else 0
        last = (_port(high) if high.strip() else TOP_PORT) if colon else first
        if first > last:
            raise ValueError
    except ValueError:
        raise ValueProblem(f"{text} is no port", "write a number up to 65535, or a range such as 1024:2048 or 1024:"
                           ) from None
    return first, last


def _port(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or int(text) > TOP_PORT:
        raise ValueError
    return int(text)

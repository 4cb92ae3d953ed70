"""Filters of alerts and flows: each becomes a condition with a query parameter, never text pasted into SQL."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address, ip_network
from typing import Any

from columns import Table
from columns.address import MAPPED_LO, PROTO_NAMES, address_text
from columns.errors import UsageError


class Filters:
    """Conditions joined by AND, and their parameters (``{p0:UInt16}`` in the SQL, p0 in params)."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.params: dict[str, Any] = {}

    @property
    def sql(self) -> str:
        """The conditions as one SQL expression."""
        return " AND ".join(self._conditions) or "1"

    def param(self, value: Any, kind: str) -> str:
        """Note a parameter and return its placeholder."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"{{{name}:{kind}}}"

    def where(self, condition: str, *values: tuple[Any, str]) -> None:
        """Add a condition; each ``?`` in it takes one of the values, given with its ClickHouse type."""
        for value, kind in values:
            condition = condition.replace("?", self.param(value, kind), 1)
        self._conditions.append(f"({condition})")

    def equals(self, column: str, value: Any, kind: str = "String") -> None:
        """Keep rows whose column is the value; None keeps all."""
        if value is not None:
            self.where(f"{column} = ?", (value, kind))

    def within(self, columns: tuple[str, ...], network: str | None, option: str) -> None:
        """Keep rows with one of the address columns in a network (or equal to an address); None keeps all."""
        if network is None:
            return
        first, last = address_range(network, option)
        values = [(first, "String"), (last, "String")] * len(columns)
        self.where(" OR ".join(f"({c} BETWEEN toIPv6(?) AND toIPv6(?))" for c in columns), *values)

    def since(self, column: str, text: str | None, option: str, *, until: bool = False) -> None:
        """Keep rows from a time on (or, with until, before it); None keeps all."""
        if text is not None:
            self.where(f"{column} {'<' if until else '>='} ?", (instant(text, option), "DateTime64(6, 'UTC')"))


def address_range(text: str, option: str) -> tuple[str, str]:
    """Return the first and last address of a CIDR or an address, as IPv6 text; UsageError for anything else."""
    try:
        network = ip_network(text, strict=False) if "/" in text else ip_network(ip_address(text))
    except ValueError:
        raise UsageError(f"{option}: {text} is not an address or network",
                         expected="an address such as 192.0.2.1 or a network such as 10.10.0.0/16") from None
    mapped = MAPPED_LO if network.version == 4 else 0
    ends = [int(network.network_address) | mapped, int(network.broadcast_address) | mapped]
    first, last = (_ipv6_text(end) for end in ends)
    return first, last


def _ipv6_text(value: int) -> str:
    text = address_text(value >> 64, value & (1 << 64) - 1)
    return f"::ffff:{text}" if ":" not in text else text


def instant(text: str, option: str) -> str:
    """Return an ISO 8601 time as ClickHouse takes it, in UTC (a time without offset is UTC already)."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: {text} is not a time",
                         expected="ISO 8601 such as 2026-06-01 or 2026-06-01T09:00:00+09:00") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ", timespec="microseconds")


def known_label(table: Table, column: str, label: str) -> str:
    """Return a label that a column can have; UsageError lists them for any other."""
    labels = [code.name.lower() for code in table.column(column).labels]  # type: ignore[union-attr]
    if label not in labels:
        raise UsageError(f"--{column}: {label} is unknown", expected="one of " + ", ".join(labels))
    return label


def protocol_number(text: str) -> int:
    """Return an IP protocol given by name (any case) or number; UsageError for anything else."""
    numbers = {name.lower(): number for number, name in PROTO_NAMES.items()}
    numbers |= {"icmpv6": 58, "6in4": 41}
    number = numbers.get(text.lower(), int(text) if text.isdecimal() else -1)
    if not 0 <= number <= 255:
        raise UsageError(f"--proto: {text} is not an IP protocol", expected="tcp, udp, icmp, … or 0 to 255")
    return number

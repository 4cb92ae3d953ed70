"""DHCP for IPv4 (RFC 2131, 2132) and BOOTP (RFC 951)."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.dhcp import DHCP
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed

_HEAD = struct.Struct(">4BIHH4s4s4s4s16s")
_COOKIE, _FIXED = b"\x63\x82\x53\x63", 236
_PORTS = frozenset({67, 68})
_TYPES = ("", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform", "force_renew",
          "lease_query", "lease_unassigned", "lease_unknown", "lease_active")
_PARAMETERS = {1: "subnet_mask", 3: "router", 6: "dns_server", 15: "domain", 35: "arp_timeout", 42: "ntp_server",
               66: "tftp_server_name", 150: "tftp_server_ip"}
_TIMES = {51: "lease_time_s", 58: "renewal_time_s", 59: "rebinding_time_s"}
_SHOWN = (("leasetime", "lease_time_s"), ("renewal_time", "renewal_time_s"), ("rebinding_time", "rebinding_time_s"))
_ADDRESS = {1: "subnet_mask", 50: "requested_ip", 54: "server_ip"}
_ADDRESSES = {3: "routers", 6: "dns_servers"}
_TEXTS = {12: "hostname", 15: "domain", 60: "vendor_class"}
_OPTIONS = 256  # most options looked at


class DhcpDatagrams:
    """One message per datagram."""

    app_proto: ClassVar[AppProto] = AppProto.DHCP

    def __init__(self, context: Context) -> None:
        self._context, self.done, self._number = context, False, 0

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        row = message_of(data)
        if row is None:
            self._context.count("dhcp_malformed")
        else:
            if row.pop("cut"):
                self._context.count("dhcp_options_cut")
            if self._context.show:
                shown = [(f"dhcp.{name}", b"%d" % row[column]) for name, column in _SHOWN if column in row]
                self._context.show(at, self._number, to_server, shown, True)
            self._number += 1
            self._context.emit(DHCP, at, row)

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


def message_of(data: bytes) -> dict[str, Any] | None:
    """Return the columns of a message and ``cut`` (its options break off), or None where it is none."""
    if len(data) < _FIXED:
        return None
    op, _, size, _, ident, _, _, client, given, server, relay, hardware = _HEAD.unpack_from(data)
    if op not in (1, 2) or size > 16:
        return None
    row: dict[str, Any] = {
        "message_type": "request" if op == 1 else "reply", "id": ident, "client_mac": hardware[:size].hex(":"),
        "client_ip": _ip(client), "assigned_ip": _ip(given), "next_server_ip": _ip(server), "relay_ip": _ip(relay),
        "cut": False,
    }
    if data[_FIXED : _FIXED + 4] == _COOKIE:
        _options(data, row)
    return row


def _ip(data: bytes) -> str:
    return str(ipaddress.IPv4Address(data))


def _options(data: bytes, row: dict[str, Any]) -> None:
    pos = _FIXED + 4
    for _ in range(_OPTIONS):
        while pos < len(data) and data[pos] == 0:
            pos += 1
        if pos >= len(data) or data[pos] == 255:
            return
        if pos + 2 > len(data) or pos + 2 + data[pos + 1] > len(data):
            row["cut"] = True
            return
        _option(data[pos], data[pos + 2 : pos + 2 + data[pos + 1]], row)
        pos += 2 + data[pos + 1]
    row["cut"] = True


def _option(code: int, value: bytes, row: dict[str, Any]) -> None:
    if code == 53 and len(value) == 1:
        row["dhcp_type"] = _TYPES[value[0]] if value[0] < len(_TYPES) else "unknown"
    elif code in _ADDRESS and len(value) == 4:
        row[_ADDRESS[code]] = _ip(value)
    elif code in _ADDRESSES and value and len(value) % 4 == 0:
        row[_ADDRESSES[code]] = json_column([_ip(value[i : i + 4]) for i in range(0, len(value), 4)])
    elif code in _TEXTS:
        row[_TEXTS[code]] = printed(value.rstrip(b"\0"))
    elif code in _TIMES and len(value) == 4:
        row[_TIMES[code]] = int.from_bytes(value, "big")
    elif code == 61:
        row["client_id"] = value.hex(":")
    elif code == 55:
        row["params"] = json_column([_PARAMETERS.get(p, str(p)) for p in value])


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is DHCP: its ports, and the fixed beginning of a message."""
    if flow.proto != 17 or not _PORTS & {flow.src_port, flow.dst_port}:
        return False
    first = initiator or responder
    if not first:
        return None
    return len(first) >= 44 and first[0] in (1, 2) and 0 < first[1] < 40 and first[2] <= 16 and first[3] <= 16


WANTS: tuple[Wants, ...] = (Wants(AppProto.DHCP, DhcpDatagrams, probe, (DHCP,), Opening(b"\1\2", alone=b"\1\2")),)

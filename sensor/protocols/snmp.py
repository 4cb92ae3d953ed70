"""SNMP over UDP (RFC 1157, 3416, 3412, 3414)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.snmp import SNMP
from sensor.protocols.ber import INTEGER, OCTETS, OID, SEQUENCE, Element, element, elements, integer, octets, oid
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed

_PDU = {0xA0: "get_request", 0xA1: "get_next_request", 0xA2: "response", 0xA3: "set_request", 0xA4: "trap_v1",
        0xA5: "get_bulk_request", 0xA6: "inform_request", 0xA7: "trap_v2", 0xA8: "report"}
_PDU_NUMBERS = {name: tag & 0x1F for tag, name in _PDU.items()}
_TRAPS = ("coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss",
          "enterpriseSpecific")
_TRAP_V1 = 0xA4
_LEVELS = ("noAuthNoPriv", "authNoPriv", "noAuthNoPriv", "authPriv")
_VERSIONS = {0: 1, 1: 2, 3: 3}
_PORTS = frozenset({161, 162, 10161, 10162})
_GIVE_UP = 8


@limited("snmp")
@dataclass(frozen=True)
class SnmpSettings:
    """Settings of SNMP; a value outside its range raises UsageError."""

    variables: int = limit(128, 1, 65536, "", "object identifiers kept of a message")


class SnmpDatagrams:
    """One message per datagram."""

    app_proto: ClassVar[AppProto] = AppProto.SNMP

    def __init__(self, context: Context) -> None:
        settings = context.settings if isinstance(context.settings, SnmpSettings) else SnmpSettings()
        self._context, self._most, self._strange, self.done = context, settings.variables, 0, False
        self._number = 0

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        row = message_of(data, self._most)
        if row is None:
            self._context.count("snmp_malformed")
            self._strange += 1
            self.done = self._strange >= _GIVE_UP
            return
        self._strange = min(self._strange, 0)
        if self._context.show:
            self._context.show(at, self._number, to_server, row_buffers(row), True)
        self._number += 1
        self._context.emit(SNMP, at, {"to_server": int(to_server), "message_bytes": len(data), **row})

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


def row_buffers(row: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a message."""
    shown = [("snmp.version", b"%d" % row["version"])]
    if row.get("pdu_type") in _PDU_NUMBERS:
        shown.append(("snmp.pdu_type", b"%d" % _PDU_NUMBERS[row["pdu_type"]]))
    return shown + [(f"snmp.{name}", row[name].encode()) for name in ("community", "usm") if row.get(name)]


def message_of(data: bytes, most: int) -> dict[str, Any] | None:
    """Return the columns of a message, or None where it is none."""
    outer = element(data, 0, len(data), clip=True)
    if outer is None or outer.tag != SEQUENCE:
        return None
    parts = elements(data, outer.start, outer.stop, 4)
    if not parts or parts[0].tag != INTEGER or (version := _VERSIONS.get(integer(data, parts[0]))) is None:
        return None
    if version == 3:
        return _version_3(data, parts, most)
    if len(parts) < 3 or parts[1].tag != OCTETS or parts[2].tag not in _PDU:
        return None
    return {"version": version, "community": printed(octets(data, parts[1])), **_pdu(data, parts[2], most)}


def _version_3(data: bytes, parts: list[Element], most: int) -> dict[str, Any] | None:
    if len(parts) < 4 or parts[1].tag != SEQUENCE or parts[2].tag != OCTETS:
        return None
    head = elements(data, parts[1].start, parts[1].stop, 4)
    if len(head) < 4 or head[2].stop <= head[2].start:
        return None
    flags = data[head[2].start]
    row: dict[str, Any] = {"version": 3, "security": _LEVELS[flags & 3]}
    security = element(data, parts[2].start, parts[2].stop, clip=True)
    fields = elements(data, security.start, security.stop, 6) if security and security.tag == SEQUENCE else []
    if len(fields) >= 4:
        row |= {"engine_id": octets(data, fields[0]).hex(), "usm": printed(octets(data, fields[3]))}
    if parts[3].tag != SEQUENCE:
        return row | {"pdu_type": "encrypted"}
    scoped = elements(data, parts[3].start, parts[3].stop, 3)
    if len(scoped) < 3 or scoped[2].tag not in _PDU:
        return row
    return row | _pdu(data, scoped[2], most)


def _pdu(data: bytes, one: Element, most: int) -> dict[str, Any]:
    """Columns of the message proper, as far as it can be read."""
    row: dict[str, Any] = {"pdu_type": _PDU[one.tag]}
    parts = elements(data, one.start, one.stop, 6)
    if one.tag == _TRAP_V1:
        if len(parts) < 6 or parts[0].tag != OID or parts[2].tag != INTEGER:
            return row
        generic, agent = integer(data, parts[2]), octets(data, parts[1])
        row |= {"trap_oid": oid(data, parts[0]),
                "trap_type": _TRAPS[generic] if 0 <= generic < len(_TRAPS) else str(generic)}
        if len(agent) == 4:
            row["trap_address"] = str(ipaddress.IPv4Address(agent))
        return row | _variables(data, parts[5], most)
    if len(parts) < 2 or parts[0].tag != INTEGER:
        return row
    row["request_id"] = _within(integer(data, parts[0]), -(1 << 63), (1 << 63) - 1)
    if row["pdu_type"] != "get_bulk_request":  # which has a count in its place
        row["error_status"] = _within(integer(data, parts[1]), 0, 0xFFFFFFFF)
    return row | (_variables(data, parts[3], most) if len(parts) > 3 else {})


def _within(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def _variables(data: bytes, one: Element, most: int) -> dict[str, Any]:
    names = []
    for pair in elements(data, one.start, one.stop, most):
        name = element(data, pair.start, pair.stop)
        if name is not None and name.tag == OID:
            names.append(oid(data, name))
    return {"vars": json_column(names)}


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is SNMP: a sequence that begins with a known version and what follows it."""
    first = initiator or responder
    if flow.proto != 17:
        return False
    if not first:
        return None
    if first[0] != SEQUENCE or len(first) < 8:
        return False
    pos = 2 + (first[1] & 0x7F if first[1] & 0x80 else 0)
    if pos > 6 or first[pos : pos + 2] != b"\x02\x01" or len(first) < pos + 4 or first[pos + 2] not in _VERSIONS:
        return False
    hinted = flow.dst_port in _PORTS or flow.src_port in _PORTS
    wanted = SEQUENCE if first[pos + 2] == 3 else OCTETS
    if first[pos + 3] != wanted:
        return False
    after = pos + 5 + first[pos + 4] if len(first) > pos + 4 else 64
    return hinted or after >= len(first) or wanted == SEQUENCE or first[after] in _PDU


WANTS: tuple[Wants, ...] = (Wants(AppProto.SNMP, SnmpDatagrams, probe, (SNMP,), Opening(b"0", alone=b"0")),)

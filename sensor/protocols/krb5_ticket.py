"""Kerberos (RFC 4120): names and tickets as BER, wherever they are wrapped."""

from __future__ import annotations

from sensor.protocols.ber import Element, element, elements, integer, octets, spans
from sensor.protocols.printing import json_column, printed

_MECHANISM = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00"  # then comes an AP-REQ (RFC 4121, 4.1)
_AP_REQ, _TICKET, _PARTS = 0x6E, 0x61, 16


def fields(data: bytes, outer: Element) -> dict[int, Element]:
    """Return what an application-tagged SEQUENCE holds by the number of its context tags."""
    inner = element(data, outer.start, outer.stop, clip=True)
    if inner is None or inner.tag != 0x30:
        return {}
    return sequence(data, inner)


def sequence(data: bytes, one: Element) -> dict[int, Element]:
    """Return the fields of a SEQUENCE, each the element within its context tag."""
    found = {}
    for tag, start, stop in spans(data, one.start, one.stop, _PARTS):
        within = elements(data, start, stop, 1)
        if tag & 0xE0 == 0xA0 and within:
            found[tag & 0x1F] = within[0]
    return found


def name_of(data: bytes, principal: Element | None) -> list[str]:
    """Return the parts of a PrincipalName."""
    parts = sequence(data, principal).get(1) if principal else None
    return [printed(octets(data, p)) for p in elements(data, parts.start, parts.stop, _PARTS)] if parts else []


def ticket_of(data: bytes, ticket: Element) -> tuple[str, list[str], int]:
    """Return realm, service and type of encryption (0 where it is missing) of a ticket."""
    own = fields(data, ticket)
    realm = printed(octets(data, own[1])) if 1 in own else ""
    kind = sequence(data, own[3]).get(0) if 3 in own else None
    return realm, name_of(data, own.get(2)), integer(data, kind) if kind else 0


def ticket_columns(blob: bytes) -> dict[str, str]:
    """Return kerberos_realm and kerberos_snames of the first ticket within a security blob, {} without one."""
    at = blob.find(_MECHANISM)
    request = element(blob, at + len(_MECHANISM), len(blob), clip=True) if at >= 0 else None
    if request is None or request.tag != _AP_REQ:
        return {}
    ticket = fields(blob, request).get(3)
    if ticket is None or ticket.tag != _TICKET:
        return {}
    realm, service, _ = ticket_of(blob, ticket)
    return {"kerberos_realm": realm, "kerberos_snames": json_column(service)}

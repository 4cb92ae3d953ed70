"""X.509 certificates: who, by whom, until when (RFC 5280)."""

from __future__ import annotations

from hashlib import sha1, sha256
from ipaddress import ip_address
from typing import NamedTuple

from sensor.protocols.tls.der import (
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    DerError,
    Element,
    element,
    elements,
    oid_text,
    string_text,
    time_text,
)

_SHORT = {  # attributes of names, as Suricata shortens them
    "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
    "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description",
    "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode", "2.5.4.41": "name", "2.5.4.42": "GN",
    "2.5.4.46": "dnQualifier", "2.5.4.97": "organizationIdentifier", "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "Email", "1.2.840.113549.1.9.2": "unstructuredName",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}
_SAN = bytes.fromhex("551d11")
_SERIAL_BYTES, _MOST_NAMES, _MOST_ATTRIBUTES = 64, 256, 64


class Certificate(NamedTuple):
    """What a certificate says. Texts are empty, and names too, where it could not be read: damaged is True then."""

    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    names: tuple[str, ...]
    sha1: str
    sha256: str
    damaged: bool


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate; what stands before a damage is kept."""
    said: dict[str, str] = {}
    names: list[str] = []
    damaged = False
    try:
        _to_be_signed(der, said, names)
    except DerError:
        damaged = True
    return Certificate(
        said.get("subject", ""), said.get("issuer", ""), said.get("serial", ""), said.get("not_before", ""),
        said.get("not_after", ""), tuple(names), sha1(der, usedforsecurity=False).digest().hex(":"),
        sha256(der).hexdigest(), damaged)


def _to_be_signed(der: bytes, said: dict[str, str], names: list[str]) -> None:
    outer = _expected(element(der, 0, len(der)), SEQUENCE)
    parts = elements(der, _expected(element(der, outer.start, outer.stop), SEQUENCE))
    part = _next(parts)
    if part.tag == 0xA0:  # version
        part = _next(parts)
    said["serial"] = der[part.start : min(part.stop, part.start + _SERIAL_BYTES)].hex(":").upper()
    _next(parts)  # algorithm of the signature
    said["issuer"] = _name(der, _next(parts))
    validity = elements(der, _next(parts))
    for key in ("not_before", "not_after"):
        moment = _next(validity)
        said[key] = time_text(moment.tag, der[moment.start : min(moment.stop, moment.start + 32)])
    said["subject"] = _name(der, _next(parts))
    for part in parts:
        if part.tag == 0xA3:
            _alternative_names(der, part, names)


def _next(parts: object) -> Element:
    found = next(parts, None)  # type: ignore[call-overload]
    if found is None:
        raise DerError
    return found


def _expected(found: Element, tag: int) -> Element:
    if found.tag != tag:
        raise DerError
    return found


def _name(der: bytes, name: Element) -> str:
    """A distinguished name in the order of the certificate; attributes of one set are joined by a plus."""
    shown: list[str] = []
    for relative in elements(der, _expected(name, SEQUENCE)):
        if len(shown) == _MOST_ATTRIBUTES:
            break
        pairs = [_attribute(der, pair) for pair in elements(der, _expected(relative, SET))]
        shown.append(" + ".join(pairs[:_MOST_ATTRIBUTES]))
    return ", ".join(shown)


def _attribute(der: bytes, pair: Element) -> str:
    inside = elements(der, pair)
    kind, value = _expected(_next(inside), OID), _next(inside)
    oid = oid_text(der[kind.start : kind.stop])
    return f"{_SHORT.get(oid, oid)}={string_text(value.tag, der[value.start : value.stop])}"


def _alternative_names(der: bytes, extensions: Element, names: list[str]) -> None:
    inside = _expected(element(der, extensions.start, extensions.stop), SEQUENCE)
    for extension in elements(der, inside):
        parts = list(elements(der, extension))
        if len(parts) < 2 or der[parts[0].start : parts[0].stop] != _SAN or parts[-1].tag != OCTET_STRING:
            continue
        for general in elements(der, element(der, parts[-1].start, parts[-1].stop)):
            if len(names) < _MOST_NAMES and (text := _general_name(general.tag, der[general.start : general.stop])):
                names.append(text)


def _general_name(tag: int, content: bytes) -> str:
    """Text of an e-mail address, DNS name, URI or IP address; "" for other kinds."""
    if tag in (0x81, 0x82, 0x86):
        return string_text(0, content)
    if tag == 0x87 and len(content) in (4, 16):
        return str(ip_address(content))
    return ""

"""EtherNet/IP messages taken apart: header, items, and the message of CIP within. Numbers are little endian.

Source: ODVA, The CIP Networks Library, volume 2 (encapsulation, chapter 2) and volume 1 (message router, chapter 2).
"""

from __future__ import annotations

from struct import unpack_from
from typing import Any, NamedTuple

from sensor.protocols.enip import names as n

HEADER_BYTES = 24
_ITEMS, _PARTS, _SEGMENTS, _ATTRIBUTES = 8, 32, 16, 64
_CONNECTED, _UNCONNECTED, _IDENTITY, _SERVICES = 0xB1, 0xB2, 0x0C, 0x100
_GET_LIST, _SET_LIST, _MULTIPLE = 3, 4, 10
CLASS, INSTANCE, ATTRIBUTE = 8, 9, 12
"""Kinds of segments of a path that are told."""


class Header(NamedTuple):
    """How every message begins; size is that of what follows it."""

    command: int
    size: int
    session: int
    status: int
    options: int


class Cip(NamedTuple):
    """A message of CIP: path and attributes of a request, status of a response, messages within it."""

    service: int
    response: bool
    path: tuple[tuple[int, int], ...] = ()
    attributes: tuple[int, ...] = ()
    status: int = 0
    extended: bytes = b""
    parts: tuple[Any, ...] = ()

    def of(self, kind: int) -> list[int]:
        """Return the values of one kind of segment, those of the messages within, too."""
        own = [value for k, value in self.path if k == kind] + (list(self.attributes) if kind == ATTRIBUTE else [])
        return own + [value for part in self.parts for value in part.of(kind)]

    def each(self) -> list[Cip]:
        """Return the message and those within it."""
        return [self, *self.parts]


class Message(NamedTuple):
    """A message. number: that of the connection's sequence, None for one without. sound: its data could be read."""

    header: Header
    cip: Cip | None = None
    number: int | None = None
    identity: dict[str, Any] | None = None
    services: dict[str, Any] | None = None
    version: int | None = None
    options: int = 0
    sound: bool = True


def header_of(data: bytes) -> Header:
    """Return the header of at least 24 bytes."""
    command, size, session, status, _, options = unpack_from("<HHIIQI", data)
    return Header(command, size, session, status, options)


def message_of(data: bytes) -> Message:
    """Return a message, as much of it as there is."""
    header, body = header_of(data), data[HEADER_BYTES:]
    if header.command == n.REGISTER:
        if len(body) < 4:
            return Message(header, sound=False)
        version, options = unpack_from("<HH", body)
        return Message(header, version=version, options=options)
    at = {n.SEND_RR_DATA: 6, n.SEND_UNIT_DATA: 6, n.LIST_IDENTITY: 0, n.LIST_SERVICES: 0, n.LIST_INTERFACES: 0}.get(
        header.command, -1)
    if at < 0 or (at == 0 and not body):
        return Message(header)
    items = _items(body, at)
    return Message(header, sound=False) if items is None else _filled(Message(header), items)


def _items(body: bytes, at: int) -> list[tuple[int, bytes]] | None:
    if len(body) < at + 2:
        return None
    count, at, found = unpack_from("<H", body, at)[0], at + 2, []
    for _ in range(min(count, _ITEMS)):
        if len(body) < at + 4:
            return None
        kind, size = unpack_from("<HH", body, at)
        if len(body) < at + 4 + size:
            return None
        found.append((kind, body[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


def _filled(message: Message, items: list[tuple[int, bytes]]) -> Message:
    """Add what the first item of a kind that is told says."""
    for kind, data in items:
        if kind == _CONNECTED and len(data) >= 2:
            cip = cip_of(data[2:])
            return message._replace(cip=cip, number=unpack_from("<H", data)[0], sound=cip is not None)
        if kind == _UNCONNECTED:
            cip = cip_of(data)
            return message._replace(cip=cip, sound=cip is not None)
        if kind == _IDENTITY:
            found = _identity(data)
            return message._replace(identity=found, version=(found or {}).get("version"), sound=found is not None)
        if kind == _SERVICES and len(data) >= 20:
            version, capabilities = unpack_from("<HH", data)
            return message._replace(services={"capabilities": capabilities, "name": data[4:20]}, version=version)
    return message


def _identity(data: bytes) -> dict[str, Any] | None:
    if len(data) < 33 or len(data) < 34 + data[32]:
        return None
    vendor, device, product, major, minor, status, serial = unpack_from("<HHHBBHI", data, 18)
    return {"version": unpack_from("<H", data)[0], "vendor": vendor, "device": device, "product": product,
            "major": major, "minor": minor, "status": status, "serial": serial, "name": data[33 : 33 + data[32]],
            "state": data[33 + data[32]]}


def cip_of(data: bytes, *, inner: bool = False) -> Cip | None:
    """Return a message of CIP, None for none; inner: it is within another, and none is looked for within it."""
    if len(data) < 2:
        return None
    service = data[0] & 0x7F
    if data[0] & 0x80:
        if len(data) < 4 or len(data) < 4 + 2 * data[3]:
            return None
        rest = data[4 + 2 * data[3] :]
        parts = _parts(rest) if service == _MULTIPLE and not inner else ()
        return None if parts is None else Cip(
            service, True, status=data[2], extended=data[4 : 4 + 2 * data[3]], parts=parts)
    end = 2 + 2 * data[1]
    path = _path(data[2:end]) if len(data) >= end else None
    if path is None:
        return None
    rest = data[end:]
    parts = _parts(rest) if service == _MULTIPLE and not inner else ()
    return None if parts is None else Cip(service, False, path, _attributes(service, rest), parts=parts)


def _path(data: bytes) -> tuple[tuple[int, int], ...] | None:
    """Return the logical segments of a path; what follows another kind of segment is left alone."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(data) and len(found) < _SEGMENTS:
        kind, form = data[at], data[at] & 3
        size = (2, 4, 6)[form] if form < 3 else 0
        if kind >> 5 != 1 or not size:
            break
        if at + size > len(data):
            return None
        found.append((kind >> 2, int.from_bytes(data[at + (1 if form == 0 else 2) : at + size], "little")))
        at += size
    return tuple(found)


def _attributes(service: int, rest: bytes) -> tuple[int, ...]:
    """Return the attributes that a list asks for; of one that sets them only the first can be told apart."""
    if service not in (_GET_LIST, _SET_LIST) or len(rest) < 4:
        return ()
    count = unpack_from("<H", rest)[0] if service == _GET_LIST else 1
    return unpack_from(f"<{min(count, (len(rest) - 2) // 2, _ATTRIBUTES)}H", rest, 2)


def _parts(data: bytes) -> tuple[Cip, ...] | None:
    if len(data) < 2:
        return None
    count = min(unpack_from("<H", data)[0], _PARTS)
    if len(data) < 2 + 2 * count:
        return None
    found = []
    for start in unpack_from(f"<{count}H", data, 2):
        part = cip_of(data[start:], inner=True)
        if part is None:
            return None
        found.append(part)
    return tuple(found)

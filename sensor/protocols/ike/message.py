"""One IKE message: the header, the chain of payloads, and what the readable ones hold. Everything is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import unpack_from
from typing import NamedTuple

HEADER_BYTES = 28
_ENCRYPTED_V1 = 0x01
_PAYLOADS, _PROPOSALS, _TRANSFORMS, _ATTRIBUTES = 64, 16, 128, 32
_INITIATOR = 0x08
_RESPONSE = 0x20


class Header(NamedTuple):
    """The header of a message; the SPIs are 8 bytes."""

    init_spi: bytes
    resp_spi: bytes
    following: int
    major: int
    minor: int
    exchange: int
    flags: int
    message_id: int
    length: int


class Attribute(NamedTuple):
    """One attribute of a transform, its value as a number."""

    kind: int
    value: int


class Transform(NamedTuple):
    """One transform: of version 1 its attributes alone, of version 2 its type and identifier, too."""

    kind: int
    number: int
    attributes: tuple[Attribute, ...]


@dataclass
class Message:
    """A message taken apart. kinds: its payloads in their order; sound: all of it could be read."""

    header: Header
    kinds: list[int] = field(default_factory=list)
    bodies: list[tuple[int, bytes]] = field(default_factory=list)
    sound: bool = True

    @property
    def encrypted(self) -> bool:
        """Whether the payloads cannot be read."""
        return self.header.major == 1 and bool(self.header.flags & _ENCRYPTED_V1)

    @property
    def from_initiator(self) -> bool | None:
        """Who sent it by its flags; version 1 does not say."""
        return None if self.header.major == 1 else bool(self.header.flags & _INITIATOR)

    def of(self, kind: int) -> list[bytes]:
        """Return the bodies of the payloads of a kind."""
        return [body for known, body in self.bodies if known == kind]


def without_marker(data: bytes) -> bytes:
    """Return a datagram without the four zeros that tell IKE from ESP on port 4500 (RFC 3948)."""
    return data[4:] if data[:4] == b"\0\0\0\0" else data


def header_of(data: bytes) -> Header | None:
    """Return the header at the beginning of a message, None where it is none."""
    if len(data) < HEADER_BYTES:
        return None
    init, resp, following, version, exchange, flags, message_id, length = unpack_from(">8s8sBBBBII", data)
    header = Header(init, resp, following, version >> 4, version & 15, exchange, flags, message_id, length)
    if init == bytes(8) or header.major not in (1, 2) or header.minor or length < HEADER_BYTES:
        return None
    known = exchange <= 6 or 32 <= exchange <= 33 if header.major == 1 else 34 <= exchange <= 44
    return header if known and exchange else None


def message_of(data: bytes) -> Message | None:
    """Return a message, None where there is no header."""
    header = header_of(data)
    if header is None:
        return None
    message = Message(header)
    message.kinds.append(header.following)
    if message.encrypted:
        return message
    at, kind, end = HEADER_BYTES, header.following, min(len(data), header.length)
    while kind and len(message.bodies) < _PAYLOADS:
        if at + 4 > end:
            message.sound = False
            break
        following, size = data[at], int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 4 or at + size > end:
            message.sound = False
            break
        message.bodies.append((kind, data[at + 4 : at + size]))
        message.kinds.append(following)
        if header.major == 2 and kind in (46, 53):  # what follows is within it, encrypted
            break
        at, kind = at + size, following
    return message


def transforms_v1(body: bytes) -> list[Transform]:
    """Return the transforms of all proposals of a security association of version 1."""
    return [Transform(0, raw[1], tuple(_attributes(raw[4:]))) for raw in _transforms(body, 8)]


def transforms_v2(body: bytes) -> list[Transform]:
    """Return the transforms of all proposals of a security association of version 2."""
    return [Transform(raw[0], int.from_bytes(raw[2:4], "big"), tuple(_attributes(raw[4:])))
            for raw in _transforms(body, 0)]


def _transforms(body: bytes, at: int) -> list[bytes]:
    """Return the substructures of all proposals from a place on, whole ones and no more than are looked at."""
    found: list[bytes] = []
    for proposal in _chain(body, at, _PROPOSALS):
        if len(proposal) < 4:
            break
        found += [raw for raw in _chain(proposal, 4 + proposal[2], _TRANSFORMS) if len(raw) >= 4]
    return found[:_TRANSFORMS]


def _chain(data: bytes, at: int, most: int) -> Iterator[bytes]:
    """Yield the substructures from a place on: each says whether another follows, and its length."""
    for _ in range(most):
        if at + 4 > len(data):
            return
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 4 or at + size > len(data):
            return
        yield data[at + 4 : at + size]
        if not data[at]:
            return
        at += size


def _attributes(data: bytes) -> Iterator[Attribute]:
    at = 0
    for _ in range(_ATTRIBUTES):
        if at + 4 > len(data):
            return
        kind, value = unpack_from(">HH", data, at)
        at += 4
        if not kind & 0x8000:
            value, at = int.from_bytes(data[at : at + min(value, 8)], "big"), at + value
        yield Attribute(kind & 0x7FFF, value)

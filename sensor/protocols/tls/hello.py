"""ClientHello and ServerHello: the bodies of the handshake messages, which QUIC carries as well (RFC 8446, 5246)."""

from __future__ import annotations

from struct import Struct, unpack_from
from typing import NamedTuple

from sensor.protocols.tls.names import GREASE

SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES, ALPN = 0, 10, 11, 13, 16
TICKET, PRE_SHARED_KEY, VERSIONS, KEY_SHARE, NEXT_PROTOCOL = 35, 41, 43, 51, 13172

_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446, 4.1.3)."""

_TWO = Struct(">HH")
_DRAFT_KEY_SHARE = 40  # up to draft 22
MOST_EXTENSIONS = 256
"""Extensions of one hello that are looked at."""
_MOST_NAMES = 64


class ClientHello(NamedTuple):
    """What a client offers. Lists are in the order of the wire, with GREASE; cut is True where it did not add up."""

    version: int
    session_id: bytes
    ciphers: tuple[int, ...]
    extensions: tuple[int, ...]
    server_name: bytes
    alpns: tuple[bytes, ...]
    groups: tuple[int, ...]
    point_formats: bytes
    signatures: tuple[int, ...]
    versions: tuple[int, ...]
    ticket: bool
    psk: bool
    cut: bool

    @property
    def highest_version(self) -> int:
        """The highest version offered, be it in the extension or in the old field."""
        return max((v for v in self.versions if v not in GREASE), default=self.version)


class ServerHello(NamedTuple):
    """What a server chooses; version is the real one, legacy_version what stands in the old field."""

    version: int
    legacy_version: int
    session_id: bytes
    cipher: int
    extensions: tuple[int, ...]
    alpns: tuple[bytes, ...]
    group: int
    psk: bool
    retry: bool
    cut: bool


def client_hello(body: bytes) -> ClientHello | None:
    """Read the body of a ClientHello; None where not even the cipher suites are whole."""
    size = len(body)
    if size < 38:
        return None
    version, = unpack_from(">H", body)
    at = 35 + body[34]
    if at + 2 > size:
        return None
    session_id, ciphers_bytes = body[35:at], int.from_bytes(body[at : at + 2], "big")
    at += 2
    if at + ciphers_bytes > size:
        return None
    ciphers = _numbers(body, at, ciphers_bytes)
    at += ciphers_bytes
    at += 1 + body[at] if at < size else 1
    found, cut = _extensions(body, at)
    bodies = dict(reversed(found))  # of two alike the first counts
    return ClientHello(
        version, session_id, ciphers, tuple(kind for kind, _ in found), _server_name(bodies.get(SERVER_NAME, b"")),
        _alpns(bodies.get(ALPN, b"")), _listed(bodies.get(GROUPS, b""), 2), bodies.get(POINT_FORMATS, b"")[1:],
        _listed(bodies.get(SIGNATURES, b""), 2), _listed(bodies.get(VERSIONS, b""), 1),
        bool(bodies.get(TICKET)), PRE_SHARED_KEY in bodies, cut)


def server_hello(body: bytes) -> ServerHello | None:
    """Read the body of a ServerHello (or HelloRetryRequest); None where its cipher is not whole."""
    size = len(body)
    if size < 38:
        return None
    legacy, = unpack_from(">H", body)
    old_draft = 0x7F00 < legacy <= 0x7F15  # drafts up to 21 had neither session id nor compression
    at = 34 if old_draft else 35 + body[34]
    if at + 2 > size:
        return None
    cipher, = unpack_from(">H", body, at)
    found, cut = _extensions(body, at + (2 if old_draft else 3))
    bodies = dict(reversed(found))
    chosen = bodies.get(VERSIONS, b"")
    share = bodies.get(KEY_SHARE) or bodies.get(_DRAFT_KEY_SHARE, b"")
    return ServerHello(
        int.from_bytes(chosen[:2], "big") if len(chosen) >= 2 else legacy, legacy,
        b"" if old_draft else body[35:at], cipher, tuple(kind for kind, _ in found), _alpns(bodies.get(ALPN, b"")),
        int.from_bytes(share[:2], "big"), PRE_SHARED_KEY in bodies, body[2:34] == _RETRY, cut)


def sslv2_client_hello(message: bytes) -> ClientHello | None:
    """Read the hello of SSL 2.0 (from its type on), which may offer higher versions; only their suites are kept."""
    if len(message) < 9 or message[0] != 1:
        return None
    version, specs_bytes, id_bytes, _ = unpack_from(">HHHH", message, 1)
    specs = message[9 : 9 + specs_bytes]
    if len(specs) < specs_bytes or specs_bytes % 3:
        return None
    ciphers = tuple(int.from_bytes(specs[i : i + 3], "big") for i in range(0, specs_bytes, 3))
    start = 9 + specs_bytes
    return ClientHello(version, message[start : start + id_bytes], ciphers, (), b"", (), (), b"", (), (), False, False,
                       False)


def _numbers(body: bytes, at: int, size: int) -> tuple[int, ...]:
    return unpack_from(f">{size // 2}H", body, at)


def _listed(body: bytes, prefix: int) -> tuple[int, ...]:
    """Numbers of 16 bits after their length in bytes, as many as there really are."""
    size = min(int.from_bytes(body[:prefix], "big"), len(body) - prefix)
    return _numbers(body, prefix, size) if size > 1 else ()


def _extensions(body: bytes, at: int) -> tuple[list[tuple[int, bytes]], bool]:
    """Kinds and bodies of the extensions from their length on, and whether they did not add up."""
    found: list[tuple[int, bytes]] = []
    size = len(body)
    if at + 2 > size:
        return found, at != size
    end = at + 2 + (body[at] << 8 | body[at + 1])
    cut, end = end != size, min(end, size)
    at += 2
    while at + 4 <= end:
        kind, length = _TWO.unpack_from(body, at)
        at += 4
        if at + length > end or len(found) == MOST_EXTENSIONS:
            return found, True
        found.append((kind, body[at : at + length]))
        at += length
    return found, cut or at != end


def _server_name(body: bytes) -> bytes:
    """The first host name in the list (RFC 6066, 3)."""
    if len(body) < 5 or body[2] != 0:
        return b""
    return body[5 : 5 + (body[3] << 8 | body[4])]


def _alpns(body: bytes) -> tuple[bytes, ...]:
    names: list[bytes] = []
    at, end = 2, min(len(body), 2 + int.from_bytes(body[:2], "big"))
    while at < end and len(names) < _MOST_NAMES:
        names.append(body[at + 1 : min(at + 1 + body[at], end)])
        at += 1 + body[at]
    return tuple(names)


"""NTLMSSP: who logs in, by the third message of MS-NLMP (2.2.1.3), wherever it is wrapped."""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

_MARK = b"NTLMSSP\0"
_UNICODE, _VERSION = 0x1, 0x02000000


class Login(NamedTuple):
    """Names as the client gives them; version as ``10.0 build 10586 rev 15``, "" where it is not told."""

    domain: str
    user: str
    host: str
    version: str


def login_of(blob: bytes) -> Login | None:
    """Return what the authenticate message within the blob says, or None where there is none."""
    at = blob.find(_MARK)
    if at < 0 or len(blob) < at + 64 or blob[at + 8 : at + 12] != b"\x03\0\0\0":
        return None
    message = blob[at:]
    flags = unpack_from("<I", message, 60)[0]
    unicode = bool(flags & _UNICODE)
    domain, user, host = (_text(message, place, unicode) for place in (28, 36, 44))
    return Login(domain, user, host, _version(message) if flags & _VERSION and len(message) >= 72 else "")


def _text(message: bytes, place: int, unicode: bool) -> str:
    size, offset = unpack_from("<H2xI", message, place)
    raw = message[offset : offset + size]
    return raw.decode("utf-16-le", "replace") if unicode else raw.decode("latin-1")


def _version(message: bytes) -> str:
    major, minor, build = unpack_from("<BBH", message, 64)
    return f"{major}.{minor} build {build} rev {message[71]}"

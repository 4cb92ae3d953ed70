"""Google's QUIC of before the standard: its hello stands in clear (QUIC Wire Layout Specification; QUIC Crypto)."""

from __future__ import annotations

from hashlib import md5
from typing import NamedTuple

_VERSION_FLAG, _ID_FLAG = 0x01, 0x08
_MOST_TAGS = 128
_LOOKED_AT = 96  # the hello begins within these bytes after the header
_CYU_VERSIONS = {"Q043": "43", "Q044": "44", "Q045": "44", "Q046": "46"}


class GoogleHello(NamedTuple):
    """What a client's hello says: tags in order, and the values of some."""

    tags: tuple[str, ...]
    server_name: bytes
    user_agent: bytes


OPENS = bytes(first for first in range(256) if first & 0x80 or (first & _VERSION_FLAG and not first & 0x40))
"""First bytes of packets that name a version, those of the QUIC of today among them."""


def google_version(data: bytes) -> int:
    """Return the version that a packet of the client names, as a number; 0 where it is no Google QUIC."""
    if len(data) < 14:
        return 0
    letters = data[1:5] if data[0] & 0x80 else b""
    if not letters and data[0] & _VERSION_FLAG and data[0] & 0xC0 == 0:
        letters = data[9:13] if data[0] & _ID_FLAG else data[1:5]
    known = len(letters) == 4 and letters[:1] == b"Q" and letters[1:].isdigit() and letters < b"Q050"
    return int.from_bytes(letters, "big") if known else 0


def google_hello(data: bytes) -> GoogleHello | None:
    """Return the client's hello in a packet that names a version, if it is there."""
    at = data.find(b"CHLO", 13, 13 + _LOOKED_AT)
    if at < 0 or at + 8 > len(data):
        return None
    number = min(int.from_bytes(data[at + 4 : at + 6], "little"), _MOST_TAGS)
    values_at = at + 8 + 8 * number
    tags: list[str] = []
    said: dict[str, bytes] = {}
    begin = 0
    for place in range(at + 8, min(values_at, len(data) - 7), 8):
        tag = data[place : place + 4].rstrip(b"\0").decode("latin-1")
        end = int.from_bytes(data[place + 4 : place + 8], "little")
        tags.append(tag)
        said.setdefault(tag, data[values_at + begin : values_at + end])
        begin = end
    return GoogleHello(tuple(tags), said.get("SNI", b""), said.get("UAID", b""))


def cyu(version: str, hello: GoogleHello) -> list[dict[str, str]]:
    """Return the CYU fingerprint (salesforce, GQUIC Protocol Analysis) of the versions that it is made for."""
    if version not in _CYU_VERSIONS:
        return []
    text = f"{_CYU_VERSIONS[version]},{'-'.join(hello.tags)}"
    return [{"hash": md5(text.encode(), usedforsecurity=False).hexdigest(), "string": text}]

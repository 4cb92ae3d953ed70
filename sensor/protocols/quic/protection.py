"""The protection of Initial packets, whose keys follow from the client's first packet (RFC 9001, 5; RFC 9369, 3)."""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

from sensor.protocols.quic.packet import VERSION_1, VERSION_2, LongPacket

_SALTS = {
    VERSION_1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    VERSION_2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
_SALT_DRAFT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
_SALT_DRAFT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
_DRAFT_29, _DRAFT_33 = 0xFF00001D, 0xFF000021
_SAMPLE_BYTES, _TAG_BYTES, _MOST_NUMBER_BYTES = 16, 16, 4


class Keys(NamedTuple):
    """Ciphers of one direction: of the content, of the header, and the nonce's fixed part."""

    content: Any
    header: Any
    iv: int


class Opened(NamedTuple):
    """A packet without its protection: its full number, its frames."""

    number: int
    frames: bytes


def initial_keys(version: int, dcid: bytes) -> tuple[Keys, Keys]:
    """Return the keys by direction (server, client: to_server is the index) of a connection."""
    secret = hmac.digest(_salt(version), dcid, "sha256")
    return _side(version, secret, b"server in"), _side(version, secret, b"client in")


def open_initial(keys: Keys, data: bytes, packet: LongPacket, largest: int) -> Opened | None:
    """Take the protection off a packet; largest is the highest number seen before (-1: none). None where it fails."""
    sample_at = packet.number_at + _MOST_NUMBER_BYTES
    sample = data[sample_at : sample_at + _SAMPLE_BYTES]
    if len(sample) < _SAMPLE_BYTES or sample_at + _SAMPLE_BYTES > packet.stop:
        return None
    mask = keys.header.update(sample)
    first = data[packet.start] ^ mask[0] & 0x0F
    size = (first & 3) + 1
    short = int.from_bytes(data[packet.number_at : packet.number_at + size], "big") ^ int.from_bytes(
        mask[1 : 1 + size], "big")
    head = (bytes([first]) + data[packet.start + 1 : packet.number_at] + short.to_bytes(size, "big"))
    number = _full_number(short, size, largest)
    sealed = data[packet.number_at + size : packet.stop]
    if len(sealed) < _TAG_BYTES:
        return None
    try:
        frames = keys.content.decrypt((keys.iv ^ number).to_bytes(12, "big"), sealed, head)
    except _invalid_tag():
        return None
    return Opened(number, frames)


def _salt(version: int) -> bytes:
    if version in _SALTS:
        return _SALTS[version]
    if version >= _DRAFT_33:
        return _SALTS[VERSION_1]
    return _SALT_DRAFT_29 if version >= _DRAFT_29 else _SALT_DRAFT_23


def _side(version: int, secret: bytes, label: bytes) -> Keys:
    # imported where a connection needs it: reading captures without QUIC does not pay for it
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    own = _expand(secret, label, 32)
    name = b"quicv2 " if version == VERSION_2 else b"quic "
    header = Cipher(algorithms.AES(_expand(own, name + b"hp", 16)), modes.ECB()).encryptor()
    return Keys(AESGCM(_expand(own, name + b"key", 16)), header,
                int.from_bytes(_expand(own, name + b"iv", 12), "big"))


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label with an empty context, for at most one block of SHA-256 (RFC 8446, 7.1)."""
    info = size.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\0"
    return hmac.digest(secret, info + b"\1", "sha256")[:size]


def _full_number(short: int, size: int, largest: int) -> int:
    """The packet number that ends in these bytes and is nearest to the next one expected (RFC 9000, A.3)."""
    window, expected = 1 << 8 * size, largest + 1
    full = expected & ~(window - 1) | short
    if full <= expected - window // 2 and full < (1 << 62) - window:
        return full + window
    return full - window if full > expected + window // 2 and full >= window else full


def _invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag

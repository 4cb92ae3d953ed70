"""QUIC packets, written and protected by hand."""

from __future__ import annotations

from sensor.protocols.quic.packet import VERSION_2
from sensor.protocols.quic.protection import initial_keys


def number(value: int) -> bytes:
    """A number of variable length, in two bytes or four."""
    return (value | 0x4000).to_bytes(2, "big") if value < 0x4000 else (value | 0x80000000).to_bytes(4, "big")


def crypto(offset: int, data: bytes) -> bytes:
    """A CRYPTO frame."""
    return b"\6" + number(offset) + number(len(data)) + data


def initial(frames: bytes, from_client: bool, keyed_by: bytes, *, dcid: bytes, scid: bytes, number: int = 0,
            version: int = 1, number_bytes: int = 2) -> bytes:
    """An Initial packet with padding, its protection put on."""
    keys = initial_keys(version, keyed_by)[from_client]
    frames += bytes(max(0, 40 - len(frames)))
    first = 0xC0 | (0x10 if version == VERSION_2 else 0) | number_bytes - 1
    head = bytes([first]) + version.to_bytes(4, "big") + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + b"\0"
    head += (len(frames) + 16 + number_bytes | 0x4000).to_bytes(2, "big") + number.to_bytes(number_bytes, "big")
    sealed = keys.content.encrypt((keys.iv ^ number).to_bytes(12, "big"), frames, head)
    mask = keys.header.update(sealed[4 - number_bytes : 20 - number_bytes])
    out = bytearray(head + sealed)
    out[0] ^= mask[0] & 0x0F
    for i in range(number_bytes):
        out[len(head) - number_bytes + i] ^= mask[1 + i]
    return bytes(out)


def retry(version: int, dcid: bytes, scid: bytes) -> bytes:
    """A Retry packet with a token and a tag of nothing."""
    return (b"\xf0" + version.to_bytes(4, "big") + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + b"token"
            + bytes(16))


def google_hello(version: bytes, tags: dict[str, bytes]) -> bytes:
    """A client's first packet of Google's QUIC: public header, hash, stream frame, CHLO."""
    index, values = b"", b""
    for tag, value in tags.items():
        values += value
        index += tag.encode().ljust(4, b"\0") + len(values).to_bytes(4, "little")
    hello = b"CHLO" + len(tags).to_bytes(2, "little") + b"\0\0" + index + values
    return b"\x09" + bytes(8) + version + b"\1" + bytes(12) + b"\xa0\1" + len(hello).to_bytes(2, "little") + hello

"""TLS messages and certificates, written by hand."""

from __future__ import annotations

from collections.abc import Sequence

_RANDOM = bytes(range(32))


def sized(body: bytes, prefix: int) -> bytes:
    """A body after its length."""
    return len(body).to_bytes(prefix, "big") + body


def numbers(values: Sequence[int]) -> bytes:
    """Numbers of 16 bits."""
    return b"".join(v.to_bytes(2, "big") for v in values)


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    """One record."""
    return bytes([kind]) + version.to_bytes(2, "big") + sized(body, 2)


def message(kind: int, body: bytes) -> bytes:
    """One handshake message."""
    return bytes([kind]) + sized(body, 3)


def extension(kind: int, body: bytes) -> bytes:
    """One extension of a hello."""
    return numbers([kind]) + sized(body, 2)


def server_name(name: bytes) -> bytes:
    """The extension that names the server."""
    return extension(0, sized(b"\0" + sized(name, 2), 2))


def alpn(*names: bytes) -> bytes:
    """The extension of application protocols."""
    return extension(16, sized(b"".join(sized(n, 1) for n in names), 2))


def versions(*offered: int) -> bytes:
    """The extension of versions in a ClientHello."""
    return extension(43, sized(numbers(offered), 1))


def groups(*offered: int) -> bytes:
    """The extension of named groups."""
    return extension(10, sized(numbers(offered), 2))


def signatures(*offered: int) -> bytes:
    """The extension of signature algorithms."""
    return extension(13, sized(numbers(offered), 2))


def client_hello(*extensions: bytes, version: int = 0x0303, ciphers: Sequence[int] = (0x1301, 0xC02F),
                 session_id: bytes = b"", random: bytes = _RANDOM) -> bytes:
    """The body of a ClientHello."""
    return (version.to_bytes(2, "big") + random + sized(session_id, 1) + sized(numbers(ciphers), 2) + b"\1\0"
            + (sized(b"".join(extensions), 2) if extensions else b""))


def server_hello(*extensions: bytes, version: int = 0x0303, cipher: int = 0xC02F, session_id: bytes = b"",
                 random: bytes = _RANDOM) -> bytes:
    """The body of a ServerHello."""
    return (version.to_bytes(2, "big") + random + sized(session_id, 1) + numbers([cipher]) + b"\0"
            + (sized(b"".join(extensions), 2) if extensions else b""))


RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def der(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


CN, ORG, COUNTRY, EMAIL = (bytes.fromhex(h) for h in ("550403", "55040a", "550406", "2a864886f70d010901"))


def name(*attributes: tuple[bytes, str]) -> bytes:
    """A distinguished name."""
    return der(0x30, *(der(0x31, der(0x30, der(6, oid), der(12, value.encode()))) for oid, value in attributes))


def certificate(subject: bytes, issuer: bytes, *, serial: bytes = b"\0\x97\xe6", names: Sequence[bytes] = (),
                dates: tuple[bytes, bytes] = (b"150212180727Z", b"250209180727Z")) -> bytes:
    """A certificate with a signature of nothing."""
    algorithm = der(0x30, der(6, bytes.fromhex("2a864886f70d01010b")))
    validity = der(0x30, *(der(0x18 if len(d) == 15 else 0x17, d) for d in dates))
    san = der(0x30, der(6, bytes.fromhex("551d11")), der(4, der(0x30, *names)))
    extensions = der(0xA3, der(0x30, san)) if names else b""
    signed = der(0x30, der(0xA0, der(2, b"\2")), der(2, serial), algorithm, issuer, validity, subject,
                 der(0x30, algorithm, der(3, b"\0key")), extensions)
    return der(0x30, signed, algorithm, der(3, b"\0none"))


def chain(*certificates: bytes) -> bytes:
    """The body of a Certificate message up to TLS 1.2."""
    return sized(b"".join(sized(c, 3) for c in certificates), 3)

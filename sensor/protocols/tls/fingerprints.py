"""Fingerprints of hellos: JA3 and JA3S (salesforce/ja3), JA4 of clients (FoxIO, BSD)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5, sha256

from sensor.protocols.tls.hello import ALPN, SERVER_NAME, ClientHello, ServerHello
from sensor.protocols.tls.names import GREASE

_JA4_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
_NOTHING = "000000000000"


def without_grease(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers without GREASE."""
    return numbers if GREASE.isdisjoint(numbers) else tuple(n for n in numbers if n not in GREASE)


def ja3(hello: ClientHello) -> tuple[str, str]:
    """Return JA3 of a client: the MD5 and the text it is of."""
    lists = (without_grease(hello.ciphers), without_grease(hello.extensions), without_grease(hello.groups),
             hello.point_formats)
    return _md5(f"{hello.version},{','.join('-'.join(map(str, numbers)) for numbers in lists)}")


def ja3s(hello: ServerHello) -> tuple[str, str]:
    """Return JA3S of a server: the MD5 and the text it is of."""
    return _md5(f"{hello.legacy_version},{hello.cipher},{'-'.join(map(str, hello.extensions))}")


def ja4(hello: ClientHello, transport: str = "t") -> str:
    """Return JA4 of a client; transport is t for TCP, q for QUIC."""
    b, c = _ja4_lists(hello.ciphers, hello.extensions, hello.signatures)
    return f"{_ja4_a(transport, hello)}_{_hash12(b)}_{_hash12(c)}"


def ja4_raw(hello: ClientHello, transport: str = "t") -> str:
    """Return JA4_r: what JA4 is made of, not hashed."""
    return "_".join((_ja4_a(transport, hello), *_ja4_lists(hello.ciphers, hello.extensions, hello.signatures)))


def _ja4_a(transport: str, hello: ClientHello) -> str:
    ciphers, extensions = without_grease(hello.ciphers), without_grease(hello.extensions)
    return (f"{transport}{_JA4_VERSIONS.get(hello.highest_version, '00')}{'d' if SERVER_NAME in extensions else 'i'}"
            f"{min(len(ciphers), 99):02}{min(len(extensions), 99):02}{_ja4_alpn(hello.alpns)}")


def _ja4_alpn(names: tuple[bytes, ...]) -> str:
    """First and last character of the first protocol; of its hexadecimal form where they are no letters or digits."""
    if not names or not names[0]:
        return "00"
    first, last = names[0][:1], names[0][-1:]
    if first.isalnum() and last.isalnum():
        return (first + last).decode("ascii")
    return f"{first.hex()[0]}{last.hex()[1]}"


def _ja4_lists(ciphers: tuple[int, ...], extensions: tuple[int, ...], signatures: tuple[int, ...]) -> tuple[str, str]:
    b = _hex(sorted(without_grease(ciphers)))
    c = _hex(sorted(e for e in without_grease(extensions) if e not in (SERVER_NAME, ALPN)))
    signed = _hex(without_grease(signatures))
    return b, f"{c}_{signed}" if signed else c


def _hex(numbers: Iterable[int]) -> str:
    return ",".join(f"{n:04x}" for n in numbers)


def _hash12(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else _NOTHING


def _md5(text: str) -> tuple[str, str]:
    return md5(text.encode(), usedforsecurity=False).hexdigest(), text

"""Fingerprints of hellos: JA3 and JA3S (salesforce/ja3), JA4 of clients (FoxIO, BSD)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import md5, sha256
from typing import Any

from sensor.protocols.tls.hello import ALPN, SERVER_NAME, ClientHello, ServerHello
from sensor.protocols.tls.names import GREASE

_JA4_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
_NOTHING = "000000000000"
_KNOWN = 4096  # few clients make most hellos
_MOST_KEPT = 400  # numbers in a hello that is worth remembering: bounds the memory


def without_grease(numbers: Iterable[int]) -> tuple[int, ...]:
    """Return the numbers without GREASE."""
    return tuple(n for n in numbers if n not in GREASE)


def ja3(hello: ClientHello) -> tuple[str, str]:
    """Return JA3 of a client: the MD5 and the text it is of."""
    lists = (hello.ciphers, hello.extensions, hello.groups, hello.point_formats)
    return _remembered(_ja3, *lists)(hello.version, *lists)


def ja3s(hello: ServerHello) -> tuple[str, str]:
    """Return JA3S of a server: the MD5 and the text it is of."""
    return _remembered(_ja3s, hello.extensions)(hello.legacy_version, hello.cipher, hello.extensions)


def ja4(hello: ClientHello, transport: str = "t") -> str:
    """Return JA4 of a client; transport is t for TCP, q for QUIC."""
    lists = (hello.ciphers, hello.extensions, hello.signatures)
    return f"{_ja4_a(transport, hello)}_{_remembered(_ja4_hashes, *lists)(*lists)}"


def ja4_raw(hello: ClientHello, transport: str = "t") -> str:
    """Return JA4_r: what JA4 is made of, not hashed."""
    return "_".join((_ja4_a(transport, hello), *_ja4_lists(hello.ciphers, hello.extensions, hello.signatures)))


def _remembered(cached: Any, *lists: Sequence[int]) -> Callable[..., Any]:
    return cached if sum(map(len, lists)) <= _MOST_KEPT else cached.__wrapped__


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


@lru_cache(_KNOWN)
def _ja4_hashes(ciphers: tuple[int, ...], extensions: tuple[int, ...], signatures: tuple[int, ...]) -> str:
    b, c = _ja4_lists(ciphers, extensions, signatures)
    return f"{_hash12(b)}_{_hash12(c)}"


def _hex(numbers: Iterable[int]) -> str:
    return ",".join(f"{n:04x}" for n in numbers)


def _hash12(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else _NOTHING


@lru_cache(_KNOWN)
def _ja3(version: int, ciphers: tuple[int, ...], extensions: tuple[int, ...], groups: tuple[int, ...],
         formats: bytes) -> tuple[str, str]:
    lists = (without_grease(ciphers), without_grease(extensions), without_grease(groups), formats)
    return _md5(f"{version},{','.join('-'.join(map(str, numbers)) for numbers in lists)}")


@lru_cache(_KNOWN)
def _ja3s(version: int, cipher: int, extensions: tuple[int, ...]) -> tuple[str, str]:
    return _md5(f"{version},{cipher},{'-'.join(map(str, extensions))}")


def _md5(text: str) -> tuple[str, str]:
    return md5(text.encode(), usedforsecurity=False).hexdigest(), text

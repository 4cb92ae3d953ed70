"""Transforms: a buffer turned into another before it is looked at."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from detectors.signatures.engine.base64 import decoded
from detectors.signatures.language.matches import Pcre, Transform
from detectors.signatures.language.regex import compile_pcre

_INFLATED = 1024
_BLANKS = re.compile(rb"[ \t\n\v\f\r]+")
_PSEUDO = re.compile(rb"(?:^|\r?\n):[^\r\n]*")
_HEADER_NAME = re.compile(rb"(?m)^[^:\r\n]+(?=:)")


def transformed(data: bytes, transforms: Sequence[Transform]) -> bytes | None:
    """Return data after all transforms; None where one leaves nothing to look at."""
    for transform in transforms:
        made = _MAKE[transform.name](data, transform.argument)
        if made is None:
            return None
        data = made
    return data


def _hash(name: str) -> Callable[[bytes, Any], bytes]:
    return lambda data, _: hashlib.new(name, data, usedforsecurity=False).digest()


def _xor(data: bytes, argument: Any) -> bytes:
    key = argument if isinstance(argument, bytes) else bytes.fromhex(str(argument).strip().strip('"'))
    stretched = (key * (len(data) // len(key) + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stretched, "big")).to_bytes(len(data), "big")


def _from_base64(data: bytes, argument: Any) -> bytes | None:
    """Data that is not base64 stays as it is."""
    mode, offset, nbytes = argument or ("rfc4648", 0, None)
    part = data[offset:] if nbytes is None else data[offset : offset + nbytes]
    return decoded(part, lenient=mode == "rfc2045", strict=mode == "strict") or data


def _pcrexform(data: bytes, argument: Any) -> bytes:
    pattern = argument if isinstance(argument, bytes) else str(argument).encode("latin-1")
    found = compile_pcre(Pcre(pattern)).search(data)
    if found is None:
        return data
    return bytes(found.group(1) or b"") if found.lastindex else bytes(found.group(0))


def _inflate(window: int) -> Callable[[bytes, Any], bytes | None]:
    def make(data: bytes, argument: Any) -> bytes | None:
        machine = zlib.decompressobj(window)
        try:
            return machine.decompress(data, argument or _INFLATED)
        except zlib.error:
            return None
    return make


def _domain(data: bytes, argument: Any) -> bytes | None:
    from detectors.signatures.engine.suffixes import registered_domain

    return registered_domain(data)


def _tld(data: bytes, argument: Any) -> bytes | None:
    from detectors.signatures.engine.suffixes import public_suffix

    return public_suffix(data)


_MAKE: dict[str, Callable[[bytes, Any], bytes | None]] = {
    "to_lowercase": lambda data, _: data.lower(), "to_uppercase": lambda data, _: data.upper(),
    "strip_whitespace": lambda data, _: _BLANKS.sub(b"", data),
    "compress_whitespace": lambda data, _: _BLANKS.sub(lambda found: found[0][:1], data),
    "url_decode": lambda data, _: unquote_to_bytes(data.replace(b"+", b" ")),
    "dotprefix": lambda data, _: b"." + data, "to_md5": _hash("md5"), "to_sha1": _hash("sha1"),
    "to_sha256": _hash("sha256"), "xor": _xor, "from_base64": _from_base64, "pcrexform": _pcrexform,
    "strip_pseudo_headers": lambda data, _: _PSEUDO.sub(b"", data).lstrip(b"\r\n"),
    "header_lowercase": lambda data, _: _HEADER_NAME.sub(lambda found: found[0].lower(), data),
    "gunzip": _inflate(31), "zlib_deflate": _inflate(15), "domain": _domain, "tld": _tld,
}

TRANSFORMS = frozenset(_MAKE)
"""Names of the transforms that are there."""

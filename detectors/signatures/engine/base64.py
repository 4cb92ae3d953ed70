"""Base64 as rules want it decoded: as far as it goes (RFC 4648), or past what does not belong to it (RFC 2045)."""

from __future__ import annotations

import base64
import re

_WORD = re.compile(rb"[A-Za-z0-9+/]*")
_OTHER = re.compile(rb"[^A-Za-z0-9+/=]+")


def decoded(data: bytes, *, lenient: bool = True, strict: bool = False) -> bytes:
    """Return what stands decoded at the beginning of data, b"" for nothing.

    lenient: other characters between are passed over. strict: all must be base64 with its padding, else nothing.
    """
    if strict:
        try:
            return base64.b64decode(data, validate=True)
        except ValueError:
            return b""
    if lenient:
        data = _OTHER.sub(b"", data)
    word = _WORD.match(data)[0]  # type: ignore[index]
    spare = len(word) % 4
    if spare == 1:
        word = word[:-1]
    return base64.b64decode(word + b"=" * (-len(word) % 4))

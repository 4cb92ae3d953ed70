"""Session descriptions in the bodies of SIP (SDP, RFC 8866): lines of a letter and a value, first of the session, then
of each medium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sensor.protocols.printing import printed

MAX_LINES, MAX_MEDIA = 512, 32
CONTENT_TYPE = "application/sdp"

_SESSION = {b"o": "origin", b"s": "session_name", b"i": "session_info", b"u": "uri", b"e": "email",
            b"p": "phone_number", b"c": "connection_data", b"t": "time", b"r": "repeat_time", b"z": "timezone",
            b"k": "encryption_key"}
_MEDIUM = {b"m": "media", b"i": "media_info", b"c": "connection_data", b"k": "encryption_key"}
_LISTS = {b"b": "bandwidths", b"a": "attributes"}
_BUFFERS = {"bandwidths": "bandwidth", "attributes": "attribute"}
_INLINE_KEY = re.compile(rb"^(crypto:.{0,80}?inline:).*")
_OF_MEDIA = frozenset({"media", "media_info", "connection_data", "encryption_key"})


def _lines(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in body.split(b"\n")[:MAX_LINES]:
        letter, equals, value = line.rstrip(b"\r").partition(b"=")
        if equals and len(letter) == 1:
            yield letter, value


def described(body: bytes) -> list[tuple[bool, str, bytes]]:
    """Return (of a medium, name, value) of each line in its order; [] where the body does not begin like SDP."""
    if not body.startswith(b"v="):
        return []
    found: list[tuple[bool, str, bytes]] = []
    media = 0
    for letter, value in _lines(body):
        media += letter == b"m"
        if media > MAX_MEDIA:
            break
        name = _LISTS.get(letter) or (_MEDIUM if media else _SESSION).get(letter)
        if name:
            found.append((media > 0, name, value))
    return found


def sdp_object(lines: list[tuple[bool, str, bytes]]) -> dict[str, Any]:
    """Return lines as EVE shows them: of a name that stands once the first counts, media in their order.

    Keys of encryption are secrets, and of these only the method is shown.
    """
    whole: dict[str, Any] = {}
    here = whole
    for of_medium, name, value in lines:
        if of_medium and name == "media":
            here = {}
            whole.setdefault("media_descriptions", []).append(here)
        if name in _BUFFERS:
            here.setdefault(name, []).append(printed(_INLINE_KEY.sub(rb"\1", value)))
        else:
            here.setdefault(name, printed(value.partition(b":")[0] if name == "encryption_key" else value))
    return whole


def sdp_buffers(lines: list[tuple[bool, str, bytes]]) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of lines; attributes and bandwidths of media are instances of those of the
    session."""
    return [(f"sdp.media.{name}" if of_medium and name in _OF_MEDIA else f"sdp.{_BUFFERS.get(name, name)}", value)
            for of_medium, name, value in lines]

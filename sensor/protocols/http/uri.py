"""Request targets: host, port and the normalised form, as Suricata's HTTP library does it by default.

Path: %XX and %uXXXX decoded once (an invalid escape stays), backslash as separator, separators compressed, dot segments
removed (RFC 3986 5.2.4), overlong and full-width UTF-8 mapped to its plain letter. Query and fragment stay as they are;
rules see them with their escapes decoded, too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*:(?://(?:[^/?#@]*@)?([^/?#]*))?")
_ESCAPE = re.compile(rb"%(?:u([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))")
_OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}"
                       rb"|\xef[\xbc\xbd][\x80-\xbf]")
_SEPARATORS = re.compile(rb"/{2,}")
_PLAIN = re.compile(rb"[%\\]|//|/\.|[\x80-\xff]")


class Target(NamedTuple):
    """What a request target names; port 0 when it names none."""

    hostname: bytes
    port: int
    path: bytes
    normalized: bytes


def parse_target(raw: bytes, connect: bool = False) -> Target:
    """Return host, port and normalised form of a request target; connect: it is host:port."""
    if connect:
        return Target(*(host_and_port(raw) if not raw.startswith(b"/") else (b"", 0)), b"", raw)
    host, port, rest = b"", 0, raw
    if not raw.startswith(b"/") and (found := _ABSOLUTE.match(raw)) and found[1] is not None:
        host, port = host_and_port(found[1])
        rest = raw[found.end() :] or b"/"
    raw_path = rest.partition(b"?")[0].partition(b"#")[0]
    path = normal_path(raw_path)
    return Target(host, port, path, rest if path is raw_path else path + rest[len(raw_path) :])


def inspected_uri(target: Target) -> bytes:
    """Return the form that rules see: the normalised path, and the rest with its escapes decoded once."""
    at = len(target.path)
    rest = target.normalized[at:]
    return target.normalized if b"%" not in rest else target.normalized[:at] + _ESCAPE.sub(_unescaped, rest)


def host_and_port(text: bytes) -> tuple[bytes, int]:
    """Return the host in lower case without its last dot, and the port that stands behind it."""
    text = text.strip(b" \t\0")
    host, colon, port = text.rpartition(b":")
    if not colon or text.endswith(b"]") or (b":" in host and not host.startswith(b"[")):
        return text.lower().rstrip(b"."), 0
    number = int(port) if port.isdigit() and len(port) < 6 else 0
    return host.lower().rstrip(b"."), number if number <= 0xFFFF else 0


def normal_path(path: bytes) -> bytes:
    """Return a path with its escapes decoded once, separators and dot segments resolved."""
    if not _PLAIN.search(path):
        return path
    path = _OVERLONG.sub(_shortest, _ESCAPE.sub(_unescaped, path)).replace(b"\\", b"/")
    path = _SEPARATORS.sub(b"/", path)
    return _without_dots(path) if b"/." in path else path


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[2]:
        return bytes((int(found[2], 16),))
    return _best_fit(int(found[1], 16))


def _best_fit(point: int) -> bytes:
    """A character of ASCII for a code point: itself, or the letter whose full-width form it is, else '?'."""
    if point < 0x100:
        return bytes((point,))
    if 0xFF01 <= point <= 0xFF5E:
        return bytes((point - 0xFF01 + 0x21,))
    return b"?"


def _shortest(found: re.Match[bytes]) -> bytes:
    data = found[0]
    point = data[0] & (0xFF >> (len(data) + 1))
    for byte in data[1:]:
        point = point << 6 | byte & 0x3F
    if point < 0x80 or 0xFF01 <= point <= 0xFF5E:
        return _best_fit(point)
    return data


def _without_dots(path: bytes) -> bytes:
    kept: list[bytes] = []
    parts = path.split(b"/")
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        if part == b"..":
            if len(kept) > 1:
                kept.pop()
            if last:
                kept.append(b"")
        elif part != b"." or last:
            kept.append(b"" if part == b"." else part)
    return b"/".join(kept)

"""Heads of HTTP/1.x messages: the first line and the headers, read as leniently as end hosts do.

Sources: RFC 9110, RFC 9112; what browsers accept beyond them as the http-evader captures show it.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring as quoted
from typing import cast

from sensor.protocols.shown import shown

END = re.compile(rb"\n(?:\r?\n|[ \t]\n(?=[^\n]))")
"""The end of a head: an empty line, or one blank between bare LF that is not followed by an empty one."""

_DECIDING = rb"(?:transfer-encoding|content-(?:encoding|length))"
_LONE_CR = re.compile(rb"\r+[ \t]*(?=[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}[ \t]*:)")  # a bare CR before "name:" parts lines
_FOLDED = re.compile(rb"\n[ \t\0]")
_FOLD = re.compile(rb"\n[ \t\0]+(?!" + _DECIDING + rb"[ \t]*:)", re.I)
_BLANKS = b" \t\r\n\v\f\0"
_NOT_TOKEN = re.compile(rb"[^!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_LINE = re.compile(rb"[\s\0]*(\S+)(?:[ \t]+(.*?))??(?:[ \t]+(HTTP/[^ \t]*))?[\s\0]*", re.I | re.S)
_PLAIN_REQUEST = re.compile(rb"([!-~]+) ([!-~]+) (HTTP/[!-~]*)")
_SECRET = frozenset({b"authorization", b"proxy-authorization"})
_EMPTY_LINE = [b"", b""]
_READ_LINES, _READ_BYTES = 4096, 256
_READ: dict[bytes, Header] = {}
"""Lines that were read before, at most so many, none longer than that. What they say depends on nothing else."""
_STATUS_LINE = re.compile(rb"[\s\0]*(HTTP/[^\s\0]*)(?:[\s\0]+(\d+)?([^\r\n]*))?", re.I)


Header = tuple[bytes, bytes, bytes, str]
"""One header: its key (the name in lower case, as end hosts understand it), name, value, and the text that a json
column shows of it."""


class Head:
    """First line; headers in their order; first value of each by its key; what was odd."""

    __slots__ = ("anomalies", "first", "headers", "line")

    def __init__(self, line: bytes, headers: list[Header], anomalies: tuple[str, ...]) -> None:
        self.line, self.headers, self.anomalies = line, headers, anomalies
        self.first = {key: value for key, _, value, _ in reversed(headers)}

    def value(self, name: bytes) -> bytes:
        """Return the first value of a header (name in lower case), or nothing."""
        return self.first.get(name, b"")

    def values(self, name: bytes) -> list[bytes]:
        """Return all values of a header."""
        return [value for key, _, value, _ in self.headers if key == name] if name in self.first else []


def parse_head(block: bytes, most: int) -> Head:
    """Return the head that a block of bytes (up to and with its empty line) holds; at most so many headers."""
    lines = block.split(b"\r\n")
    headers = cast("list[Header]", [*map(_READ.get, lines[1:-2])])  # None among them for a line that is not known
    if all(headers) and lines[-2:] == _EMPTY_LINE and b"\n" not in lines[0] and b"\r" not in lines[0]:
        odd: list[str] = []  # all lines are known ones, which have nothing odd
    else:
        headers, odd = _read(block, lines, most)
    if len(headers) > most:
        odd.append("too_many_headers")
        del headers[most:]
    return Head(lines[0].strip(b" \t\r"), headers, tuple(dict.fromkeys(odd)))


def header_of(key: bytes, name: bytes, value: bytes) -> Header:
    """Return a header with its text, in which credentials are without their secret."""
    seen = _masked(value) if key in _SECRET else value
    return key, name, value, f'{{"name":{quoted(shown(name))},"value":{quoted(shown(seen))}}}'


def json_headers(headers: list[Header]) -> str:
    """Return headers as the text of a json column, "" for none."""
    return "[" + ",".join([text for _, _, _, text in headers]) + "]" if headers else ""


def _masked(value: bytes) -> bytes:
    return value.partition(b" ")[0] + b" *" if b" " in value else b"*"


def _read(block: bytes, lines: list[bytes], most: int) -> tuple[list[Header], list[str]]:
    """Return the headers of any head, and what is odd; lines: it parted at CR LF, their first is made good.

    Those behind so many are odd at most: they have no text.
    """
    odd: list[str] = []
    if not len(lines) - 1 == block.count(b"\n") == block.count(b"\r") or _FOLDED.search(block):
        lines[:] = _mended(block, odd).split(b"\n")
    headers: list[Header] = []
    for line in filter(None, lines[1:]):
        header = _READ.get(line) or _header(line, odd, len(headers) < most)
        if header is not None:
            headers.append(header)
    return headers, odd


def _header(line: bytes, odd: list[str], wanted: bool) -> Header | None:
    """Return what a line says; a short one without anything odd or secret is remembered, for most come many times."""
    name, colon, value = line.partition(b":")
    if not colon:
        odd += ["header_without_colon"] * bool(line.strip(_BLANKS))
        return None
    key = name.lower()
    plain = not _NOT_TOKEN.search(key)
    if not plain:
        odd.append("odd_header_name")
        key = _NOT_TOKEN.sub(b"", key) if key.isascii() else key
    if not wanted:
        return key, name, value, ""
    header = header_of(key, name.strip(_BLANKS), value.strip(b" \t\r"))
    if plain and len(line) <= _READ_BYTES and key not in _SECRET and b"\r" not in line and b"\n" not in line:
        if len(_READ) >= _READ_LINES:
            _READ.clear()
        _READ[line] = header
    return header


def _mended(block: bytes, odd: list[str]) -> bytes:
    """Lines that do not simply end with CR LF, parted by LF; folded ones put together."""
    bare = block.count(b"\r") != block.count(b"\r\n")
    block = block.replace(b"\r\n", b"\n")
    if bare:
        block = _LONE_CR.sub(b"\n", block)
        odd.append("bare_cr")
    if _FOLDED.search(block):
        block, folded = _FOLD.subn(b" ", block)
        odd += ["folded_header"] * bool(folded)
    return block


def request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Return method, target and protocol; the protocol is empty when the line has none (HTTP/0.9)."""
    if plain := _PLAIN_REQUEST.fullmatch(line):
        return plain[1], plain[2], plain[3]
    found = _REQUEST_LINE.fullmatch(line)
    if not found:
        return b"", line, b""
    return found[1], found[2] or b"", found[3] or b""


def status_line(line: bytes) -> tuple[bytes, int, bytes]:
    """Return protocol, status (0 when it is no number up to 65535) and reason phrase; nothing for another line."""
    found = _STATUS_LINE.match(line)
    if not found:
        return b"", 0, b""
    digits = (found[2] or b"")[:6]
    status = int(digits) if digits else 0
    return found[1], status if status <= 0xFFFF else 0, (found[3] or b"").strip(_BLANKS)


def content_length(head: Head) -> tuple[int, list[str]]:
    """Return the length that the head announces, -1 for none; the first number counts, as in end hosts."""
    values = head.values(b"content-length")
    if not values:
        return -1, []
    if len(values) == 1 and len(values[0]) < 19 and values[0].isdigit():
        return int(values[0]), []
    numbers = [n for v in values for n in re.findall(rb"\d+", v[:256])]
    odd = []
    if len(values) > 1:
        odd.append("repeated_content_length")
    if not numbers or len(set(numbers)) > 1 or any(not v.isdigit() for v in values):
        odd.append("odd_content_length")
    return (min(int(numbers[0][:20]), (1 << 63) - 1) if numbers else -1), odd


def chunked(head: Head) -> tuple[bool, list[str]]:
    """Return whether the body may be chunked: whether it is, its first line tells."""
    values = head.values(b"transfer-encoding")
    if not values:
        return False, []
    joined = b",".join(values).replace(b"\0", b"").lower()
    plain = joined.strip() == b"chunked"
    return b"chunked" in joined, [] if plain else ["odd_transfer_encoding"]


def codings(head: Head) -> list[bytes]:
    """Return the content codings in the order in which they were applied."""
    values = head.values(b"content-encoding")
    return _CODING.findall(b",".join(values).replace(b"\0", b"").lower()) if values else []


_CODING = re.compile(rb"gzip|deflate|lzma|\bbr\b")

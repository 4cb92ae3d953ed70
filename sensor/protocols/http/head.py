"""Heads of HTTP/1.x messages: the first line and the headers, read as leniently as end hosts do.

Sources: RFC 9110, RFC 9112; what browsers accept beyond them as the http-evader captures show it.
"""

from __future__ import annotations

import re

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
_STATUS_LINE = re.compile(rb"[\s\0]*(HTTP/[^\s\0]*)(?:[\s\0]+(\d+)?([^\r\n]*))?", re.I)


class Head:
    """First line; headers as (name in lower case, name, value) in their order; what was odd."""

    __slots__ = ("_first", "anomalies", "headers", "line")

    def __init__(self, line: bytes, headers: list[tuple[bytes, bytes, bytes]], anomalies: tuple[str, ...]) -> None:
        self.line, self.headers, self.anomalies = line, headers, anomalies
        self._first = {key: value for key, _, value in reversed(headers)}

    def value(self, name: bytes) -> bytes:
        """Return the first value of a header (name in lower case), or nothing."""
        return self._first.get(name, b"")

    def values(self, name: bytes) -> list[bytes]:
        """Return all values of a header."""
        return [value for key, _, value in self.headers if key == name] if name in self._first else []


def parse_head(block: bytes, most: int) -> Head:
    """Return the head that a block of bytes (up to and with its empty line) holds; at most so many headers."""
    odd: list[str] = []
    lines = block.split(b"\r\n")
    if not len(lines) - 1 == block.count(b"\n") == block.count(b"\r") or _FOLDED.search(block):
        lines = _mended(block, odd).split(b"\n")
    headers = []
    for line in filter(None, lines[1:]):
        name, colon, value = line.partition(b": ")
        key = _COMMON.get(name)
        if key is None:
            name, colon, value = line.partition(b":")
            if not colon:
                odd += ["header_without_colon"] * bool(line.strip(_BLANKS))
                continue
            key, name = _key(name, odd), name.strip(_BLANKS)
        headers.append((key, name, value.strip(b" \t\r")))
    if len(headers) > most:
        odd.append("too_many_headers")
        del headers[most:]
    return Head(lines[0].strip(b" \t\r"), headers, tuple(dict.fromkeys(odd)))


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


def _key(name: bytes, odd: list[str]) -> bytes:
    """A header's name as end hosts understand it: blanks and control characters in it do not count."""
    key = name.lower()
    if _NOT_TOKEN.search(key):
        odd.append("odd_header_name")
        return _NOT_TOKEN.sub(b"", key) if key.isascii() else key
    return key


_COMMON = {name: name.lower() for name in (
    b"Host", b"User-Agent", b"Accept", b"Accept-Language", b"Accept-Encoding", b"Referer", b"Connection", b"Cookie",
    b"Content-Type", b"Content-Length", b"Date", b"Server", b"Cache-Control", b"Vary", b"ETag", b"Last-Modified",
    b"Expires", b"Pragma", b"Set-Cookie", b"Location", b"Transfer-Encoding", b"Content-Encoding", b"Accept-Ranges",
    b"Keep-Alive", b"Origin", b"If-Modified-Since", b"If-None-Match", b"X-Powered-By", b"Via", b"Age", b"Authorization",
    b"X-Requested-With", b"Upgrade-Insecure-Requests", b"Content-Disposition", b"Content-Range", b"Range", b"P3P")}


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

"""multipart/form-data (RFC 7578) taken apart as it comes: each part with a file name becomes a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_BOUNDARY = re.compile(rb";\s*boundary\s*=\s*(?:\"([^\"]{1,200})\"?|([^\s;,]{1,200}))", re.I)
_FILE_NAME = re.compile(rb"\bfilename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)(?:\"|$)|([^\s;]+))", re.I)
_PART_HEAD_BYTES = 8192
_END = re.compile(rb"\n\r?\n")
_PREAMBLE, _HEAD, _BODY, _AFTER = range(4)


def boundary_of(content_type: bytes) -> bytes:
    """Return the boundary that a Content-Type names, or nothing."""
    found = _BOUNDARY.search(content_type) if content_type[:10].lower() == b"multipart/" else None
    return (found[1] or found[2]) if found else b""


def file_name_of(disposition: bytes) -> bytes:
    """Return the file name that a Content-Disposition gives, or nothing."""
    found = _FILE_NAME.search(disposition)
    if not found:
        return b""
    return re.sub(rb"\\([\"\\])", rb"\1", found[1]) if found[1] is not None else found[2]


class Multipart:
    """Finds the parts of a multipart body. begin(file name or nothing) -> a sink (data, gap, over) or None."""

    def __init__(self, boundary: bytes, begin: Callable[[bytes], Any], most_parts: int) -> None:
        self._mark, self._begin, self._left = b"--" + boundary, begin, most_parts
        self._state, self._held = _PREAMBLE, b""
        self._sink: Any = None

    def data(self, data: bytes) -> None:
        """Take the next bytes."""
        held = self._held + data
        while held and self._state != _AFTER:
            rest = self._in_head(held) if self._state == _HEAD else self._to_boundary(held)
            if rest is None:
                return
            held = rest
        self._held = b""

    def _to_boundary(self, held: bytes) -> bytes | None:
        """Hand on what lies before the next boundary; return what lies behind it, None when more is needed."""
        mark = self._mark
        at = held.find(mark)
        while at > 0 and held[at - 1] != 10:
            at = held.find(mark, at + 1)
        if at < 0:
            keep = len(mark) + 2
            self._give(held[:-keep])
            self._held = held[-keep:]
            return None
        after = held[at + len(mark) : at + len(mark) + 2]
        if len(after) < 2 and b"\n" not in after:
            self._give(held[: max(at - 2, 0)])
            self._held = held[max(at - 2, 0) :]
            return None
        body = held[:at]
        self._give(body[:-2] if body.endswith(b"\r\n") else body[:-1])
        self._end()
        self._state = _AFTER if after == b"--" else _HEAD
        return held[at + len(mark) :]

    def _in_head(self, held: bytes) -> bytes | None:
        found = _END.search(held)
        if not found:
            self._held = held
            if len(held) > _PART_HEAD_BYTES:
                self._state, self._held = _AFTER, b""
            return None
        self._state = _BODY
        self._left -= 1
        if self._left < 0:
            self._state = _AFTER
            return b""
        name = b""
        for line in held[: found.end()].split(b"\n"):
            key, _, value = line.partition(b":")
            if key.strip().lower() == b"content-disposition":
                name = file_name_of(value.strip())
        self._sink = self._begin(name)
        return held[found.end() :]

    def _give(self, data: bytes) -> None:
        if data and self._state == _BODY and self._sink is not None:
            self._sink.data(data)

    def _end(self) -> None:
        if self._sink is not None:
            self._sink.over("CLOSED")
        self._sink = None

    def gap(self, size: int) -> None:
        """Count bytes that were never captured to the part they most likely belong to."""
        if self._state == _BODY:
            self._give(self._held)
            self._held = b""
            if self._sink is not None:
                self._sink.gap(size)

    def finish(self) -> None:
        """The body is over: a part that is still open was cut off."""
        if self._state == _BODY:
            self._give(self._held)
        self._held = b""
        if self._sink is not None:
            self._sink.over("TRUNCATED")
        self._sink, self._state = None, _AFTER

"""Frames of HTTP/2 out of one direction (RFC 9113, 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

HEADER_BYTES, LONGEST = 9, 1 << 20
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION) = range(10)
END_STREAM, END_HEADERS, PADDED, HAS_PRIORITY = 1, 4, 8, 32


class Frame(NamedTuple):
    """One frame: stream is 0 for the connection, body what follows the header."""

    kind: int
    flags: int
    stream: int
    body: bytes

    @property
    def content(self) -> bytes:
        """The body of DATA, HEADERS or PUSH_PROMISE without padding and what stands before the content."""
        body = self.body
        padding = 0
        if self.flags & PADDED and body:
            padding, body = body[0], body[1:]
        if self.kind == HEADERS and self.flags & HAS_PRIORITY:
            body = body[5:]
        if self.kind == PUSH_PROMISE:
            body = body[4:]
        return body[: len(body) - padding] if padding <= len(body) else b""

    @property
    def weight(self) -> int | None:
        """The weight that a PRIORITY frame, or HEADERS with priority, gives."""
        if self.kind == PRIORITY:
            return self.body[4] if len(self.body) >= 5 else None
        if self.kind == HEADERS and self.flags & HAS_PRIORITY:
            start = 1 if self.flags & PADDED else 0
            return self.body[start + 4] if len(self.body) >= start + 5 else None
        return None


class FrameReader:
    """Cuts a direction into frames; lost once something cannot be one."""

    def __init__(self) -> None:
        self._held, self.lost = bytearray(), False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes; yield the frames that they complete."""
        held = self._held
        held += data
        at = 0
        while not self.lost and len(held) - at >= HEADER_BYTES:
            size = int.from_bytes(held[at : at + 3], "big")
            if size > LONGEST:
                self.lost = True
                break
            stop = at + HEADER_BYTES + size
            if stop > len(held):
                break
            stream = int.from_bytes(held[at + 5 : at + 9], "big") & 0x7FFFFFFF
            yield Frame(held[at + 3], held[at + 4], stream, bytes(held[at + HEADER_BYTES : stop]))
            at = stop
        del held[:at]

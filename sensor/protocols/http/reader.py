"""Reader: cuts one direction of a connection into heads and bodies (RFC 9112 section 6), whatever its pieces."""

from __future__ import annotations

import re
from typing import Any

from sensor.protocols.http.body import Body
from sensor.protocols.http.head import END
from sensor.protocols.parser import NO_END

HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, CLOSE, OPAQUE, LOST, HELD = range(10)
"""What is read now. CLOSE: a body until the end; OPAQUE: no HTTP any more; LOST: a head is searched after a gap;
HELD: nothing, until the other side has answered."""

Bytes = bytes | bytearray
"""What is read: bytes as they came, or those that waited for more."""

_WITHIN = frozenset({LENGTH, CHUNK, CLOSE})  # a body
_BLANK_LINES = re.compile(rb"[\r\n]+")
_INK = re.compile(rb"[^\s\0]")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]+")
_CHUNK_LINE_BYTES = 4096
_START_BYTES = (32, 8192)  # a line that is longer begins no message
_STARTS = (
    re.compile(rb"\n(?=HTTP/1\.[01] [1-9]\d\d[ \r\n])"),
    re.compile(rb"\n(?=[A-Z]{3,20} [^\s]{1,8000} HTTP/1\.[01]\r?\n)"),
)


class Reader:
    """One direction. The owner is told: head(to_server, block), trailer(to_server, block), ended(to_server, whole),
    odd(to_server, cause), cut_off(to_server, rest), and asked headless(data, at): whether a response is a mere body (it
    has changed the state then), None when that takes more bytes. On head it calls ``expect`` and says where the bytes
    of the body go; None for nowhere.
    """

    __slots__ = ("_buffer", "_fallback", "_first_chunk", "_head_bytes", "_owner", "_scanned", "body", "framing_bytes",
                 "left", "state", "to_server")

    def __init__(self, owner: Any, to_server: bool, head_bytes: int) -> None:
        self._owner, self.to_server, self._head_bytes = owner, to_server, head_bytes
        self._buffer: Bytes = b""
        self._scanned, self.state, self.left, self.framing_bytes = 0, HEAD, 0, 0
        self._fallback, self._first_chunk = -1, True
        self.body: Body | None = None

    def expect(self, length: int, chunked: bool, until_close: bool, body: Body | None = None) -> None:
        """Say how the body is framed: chunked if it looks so, else by length (-1: none, or until close)."""
        self.body = body
        self._fallback = length if length >= 0 else -2 if until_close else -1
        self.framing_bytes, self._first_chunk = 0, True
        if chunked:
            self.state = CHUNK_SIZE
        else:
            self._unframed()

    def _unframed(self) -> None:
        if self._fallback > 0:
            self.state, self.left = LENGTH, self._fallback
        elif self._fallback == -2:
            self.state, self.left = CLOSE, NO_END
        else:
            self._end(True)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.state in _WITHIN and len(data) < self.left and not self._buffer:  # as with most bytes
            self.left -= len(data)
            if self.body is not None:
                self.body.data(data)
            return
        if self.state == OPAQUE:
            return
        pieces: Bytes = data
        if self._buffer:
            if isinstance(self._buffer, bytes):
                self._buffer = bytearray(self._buffer)
            self._buffer += data
            pieces = self._buffer
        at, size = 0, len(pieces)
        while at < size and self.state != OPAQUE:
            state, step = self.state, _STEPS[self.state](self, pieces, at)
            if step < 0 or (step == at and state == self.state):
                break
            at = step
            if state != self.state:
                self._scanned = 0
        if self.state == OPAQUE:
            self._buffer = bytes(pieces[at:]) if at < size else b""  # for a handover
        elif at >= size:
            self._buffer = b""
        elif at or pieces is not self._buffer:
            self._buffer = bytes(pieces[at:])

    def pending(self) -> bytes:
        """Return the bytes that are not read yet, and forget them."""
        rest, self._buffer, self._scanned = bytes(self._buffer), b"", 0
        return rest

    def peek(self) -> bytes:
        """Return the bytes that are not read yet."""
        return bytes(self._buffer)

    def resume(self) -> None:
        """Read on what was held."""
        self.state = HEAD
        if rest := self.pending():
            self.feed(rest)

    def _head(self, data: Bytes, at: int) -> int:
        if self._scanned == 0 and data[at] in b"\r\n" and (blank := _BLANK_LINES.match(data, at)):
            return blank.end()  # between messages
        if not self.to_server and not data.startswith(b"HTTP/", at):
            simple = self._owner.headless(data, at)
            if simple is None:
                return -1
            if simple:
                return at
        found = END.search(data, at + max(self._scanned - 3, 0))
        if found is None:
            self._scanned = len(data) - at
            if self._scanned > self._head_bytes:
                self._owner.odd(self.to_server, "head_too_long")
                self.state = LOST
                return at
            return -1
        if found.end() - at > self._head_bytes:
            self._owner.odd(self.to_server, "head_too_long")
            self.state = LOST
            return at
        self._scanned = 0
        self._owner.head(self.to_server, bytes(data[at : found.end()]))
        return found.end()

    def _length(self, data: Bytes, at: int) -> int:
        take = min(self.left, len(data) - at)
        self._pass(data, at, take)
        self.left -= take
        if self.left == 0:
            self._end(True)
        return at + take

    def _close(self, data: Bytes, at: int) -> int:
        self._pass(data, at, len(data) - at)
        return len(data)

    def _pass(self, data: Bytes, at: int, take: int) -> None:
        body = self.body
        if body is None:
            return
        if body.passable >= take:
            body.skip(take)
        else:
            body.data(bytes(data[at : at + take]))

    def _miss(self, size: int) -> None:
        if self.body is not None:
            self.body.gap(size)

    def _chunk_size(self, data: Bytes, at: int) -> int:
        ink = _INK.search(data, at)
        if ink is None:
            return -1 if len(data) - at < _CHUNK_LINE_BYTES else self._not_chunked(at)
        begin = ink.start()
        digits = _CHUNK_SIZE.match(data, begin)
        if digits is None or begin - at >= _CHUNK_LINE_BYTES:
            return self._not_chunked(at)
        end = data.find(b"\n", begin, at + _CHUNK_LINE_BYTES)
        if end < 0:
            return -1 if len(data) - at < _CHUNK_LINE_BYTES else self._not_chunked(at)
        self.left = int(bytes(digits[0])[-16:], 16) if len(digits[0].lstrip(b"0")) <= 16 else NO_END
        self.framing_bytes += end + 1 - at
        self._first_chunk = False
        if b";" in data[digits.end() : end]:
            self._owner.odd(self.to_server, "chunk_extension")
        self.state = CHUNK if self.left else TRAILER
        return end + 1

    def _not_chunked(self, at: int) -> int:
        self._owner.odd(self.to_server, "not_chunked" if self._first_chunk else "bad_chunk_size")
        if self._first_chunk:
            self._unframed()
        else:
            self.state, self.left = CLOSE, NO_END
        return at

    def _chunk(self, data: Bytes, at: int) -> int:
        take = min(self.left, len(data) - at)
        self._pass(data, at, take)
        self.left -= take
        if self.left == 0:
            self.state = CHUNK_END
        return at + take

    def _chunk_end(self, data: Bytes, at: int) -> int:
        end = data.find(b"\n", at)
        stop = end + 1 if end >= 0 else len(data)
        if stop - at > 2:
            self._owner.odd(self.to_server, "chunk_overrun")
        self.framing_bytes += stop - at
        if end >= 0:
            self.state = CHUNK_SIZE
        return stop

    def _trailer(self, data: Bytes, at: int) -> int:
        if data[at : at + 1] == b"\n" or data[at : at + 2] == b"\r\n":
            self.framing_bytes += 1 if data[at] == 10 else 2
            self._end(True)
            return at + (1 if data[at] == 10 else 2)
        if data[at : at + 5] == b"HTTP/":  # the last line is missing, the next message is here
            self._end(True)
            return at
        found = END.search(data, at + max(self._scanned - 3, 0))
        if found is None:
            self._scanned = len(data) - at
            if self._scanned > self._head_bytes:
                self._end(True)
                self.state = LOST
            return -1
        self._scanned = 0
        self.framing_bytes += found.end() - at
        self._owner.trailer(self.to_server, bytes(data[at : found.end()]))
        self._end(True)
        return found.end()

    def _lost(self, data: Bytes, at: int) -> int:
        found = _STARTS[self.to_server].search(data, at)
        if found:
            self.state = HEAD
            return found.end()
        line = data.rfind(b"\n", at)
        if line < 0 or len(data) - line > _START_BYTES[self.to_server]:
            return len(data)
        return line if line > at else -1

    def _wait(self, data: Bytes, at: int) -> int:
        return -1

    def _opaque(self, data: Bytes, at: int) -> int:
        return len(data)

    def _end(self, whole: bool) -> None:
        self.state = HEAD
        self._owner.ended(self.to_server, whole)

    def gap(self, size: int) -> None:
        """So many bytes are missing: those of a known body are counted to it, else the next head is searched."""
        if self.state in (OPAQUE, HELD):
            self._buffer = b""
            return
        if self.state == CLOSE:
            self._miss(size)
            return
        if self.state in (LENGTH, CHUNK):
            take = min(size, self.left)
            self._miss(take)
            self.left -= take
            size -= take
            if size == 0 and self.left:
                return
            if size == 0:
                if self.state == CHUNK:
                    self.state = CHUNK_END
                else:
                    self._end(True)
                return
            self._end(False)
        elif self.state != LOST and (self.state != HEAD or self._buffer):
            self._owner.odd(self.to_server, "gap_in_head" if self.state == HEAD else "gap_in_chunk_line")
            if self.state != HEAD:
                self._end(False)
        self._buffer, self._scanned, self.state = b"\n", 0, LOST  # a message may begin right behind the gap

    def finish(self) -> None:
        """The direction is over."""
        state, rest = self.state, self._buffer
        self._buffer = b""
        if state == CLOSE or state == TRAILER:
            self._end(True)
        elif state == CHUNK_SIZE and self._first_chunk and rest:
            self._not_chunked(0)
            self.feed(bytes(rest))
            self.finish()
        elif state in (LENGTH, CHUNK, CHUNK_SIZE, CHUNK_END):
            self._end(False)
        elif state == HEAD and rest:
            self._owner.cut_off(self.to_server, bytes(rest))
        if self.state != OPAQUE:
            self.state = LOST

    @property
    def passable(self) -> int:
        """So many next bytes need only be counted; never the last one of a body."""
        if self.state == OPAQUE:
            return NO_END
        if self._buffer or self.state not in _WITHIN:
            return 0
        passable = self.body.passable if self.body is not None else NO_END
        return min(passable, self.left - 1) if self.state != CLOSE else passable

    @property
    def patient(self) -> int:
        """So many next bytes belong to a body that tells nothing before its end, and are not its last."""
        if self._buffer or self.state not in _WITHIN or not (self.body is None or self.body.patient):
            return 0
        return self.left - 1 if self.state != CLOSE else NO_END

    def skip(self, size: int) -> None:
        """Count bytes (at most ``passable``) that are there, but were not handed over."""
        if self.state in (OPAQUE, HELD, LOST, HEAD):
            return
        if self.body is not None:
            self.body.skip(size)
        if self.state != CLOSE:
            self.left -= size


_STEPS = {HEAD: Reader._head, LENGTH: Reader._length, CHUNK_SIZE: Reader._chunk_size, CHUNK: Reader._chunk,
          CHUNK_END: Reader._chunk_end, TRAILER: Reader._trailer, CLOSE: Reader._close, OPAQUE: Reader._opaque,
          LOST: Reader._lost, HELD: Reader._wait}

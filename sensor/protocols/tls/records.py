"""The record layer of one direction: bytes in pieces of any size become messages, alerts and marks (RFC 8446, 5)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION, HEARTBEAT = 20, 21, 22, 23, 24
LONGEST_RECORD = (1 << 14) + 2048


class Kind(IntEnum):
    """What a record brought."""

    MESSAGE = 0  # a handshake message, whole: its type, its body
    ALERT = 1  # level and description in the body
    CHANGE_CIPHER = 2
    ENCRYPTED = 3  # an application record began; its content is not looked at
    SSL2 = 4  # a message of SSL 2.0, from its type on
    TOO_LONG = 5  # a message beyond the limit: passed over
    BROKEN = 6  # this is no record: nothing more is read


_MESSAGE, _ALERT, _CHANGE_CIPHER, _ENCRYPTED, _SSL2, _TOO_LONG, _BROKEN = Kind  # its look-ups cost more than their use
Listener = Callable[[bool, Kind, int, bytes], None]
"""Takes direction, kind, type of the handshake message, body."""


class RecordReader:
    """Cuts records and handshake messages out of one direction. It holds at most one message within its limit.

    Two things are set from outside: encrypted as soon as handshake records and alerts can no longer be read (they are
    then passed over by counting, like application data), stopped when nothing more is to be read.
    """

    __slots__ = ("_first", "_header", "_held", "_kind", "_left", "_limit", "_needed", "_skip", "broken", "encrypted",
                 "stopped")

    def __init__(self, message_bytes: int) -> None:
        self.encrypted = self.broken = self.stopped = False
        self._limit = message_bytes
        self._header = b""
        self._kind = self._left = 0  # content type of the present record, and what is left of it
        self._first = True
        self._held = bytearray()  # of a handshake message, an alert or a message of SSL 2.0
        self._needed, self._skip = 4, 0

    def feed(self, data: bytes, to_server: bool, tell: Listener) -> None:
        """Take the next bytes; tell what they complete, in order."""
        at, size = 0, len(data)
        while at < size and not (self.broken or self.stopped):
            if self._left == 0:
                at += self._begin(data, at, to_server, tell)
            else:
                taken = min(self._left, size - at)
                self._left -= taken
                self._content(data, at, at + taken, to_server, tell)
                at += taken

    def gap(self, size: int) -> bool:
        """Pass over bytes that are missing; False when reading cannot go on after them."""
        readable = self._kind in (HANDSHAKE, ALERT, _SSL2) and not self.encrypted
        if size > self._left or readable or self._header:
            self.broken = True
            return False
        self._left -= size
        return True

    def _begin(self, data: bytes, at: int, to_server: bool, tell: Listener) -> int:
        """A record begins as soon as its header is whole; return how many bytes of it were taken."""
        known = len(self._header)
        header = self._header + data[at : at + 5 - known]
        if self._first and header[0] & 0x80:
            return self._begin_ssl2(header[:2], known)
        if len(header) < 5:
            self._header = header
            return len(header) - known
        kind, self._left = header[0], header[3] << 8 | header[4]
        self._kind, self._first, self._header = kind, False, b""
        if not CHANGE_CIPHER <= kind <= HEARTBEAT or header[1] != 3 or self._left > LONGEST_RECORD:
            self.broken = True
            tell(to_server, _BROKEN, 0, b"")
        elif kind == APPLICATION:
            tell(to_server, _ENCRYPTED, 0, b"")
        return 5 - known

    def _begin_ssl2(self, header: bytes, known: int) -> int:
        self._header = header
        if len(header) == 2:
            self._kind, self._left = _SSL2, (header[0] & 0x7F) << 8 | header[1]
            self._first, self._header = False, b""
        return len(header) - known

    def _content(self, data: bytes, start: int, stop: int, to_server: bool, tell: Listener) -> None:
        kind = self._kind
        if kind == HANDSHAKE:
            if not self.encrypted:
                self._messages(data[start:stop], to_server, tell)
        elif kind == CHANGE_CIPHER:
            if self._left == 0:
                tell(to_server, _CHANGE_CIPHER, 0, b"")
        elif kind == ALERT and not self.encrypted:
            self._whole(data[start:stop], _ALERT, to_server, tell)
        elif kind == _SSL2:
            self._whole(data[start:stop], _SSL2, to_server, tell)

    def _whole(self, piece: bytes, kind: Kind, to_server: bool, tell: Listener) -> None:
        """One message that is the content of the record."""
        self._held += piece
        if self._left == 0:
            body = bytes(self._held)
            self._held.clear()
            self._needed = 4
            if kind != _ALERT or len(body) == 2:
                tell(to_server, kind, 0, body)

    def _messages(self, piece: bytes, to_server: bool, tell: Listener) -> None:
        """Handshake messages: several in a record, or one over several."""
        if self._skip:
            passed = min(self._skip, len(piece))
            self._skip -= passed
            piece = piece[passed:]
        if self._held:
            self._held += piece
            if len(self._held) < self._needed:
                return
            piece = bytes(self._held)
            self._held.clear()
        at, end = 0, len(piece)
        self._needed = 4
        while end - at >= 4 and not self.stopped:
            size = 4 + (piece[at + 1] << 16 | piece[at + 2] << 8 | piece[at + 3])
            if size > self._limit:
                tell(to_server, _TOO_LONG, piece[at], b"")
                passed = min(size, end - at)
                at, self._skip = at + passed, size - passed
            elif end - at < size:
                self._needed = size
                break
            else:
                tell(to_server, _MESSAGE, piece[at], piece[at + 4 : at + size])
                at += size
        self._held += piece[at:]

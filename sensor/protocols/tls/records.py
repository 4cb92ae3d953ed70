"""The record layer of one direction: bytes in pieces of any size become messages, alerts and marks (RFC 8446, 5)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION, HEARTBEAT = 20, 21, 22, 23, 24
LONGEST_RECORD = (1 << 14) + 2048
_NOTHING = b""


class Kind(IntEnum):
    """What a record brought."""

    MESSAGE = 0  # a handshake message, whole: its type, its body
    ALERT = 1  # level and description in the body
    CHANGE_CIPHER = 2
    ENCRYPTED = 3  # an application record began; its content is not looked at
    SSL2 = 4  # a message of SSL 2.0, from its type on
    TOO_LONG = 5  # a message beyond the limit: passed over
    BROKEN = 6  # this is no record: nothing more is read


class Event(NamedTuple):
    """Something that a direction said; type is that of a handshake message."""

    kind: Kind
    type: int = 0
    body: bytes = _NOTHING


class RecordReader:
    """Cuts records and handshake messages out of one direction. It holds at most one message within its limit.

    encrypted is set from outside as soon as handshake records and alerts can no longer be read: they are then passed
    over by counting, like application data.
    """

    def __init__(self, message_bytes: int) -> None:
        self.encrypted = self.broken = False
        self._limit = message_bytes
        self._header = bytearray()
        self._kind = self._left = 0  # content type of the present record, and what is left of it
        self._first = True
        self._held = bytearray()  # of a handshake message, an alert or a message of SSL 2.0
        self._needed, self._skip = 4, 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes; yield what they complete, in order."""
        at, size = 0, len(data)
        while at < size and not self.broken:
            if self._left == 0:
                taken = min((2 if self._is_ssl2(data, at) else 5) - len(self._header), size - at)
                self._header += data[at : at + taken]
                yield from self._begun()
            else:
                taken = min(self._left, size - at)
                self._left -= taken
                yield from self._content(data, at, at + taken)
            at += taken

    def gap(self, size: int) -> bool:
        """Pass over bytes that are missing; False when reading cannot go on after them."""
        readable = self._kind in (HANDSHAKE, ALERT, Kind.SSL2) and not self.encrypted
        if size > self._left or readable or self._header:
            self.broken = True
            return False
        self._left -= size
        return True

    def _is_ssl2(self, data: bytes, at: int) -> bool:
        return self._first and bool((self._header or data[at : at + 1])[0] & 0x80)

    def _begun(self) -> Iterator[Event]:
        """A record begins as soon as its header is whole."""
        header = self._header
        if self._first and header[0] & 0x80:
            if len(header) == 2:
                self._kind, self._left = Kind.SSL2, (header[0] & 0x7F) << 8 | header[1]
                self._needed, self._first = self._left, False
                self._header = bytearray()
            return
        if len(header) < 5:
            return
        self._kind, self._left, self._first = header[0], header[3] << 8 | header[4], False
        if not CHANGE_CIPHER <= header[0] <= HEARTBEAT or header[1] != 3 or self._left > LONGEST_RECORD:
            self.broken = True
            yield Event(Kind.BROKEN)
        elif self._kind == APPLICATION:
            yield Event(Kind.ENCRYPTED)
        self._header = bytearray()

    def _content(self, data: bytes, start: int, stop: int) -> Iterator[Event]:
        if self._kind == CHANGE_CIPHER:
            if self._left == 0:
                yield Event(Kind.CHANGE_CIPHER)
        elif self._kind == HANDSHAKE and not self.encrypted:
            yield from self._messages(data[start:stop])
        elif self._kind == ALERT and not self.encrypted:
            yield from self._whole(data[start:stop], 2, Kind.ALERT)
        elif self._kind == Kind.SSL2:
            yield from self._whole(data[start:stop], self._needed, Kind.SSL2)

    def _whole(self, piece: bytes, needed: int, kind: Kind) -> Iterator[Event]:
        """One message that is the content of the record."""
        self._held += piece
        if self._left == 0:
            if len(self._held) == needed:
                yield Event(kind, 0, bytes(self._held))
            self._held.clear()
            self._needed = 4

    def _messages(self, piece: bytes) -> Iterator[Event]:
        """Handshake messages: several in a record, or one over several."""
        if self._skip:
            passed = min(self._skip, len(piece))
            self._skip -= passed
            piece = piece[passed:]
        self._held += piece
        at = 0
        while len(self._held) - at >= self._needed:
            head = self._held[at : at + 4]
            size = 4 + int.from_bytes(head[1:], "big")
            if size > self._limit:
                yield Event(Kind.TOO_LONG, head[0])
                passed = min(size, len(self._held) - at)
                at, self._skip, self._needed = at + passed, size - passed, 4
            elif len(self._held) - at < size:
                self._needed = size
            else:
                yield Event(Kind.MESSAGE, head[0], bytes(self._held[at + 4 : at + size]))
                at, self._needed = at + size, 4
        del self._held[:at]

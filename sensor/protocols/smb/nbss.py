"""NetBIOS session service (RFC 1002, 4.3), also as direct TCP: one direction's bytes become messages.

The bytes of file contents are not gathered: of a message that carries them, the head is told first, then its rest
piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

HEAD_BYTES = 128
"""The headers of whatever carries file data are shorter."""
_MAGIC = re.compile(rb"\x00[\x00-\x7f]..[\xfc-\xff]SMB", re.DOTALL)
_SESSION, _KEEPALIVE = 0x00, (0x81, 0x82, 0x83, 0x84, 0x85)
_READ_OUTRIGHT = (b"\xfeSMB", b"\xffSMB")


class Kind(IntEnum):
    """What happened in a direction."""

    MESSAGE = 0  # a message, whole or as much of it as is looked at
    HEAD = 1  # the first bytes of a message that carries file data
    BODY = 2  # the next bytes of it
    MISSING = 3  # so many bytes of it were never captured
    END = 4  # it is over
    LOST = 5  # a message of which bytes were never captured
    BROKEN = 6  # this is no message: the next one that is recognised goes on
    BULK = 7  # a message that carries file data, all of it: what HEAD, BODY and END tell of one that comes in pieces


_MESSAGE, _HEAD, _BODY, _MISSING, _END, _LOST, _BROKEN, _BULK = Kind  # its look-ups cost more than their use
_new = tuple.__new__  # without the call that a named tuple wraps it in


class Event(NamedTuple):
    """data: the bytes; size: how long the whole message is, or how much is missing."""

    kind: Kind
    data: bytes = b""
    size: int = 0


def bulk(head: bytes) -> bool:
    """Tell whether a message carries file data alone: a single read response or write request."""
    if head[:4] == b"\xfeSMB" and len(head) >= 64:
        response = head[16] & 1
        return head[12] == (8 if response else 9) and head[20:24] == b"\0\0\0\0"
    if head[:4] == b"\xffSMB" and len(head) >= 32:
        return (head[4] == 0x2E and head[9] & 0x80 != 0) or (head[4] == 0x2F and head[9] & 0x80 == 0)
    return False


class NbssReader:
    """Cuts messages; holds at most one of them, up to its limit."""

    def __init__(self, message_bytes: int) -> None:
        self._limit = message_bytes
        self._held = bytearray()
        self._size = self._left = 0  # of the message: its length, and what is still to come
        self._stage = _HEADER
        self._hunting = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes; yield what they complete, in order."""
        if self._hunting:
            data = self._hunt(data)
        at = 0
        while at < len(data):
            if self._stage == _HEADER:
                if not self._held and (whole := self._at_once(data, at)) is not None:
                    at += 4 + whole.size
                    yield whole
                    continue
                taken = min(4 - len(self._held), len(data) - at)
                self._held += data[at : at + taken]
                at += taken
                head = bytes(self._held)
                if len(head) == 4 and not self._begin():
                    yield Event(_BROKEN)
                    data, at = self._hunt(head[1:] + data[at:]), 0
                continue
            wanted = self._wanted()
            taken = min(wanted, len(data) - at)
            piece, at = data[at : at + taken], at + taken
            self._left -= taken
            yield from self._take(piece)

    def _at_once(self, data: bytes, at: int) -> Event | None:
        """Return the message at a place of data if it is there to its end, as most are, and nothing is to be hidden."""
        start = at + 4
        size = int.from_bytes(data[at:start], "big")  # the type of a session message is 0
        if not 4 <= size < 1 << 24 or start + size > len(data) or data[start : start + 4] not in _READ_OUTRIGHT:
            return None
        whole = data[start : start + size]
        if bulk(whole):
            return _new(Event, (_BULK, whole, size))
        return _new(Event, (_MESSAGE, whole, size)) if size <= self._limit else None

    @property
    def passable(self) -> int:
        """So many next bytes are file data within a message, the last of which is not among them."""
        return self._left - 1 if self._stage == _CARRYING else 0

    @property
    def patient(self) -> int:
        """So many next bytes belong to one message, the last of which is not among them."""
        return max(self._wanted() - 1, 0) if self._stage in (_REST, _CARRYING, _PASS) else 0

    def pass_by(self, size: int) -> None:
        """So many bytes, at most ``passable``, are there but are not shown."""
        self._left -= size

    def gap(self, size: int) -> Iterator[Event]:
        """Take a gap: file data goes on after it, and so does what comes after a message that is lost."""
        if self._stage == _CARRYING:
            missing = min(size, self._left)
            self._left, size = self._left - missing, size - missing
            yield Event(_MISSING, size=missing)
            if self._left == 0:
                self._reset()
                yield Event(_END)
        elif self._stage in (_FIRST, _REST, _PASS):
            missing = min(size, self._left)
            self._left, size = self._left - missing, size - missing
            if self._stage != _PASS:
                yield Event(_LOST)
            self._held.clear()
            self._stage = _PASS if self._left else _HEADER
        if size:
            self._reset()
            self._hunting = True

    def _reset(self) -> None:
        self._held.clear()
        self._stage = _HEADER

    def _begin(self) -> bool:
        kind = self._held[0]
        self._size = self._left = int.from_bytes(self._held[1:4], "big")
        self._held.clear()
        if kind == _SESSION and self._size >= 4:
            self._stage = _FIRST
        elif kind in _KEEPALIVE and self._size < 1024:
            self._stage = _PASS if self._size else _HEADER
        else:
            return False
        return True

    def _wanted(self) -> int:
        """How many bytes the present stage can take at once."""
        if self._stage == _FIRST:
            return min(HEAD_BYTES, self._size) - len(self._held)
        if self._stage == _REST:
            return min(self._limit, self._size) - len(self._held)
        return self._left

    def _take(self, piece: bytes) -> Iterator[Event]:
        if self._stage == _FIRST:
            self._held += piece
            if len(self._held) == min(HEAD_BYTES, self._size):
                yield from self._first_whole()
        elif self._stage == _REST:
            self._held += piece
            if len(self._held) == min(self._limit, self._size):
                yield self._whole()
        elif self._stage == _CARRYING:
            yield Event(_BODY, piece)
            if self._left == 0:
                self._reset()
                yield Event(_END)
        elif self._left == 0:
            self._stage = _HEADER

    def _first_whole(self) -> Iterator[Event]:
        head = bytes(self._held)
        if head[0] < 0xFC or head[1:4] != b"SMB":
            self._held.clear()
            self._stage = _PASS if self._left else _HEADER
            yield Event(_LOST)
        elif bulk(head):
            self._held.clear()
            yield Event(_HEAD, head, self._size)
            self._stage = _CARRYING if self._left else _HEADER
            if not self._left:
                yield Event(_END)
        elif self._left == 0 or len(head) >= self._limit or head[0] < 0xFE:
            yield self._whole()
        else:
            self._stage = _REST

    def _whole(self) -> Event:
        whole = Event(_MESSAGE, bytes(self._held), self._size)
        self._held.clear()
        self._stage = _PASS if self._left else _HEADER
        return whole

    def _hunt(self, data: bytes) -> bytes:
        """Return the bytes from the next message on that can be recognised."""
        joined = bytes(self._held) + data
        self._held.clear()
        self._stage = _HEADER
        found = _MAGIC.search(joined)
        self._hunting = found is None
        if found is None:
            self._held += joined[-7:]
            return b""
        return joined[found.start() :]


_HEADER, _FIRST, _REST, _CARRYING, _PASS = range(5)

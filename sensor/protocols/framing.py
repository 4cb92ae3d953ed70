"""Messages that begin with their length: one direction's bytes become whole messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator


class Framer:
    """Cuts messages; holds at most one of them, up to its limit, and passes over what is beyond.

    size_of: takes the first bytes of a message (all that are there, at most head_bytes) and returns how long it is in
    all, 0 when it needs more of them, or -1 for no message. What it once said of fewer bytes it says of more, too.
    broken: nothing more is read.
    """

    __slots__ = ("_head", "_held", "_limit", "_size", "_size_of", "_skip", "broken")

    def __init__(self, size_of: Callable[[bytes], int], head_bytes: int, limit: int) -> None:
        self._size_of, self._head, self._limit = size_of, head_bytes, max(limit, head_bytes)
        self._held = bytearray()
        self._size = self._skip = 0  # of the message that is being gathered; of one that is passed over
        self.broken = False

    def feed(self, data: bytes) -> Iterator[tuple[bytes, int, int]]:
        """Take the next bytes; yield each message (as much as is kept), its size, and where in data it is over.

        The place may lie behind the end, where no more of the message is kept than what is there already.
        """
        at, end = 0, len(data)
        while at < end and not self.broken:
            if self._skip:
                passed = min(self._skip, end - at)
                self._skip, at = self._skip - passed, at + passed
                continue
            if self._size == 0:
                if not self._held:  # most often a message is there at once
                    head = data[at : at + self._head]
                    size = self._size_of(head)
                    if len(head) <= size <= self._limit and size <= end - at:
                        at += size
                        yield data[at - size : at], size, at
                        continue
                at = self._begin(data, at)
                if self._size == 0:
                    continue
            piece = data[at : at + min(self._size, self._limit) - len(self._held)]
            self._held += piece
            at += len(piece)
            if len(self._held) >= min(self._size, self._limit):
                message, size = bytes(self._held), self._size
                self._held.clear()
                self._size, self._skip = 0, size - len(message)
                yield message, size, at + self._skip

    def _begin(self, data: bytes, at: int) -> int:
        """Gather the head byte by byte, so that nothing depends on how it is cut."""
        while at < len(data):
            self._held.append(data[at])
            at += 1
            size = self._size_of(bytes(self._held))
            if size < 0 or (size == 0 and len(self._held) >= self._head) or 0 < size < len(self._held):
                self.broken = True
                break
            if size:
                self._size = size
                break
        return at

    @property
    def passable(self) -> int:
        """So many next bytes belong to a message of which all that is kept was yielded."""
        return self._skip

    @property
    def patient(self) -> int:
        """So many next bytes complete nothing."""
        return self._skip or (max(min(self._size, self._limit) - len(self._held) - 1, 0) if self._size else 0)

    def pass_by(self, size: int) -> None:
        """So many bytes, at most ``passable``, are there but are not shown."""
        self._skip -= size

    def gap(self, size: int) -> bool:
        """Pass over a gap; False when a message is lost by it. What comes next is taken for a beginning."""
        whole = size <= self._skip and not self._held
        if size <= self._skip:
            self._skip -= size
        elif self._size and size <= self._size - len(self._held):
            self._skip = self._size - len(self._held) - size
            self._drop()
        else:
            self._skip = 0
            self._drop()
        return whole

    def _drop(self) -> None:
        self._held.clear()
        self._size = 0

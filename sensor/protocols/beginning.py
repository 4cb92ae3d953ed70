"""Beginning: the first bytes of something that comes in pieces, kept for those who inspect it."""

from __future__ import annotations

_SMALL_BYTES = 1024


class Beginning:
    """So many first bytes. left: how many of them are still to come.

    Pieces stay what they are until they are asked for; only small ones are put together, so that they are few.
    """

    __slots__ = ("_pieces", "left")

    def __init__(self, most: int) -> None:
        self.left = most
        self._pieces: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.left <= 0:
            return
        data, pieces = data[: self.left], self._pieces
        self.left -= len(data)
        if pieces and len(pieces[-1]) + len(data) <= _SMALL_BYTES:
            pieces[-1] += data
        else:
            pieces.append(data)

    def skip(self, size: int) -> None:
        """Count bytes that are not there."""
        self.left = max(self.left - size, 0)

    def joined(self) -> bytes:
        """Return the bytes that came."""
        return b"".join(self._pieces)

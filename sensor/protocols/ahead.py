"""Bytes of one conversation that its parser need not be told of at once: they wait, or are only counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

LONG_BYTES = 256
"""Behind a shorter piece nobody asks what can wait, and fewer bytes do not wait."""
_HELD_BYTES = 16_384
"""So many bytes of one direction may wait; a longer run is told in pieces of this size."""


class Ahead:
    """What waits, by side (0 is the initiator's).

    left: so many next bytes can wait. waits: whether any do.
    """

    __slots__ = ("_counted", "_held", "_passed", "left", "waits")

    def __init__(self) -> None:
        self.left, self.waits = [0, 0], False
        self._counted, self._passed = [False, False], [0, 0]
        self._held: tuple[list[bytes], list[bytes]] = ([], [])

    def promise(self, side: int, size: int, counted: bool) -> None:
        """So many next bytes of a side can wait; counted: they are only counted, not kept."""
        self.left[side] = size if counted else min(size, _HELD_BYTES)
        self._counted[side] = counted

    def passed_by(self, passed: Sequence[int]) -> None:
        """The streams passed by so many bytes of each side."""
        self.waits = True
        for side, size in enumerate(passed):
            self._passed[side] += size

    def wait(self, side: int, size: int, buffer: memoryview, start: int) -> None:
        """Let a whole piece wait, of at most as many bytes as are left, that stands at start of a buffer."""
        self.left[side] -= size
        self.waits = True
        if self._counted[side]:
            self._passed[side] += size
        else:
            self._held[side].append(bytes(buffer[start : start + size]))

    def take(self, side: int, data: bytes, gap: int) -> bytes:
        """Return what is left of a piece when all that can wait does; a gap in front of it ends the waiting."""
        if gap or not self.left[side]:
            self.left[side] = 0
            return data
        size = min(self.left[side], len(data))
        self.left[side] -= size
        self.waits = True
        if self._counted[side]:
            self._passed[side] += size
        else:
            self._held[side].append(data[:size])
        return data[size:]

    def told(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield (side, bytes only counted, bytes) of what waits; it waits no longer."""
        self.waits = False
        for side in (0, 1):
            if self._passed[side] or self._held[side]:
                passed, held = self._passed[side], b"".join(self._held[side])
                self._passed[side] = 0
                self._held[side].clear()
                yield side, passed, held

    def asked_of_streams(self) -> Iterator[tuple[int, int]]:
        """Yield (side, size) of what is still to be passed by and that the streams can keep to themselves."""
        for side in (0, 1):
            if self.left[side] and self._counted[side]:
                yield side, self.left[side]
                self.left[side] = 0

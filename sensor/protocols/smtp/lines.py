"""The lines of one direction, whatever pieces they come in."""

from __future__ import annotations

from collections.abc import Callable


class Lines:
    """Gives lines without their ends; of one that is too long only its beginning."""

    __slots__ = ("_held", "_lost", "_most", "_odd", "_passing")

    def __init__(self, most: int, odd: Callable[[str], None]) -> None:
        """Most: bytes of a line that are kept; odd is told a cause."""
        self._most, self._odd = most, odd
        self._held, self._passing, self._lost = b"", False, False

    def next(self, data: bytes) -> tuple[bytes | None, bytes]:
        """Return the next line, None while it is incomplete, and the bytes behind it."""
        end, before = data.find(b"\n"), len(self._held)
        part, rest = (data, b"") if end < 0 else (data[: end + 1], data[end + 1 :])
        if self._lost:
            self._lost = end < 0
            return None, rest
        if not self._passing:
            self._held += part[: self._most - before]
            if len(part) + before > self._most:
                self._passing = True
                self._odd("line_too_long")
        if end < 0:
            return None, rest
        line, self._held, self._passing = self._held, b"", False
        return line.rstrip(b"\r\n"), rest

    def gap(self) -> None:
        """Bytes are missing: what follows is no line until the next end of one."""
        self._held, self._lost = b"", True

    def pending(self) -> bytes:
        """Return what is read of an incomplete line."""
        return self._held

"""The text of a mail after DATA: leading dots removed, its end found (RFC 5321 4.5.2)."""

from __future__ import annotations

from collections.abc import Callable

_ALONE = (b".\n", b".\r\n")


class Dots:
    """Gives the lines of a mail to ``give`` as they come, until the line that is a single dot.

    bare_end: whether a bare LF stood before or behind that dot; servers disagree on such an end (mail smuggling).
    """

    def __init__(self, give: Callable[[bytes], None]) -> None:
        self._give, self._held, self._last = give, b"", b"\r\n"
        self.bare_end = False

    def data(self, data: bytes) -> int:
        """Take bytes; return how many of them belong to the mail and its end, -1 when all do and it goes on."""
        text, before, given = self._held + data, len(self._held), 0
        self._held = b""
        at = 0 if text[:1] == b"." and self._last[-1:] == b"\n" else _dot(text, 0)
        while at >= 0:
            self._hand(text[given:at])
            line = text[at : at + 3]
            if line in (b".", b".\r"):
                self._held = line
                return -1
            for alone in _ALONE:
                if line.startswith(alone):
                    self.bare_end = alone == b".\n" or self._last != b"\r\n"
                    return at + len(alone) - before
            given = at + 1
            at = _dot(text, given)
        self._hand(text[given:])
        return -1

    def _hand(self, data: bytes) -> None:
        if data:
            self._last = data[-2:] if len(data) > 1 else self._last[-1:] + data
            self._give(data)

    def finish(self) -> None:
        """The mail was cut off."""
        self._hand(self._held)
        self._held = b""


def _dot(text: bytes, start: int) -> int:
    """Where the next line that begins with a dot begins, -1 for none."""
    dot = text.find(b".", start)  # much of a mail is base64, which holds none
    at = text.find(b"\n.", max(dot - 1, start)) if dot >= 0 else -1
    return at + 1 if at >= 0 else -1

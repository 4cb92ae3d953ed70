"""Addresses of the web in the text of a mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_REST = rb")://[^\s\"'<>\\^`{|}\x00-\x20\x7f-\xff]{1,2000}"
_LINE_BYTES = 8192


@lru_cache(16)
def _compiled(schemes: tuple[str, ...]) -> re.Pattern[bytes]:
    names = sorted((re.escape(s.encode()) for s in schemes), key=len, reverse=True)
    return re.compile(b"(?:" + b"|".join(names) + _REST, re.IGNORECASE)


class UrlFinder:
    """Finds what is written as an address of some schemes; each is kept once, at most so many."""

    def __init__(self, most: int, schemes: Sequence[str] = ("http", "https", "ftp")) -> None:
        self._most, self._held = most, b""
        self._url = _compiled(tuple(schemes))
        self.found: dict[bytes, None] = {}

    def data(self, data: bytes) -> None:
        """Take the next bytes of the text."""
        text = self._held + data
        end = text.rfind(b"\n") + 1
        self._search(text[:end])
        text = text[end:]
        while len(text) > _LINE_BYTES:
            self._search(text[:_LINE_BYTES])
            text = text[_LINE_BYTES:]
        self._held = text

    def finish(self) -> None:
        """The text is over."""
        self._search(self._held)
        self._held = b""

    def _search(self, text: bytes) -> None:
        if b"://" not in text:
            return
        for found in self._url.finditer(text):
            if len(self.found) >= self._most:
                return
            self.found.setdefault(found[0].rstrip(b".,;:!?)]"))

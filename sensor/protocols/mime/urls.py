"""Addresses of the web in the text of a mail."""

from __future__ import annotations

import re

_URL = re.compile(rb"(?:https?|ftp)://[^\s\"'<>\\^`{|}\x00-\x20\x7f-\xff]{1,2000}", re.I)
_LINE_BYTES = 8192


class UrlFinder:
    """Finds what is written as http, https or ftp address; each is kept once, at most so many."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, b""
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
        for found in _URL.finditer(text):
            if len(self.found) >= self._most:
                return
            self.found.setdefault(found[0].rstrip(b".,;:!?)]"))

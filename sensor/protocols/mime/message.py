"""Message: one mail taken apart while it comes: headers, nested parts, attachments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from columns.errors import ConfigError
from columns.limits import limit, limited
from sensor.protocols.files import CLOSED, ERROR, TRUNCATED
from sensor.protocols.mime.headers import Field, first, parameters, parse_fields
from sensor.protocols.mime.transfer import decoder_for
from sensor.protocols.mime.urls import UrlFinder

_HEADERS, _BODY, _OVER = range(3)
_BOUNDARY_BYTES = 256


@limited("mime")
@dataclass(frozen=True)
class MimeSettings:
    """Limits of mail."""

    header_bytes: int = limit(65_536, 1024, 1 << 20, "bytes", "of the headers of one part")
    header_count: int = limit(1024, 16, 65_535, "headers", "of one part are kept")
    depth: int = limit(8, 1, 64, "levels", "of multipart or message within one another are opened")
    parts: int = limit(256, 1, 65_535, "parts", "of one mail are looked at")
    inspect_bytes: int = limit(102_400, 0, 1 << 32, "bytes", "of the text of one mail are searched for addresses")
    urls: int = limit(64, 0, 65_535, "addresses", "of the web are kept of one mail")
    url_schemes: tuple[str, ...] = field(default=("http", "https", "ftp"), metadata={
        "meaning": "schemes of those addresses: letters, digits, + - and ."})

    def __post_init__(self) -> None:
        if not 0 < len(self.url_schemes) <= 32 or not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,15}", s)
                                                 for s in self.url_schemes):
            raise ConfigError("url_schemes has what is no scheme", where="mime", expected="up to 32 such as http")


class Attachment(Protocol):
    """Takes the bytes of one attachment: a FileTracker behind it."""

    def data(self, data: bytes) -> None:
        """Take bytes."""

    def gap(self, size: int) -> None:
        """Count missing bytes."""

    def end(self, state: str) -> None:
        """The attachment is over."""


class Message:
    """One mail. attach(name, content type) is asked for where the bytes of a named part go."""

    def __init__(self, settings: MimeSettings, attach: Callable[[str, bytes], Attachment],
                 md5: bool = False) -> None:
        self._settings, self._attach = settings, attach
        self._state, self._held = _HEADERS, b""
        self._drop = 0  # so many next bytes are a line end of our own, put in so that a boundary may stand first
        self._boundaries: list[bytes] = []
        self._levels, self._parts, self._left = 0, 0, settings.inspect_bytes
        self._decoder: Any = None  # of the part that is read; None where nothing is wanted
        self._sink: Attachment | None = None
        self._text = False
        self._urls = UrlFinder(settings.urls, settings.url_schemes)
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self.fields: list[Field] = []  # of the mail itself
        self.names: list[str] = []  # of the attachments
        self.odd: list[str] = []
        self.size = 0
        self.whole = False

    @property
    def urls(self) -> list[bytes]:
        """Addresses found so far."""
        return list(self._urls.found)

    @property
    def body_md5(self) -> str:
        """MD5 of what stands behind the headers, '' when it was not asked for."""
        return self._md5.hexdigest() if self._md5 else ""

    @property
    def begun(self) -> bool:
        """Whether the headers of the mail are complete."""
        return self._state != _HEADERS or self._parts > 0

    def data(self, data: bytes) -> None:
        """Take the next bytes of the mail."""
        self.size += len(data)
        if self._md5 and self._parts:
            self._md5.update(data)
        rest = self._held + data if self._held else data
        self._held = b""
        while rest:
            rest = self._headers(rest) if self._state == _HEADERS else self._body(rest)

    def gap(self, size: int) -> None:
        """Count bytes that were never captured; they are taken for bytes of the part that is read."""
        self.size += size
        if self._sink is not None:
            self._sink.gap(size)
        self._note("gap")

    def finish(self, whole: bool) -> None:
        """The mail is over; whole: its end was seen."""
        self.whole = whole
        held, self._held = self._held, b""
        if self._state == _HEADERS:
            self._open(held)
        elif held:
            end = 0 if not whole else 2 if held.endswith(b"\r\n") else int(held.endswith(b"\n"))
            self._give(held[: len(held) - end])
        self._close(whole and not self._boundaries)
        self._urls.finish()
        self._state = _OVER

    def _note(self, cause: str) -> None:
        if cause not in self.odd:
            self.odd.append(cause)

    def _headers(self, data: bytes) -> bytes:
        """Read headers up to their empty line; return what lies behind it."""
        end, size = _end_of_headers(data)
        most = self._settings.header_bytes
        if len(data) > most and (end < 0 or end > most):
            self._note("headers_too_long")
            end, size = most, 0
        if end < 0:
            self._held = data
            return b""
        self._state = _BODY
        if self._md5 and not self._parts:
            self._md5.update(data[end + size :])
        self._open(data[:end])
        if self._state == _BODY and self._boundaries:
            self._drop = 1
            return b"\n" + data[end + size :]
        return data[end + size :]

    def _open(self, block: bytes) -> None:
        """Begin the part that these headers describe."""
        fields = parse_fields(block, self._settings.header_count)
        if self._parts == 0:
            self.fields = fields
        self._parts += 1
        self._decoder, self._sink, self._text = None, None, False
        if self._parts > self._settings.parts:
            self._note("too_many_parts")
            return
        kind, disposition = first(fields, b"content-type"), first(fields, b"content-disposition")
        said = parameters(kind)
        encoding = first(fields, b"content-transfer-encoding")
        media = kind.partition(b";")[0].strip().lower()
        name = parameters(disposition).get("filename") or said.get("name") or ""
        if media.startswith(b"multipart/") and said.get("boundary"):
            self._nest(said["boundary"].encode("utf-8", "replace")[:_BOUNDARY_BYTES - 8])
        elif media == b"message/rfc822" and not name and b"base64" not in encoding.lower():
            self._enclosed()
        else:
            self._leaf(name, kind, media, encoding)

    def _nest(self, boundary: bytes) -> None:
        if self._levels >= self._settings.depth:
            self._note("too_deep")
            return
        self._levels += 1
        self._boundaries.append(boundary)

    def _enclosed(self) -> None:
        if self._levels >= self._settings.depth:
            self._note("too_deep")
            return
        self._levels += 1
        self._state = _HEADERS

    def _leaf(self, name: str, kind: bytes, media: bytes, encoding: bytes) -> None:
        self._decoder = decoder_for(encoding)
        if name:
            self.names.append(name)
            self._sink = self._attach(name, kind)
        else:
            self._text = not media or media.startswith(b"text/")

    def _body(self, data: bytes) -> bytes:
        """Read up to the next boundary; return what lies behind it."""
        if not self._boundaries:
            self._give(data[:-2])  # the last line end parts the text from its end, as before a boundary
            self._held = data[-2:]
            return b""
        at = data.find(b"-")  # much of a mail is base64, which holds none
        at = max(at - 1, 0) if at >= 0 else len(data)
        while (at := data.find(b"\n--", at)) >= 0:
            end = data.find(b"\n", at + 3, at + _BOUNDARY_BYTES)
            before = at - 1 if at and data[at - 1] == 13 else at
            if end < 0 and len(data) - at < _BOUNDARY_BYTES:
                self._give(data[:before])
                self._held = data[before:]
                return b""
            if end >= 0 and self._is_boundary(data[at + 3 : end].rstrip()):
                self._give(data[:before])
                self._close(True)
                return self._after(data[at + 3 : end].rstrip(), data[end + 1 :])
            at += 3
        self._give(data[:-4])
        self._held = data[-4:]
        return b""

    def _is_boundary(self, line: bytes) -> bool:
        return line in self._boundaries or (line.endswith(b"--") and line[:-2] in self._boundaries)

    def _after(self, line: bytes, rest: bytes) -> bytes:
        """Go on behind a boundary: with the next part, or with what follows the last."""
        last = line not in self._boundaries
        name = line[:-2] if last else line
        keep = len(self._boundaries) - self._boundaries[::-1].index(name)
        del self._boundaries[keep - 1 if last else keep :]
        self._levels = len(self._boundaries)
        self._decoder, self._drop = None, 0
        if last:
            self._drop = 1 if self._boundaries else 0
            return (b"\n" + rest) if self._boundaries else rest
        self._state = _HEADERS
        return rest

    def _give(self, data: bytes) -> None:
        if self._drop and data:
            data, self._drop = data[1:], 0
        if data and self._decoder is not None:
            self._decoded(self._decoder.data(data))

    def _decoded(self, data: bytes) -> None:
        """What the reader sees of the mail passes here, and nowhere else."""
        if not data:
            return
        if self._sink is not None:
            self._sink.data(data)
        elif self._text and self._left > 0:
            self._urls.data(data[: self._left])
            self._left -= len(data)

    def _close(self, whole: bool) -> None:
        """The part that is read is over."""
        if self._decoder is not None:
            self._decoded(self._decoder.finish())
            if self._decoder.bad:
                self._note("bad_transfer_encoding")
        if self._sink is not None:
            bad = self._decoder is not None and self._decoder.bad
            self._sink.end(ERROR if bad else CLOSED if whole else TRUNCATED)
        self._decoder, self._sink, self._drop = None, None, 0


def _end_of_headers(data: bytes) -> tuple[int, int]:
    """Where the empty line behind the headers begins, and its size; -1 when it is not there yet."""
    if data[:1] == b"\n":
        return 0, 1
    if data[:2] == b"\r\n":
        return 0, 2
    found = [(at, size) for at, size in ((data.find(b"\n\r\n") + 1, 2), (data.find(b"\n\n") + 1, 1)) if at > 0]
    return min(found) if found else (-1, 0)

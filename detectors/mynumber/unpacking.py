"""What a body or file holds inside: compressed data, members of archives, text encodings, within a budget.

Sources: RFC 1950, RFC 1952, PKWARE APPNOTE.TXT 4.3.7 (local file header), RFC 4648, RFC 2045 6.7, RFC 3986 2.1;
ECMA-376 and ODF keep their text as XML in a ZIP archive.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from detectors.mynumber.markup import text_of_xml
from detectors.mynumber.wraps import BASE64, DEFLATE, PERCENT, QUOTED, ZIP, base64_in, wrapped_in

BUFFERS = frozenset({"http.request_body", "http.response_body", "file.data", "smtp.mail", "email.body"})
"""The inspection buffers that hold what the payload of packets does not show: coding and transfer encoding undone."""

_DEPTH = 3
_STORED, _DEFLATED = 0, 8
_MEMBER, _HEADER_BYTES = b"PK\x03\x04", 30


class Unpacking:
    """Unpacks one buffer; spent is True afterwards when the budget did not suffice."""

    def __init__(self, room: int, members: int) -> None:
        self._room, self._members, self.spent = room, members, False

    def inside(self, data: bytes, wrapped: int, wrap: int = 0, depth: int = 0) -> Iterator[tuple[bytes, int]]:
        """Yield (bytes, how they were wrapped) of what data holds, which is wrapped so; wrap: how it was itself."""
        for inner, how in self._unwrapped(data, wrapped):
            yield inner, wrap | how
            if depth + 1 < _DEPTH:
                yield from self.inside(inner, wrapped_in(inner), wrap | how, depth + 1)

    def _unwrapped(self, data: bytes, wrapped: int) -> Iterator[tuple[bytes, int]]:
        if wrapped & ZIP:
            for name, member in self._archive(data):
                yield text_of_xml(member) if name.endswith(b".xml") else member, ZIP
            return
        if wrapped & DEFLATE:
            if inner := self._inflated(data, 47)[0]:
                yield inner, DEFLATE
            return
        if wrapped & PERCENT:
            yield self._taken(unquote_to_bytes(data.replace(b"+", b" "))), PERCENT
        if wrapped & QUOTED:
            yield self._taken(binascii.a2b_qp(data)), QUOTED
        if not wrapped & BASE64:
            return
        for coded in base64_in(data):
            if not self._one_more():
                return
            yield self._taken(self._from_base64(coded)), BASE64

    def _one_more(self) -> bool:
        self._members -= 1
        self.spent = self.spent or self._members < 0 or self._room <= 0
        return not self.spent

    def _taken(self, data: bytes) -> bytes:
        if len(data) > self._room:
            self.spent, data = True, data[: max(self._room, 0)]
        self._room -= len(data)
        return data

    def _from_base64(self, text: bytes) -> bytes:
        text = text.translate(None, b"\r\n").rstrip(b"=")
        text = text[: len(text) - (len(text) % 4 == 1)]
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))

    def _inflated(self, data: bytes, bits: int) -> tuple[bytes, bytes]:
        """Return (what data inflates to, what stands behind it); an error ends it where it is."""
        inflater, out = zlib.decompressobj(bits), b""
        if self._room <= 0:
            self.spent = True
            return b"", b""
        try:
            out = inflater.decompress(data, self._room)
        except zlib.error:
            return b"", b""
        self.spent = self.spent or bool(inflater.unconsumed_tail)
        self._room -= len(out)
        return out, inflater.unused_data

    def _archive(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (name, bytes) of the members, by the headers in front of them: the directory may not have come yet."""
        at = 0
        while data.startswith(_MEMBER, at) and at + _HEADER_BYTES <= len(data) and self._one_more():
            flags, method = (int.from_bytes(data[at + k : at + k + 2], "little") for k in (6, 8))
            packed = int.from_bytes(data[at + 18 : at + 22], "little")
            sizes = [int.from_bytes(data[at + k : at + k + 2], "little") for k in (26, 28)]
            body = at + _HEADER_BYTES + sum(sizes)
            name = data[at + _HEADER_BYTES : at + _HEADER_BYTES + sizes[0]]
            unknown, locked = bool(flags & 8) and packed == 0, bool(flags & 1)
            if method == _DEFLATED and not locked:
                member, behind = self._inflated(data[body:] if unknown else data[body : body + packed], -15)
                yield name, member
                at = len(data) - len(behind) if unknown else body + packed
            else:
                if method == _STORED and not locked:
                    yield name, self._taken(data[body : body + packed])
                at = body + packed
            if unknown:
                following = data.find(_MEMBER, at)
                at = following if following >= 0 else len(data)


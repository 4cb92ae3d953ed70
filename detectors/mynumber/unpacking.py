"""What a body or file holds inside: compressed data, members of archives, text encodings, within a budget.

Sources: RFC 1950, RFC 1952, PKWARE APPNOTE.TXT 4.3.7 (local file header), RFC 4648, RFC 2045 6.7, RFC 3986 2.1;
ECMA-376 and ODF keep their text as XML in a ZIP archive.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

BASE64, DEFLATE, ZIP, PERCENT, DECODED, QUOTED = 1, 2, 4, 8, 16, 32
"""Bits of CANDIDATE.wrap; DECODED: undone by the parser of the protocol, whose buffer is named instead."""

BUFFERS = frozenset({"http.request_body", "http.response_body", "file.data", "smtp.mail", "email.body"})
"""The inspection buffers that hold what the payload of packets does not show: coding and transfer encoding undone."""

WRAP_NAMES = {BASE64: "base64", DEFLATE: "deflate", ZIP: "zip", PERCENT: "percent-encoded", QUOTED: "quoted-printable"}

_DEPTH = 3
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{60,}[\r\n]{0,2})+[A-Za-z0-9+/]{0,76}={0,2}")
_RUN = b"A" * 60
_AS_RUNS = bytes(65 if re.match(rb"[A-Za-z0-9+/]", bytes([c])) else 0 for c in range(256))
"""Turns what base64 is written with into As: a run of them is found many times faster than by the expression."""

# Each begins with its own character, which is what the search goes by.
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}%[0-9A-Fa-f]{2}%[0-9A-Fa-f]{2}")
_QUOTED, _SOFT_BREAK = re.compile(rb"=[0-9A-F]{2}=[0-9A-F]{2}"), re.compile(rb"=\r?\n")
_STOP = re.compile(rb"</(?:\w+:)?(?:p|tc|c|si|row|table-cell)>|<(?:\w+:)?(?:br|tab|cr)\b[^>]{0,200}>")
_TAG = re.compile(rb"<[^>]{0,2000}>")
_STORED, _DEFLATED = 0, 8
_MEMBER, _HEADER_BYTES = b"PK\x03\x04", 30


class Unpacking:
    """Unpacks one buffer; spent is True afterwards when the budget did not suffice."""

    def __init__(self, room: int, members: int) -> None:
        self._room, self._members, self.spent = room, members, False

    def pieces(self, data: bytes, wrap: int = 0, depth: int = 0) -> Iterator[tuple[bytes, int]]:
        """Yield (bytes, how they were wrapped): the data, then what is in it."""
        yield data, wrap
        if depth == _DEPTH:
            return
        for inner, how in self._inside(data):
            yield from self.pieces(inner, wrap | how, depth + 1)

    def _inside(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        if data.startswith(_MEMBER):
            for name, member in self._archive(data):
                yield _text_of_xml(member) if name.endswith(b".xml") else member, ZIP
            return
        if data.startswith(b"\x1f\x8b\x08") or (data[:1] == b"\x78" and len(data) > 2
                                                and int.from_bytes(data[:2], "big") % 31 == 0):
            if inner := self._inflated(data, 47)[0]:
                yield inner, DEFLATE
            return
        if _PERCENT.search(data):
            yield self._taken(unquote_to_bytes(data.replace(b"+", b" "))), PERCENT
        if _QUOTED.search(data) or _SOFT_BREAK.search(data):
            yield self._taken(binascii.a2b_qp(data)), QUOTED
        if _RUN not in data.translate(_AS_RUNS):
            return
        for match in _BASE64.finditer(data):
            if (text := self._from_base64(match[0])) and self._one_more():
                yield self._taken(text), BASE64

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
                at = data.find(_MEMBER, at) if data.find(_MEMBER, at) >= 0 else len(data)


def _text_of_xml(data: bytes) -> bytes:
    """Return the text of an office document's XML: runs of one paragraph or cell joined, the others on lines."""
    return _TAG.sub(b"", _STOP.sub(b"\n", data))

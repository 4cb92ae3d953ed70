"""Content codings undone piece by piece: gzip, deflate (zlib or bare), br, lzma, one upon another, within a budget.

What turns out not to be so coded passes as it is, for that is what the end host shows. Checksums are not looked at.
Sources: RFC 1950, RFC 1951, RFC 1952, RFC 7932, RFC 9110 8.4.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

_FEXTRA, _FNAME, _FCOMMENT, _FHCRC = 4, 8, 16, 2
_HEADER_BYTES = 4096
_SILENT_BYTES = 16384
_BLOCK_BYTES = 64
_MEMBERS = 64


class Decoder:
    """One layer. ``data`` gives what the next bytes become, at most ``room`` bytes of it; never raises."""

    def __init__(self, coding: bytes) -> None:
        self._coding = coding
        self._held = b""  # what went in and gave nothing yet: it passes as it is when it turns out not to be coded
        self._inner: Any = None
        self._members = 0
        self.silent, self.passing, self.failed, self.full = True, False, False, False

    def data(self, data: bytes, room: int) -> bytes:
        """Return the decoded bytes; ``full`` is set when there would be more than room."""
        if self.failed or self.full:
            return b""
        if self.passing:
            return self._fitting(data, room)
        if self._inner is None or self.silent:
            self._held += data
        if self._inner is None:
            begin = self._start()
            if begin is None:
                return b""
            data = begin
        out = self._fitting(self._inner.decode(data, room + 1), room)
        if out:
            self.silent, self._held = False, b""
        if self._inner.broken:
            return out + self._broken(room - len(out))
        if self._inner.over and self._coding == b"gzip":
            return out + self._next_member(room - len(out))
        if self.silent and len(self._held) > _SILENT_BYTES:
            self.failed = True
        return out

    def finish(self, room: int) -> bytes:
        """Return what is left when the body is over."""
        if self.failed or self.full or self.passing:
            return b""
        if self._inner is None:
            return self._broken(room) if self._held and not self._members else b""
        out = self._fitting(self._inner.finish(room + 1), room)
        if out:
            self.silent, self._held = False, b""
        return out + self._broken(room - len(out)) if self._inner.broken else out

    def _fitting(self, out: bytes, room: int) -> bytes:
        self.full = self.full or len(out) > room
        return out[:room]

    def _start(self) -> bytes | None:
        """Choose how to decode by the first bytes; None while they are too few."""
        held = self._held
        if self._coding in _FOREIGN:
            self._inner = _FOREIGN[self._coding]()
            return held
        if len(held) < 2:
            return None
        skipped: int | None = 0
        if held.startswith(b"\x1f\x8b"):
            skipped = _gzip_header(held)
            if skipped is None and len(held) < _HEADER_BYTES:
                return None
        elif held[0] & 15 == 8 and (held[0] << 8 | held[1]) % 31 == 0:
            skipped = 2  # a zlib header
        self._inner = _Inflate()
        return held[10 if skipped is None else skipped :]

    def _next_member(self, room: int) -> bytes:
        """Gzip files may follow one another (RFC 1952 2.2); anything else behind one is passed over."""
        rest = self._inner.rest
        if len(rest) < 10:
            return b""
        if rest[8:10] != b"\x1f\x8b" or self._members == _MEMBERS:
            self.failed = True
            return b""
        self._members += 1
        self._inner, self._held = None, b""
        return self.data(rest[8:], room)

    def _broken(self, room: int) -> bytes:
        """What to give when the bytes are not what they claim to be: themselves, if they gave nothing before."""
        if not self.silent:
            self.failed = True
            return b""
        self.passing, held, self._held = True, self._held, b""
        return self._fitting(held, room)


class _Inflate:
    """Bare deflate. What was right before an error comes out, however the input was cut."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(-15)
        self.broken, self.rest = False, b""

    @property
    def over(self) -> bool:
        return self._zlib.eof

    def decode(self, data: bytes, most: int) -> bytes:
        if self._zlib.eof:
            if len(self.rest) < _HEADER_BYTES:
                self.rest += data
            return b""
        before = self._zlib.copy()
        try:
            out = self._zlib.decompress(data, most)
        except zlib.error:
            return self._up_to_error(before, data, most)
        self.rest = self._zlib.unused_data
        return out

    def _up_to_error(self, before: Any, data: bytes, most: int) -> bytes:
        self.broken, out = True, bytearray()
        try:
            for at in range(len(data)):
                if len(out) >= most:
                    break
                out += before.decompress(data[at : at + 1], most - len(out))
        except zlib.error:
            pass
        return bytes(out)

    def finish(self, most: int) -> bytes:
        return b""


class _Blocks:
    """A decoder that cannot be copied: fed in blocks of a fixed place, so that an error costs the same output."""

    over = False
    rest = b""

    def __init__(self, process: Callable[[bytes, int], bytes]) -> None:
        self._process, self._part, self.broken = process, b"", False

    def decode(self, data: bytes, most: int) -> bytes:
        data, out = self._part + data, bytearray()
        whole = len(data) - len(data) % _BLOCK_BYTES
        for at in range(0, whole, _BLOCK_BYTES):
            out += self._block(data[at : at + _BLOCK_BYTES], most)
            if self.broken or len(out) >= most:
                return bytes(out)
        self._part = data[whole:]
        return bytes(out)

    def finish(self, most: int) -> bytes:
        return self._block(self._part, most)

    def _block(self, data: bytes, most: int) -> bytes:
        try:
            return self._process(data, most)
        except Exception:  # brotli and lzma have errors of their own kind, and EOFError after the end
            self.broken = True
            return b""


def _gzip_header(data: bytes) -> int | None:
    """Size of the gzip header, None while it is incomplete."""
    if len(data) < 10:
        return None
    flags, at = data[3], 10
    if flags & _FEXTRA:
        if len(data) < 12:
            return None
        at += 2 + int.from_bytes(data[10:12], "little")
    for flag in (_FNAME, _FCOMMENT):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return None
            at = end + 1
    at += 2 if flags & _FHCRC else 0
    return at if len(data) >= at else None


def _brotli() -> _Blocks:
    import brotli  # only bodies coded so need it

    inner = brotli.Decompressor()
    return _Blocks(lambda data, most: inner.process(data, output_buffer_limit=most) if most else b"")


def _lzma() -> _Blocks:
    import lzma

    return _Blocks(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=1 << 24).decompress)


_FOREIGN: dict[bytes, Callable[[], _Blocks]] = {b"br": _brotli, b"lzma": _lzma}

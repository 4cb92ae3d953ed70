"""Transfer encodings undone piece by piece: base64 and quoted-printable (RFC 2045 section 6)."""

from __future__ import annotations

import binascii

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_OTHERS = bytes(b for b in range(256) if b not in _ALPHABET)
_LINE_BYTES = 8192


class Plain:
    """7bit, 8bit, binary: as it is."""

    bad = False

    def data(self, data: bytes) -> bytes:
        """Return what the next bytes become."""
        return data

    def finish(self) -> bytes:
        """Return what is left."""
        return b""


class Base64:
    """Characters outside the alphabet do not count; what stands behind padding is decoded on its own."""

    def __init__(self) -> None:
        self._held, self.bad = b"", False

    def data(self, data: bytes) -> bytes:
        """Return what the next bytes become."""
        text = self._held + data.translate(None, _OTHERS)
        if b"=" not in text:
            whole = len(text) & ~3
            self._held = text[whole:]
            return binascii.a2b_base64(text[:whole])
        *padded, text = text.split(b"=")
        whole = len(text) & ~3
        self._held = text[whole:]
        return b"".join(map(self._last, padded)) + binascii.a2b_base64(text[:whole])

    def _last(self, text: bytes) -> bytes:
        if len(text) % 4 == 1:
            self.bad, text = True, text[:-1]
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))

    def finish(self) -> bytes:
        """Return what is left."""
        return self._last(self._held)


class QuotedPrintable:
    """Line by line; a line that is too long is taken in stretches."""

    bad = False

    def __init__(self) -> None:
        self._held = b""

    def data(self, data: bytes) -> bytes:
        """Return what the next bytes become."""
        text = self._held + data
        end = text.rfind(b"\n") + 1
        out = [binascii.a2b_qp(text[:end])] if end else []
        text = text[end:]
        while len(text) > _LINE_BYTES:
            at = text.find(b"=", _LINE_BYTES - 2, _LINE_BYTES)
            at = at if at >= 0 else _LINE_BYTES
            out.append(binascii.a2b_qp(text[:at]))
            text = text[at:]
        self._held = text
        return b"".join(out)

    def finish(self) -> bytes:
        """Return what is left."""
        return binascii.a2b_qp(self._held)


def decoder_for(encoding: bytes) -> Plain | Base64 | QuotedPrintable:
    """Return the decoder for a Content-Transfer-Encoding."""
    encoding = encoding.strip().lower()
    if encoding.startswith(b"base64"):
        return Base64()
    if encoding.startswith(b"quoted-printable"):
        return QuotedPrintable()
    return Plain()

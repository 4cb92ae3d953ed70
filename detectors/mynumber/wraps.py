"""In which ways bytes are wrapped that look like text: one look for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from columns.kernel import kernel, part
from columns.wire import be16, be32
from detectors.mynumber.base64 import base64_spans, base64_tables, holds_base64
from detectors.mynumber.quoted import holds_percent, holds_quoted

BASE64, DEFLATE, ZIP, PERCENT, DECODED, QUOTED = 1, 2, 4, 8, 16, 32
"""Bits of CANDIDATE.wrap; DECODED: undone by the parser of the protocol, whose buffer is named instead."""

WRAP_NAMES = {BASE64: "base64", DEFLATE: "deflate", ZIP: "zip", PERCENT: "percent-encoded", QUOTED: "quoted-printable"}

_SPANS_AT_ONCE = 64
_ZIP_BEGINS, _ZIP_BYTES = 0x504B0304, 4
_GZIP_BEGINS, _DEFLATED, _ZLIB_BEGINS, _ZLIB_BYTES = 0x1F8B, 8, 0x78, 2
SEXTETS = base64_tables().sextets


@part
def wrapped_at(b, lo, hi, sextets):
    """Return in which ways b[lo:hi] is wrapped: as ZIP, as DEFLATE, or any of BASE64, PERCENT and QUOTED."""
    if hi - lo >= _ZIP_BYTES and be32(b, lo) == _ZIP_BEGINS:
        return ZIP
    if hi - lo > _ZLIB_BYTES:
        first = be16(b, lo)
        if (first == _GZIP_BEGINS and b[lo + 2] == _DEFLATED) or (first >> 8 == _ZLIB_BEGINS and first % 31 == 0):
            return DEFLATE
    found = 0
    if holds_base64(b, lo, hi, sextets):
        found |= BASE64
    if holds_percent(b, lo, hi):
        found |= PERCENT
    if holds_quoted(b, lo, hi):
        found |= QUOTED
    return found


@kernel
def _wrapped(b, sextets):
    return wrapped_at(b, np.int64(0), np.int64(b.size), sextets)


def wrapped_in(data: bytes) -> int:
    """Return ZIP or DEFLATE where bytes begin so, or BASE64, PERCENT and QUOTED, of which there are signs in them."""
    return int(_wrapped(np.frombuffer(data, np.uint8), SEXTETS))


def base64_in(data: bytes) -> Iterator[bytes]:
    """Yield what stands in the bytes as base64: lines of it with their line breaks and padding."""
    text, spans, at = np.frombuffer(data, np.uint8), np.empty((_SPANS_AT_ONCE, 2), np.int64), 0
    while at < len(data):
        count, at = base64_spans(text, at, SEXTETS, spans)
        for start, stop in spans[:count].tolist():
            yield data[start:stop]

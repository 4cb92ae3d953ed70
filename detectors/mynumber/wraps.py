"""In which ways bytes are wrapped that look like text: one look for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from columns.kernel import kernel
from detectors.mynumber.base64 import base64_spans, base64_tables, holds_base64
from detectors.mynumber.quoted import holds_percent, holds_quoted

BASE64, DEFLATE, ZIP, PERCENT, DECODED, QUOTED = 1, 2, 4, 8, 16, 32
"""Bits of CANDIDATE.wrap; DECODED: undone by the parser of the protocol, whose buffer is named instead."""

WRAP_NAMES = {BASE64: "base64", DEFLATE: "deflate", ZIP: "zip", PERCENT: "percent-encoded", QUOTED: "quoted-printable"}

_SPANS_AT_ONCE = 64
_SEXTETS = base64_tables().sextets


@kernel
def _wrapped(b, sextets):
    found = 0
    if holds_base64(b, 0, b.size, sextets):
        found |= BASE64
    if holds_percent(b, 0, b.size):
        found |= PERCENT
    if holds_quoted(b, 0, b.size):
        found |= QUOTED
    return found


def wrapped_in(data: bytes) -> int:
    """Return BASE64, PERCENT and QUOTED, of which there are signs in the bytes."""
    return int(_wrapped(np.frombuffer(data, np.uint8), _SEXTETS))


def base64_in(data: bytes) -> Iterator[bytes]:
    """Yield what stands in the bytes as base64: lines of it with their line breaks and padding."""
    text, spans, at = np.frombuffer(data, np.uint8), np.empty((_SPANS_AT_ONCE, 2), np.int64), 0
    while at < len(data):
        count, at = base64_spans(text, at, _SEXTETS, spans)
        for start, stop in spans[:count].tolist():
            yield data[start:stop]

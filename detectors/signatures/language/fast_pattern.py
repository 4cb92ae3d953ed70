"""Which content a rule is prefiltered by: the one it names, else the strongest of the most telling buffer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detectors.signatures.language.matches import BufferGroup, Content
from detectors.signatures.language.rule import FastPattern

_WEAK = frozenset(("http.method", "http.stat_code", "http.stat_msg", "http.protocol", "http.connection", "http.start",
                   "http.accept", "http.accept_enc", "http.accept_lang", "http.content_len", "http.header_names",
                   "ssh.proto", "sip.method", "ftp.command", "tls.cert_serial"))
"""Buffers whose values are few, so that finding something there says little."""
_COMMON = re.compile(
    rb"User-Agent|Content-Type|Content-Length|Mozilla/|HTTP/1\.|Host|Accept|Referer|Cookie|text/html|application/"
    rb"|Windows NT|Connection|POST|GET|http://|https://|www\.|\.com|\.php|\.html|compatible|Cache-Control|gzip|charset",
    re.IGNORECASE)
"""What nearly every stream of the web holds: as much of a pattern as this covers tells nothing."""
_WORTH = [3 if chr(ch).isascii() and chr(ch).isalpha() else 4 if 0x20 <= ch <= 0x7E or ch in (0, 1, 0xFF) else 6
          for ch in range(256)]
MAX_SEARCHED = 255
"""Bytes of a pattern that are searched for; more makes no pattern rarer."""


def strength(pattern: bytes) -> int:
    """Return how telling a pattern is: each new byte counts by how rare its kind is in traffic, each repeated one 1."""
    plain = _COMMON.sub(b"", pattern)
    kinds = set(plain)
    total = sum(_WORTH[ch] for ch in kinds) + len(plain) - len(kinds)
    return min(total, 3) if len(set(pattern)) == 1 else total


def _rank(group: BufferGroup) -> int:
    """Return how good a buffer is for prefiltering: 2 one of a protocol, 1 payload or packet, 0 one of few values."""
    if group.buffer in _WEAK:
        return 0
    return 1 if group.buffer == "pkt_data" or group.buffer.endswith(".hdr") else 2


def choose(groups: Sequence[BufferGroup]) -> FastPattern | None:
    """Return the fast pattern of a rule's groups, None where no content can serve.

    A content that the rule names wins, also a negated one only if it names it. Otherwise, of the contents that are not
    negated, the strongest in the best rank of buffers that has one of at least 4 bytes, else of all.
    """
    best: tuple[tuple[int, int, int, int], FastPattern] | None = None
    for g, group in enumerate(groups):
        if group.buffer == "base64_data":
            continue
        for k, content in enumerate(group.matches):
            if not isinstance(content, Content):
                continue
            found = _pattern(g, k, content)
            if content.fast_pattern:
                return found
            if content.negated:
                continue
            useful = len(content.pattern) >= 4 and len(set(content.pattern)) > 1
            key = (int(useful), _rank(group) if useful else 0, found.strength, -g)
            if best is None or key > best[0]:
                best = key, found
    return best[1] if best else None


def _pattern(group: int, match: int, content: Content) -> FastPattern:
    start, size = content.fast_pattern_chop or (0, min(len(content.pattern), MAX_SEARCHED))
    pattern = content.pattern[start:start + size]
    return FastPattern(group, match, pattern, content.nocase, start, strength(pattern), content.fast_pattern,
                       content.fast_pattern_only)

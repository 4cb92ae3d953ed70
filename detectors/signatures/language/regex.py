"""Perl-compatible expressions: checked when a rule is read, compiled once, run with limits.

The library is PCRE2, the one that Suricata uses, so that an expression means the same. Limits are those of Suricata's
configuration; what reaches one raises LimitReached, and the rule does not match there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from detectors.signatures.language.matches import Pcre

MATCH_LIMIT, DEPTH_LIMIT = 3500, 1500
UNLIMITED = 10_000_000
"""Suricata's defaults, and PCRE2's own, which the flag O asks for."""

_FLAGS = {"i": 0x8, "m": 0x400, "s": 0x20, "x": 0x80, "A": 0x80000000, "E": 0x10, "G": 0x40000}
"""Letters of a rule -> options of PCRE2 (pcre2.h): CASELESS, MULTILINE, DOTALL, EXTENDED, ANCHORED, DOLLAR_ENDONLY,
UNGREEDY."""


@lru_cache(maxsize=65_536)
def _compiled(pattern: bytes, flags: str, unlimited: bool, jit: bool) -> Any:
    import pcre2

    bits = 0
    for letter in flags:
        bits |= _FLAGS[letter]
    match, depth = (UNLIMITED, UNLIMITED) if unlimited else (MATCH_LIMIT, DEPTH_LIMIT)
    limited = b"(*LIMIT_MATCH=%d)(*LIMIT_DEPTH=%d)" % (match, depth) + pattern
    try:
        return pcre2.compile(limited, flags=bits, jit=jit)
    except pcre2.LibraryError:  # what was checked can be compiled, though perhaps not to machine code
        return pcre2.compile(limited, flags=bits, jit=False)


def compile_pcre(pcre: Pcre) -> Any:
    """Return the compiled form (pcre2.Pattern of bytes) of an expression that was read from a rule."""
    return _compiled(pcre.pattern, pcre.flags, pcre.unlimited, True)


def check_pcre(pattern: bytes, flags: str = "") -> str:
    """Return why an expression cannot be compiled, "" if it can."""
    import pcre2

    bits = 0
    for letter in flags:
        bits |= _FLAGS[letter]
    try:
        pcre2.compile(pattern, flags=bits, jit=False)
    except pcre2.PatternError as error:
        return str(error)
    return ""


def capture_count(pattern: bytes) -> int:
    """Return how many groups an expression that can be compiled captures."""
    import pcre2

    return pcre2.compile(pattern, jit=False).groups

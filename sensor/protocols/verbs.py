"""Words that open a conversation in text: what has come of one so far."""

from __future__ import annotations

from collections.abc import Iterable


def beginnings(words: Iterable[bytes]) -> frozenset[bytes]:
    """Return every beginning of some words, nothing and the whole ones among them: each may still become one."""
    return frozenset(word[:size] for word in words for size in range(len(word) + 1))

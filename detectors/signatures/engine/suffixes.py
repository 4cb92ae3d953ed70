"""Registered domains and public suffixes of names, by the Public Suffix List."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _list() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)


def registered_domain(name: bytes) -> bytes | None:
    """Return the registered domain of a name (example.co.uk), None where it has none."""
    found = _list().privatesuffix(name.decode("latin-1").lower())
    return found.encode("latin-1") if found else None


def public_suffix(name: bytes) -> bytes | None:
    """Return the public suffix of a name (co.uk), None where it has none."""
    found = _list().publicsuffix(name.decode("latin-1").lower())
    return found.encode("latin-1") if found else None

"""The table of keywords: for each its name, how its value is written, and the function that reads it into a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from detectors.signatures.language.draft import Draft
from detectors.signatures.language.rule import Option

Reader = Callable[[Draft, Option], None]


@dataclass(frozen=True, slots=True)
class Keyword:
    """How a keyword is written. value: none, optional or required; quotes: "", optional or mandatory."""

    name: str
    read: Reader
    value: str = "required"
    quotes: str = ""
    negation: bool = False


KEYWORDS: dict[str, Keyword] = {}
"""Every keyword by each of its names, lower case."""


def keyword(*names: str, value: str = "required", quotes: str = "", negation: bool = False):
    """Return a decorator that enters a reader in the table under its names."""
    def enter(read: Reader) -> Reader:
        for name in names:
            KEYWORDS[name] = Keyword(name, read, value, quotes, negation)
        return read
    return enter

"""Reputations of addresses for ``iprep``: categories and scores, as files in Suricata's format say them.

A category file has lines NUMBER,NAME,DESCRIPTION; a reputation file lines ADDRESS,CATEGORY,SCORE, where an address may
be a network and a score goes from 1 to 127 (0 takes one back). What is said of a host goes before what is said of its
networks, and of these the longest prefix before the others.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from columns.errors import ConfigError
from detectors.signatures.language.addresses import V4_LOW

MAX_CATEGORY, MAX_SCORE, MAX_LINES = 59, 127, 1 << 22
_BITS = 128
_CATEGORY_FORM, _SCORE_FORM = "NUMBER,NAME,DESCRIPTION", "ADDRESS,CATEGORY,SCORE"

Scores = dict[int, dict[int, int]]
"""By the first address of a host or network: score by category."""


@dataclass(frozen=True)
class Reputation:
    """Categories by name, and scores by length of prefix, longest first; digest is of all that the files say."""

    categories: dict[str, int] = field(default_factory=dict)
    prefixes: tuple[tuple[int, Scores], ...] = ()
    digest: str = ""

    def score(self, address: int, category: int) -> int:
        """Return the score of an address of 128 bits in a category, 0 where nothing is said of it."""
        for bits, scores in self.prefixes:
            known = scores.get(address >> (_BITS - bits) << (_BITS - bits))
            if known is not None and category in known:
                return known[category]
        return 0


NO_REPUTATION = Reputation()


def read_reputation(categories: Path, files: Iterable[Path]) -> Reputation:
    """Return what the files say; ConfigError names file and line of what cannot be read."""
    names: dict[str, int] = {}
    for where, parts in _lines(categories, _CATEGORY_FORM):
        names[parts[1]] = _number(parts[0], 1, MAX_CATEGORY, "a category", where)
    known, prefixes = set(names.values()), defaultdict[int, Scores](dict)
    for path in files:
        for where, parts in _lines(path, _SCORE_FORM):
            category = _number(parts[1], 1, MAX_CATEGORY, "a category", where)
            if category not in known:
                raise ConfigError(f"category {category} is in no line of {categories}", where=where)
            bits, address = _network(parts[0], where)
            prefixes[bits].setdefault(address, {})[category] = _number(parts[2], 0, MAX_SCORE, "a score", where)
    ordered = tuple((bits, _without_zeros(prefixes[bits])) for bits in sorted(prefixes, reverse=True))
    said = repr((sorted(names.items()), [(bits, sorted(scores.items())) for bits, scores in ordered]))
    return Reputation(names, ordered, hashlib.sha256(said.encode()).hexdigest())


def _without_zeros(scores: Scores) -> Scores:
    return {address: {c: score for c, score in sorted(by_category.items()) if score}
            for address, by_category in scores.items()}


def _lines(path: Path, form: str) -> Iterator[tuple[str, list[str]]]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if number > MAX_LINES:
                    raise ConfigError(f"has more than {MAX_LINES:,} lines", where=str(path), remedy="name fewer hosts")
                text = line.strip()
                if not text or text.startswith("#"):
                    continue
                parts = [part.strip() for part in text.split(",")]
                if len(parts) < form.count(",") + 1:
                    raise ConfigError(f"{text[:60]!r} has not its three parts", where=f"{path}:{number}", expected=form)
                yield f"{path}:{number}", parts
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=str(path),
                          expected=f"a file of lines {form}", remedy="see [rules] in docs/configuration.md") from None


def _number(text: str, low: int, high: int, what: str, where: str) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ConfigError(f"{text[:20]!r} is not {what}", where=where, expected=f"a number from {low} to {high}")
    return int(text)


def _network(text: str, where: str) -> tuple[int, int]:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ConfigError(f"{text[:60]!r} is no address or network", where=where, expected=_SCORE_FORM) from None
    mapped = network.version == 4
    return network.prefixlen + (96 if mapped else 0), int(network.network_address) + (V4_LOW if mapped else 0)

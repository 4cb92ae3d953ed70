"""Queries of a pack: asked read-only, numbered, kept with what came back, and digested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sekisho.audit.model import Section
from sekisho.audit.period import Period

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True)
class Asked:
    """A query, its parameters, how many rows came back, and the SHA-256 of them as canonical JSON."""

    number: int
    sql: str
    params: Mapping[str, Any]
    rows: int
    digest: str


class Asker:
    """Asks a store for one pack. Every query knows {since} and {until} of the period."""

    def __init__(self, store: Store, period: Period) -> None:
        self.store, self.period = store, period
        self.asked: list[Asked] = []
        self._known: dict[str, tuple[int, list[dict[str, Any]]]] = {}

    def rows(self, section: Section, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Return the rows of a query and note it with the section; the same one is asked once."""
        sql, given = " ".join(sql.split()), {**self.period.params(), **params}
        given = {name: value for name, value in given.items() if f"{{{name}:" in sql}
        key = json.dumps([sql, given], sort_keys=True)
        if key not in self._known:
            rows = self.store.query(sql, given, read_only=True).dicts()
            number = len(self.asked) + 1
            self.asked.append(Asked(number, sql, given, len(rows), digest_of(rows)))
            self._known[key] = number, rows
        number, rows = self._known[key]
        if number not in section.queries:
            section.queries.append(number)
        return rows


def digest_of(value: Any) -> str:
    """Return the SHA-256 (hex) of a value as canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

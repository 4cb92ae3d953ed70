"""Comparing rows with what other programs say: facts by name, and the differences between them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from columns.address import address_int, address_text
from columns.schema import Table


@dataclass
class Comparison:
    """Facts compared, by name; a difference is (where, name, expected, got)."""

    compared: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    def fact(self, where: str, name: str, expected: Any, got: Any) -> None:
        self.compared[name] += 1
        if expected != got:
            self.differences.append((where, name, expected, got))

    @property
    def share(self) -> float:
        total = sum(self.compared.values())
        return (total - len(self.differences)) / total if total else 0.0


def ends_of(row: dict[str, Any]) -> tuple[int, int, int, int]:
    """Addresses and ports of a row: who speaks with whom."""
    return row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]


def ends(src: str, src_port: Any, dst: str, dst_port: Any) -> tuple[int, int, int, int]:
    """The same from the text of another program."""
    return address_int(src), int(src_port), address_int(dst), int(dst_port)


def either_way(rows: Iterable[dict[str, Any]], key: tuple[int, int, int, int]) -> list[dict[str, Any]]:
    """Rows of a conversation, whoever is called its initiator."""
    turned = (key[2], key[3], key[0], key[1])
    return [r for r in rows if ends_of(r) in (key, turned)]


def zeek_log(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a Zeek log by field; what is unset is left out, what is empty is ""."""
    names: list[str] = []
    for line in path.read_text("utf-8", "replace").splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif line and not line.startswith("#") and names:
            values = zip(names, line.split("\t"), strict=False)
            yield {n: "" if v == "(empty)" else v for n, v in values if v != "-"}


def text(value: Any) -> str:
    """A text column's value as str."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def listed(value: Any) -> list[Any]:
    """A json column's value as a list."""
    return json.loads(value) if value else []


def eve_events(case: Path, event_type: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Filters of a suricata-verify case upon events of a type, and the count that they expect."""
    told = json.loads((case / "case.json").read_text())
    for one in told["other_checks"]:
        match = one.get("filter", {}).get("match", {})
        if match.get("event_type") == event_type and "lt_version" not in one["filter"]:
            yield match, one["filter"].get("count", 1)


def eve_of(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the event that it becomes, by the places of its columns; whatever is 0 or empty is left out."""
    event: dict[str, Any] = {"event_type": table.name}
    for column in table.columns:
        value = row.get(column.name, 0)
        if not column.eve or not value:
            continue
        if column.dtype == "ip":
            value = address_text(value >> 64, value & 0xFFFFFFFFFFFFFFFF)
        elif column.dtype == "json":
            value = json.loads(value)
        *holders, name = column.eve.split(".")
        place = event
        for holder in holders:
            place = place.setdefault(holder, {})
        place[name] = text(value)
    return event


def agrees(event: dict[str, Any], match: dict[str, Any]) -> bool:
    """Whether an event has all that a filter of suricata-verify asks of it."""
    return all(_agrees(event, key, want) for key, want in match.items())


def _agrees(event: Any, key: str, want: Any) -> bool:
    if key == "proto" or "community_id" in (key, want):  # the writer of events adds them to every type
        return True
    if key in ("has-key", "not-has-key"):
        return (_look(event, want) is not None) == (key == "has-key")
    got = _look(event, key)
    if isinstance(want, list):
        return isinstance(got, list) and all(one in got for one in want)
    return got is not None and str(got) == str(want)


def _look(event: Any, key: str) -> Any:
    for part in key.replace("[", ".").replace("]", "").split("."):
        if isinstance(event, list):
            event = event[int(part)] if int(part) < len(event) else None
        else:
            event = event.get(part) if isinstance(event, dict) else None
    return event

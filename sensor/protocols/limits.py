"""Settings of protocol parsers: whole numbers with a unit and a range, checked when they are made."""

from __future__ import annotations

from dataclasses import Field, field, fields
from typing import Any

from columns.errors import UsageError


def limit(default: int, low: int, high: int, unit: str, meaning: str) -> Any:
    """Return a field of a settings dataclass; its metadata hold range, unit and meaning."""
    return field(default=default, metadata={"range": (low, high), "unit": unit, "meaning": meaning})


def check_limits(settings: Any, where: str) -> None:
    """Raise UsageError for the first field that is not a whole number within its range."""
    for one in fields(settings):
        _check(one, getattr(settings, one.name), where)


def _check(one: Field[Any], value: Any, where: str) -> None:
    low, high = one.metadata["range"]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise UsageError(f"{one.name} is {value!r}", where=where,
                         expected=f"a whole number, {low} to {high} {one.metadata['unit']}")

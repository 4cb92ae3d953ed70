"""Settings of protocols: whole numbers with a unit and a range, checked when they are made."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from columns.errors import UsageError


def whole(default: int, low: int, high: int, unit: str, meaning: str) -> Any:
    """Return the field of a settings class that is a whole number from low to high."""
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "meaning": meaning})


def check_ranges(settings: Any, where: str) -> None:
    """Raise UsageError for a value outside its range; called by ``__post_init__``."""
    for f in fields(settings):
        value, low, high = getattr(settings, f.name), f.metadata["low"], f.metadata["high"]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise UsageError(f"{f.name} is {value!r}", where=where, expected=f"a whole number, {low} to {high}")

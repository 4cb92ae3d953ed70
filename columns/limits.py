"""Limits as fields of frozen settings: each says its unit and range, and is checked against them when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields
from functools import wraps
from typing import Any, TypeVar

from columns.errors import ConfigError

_Settings = TypeVar("_Settings")


def limit(default: int, low: int, high: int, unit: str, meaning: str, *, result: bool = True) -> Any:
    """Return a field of a settings class that holds a whole number from low to high.

    result: whether it can change what is found.
    """
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "meaning": meaning,
                                            "result": result})


def limited(section: str) -> Callable[[type[_Settings]], type[_Settings]]:
    """Return a decorator for dataclasses of settings: whoever makes one of it has its limits checked."""
    def decorate(cls: type[_Settings]) -> type[_Settings]:
        begin: Callable[..., None] = cls.__init__

        @wraps(begin)
        def __init__(self: Any, *args: Any, **named: Any) -> None:
            begin(self, *args, **named)
            check_limits(self, section)

        cls.__init__ = __init__  # type: ignore[method-assign]
        return cls

    return decorate


def check_limits(settings: Any, section: str) -> None:
    """Raise ConfigError for the first field made by ``limit`` whose value is no whole number of its range."""
    for f in fields(settings):
        if "low" not in f.metadata:
            continue
        value, low, high = getattr(settings, f.name), f.metadata["low"], f.metadata["high"]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ConfigError(f"{f.name} is {value!r}", where=section,
                              expected=f"a whole number, {low} to {high} {f.metadata['unit']}")

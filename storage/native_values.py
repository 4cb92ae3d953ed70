"""Values of the native protocol as a store gives them: times and addresses as ClickHouse writes them, text as str."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any
from zoneinfo import ZoneInfo

Convert = Callable[[Any], Any]

_TIMES = re.compile(
    r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`"
    r"|\b(?:(DateTime64)\([^()]*\)|(DateTime)\b(?:\('[^']*'\))?|(Date32)\b|(Date)\b)(?! \w)")
_INTEGERS = {"DateTime64": "Int64", "DateTime": "UInt32", "Date32": "Int32", "Date": "UInt16"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAME = ("Nullable", "LowCardinality")


def wire_type(kind: str) -> str:
    """Return a type with every time in it replaced by the integer of the same layout."""
    return _TIMES.sub(lambda m: _INTEGERS[m[m.lastindex]] if m.lastindex else m[0], kind)


def column_values(kind: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column, read under its wire_type(), as the store gives them."""
    convert = converter(kind)
    return values if convert is None else [None if v is None else convert(v) for v in values]


def converter(kind: str) -> Convert | None:
    """Return what turns one value of a type into that of the store, or None where it is that already."""
    name, arguments = _parts(kind)
    if name in _SAME:
        return _optional(converter(arguments[0]))
    if name == "SimpleAggregateFunction":
        return converter(arguments[1])
    if name == "Array":
        inner = _always(converter(arguments[0]))
        return lambda values: [inner(v) for v in values]
    if name == "Map":
        key, value = _always(converter(arguments[0])), _always(converter(arguments[1]))
        return lambda pairs: {str(key(k)): value(v) for k, v in pairs.items()}
    if name in ("Tuple", "Nested"):
        return _tuple(arguments, nested=name == "Nested")
    if name.startswith("DateTime"):
        return _moment(name, arguments)
    return _PLAIN.get(name)


def _parts(kind: str) -> tuple[str, list[str]]:
    """Split ``Name(a, b(c, d))`` into the name and its arguments."""
    name, bracket, rest = kind.partition("(")
    if not bracket:
        return name, []
    found, depth, start = [], 0, 0
    for piece in re.finditer(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[(),]", rest):
        if piece[0] == "(":
            depth += 1
        elif piece[0] == "," and depth == 0:
            found.append(rest[start : piece.start()].strip())
            start = piece.end()
        elif piece[0] == ")":
            depth -= 1
    return name, [*found, rest[start:-1].strip()]


def _always(convert: Convert | None) -> Convert:
    """A converter that also takes None, of Nullable within another type."""
    return _optional(convert) or (lambda value: value)


def _optional(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda value: None if value is None else convert(value)


def _tuple(arguments: list[str], *, nested: bool) -> Convert:
    named = [re.fullmatch(r"(`(?:[^`\\]|\\.)*`|\w+) (.+)", a, re.DOTALL) for a in arguments]
    inner = [_always(converter(m[2] if m else a)) for m, a in zip(named, arguments, strict=True)]
    names = [m[1].strip("`") for m in named if m]

    def convert(value: Any) -> Any:
        found = [of(v) for of, v in zip(inner, value, strict=True)]
        return dict(zip(names, found, strict=True)) if len(names) == len(found) else found

    return (lambda rows: [convert(r) for r in rows]) if nested else convert


def _moment(name: str, arguments: list[str]) -> Convert:
    scale = int(arguments[0]) if name == "DateTime64" else 0
    zones = [a.strip("'") for a in arguments if a.startswith("'")]
    zone = UTC if zones in ([], ["UTC"]) else ZoneInfo(zones[0])

    def convert(ticks: int) -> str:
        seconds, rest = divmod(ticks, 10**scale)
        text = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).isoformat(" ", "seconds")[:19]
        return f"{text}.{rest:0{scale}}" if scale else text

    return convert


def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _address(address: IPv6Address) -> str:
    """As ClickHouse writes it: with four decimal parts where the first six words are zero, or five and ffff."""
    value = int(address)
    if value >> 32 == 0xFFFF or (value >> 32 == 0 and value >> 16):
        head = "::ffff:" if value >> 32 else "::"
        return head + ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    # Python alone writes the decimal parts of mapped addresses itself, in some versions: those are done above
    return str(address)


_PLAIN: dict[str, Convert] = {
    "String": _text, "FixedString": _text, "IPv6": _address, "IPv4": str, "UUID": str, "Date": _day, "Date32": _day,
    "Decimal": float, "Decimal32": float, "Decimal64": float, "Decimal128": float, "Decimal256": float,
}

"""Columns as JSON text, many rows at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from columns.address import address_text, full_address_text, mac_text
from columns.schema import Text, text_values

# JSON allows these as they are, but a terminal obeys them and some readers take them for the end of a line
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029]")
_ADDRESSES = 65_536
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_text(value: Any) -> str:
    """Return a string or a dictionary as JSON, with nothing in it that a terminal or a reader of lines acts on."""
    return _UNSAFE.sub(lambda c: f"\\u{ord(c.group()):04x}", _encode(value))


def key_text(name: str) -> str:
    """Return what stands before a value: comma, key, colon."""
    return f",{json.dumps(name)}:"


class Fields:
    """The fields of one object in many rows, gathered by kind so that each row costs few string operations.

    Every part holds ``,"key":value`` for each row, or "" where the row leaves it out.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._integers: list[tuple[str, np.ndarray]] = []
        self._tables: list[tuple[list[str], np.ndarray]] = []
        self._parts: list[list[str]] = []

    def add(self, part: list[str]) -> None:
        """Add a field that is rendered already."""
        self._parts.append(part)

    def constant(self, name: str, json_value: str) -> None:
        """Add a field that is the same in every row."""
        self._tables.append(([key_text(name) + json_value], np.zeros(self.rows, np.uint8)))

    def number(self, name: str, values: np.ndarray, *, omit_zero: bool = False) -> None:
        """Add an integer, or a float with null for what is not finite."""
        key = key_text(name)
        if values.dtype.kind == "f":
            self.add([f"{key}{v!r}" if np.isfinite(v) else f"{key}null" for v in values.tolist()])
        elif values.dtype.itemsize == 1:
            self._tables.append(([f"{key}{v}" if v or not omit_zero else "" for v in range(256)], values))
        elif omit_zero:
            self.add([f"{key}{v}" if v else "" for v in values.tolist()])
        else:
            self._integers.append((name, values))

    def word(self, name: str, codes: np.ndarray, labels: Sequence[str]) -> None:
        """Add codes as labels; an empty label leaves the field out, a code without one is shown as its number."""
        key = key_text(name)
        table = [key + json_text(label) if label else "" for label in labels]
        table += [f'{key}"{code}"' for code in range(len(table), int(codes.max(initial=0)) + 1)]
        self._tables.append((table, codes))

    def switch(self, name: str, values: np.ndarray) -> None:
        """Add a boolean."""
        key = key_text(name)
        self._tables.append(([f"{key}false", f"{key}true"], values.astype(np.uint8)))

    def parts(self, opening: str = ",") -> list[list[str]]:
        """Return the fields in few parts: all integers are one, all codes are one (or more, where they are many).

        opening takes the place of the first comma where there are integers, which no row leaves out.
        """
        found = []
        if self._integers:
            template = opening + "".join(f"{key_text(name)}%d" for name, _ in self._integers)[1:]
            found.append([template % row for row in zip(*[v.tolist() for _, v in self._integers], strict=True)])
        return found + _combined(self._tables) + self._parts

    def object_parts(self, name: str) -> list[list[str]]:
        """Return the parts of an object under a name; a row without any field leaves it out."""
        opening = f"{key_text(name)}{{"
        if self._integers:
            return [*self.parts(opening), ["}"] * self.rows]
        parts = self.parts()
        if not parts:
            return []
        inner = map("".join, zip(*parts, strict=True))
        return [[f"{opening}{fields[1:]}}}" if fields else "" for fields in inner]]


def lines(ts_ns: np.ndarray, own: Fields, objects: Mapping[str, Fields]) -> str:
    """Return one line for each row: its time, the event's own fields and its objects. One pass copies all of it."""
    parts = [times("timestamp", ts_ns, "{"), *own.parts()]
    for name, fields in objects.items():
        parts += fields.object_parts(name)
    return "".join(chain.from_iterable(zip(*parts, ["}\n"] * ts_ns.size, strict=True)))


def texts(name: str, text: Text, *, omit_empty: bool = False) -> list[str]:
    """One part of text; bytes that are not UTF-8 become U+FFFD."""
    key = key_text(name)
    values = text_values(text)
    known = {v: key + json_text(v) if v or not omit_empty else "" for v in set(values)}
    return [known[v] for v in values]


def json_values(name: str, text: Text) -> list[str]:
    """One part of values that are JSON already; an empty one is left out."""
    key = key_text(name)
    return [key + _UNSAFE.sub(lambda c: f"\\u{ord(c.group()):04x}", v) if v else "" for v in text_values(text)]


def times(name: str, ns: np.ndarray, opening: str = ",") -> list[str]:
    """One part of nanoseconds since 1970 as Suricata writes times: UTC, microseconds, ``+0000``."""
    seconds, place = np.unique(ns // 1_000_000_000, return_inverse=True)
    known = [f'{opening}{key_text(name)[1:]}"{t}.' for t in np.datetime_as_string(seconds.astype("M8[s]")).tolist()]
    micros = (ns % 1_000_000_000 // 1000).tolist()
    return [f'{second}{micro:06d}+0000"' for second, micro in zip(picked(known, place), micros, strict=True)]


def addresses(name: str, hi: np.ndarray, lo: np.ndarray, *, full: bool = False) -> list[str]:
    """One part of addresses; full: with all zeros of IPv6."""
    key = key_text(name)
    return [f'{key}"{text}"' for text in map(_full_address if full else _address, hi.tolist(), lo.tolist())]


def macs(name: str, values: np.ndarray) -> list[str]:
    """One part of MAC addresses; 0 is left out."""
    key = key_text(name)
    distinct, place = np.unique(values, return_inverse=True)
    return picked([f'{key}"{mac_text(v)}"' if v else "" for v in distinct.tolist()], place)


def blank(part: list[str], rows: np.ndarray) -> list[str]:
    """Leave the value out in the rows that a boolean mask names."""
    for i in np.flatnonzero(rows).tolist():
        part[i] = ""
    return part


def picked(known: Sequence[str], place: np.ndarray) -> list[str]:
    """Return the text at each place."""
    return list(map(known.__getitem__, place.tolist()))


def _combined(tables: list[tuple[list[str], np.ndarray]]) -> list[list[str]]:
    """Few combinations of codes occur in real rows: join the texts of each once, and look them up row by row."""
    parts, group, size = [], [], 1
    for table, codes in tables:
        if group and size * len(table) >= 1 << 62:
            parts.append(_joined(group))
            group, size = [], 1
        group.append((table, codes))
        size *= len(table)
    return [*parts, _joined(group)] if group else parts


def _joined(group: list[tuple[list[str], np.ndarray]]) -> list[str]:
    packed = np.zeros(group[0][1].size, np.int64)
    for table, codes in group:
        packed = packed * len(table) + codes
    distinct, place = np.unique(packed, return_inverse=True)
    known = [""] * distinct.size
    for table, _ in reversed(group):
        distinct, codes = np.divmod(distinct, len(table))
        known = [table[code] + rest for code, rest in zip(codes.tolist(), known, strict=True)]
    return picked(known, place)


_address = lru_cache(_ADDRESSES)(address_text)
_full_address = lru_cache(_ADDRESSES)(full_address_text)

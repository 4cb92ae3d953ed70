"""Column and Table: a kind of row is defined once here, and everything else about it is derived."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from columns.memory import zeros


class Text(NamedTuple):
    """A text column in Arrow layout: row i is ``data[offsets[i]:offsets[i + 1]]``, UTF-8.

    data: uint8[bytes]; offsets: int64[rows + 1], never decreasing.
    """

    data: np.ndarray
    offsets: np.ndarray


def text_column(values: Iterable[str | bytes]) -> Text:
    """Pack Python strings into a Text column; meant for rows that are few (alerts), not for packets."""
    encoded: Sequence[str | bytes] = tuple(values)
    try:
        text = "".join(encoded)  # type: ignore[arg-type]
    except TypeError:  # bytes among them
        text = "\x80"
    if text.isascii():
        return Text(np.frombuffer(text.encode("ascii"), np.uint8), _offsets(encoded))
    encoded = [v if isinstance(v, bytes) else v.encode("utf-8", "replace") for v in encoded]
    return Text(np.frombuffer(b"".join(encoded), np.uint8), _offsets(encoded))


def _offsets(values: Sequence[str | bytes]) -> np.ndarray:
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, values), np.int64, len(values)), out=offsets[1:])
    return offsets


def chosen_text(values: Sequence[str], which: np.ndarray) -> Text:
    """Pack ``values[which[i]]`` for every row i into a Text column; each different value is encoded once."""
    encoded, sizes = _encoded(tuple(values))
    offsets = np.zeros(which.size + 1, np.int64)
    np.cumsum(sizes[which], out=offsets[1:])
    return Text(np.frombuffer(b"".join([encoded[k] for k in which.tolist()]), np.uint8), offsets)


def text_of_spans(text: bytes, starts: np.ndarray, stops: np.ndarray) -> Text:
    """Pack ``text[starts[i]:stops[i]]`` for every row i into a Text column."""
    offsets = np.zeros(starts.size + 1, np.int64)
    np.cumsum(stops - starts, out=offsets[1:])
    if not offsets[-1]:
        return Text(np.zeros(0, np.uint8), offsets)
    data = b"".join([text[i:j] for i, j in zip(starts.tolist(), stops.tolist(), strict=True)])
    return Text(np.frombuffer(data, np.uint8), offsets)


@lru_cache(256)
def _encoded(values: tuple[str, ...]) -> tuple[list[bytes], np.ndarray]:
    """Return texts in UTF-8 and how long each is; the same few vocabularies are asked for again and again."""
    encoded = [v.encode("utf-8", "replace") for v in values]
    return encoded, np.array([len(v) for v in encoded], np.int64)


_MANY_TEXTS = 256
"""So many values are picked out by a kernel."""

_FEW = 4
"""One row of so many is unpacked by itself."""


def text_values(text: Text, rows: np.ndarray | None = None) -> list[str]:
    """Unpack a Text column, or those of its rows (indices), into Python strings; what is no UTF-8 becomes U+FFFD."""
    at = text.offsets
    firsts, lasts = (at[:-1], at[1:]) if rows is None else (at[rows], at[rows + 1])
    places = zip(firsts.tolist(), lasts.tolist(), strict=True)
    if rows is not None and rows.size * _FEW < at.size:
        some = memoryview(text.data)
        return [str(some[a:b], "utf-8", "replace") for a, b in places]
    raw = text.data.tobytes()
    if raw.isascii():
        whole = raw.decode("ascii")
        return [whole[a:b] for a, b in places]
    return [raw[a:b].decode("utf-8", "replace") for a, b in places]


def text_equals(text: Text, value: str) -> np.ndarray:
    """Return which rows of a Text column are this: bool[rows]; nothing is unpacked."""
    wanted = value.encode("utf-8")
    rows = np.flatnonzero(np.diff(text.offsets) == len(wanted))
    for place, byte in enumerate(wanted):
        rows = rows[text.data[text.offsets[rows] + place] == byte]
    found = np.zeros(text.offsets.size - 1, bool)
    found[rows] = True
    return found


def text_filled(text: Text, least: int = 1) -> np.ndarray:
    """Return which rows of a Text column have so many bytes at least: bool[rows]."""
    return np.diff(text.offsets) >= least


_MANY_ROWS, _LINE_BYTES = 4096, 64
"""From so many rows on a batch is one piece of memory: in large pages, where the system has them, and no two columns
beginning at the same place of a page, where the cache would hold few of their lines at once."""

TEXTUAL = ("text", "json")
"""Values of dtype that a batch holds as a Text."""


@dataclass(frozen=True)
class Column:
    """One column, with all that any part of the product needs to know of it.

    dtype is a numpy dtype name, ``ip`` (two uint64 arrays NAME_hi and NAME_lo, IPv4 mapped into ::ffff:0:0/96),
    ``text`` (a Text) or ``json`` (a Text whose values are JSON arrays or objects, or empty). labels is the IntEnum its
    numbers mean, or the name of a vocabulary ("zone", "conduit") that a policy supplies at run time. An empty
    clickhouse type keeps the column out of the store; codec and index (a skip index) say how it is kept there.
    """

    name: str
    dtype: str
    meaning: str
    unit: str = ""
    clickhouse: str = ""
    codec: str = "ZSTD"
    index: str = ""
    missing: str = ""
    eve: str = ""
    labels: type[IntEnum] | str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the arrays that hold this column in a batch."""
        return (f"{self.name}_hi", f"{self.name}_lo") if self.dtype == "ip" else (self.name,)

    @property
    def kinds(self) -> tuple[np.dtype, ...]:
        """What numpy calls those arrays, unless they are a Text."""
        return (np.dtype(np.uint64 if self.dtype == "ip" else self.dtype),) * len(self.fields)

    def array(self, rows: int) -> list[Any]:
        """Zeroed arrays for this column, one per field."""
        if self.dtype in TEXTUAL:
            return [Text(np.zeros(0, np.uint8), np.zeros(rows + 1, np.int64))]
        return [np.zeros(rows, kind) for kind in self.kinds]


@dataclass(frozen=True)
class Table:
    """A kind of row: its columns in order, and the batch type (a NamedTuple of equal-length arrays) made of them.

    module is where the batch type is kept as a global under batch_name, so that numba's cache can find it again.
    order_by is the sorting key in ClickHouse, of which the first primary_columns are kept in memory as its index.
    partition_by, over the time of insertion, is what rows expire by. In a table of revisions version names the
    column that numbers them and key what they are revisions of: the highest of each key is its present state. shard_by
    is what a cluster spreads its rows by. stored is False for a table that only lives between wire and detectors. view
    is the name of its view for people, where that is not its own name in the plural.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    batch_name: str
    module: str
    order_by: tuple[str, ...] = ()
    primary_columns: int = 0
    partition_by: str = "toYYYYMM(inserted_at)"
    key: tuple[str, ...] = ()
    version: str = ""
    shard_by: str = "cityHash64(sensor, site)"
    stored: bool = True
    view: str = ""
    batch: Any = field(init=False, repr=False, compare=False)
    none: Any = field(init=False, repr=False, compare=False)
    defaults: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [f for c in self.columns for f in c.fields]
        object.__setattr__(self, "batch", namedtuple(self.batch_name, names, module=self.module))
        object.__setattr__(self, "none", self.empty(0))
        object.__setattr__(self, "defaults", {c.name: "" if c.dtype in TEXTUAL else 0 for c in self.columns})

    def column(self, name: str) -> Column:
        """Return the column of that name, or raise KeyError with the table's name."""
        for c in self.columns:
            if c.name == name:
                return c
        raise KeyError(f"table {self.name} has no column {name}")

    def empty(self, rows: int = 0) -> Any:
        """Return a batch of that many zeroed rows; the arrays of a large one stand in one piece of memory."""
        if rows < _MANY_ROWS or any(c.dtype in TEXTUAL for c in self.columns):
            return self.batch(*[a for c in self.columns for a in c.array(rows)])
        kinds = [kind for c in self.columns for kind in c.kinds]
        ends = list(accumulate((rows * kind.itemsize + _LINE_BYTES) // _LINE_BYTES * _LINE_BYTES for kind in kinds))
        memory = zeros(ends[-1], np.uint8)
        return self.batch(*[memory[start : start + rows * kind.itemsize].view(kind)
                            for start, kind in zip([0, *ends], kinds, strict=False)])

    def from_rows(self, rows: Sequence[dict[str, Any]]) -> Any:
        """Build a batch from dictionaries by column name; a missing key is 0 or "", an unknown key raises KeyError.

        An ``ip`` value is an int of 128 bits (IPv4 mapped). No rows give ``none``, the one batch without rows.
        """
        return self.from_columns(len(rows), **self.columns_of(rows)) if rows else self.none

    def columns_of(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the columns that any of these rows names, as ``from_columns`` takes them."""
        used = set().union(*rows)
        if unknown := sorted(used - self.defaults.keys()):
            raise KeyError(f"table {self.name} has no column {unknown[0]}")
        found: dict[str, Any] = {}
        for c in self.columns:
            if c.name not in used:
                continue
            try:
                values = [row[c.name] for row in rows]
            except KeyError:
                default = self.defaults[c.name]
                values = [row.get(c.name, default) for row in rows]
            if c.dtype in TEXTUAL:
                found[c.name] = text_column(values)
            elif c.dtype == "ip":
                found[c.name] = (np.array([v >> 64 for v in values], np.uint64),
                                 np.array([v & 0xFFFFFFFFFFFFFFFF for v in values], np.uint64))
            else:
                found[c.name] = np.array(values, np.dtype(c.dtype))
        return found

    def from_columns(self, rows: int, /, **values: Any) -> Any:
        """Build a batch of so many rows from columns by name; a missing one is 0 or "", an unknown one raises KeyError.

        A number or a string stands for all rows; text is a Text otherwise, an ``ip`` a pair of uint64 arrays.
        """
        if unknown := sorted(values.keys() - self.defaults.keys()):
            raise KeyError(f"table {self.name} has no column {unknown[0]}")
        arrays: list[Any] = []
        for c in self.columns:
            value = values.get(c.name)
            if value is None:
                arrays += c.array(rows)
            elif c.dtype == "ip":
                arrays += value
            elif c.dtype not in TEXTUAL:
                arrays.append(np.full(rows, value, c.dtype) if np.ndim(value) == 0 else np.asarray(value, c.dtype))
            elif isinstance(value, str):
                arrays.append(chosen_text([value], np.zeros(rows, np.int64)))
            else:
                arrays.append(value)
        return self.batch(*arrays)


def rows_in(batch: Any) -> int:
    """Return the number of rows in a batch (``len`` of a NamedTuple counts its fields)."""
    first = batch[0]
    return first.offsets.size - 1 if isinstance(first, Text) else first.size


def slice_rows(batch: Any, start: int, stop: int) -> Any:
    """Return rows start..stop of a batch as views, without copying."""
    return type(batch)(*[
        Text(a.data, a.offsets[start : stop + 1]) if isinstance(a, Text) else a[start:stop] for a in batch
    ])


def take_rows(batch: Any, index: np.ndarray) -> Any:
    """Return the rows of a batch that an integer or boolean index names, copied."""
    if index.dtype == bool:
        index = np.flatnonzero(index)

    def taken(a: Any) -> Any:
        if not isinstance(a, Text):
            return a[index]
        if index.size < _MANY_TEXTS:
            return text_of_spans(a.data.tobytes(), a.offsets[index], a.offsets[index + 1])
        from columns.gather import gather  # compiled code, which those who only read need not load

        return Text(*gather(a.data, a.offsets[index], a.offsets[index + 1]))

    return type(batch)(*[taken(a) for a in batch])


def concat_rows(batches: Sequence[Any]) -> Any:
    """Return the batches (at least one, all of one type) one after another as one batch."""
    if len(batches) == 1:
        return batches[0]

    def joined(parts: tuple[Any, ...]) -> Any:
        if not isinstance(parts[0], Text):
            return np.concatenate(parts)
        pieces = [p.data[p.offsets[0] : p.offsets[-1]] for p in parts]
        lengths = np.concatenate([np.diff(p.offsets) for p in parts])
        return Text(np.concatenate(pieces), np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))

    return type(batches[0])(*[joined(parts) for parts in zip(*batches, strict=True)])

"""Rows gathered into chunks of one size, so that small and large batches are stored in the same way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from columns.schema import TEXTUAL, Table, Text, rows_in

CHUNK_ROWS = 262_144
"""Rows of a full chunk: large enough for the engine, which does as much for each as for a few ten thousand rows and
merges fewer parts later; small enough that the three in flight take less than 150 MB."""
_SPARE = 2


def chunk_rows(table: Table) -> int:
    """Return the rows of a full chunk of a table: a quarter where rows hold text and so have no fixed size."""
    return CHUNK_ROWS // 4 if any(c.dtype in TEXTUAL for c in table.columns) else CHUNK_ROWS


class Chunk:
    """Copies of up to `rows` rows of a table. Memory is touched only as rows come in.

    spare: where give_back() puts the chunk, to be filled again: fresh memory costs six times as much as the copying.
    """

    def __init__(self, table: Table, rows: int, spare: deque[Chunk] | None = None) -> None:
        self.table, self.rows, self.filled, self._spare = table, rows, 0, spare
        self._arrays = [np.empty(rows, np.dtype(c.dtype if c.dtype not in ("ip", *TEXTUAL) else "u8"))
                        if c.dtype not in TEXTUAL else _TextPieces(rows) for c in table.columns for _ in c.fields]

    @property
    def room(self) -> int:
        """Rows that still fit."""
        return self.rows - self.filled

    def take(self, batch: Any, start: int, stop: int) -> None:
        """Copy rows start..stop of a batch; there must be room for them."""
        end = self.filled + stop - start
        for mine, array in zip(self._arrays, batch, strict=True):
            if isinstance(mine, _TextPieces):
                mine.take(array, start, stop, self.filled)
            else:
                mine[self.filled : end] = array[start:stop]
        self.filled = end

    def give_back(self) -> None:
        """Say that nobody looks at the rows any more, nor at a batch of them."""
        if self._spare is not None:
            self.filled = 0
            self._spare.append(self)

    def batch(self) -> Any:
        """Return the gathered rows as a batch of views."""
        n = self.filled
        return self.table.batch(*[a.text(n) if isinstance(a, _TextPieces) else a[:n] for a in self._arrays])


class Chunks:
    """Chunks of all tables that are being filled. send takes each when it is full, or its vocabularies change."""

    def __init__(self, send: Callable[[Chunk, Mapping[str, Sequence[str]]], None]) -> None:
        self._send = send
        self._open: dict[str, tuple[Chunk, Mapping[str, Sequence[str]]]] = {}
        self._spare: dict[str, deque[Chunk]] = {}

    def add(self, table: Table, batch: Any, vocabularies: Mapping[str, Sequence[str]]) -> None:
        """Copy the rows of a batch."""
        start, rows = 0, rows_in(batch)
        while start < rows:
            if table.name in self._open and self._open[table.name][1] != vocabularies:
                self._send(*self._open.pop(table.name))
            if table.name not in self._open:
                self._open[table.name] = (self._empty(table), dict(vocabularies))
            chunk = self._open[table.name][0]
            stop = min(rows, start + chunk.room)
            chunk.take(batch, start, stop)
            start = stop
            if not chunk.room:
                self._send(*self._open.pop(table.name))

    def _empty(self, table: Table) -> Chunk:
        """A chunk that was given back, or a new one. Of those with text, whose size varies, none is kept."""
        if any(c.dtype in TEXTUAL for c in table.columns):
            return Chunk(table, chunk_rows(table))
        spare = self._spare.setdefault(table.name, deque(maxlen=_SPARE))
        return spare.pop() if spare else Chunk(table, chunk_rows(table), spare)

    def flush(self) -> None:
        """Send what there is."""
        for name in list(self._open):
            self._send(*self._open.pop(name))


class _TextPieces:
    """A text column that grows: lengths of its rows, and the bytes in pieces."""

    def __init__(self, rows: int) -> None:
        self._lengths = np.zeros(rows, np.int64)
        self._pieces: list[np.ndarray] = []

    def take(self, text: Text, start: int, stop: int, at: int) -> None:
        self._lengths[at : at + stop - start] = np.diff(text.offsets[start : stop + 1])
        self._pieces.append(text.data[text.offsets[start] : text.offsets[stop]].copy())

    def text(self, rows: int) -> Text:
        offsets = np.zeros(rows + 1, np.int64)
        np.cumsum(self._lengths[:rows], out=offsets[1:])
        return Text(np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.uint8), offsets)

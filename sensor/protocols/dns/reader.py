"""Messages in, numbers and text out: what stands around the kernel."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from columns.schema import Text, text_of_spans
from sensor.protocols.dns.message import SCRATCH_BYTES, SPANS, Field, read_messages

_BATCH_TEXT_BYTES = 4 << 20


class Messages(NamedTuple):
    """A batch as read: numbers is int64[len(Field), messages], text what its places point into."""

    numbers: np.ndarray
    text: bytes

    def part(self, which: Field) -> Text:
        """Return one part of all messages (Field.QUERY to Field.ADDITIONALS) as a text column, copied."""
        return text_of_spans(self.text, self.numbers[which], self.numbers[which + 1])

    def some(self, which: np.ndarray) -> Messages:
        """Return those messages that an index names."""
        return Messages(self.numbers[:, which], self.text)


_END = int(Field.END)


class DnsReader:
    """Owns what the kernel works with; one per thread, since a call uses it whole."""

    def __init__(self, text_bytes: int) -> None:
        self._limit = text_bytes
        self._scratch = np.zeros(SCRATCH_BYTES, np.uint8)
        self._spans = np.zeros((SPANS, 3), np.int64)
        self._out = np.zeros(max(4 * text_bytes, 1 << 16), np.uint8)
        self._one = (np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.uint8),
                     np.zeros((len(Field), 1), np.int64))

    def read(self, data: np.ndarray, starts: np.ndarray, stops: np.ndarray, variants: np.ndarray) -> Messages:
        """Read many messages of one buffer: uint8, int64[n], int64[n], uint8[n] (see read_messages)."""
        if data.flags.writeable:  # kernels are compiled for buffers that nobody writes to
            data = data.view()
            data.flags.writeable = False
        numbers = np.zeros((len(Field), starts.size), np.int64)
        out = self._out if starts.size < 16 else np.zeros(max(self._out.size, _BATCH_TEXT_BYTES), np.uint8)
        pieces, done, held = [], 0, 0
        while done < starts.size:
            part = np.zeros((len(Field), starts.size - done), np.int64)
            read = read_messages(data, starts[done:], stops[done:], variants[done:], part, out, self._scratch,
                                 self._spans, self._limit)
            text = out[: part[Field.END, read - 1]].tobytes()
            part[Field.QUERY :, :read] += held
            numbers[:, done : done + read] = part[:, :read]
            pieces.append(text)
            done, held = done + read, held + len(text)
        return Messages(numbers, b"".join(pieces))

    def read_one(self, message: bytes, variant: int) -> tuple[list[int], bytes]:
        """Read one message; return its numbers and text."""
        starts, stops, variants, numbers = self._one
        stops[0], variants[0] = len(message), variant
        data = np.frombuffer(message or b"\0", np.uint8)
        read_messages(data, starts, stops, variants, numbers, self._out, self._scratch, self._spans, self._limit)
        row = numbers[:, 0].tolist()
        return row, self._out[: row[_END]].tobytes()


_local = threading.local()


def reader_for(text_bytes: int) -> DnsReader:
    """Return this thread's reader with that limit."""
    known = getattr(_local, "readers", None)
    if known is None:
        known = _local.readers = {}
    if text_bytes not in known:
        known[text_bytes] = DnsReader(text_bytes)
    return known[text_bytes]

"""The buffers that parsers decode, and what they hold: many of them looked at in one call of a kernel.

A call costs as much as a look at 30 KB, and most buffers are smaller.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from columns.said import Step
from detectors.mynumber.settings import MyNumberSettings
from detectors.mynumber.text import Tables, scan_texts
from detectors.mynumber.unpacking import BUFFERS, Unpacking
from detectors.mynumber.wraps import DECODED, SEXTETS

Document = tuple[int, int, str, bytes]
"""Number of the step, place in it, name and bytes of a buffer."""

_ALIKE = 16
_JOINED_BYTES = 1 << 18  # stays in the second-level cache; what is larger is looked at where it lies
_HELD_BYTES = 1 << 22
_PLACE_BITS = 32
"""A text has as key the number of its document, and, in so many bits below, 0 or its place in what that holds."""


class TextScanner:
    """Finds the candidates of steps; counts gets the bytes looked at, those shown again, and what budgets cost."""

    def __init__(self, settings: MyNumberSettings, tables: Tables, out: np.ndarray, counts: Counter[str], *,
                 keep: bool) -> None:
        self.settings, self.tables, self.counts, self.keep = settings, tables, counts, keep
        self._out = out

    def scan(self, steps: Sequence[Step]) -> list[np.ndarray]:
        """Return the candidates in order of the steps, none or one array; row is -1 - number of the step."""
        documents, again = _documents(steps)
        self.counts["bytes_shown_again"] += again
        if not documents:
            return []
        texts = [data for *_, data in documents]
        parts, wrapped = self._texts(texts, [number << _PLACE_BITS for number in range(len(texts))],
                                     [DECODED] * len(texts))
        parts += self._inside(texts, wrapped)
        return [_placed(np.concatenate(parts), documents, steps)] if parts else []

    def _inside(self, texts: Sequence[bytes], wrapped: np.ndarray) -> list[np.ndarray]:
        """Return the candidates of what the texts hold that are wrapped in some way."""
        parts: list[np.ndarray] = []
        held, keys, wraps, size, spent = list[bytes](), list[int](), list[int](), 0, 0
        for number in np.flatnonzero(wrapped).tolist():
            unpacking = Unpacking(self.settings.unpacked_kib << 10, self.settings.unpacked_members)
            pieces = unpacking.inside(texts[number], int(wrapped[number]), DECODED)
            for place, (piece, wrap) in enumerate(pieces, 1):
                held.append(piece)
                keys.append(number << _PLACE_BITS | place)
                wraps.append(wrap)
                size += len(piece)
                if size >= _HELD_BYTES:
                    parts += self._texts(held, keys, wraps)[0]
                    held, keys, wraps, size = [], [], [], 0
            spent += unpacking.spent
        self.counts["buffers_cut_short"] += spent
        return parts + self._texts(held, keys, wraps)[0]

    def _texts(self, texts: Sequence[bytes], keys: Sequence[int],
               wraps: Sequence[int]) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the candidates of texts, their keys as row, and how each text is wrapped: uint8."""
        parts, wrapped = [], np.zeros(len(texts), np.uint8)
        rows, ways = np.array(keys, np.int64), np.array(wraps, np.uint8)
        for first, last in _groups(texts):
            data = texts[first] if last - first == 1 else b"".join(texts[first:last])
            self.counts["bytes_decoded"] += len(data)
            offsets = np.zeros(last - first + 1, np.int64)
            np.cumsum([len(text) for text in texts[first:last]], out=offsets[1:])
            buffer, text, at = np.frombuffer(data, np.uint8), 0, 0
            while text < last - first:
                count, text, at = scan_texts(buffer, offsets, rows[first:last], ways[first:last], text, at, SEXTETS,
                                             self.tables, self._out, wrapped[first:last], self.keep)
                if count:
                    parts.append(self._out[:count].copy())
        return parts, wrapped


def _groups(texts: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of texts that are looked at together; a large one is alone."""
    first, held = 0, 0
    for k, text in enumerate(texts):
        if k > first and held + len(text) > _JOINED_BYTES:
            yield first, k
            first, held = k, 0
        held += len(text)
    if texts:
        yield first, len(texts)


def _placed(found: np.ndarray, documents: Sequence[Document], steps: Sequence[Step]) -> np.ndarray:
    """Return candidates, whose row is the key of their text, in order, with all that is known of their step."""
    found = found[np.argsort(found["row"], kind="stable")]
    numbers = found["row"] >> _PLACE_BITS
    places = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
    for first, last in zip(places, [*places[1:], numbers.size], strict=True):
        number, place, name, _ = documents[int(numbers[first])]
        step, some = steps[number], found[first:last]
        some["flow_id"], some["row"] = step.flow.flow_id, -1 - number
        some["document"] = zlib.crc32(f"{step.tx_id} {name} {place}".encode()) + 1
        some["packet_number"], some["upward"] = step.at.packet_number, step.to_server
    return found


def _documents(steps: Sequence[Step]) -> tuple[list[Document], int]:
    """Return (number of the step, place in it, name, bytes) of what is to be looked into, and how many bytes are not.

    A body is shown as body and as file. What another buffer of the same message, completed by the same packet, begins
    with is left out, so that it is looked into once.
    """
    documents = [(number, place, name, data) for number, step in enumerate(steps)
                 for place, (name, data) in enumerate(step.buffers) if data and name in BUFFERS]
    packets = [steps[document[0]].at.packet_number for document in documents]
    if len(set(packets)) == len(packets):
        return documents, 0
    messages: dict[tuple[int, int, bool, int], list[Document]] = {}
    for document, packet in zip(documents, packets, strict=True):
        step = steps[document[0]]
        messages.setdefault((step.flow.flow_id, step.tx_id, step.to_server, packet), []).append(document)
    again = {one[:2]: len(one[3]) for mine in messages.values() if len(mine) > 1 for one in _shown_again(mine)}
    return [one for one in documents if one[:2] not in again] if again else documents, sum(again.values())


def _shown_again(mine: Sequence[Document]) -> Iterator[Document]:
    """Yield those of one message that others of it begin with."""
    for k, one in enumerate(mine):
        if any(_holds(other[3], one[3]) and (len(other[3]) > len(one[3]) or j < k)
               for j, other in enumerate(mine[:_ALIKE]) if j != k):
            yield one


def _holds(other: bytes, one: bytes) -> bool:
    return len(other) >= len(one) and other.startswith(one)

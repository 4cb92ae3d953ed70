"""Numbers in the text of rows that are kept: their digits become ``*`` before anything is written."""

from __future__ import annotations

import base64
from collections.abc import Callable
from json import dumps
from json import loads as json_of
from typing import Any

import numpy as np

from columns.kernel import kernel
from columns.schema import TEXTUAL, Table, Text, text_column, text_values
from detectors.mynumber.candidates import byte_classes
from detectors.mynumber.check_digit import is_mynumber, number_of
from detectors.mynumber.digits import digit, width_of
from detectors.mynumber.escapes import find_escaped
from detectors.mynumber.searching import next_candidate
from detectors.mynumber.text import WHOLE

_ROOM, _DIGITS = 1024, 12
_STAR = 0x2A
_STRICT = np.int64(1)
_ENCODED = frozenset({"payload", "packet"})
_QUOTE, _BACKSLASH = 0x22, 0x5C


@kernel
def find_numbers(data, offsets, value, at, classes, out):
    """Fill out (int64[n, 4]: value, start, end, form) with the numbers of right check digits in the values from value.

    data, offsets: a Text. Returns (how many, the next value, where to begin in it); there is more if that is one.
    """
    count = 0
    while value < offsets.size - 1:
        lo, hi = offsets[value], offsets[value + 1]
        at = max(at, lo)
        while hi - at >= 12:
            s, e, form = next_candidate(data, at, lo, hi, classes, _STRICT)
            if s < 0:
                break
            at = e
            if is_mynumber(number_of(data, s, e, lo, hi, form)):
                if count == out.shape[0]:
                    return count, value, s
                out[count, 0], out[count, 1], out[count, 2], out[count, 3] = value, s, e, form
                count += 1
        value, at = value + 1, 0
    return count, value, at


@kernel
def star_out(text, data, places):
    """Overwrite in data, a copy of text, the digits at places (as find_numbers gives them)."""
    for k in range(places.shape[0]):
        s, e, form = places[k, 1], places[k, 2], places[k, 3]
        while s < e:
            width = width_of(form) if digit(text, s, s, e, form) >= 0 else 0
            for p in range(s, s + width):
                data[p] = _STAR
            s += max(width, 1)


@kernel
def star_spans(data, spans):
    """Overwrite data from spans[k, 1] to spans[k, 2]."""
    for k in range(spans.shape[0]):
        for p in range(spans[k, 1], spans[k, 2]):
            data[p] = _STAR


class Masking:
    """Masks batches; counted is how many numbers were met."""

    def __init__(self) -> None:
        self._classes, self._out = byte_classes(), np.zeros((_ROOM, 4), np.int64)
        self._undone, self._places = np.zeros(WHOLE, np.uint8), np.zeros(WHOLE + 1, np.int64)
        self._undone_text = _to_read(self._undone)
        self._spans = np.zeros((_DIGITS * _ROOM, 3), np.int64)
        self.counted = 0

    def masked(self, table: Table, batch: Any) -> Any:
        """Return the batch with every number in its text columns masked; the batch itself where there is none."""
        changed = {}
        for column in table.columns:
            if column.dtype in TEXTUAL:
                before = getattr(batch, column.name)
                if before.data.size < 12:
                    continue
                after = self._text(before, json=column.dtype == "json")
                if after is not before:
                    changed[column.name] = after
        return batch._replace(**changed) if changed else batch

    def evidence(self, context: Text) -> Text:
        """Return contexts of alerts with the numbers masked in what they show as base64: payload and packet."""
        values, changed = text_values(context), False
        for k, value in enumerate(values):
            if any(f'"{name}":"' in value for name in _ENCODED):
                said = json_of(value)
                for name in _ENCODED & said.keys():
                    raw = text_column([base64.b64decode(said[name])])
                    masked = self._text(raw, json=False)
                    if masked is not raw:
                        said[name], changed = base64.b64encode(masked.data.tobytes()).decode("ascii"), True
                values[k] = dumps(said, ensure_ascii=False, separators=(",", ":"))
        return text_column(values) if changed else context

    def _text(self, text: Text, *, json: bool) -> Text:
        """Return a text with its numbers masked, those that stand there first; itself where there is none."""
        return self._escaped(self._plain(text, json=json), json=json)

    def _plain(self, text: Text, *, json: bool) -> Text:
        data = _to_read(text.data)
        places = _all(text, self._out, lambda value, at: find_numbers(
            data, text.offsets, value, at, self._classes, self._out))
        return self._starred(text, places, 1, json, lambda masked, found: star_out(data, masked, found))

    def _escaped(self, text: Text, *, json: bool) -> Text:
        """Return a text with the numbers masked that show when escapes are undone."""
        data = _to_read(text.data)
        spans = _all(text, self._spans, lambda value, at: find_escaped(
            data, text.offsets, value, at, self._classes, _STRICT, self._undone, self._undone_text, self._places,
            self._spans))
        return self._starred(text, spans, _DIGITS, json, star_spans)

    def _starred(self, text: Text, found: np.ndarray, rows: int, json: bool,
                 star: Callable[[np.ndarray, np.ndarray], None]) -> Text:
        """Return a text with what was found overwritten by star; each number has so many rows of found."""
        if json and len(found):
            inside = [_in_string(text, *row[:2]) for row in found[::rows].tolist()]
            found = found[np.repeat(np.array(inside), rows)]
        if not len(found):
            return text
        self.counted += len(found) // rows
        masked = text.data.copy()
        star(masked, found)
        return Text(masked, text.offsets)


def _all(text: Text, room: np.ndarray, find: Callable[[int, int], tuple[int, int, int]]) -> np.ndarray:
    """Return all rows that find writes to room, from value to value: (rows, next value, where to begin in it)."""
    value, at, found = 0, 0, []
    while value < text.offsets.size - 1:
        count, value, at = find(value, at)
        found.append(room[:count].copy())
    return np.concatenate(found)


def _to_read(data: np.ndarray) -> np.ndarray:
    data = data.view()
    data.flags.writeable = False
    return data


def _in_string(text: Text, value: int, start: int) -> bool:
    """Return whether a place in a JSON value lies in a string: a number there is no quantity."""
    before = text.data[text.offsets[value] : start]
    quotes = np.flatnonzero(before == _QUOTE)
    return sum(1 for q in quotes.tolist() if not _behind_backslash(before, q)) % 2 == 1


def _behind_backslash(data: np.ndarray, at: int) -> bool:
    """Return whether the character at a place stands behind an odd number of backslashes."""
    count = 0
    while at - 1 - count >= 0 and data[at - 1 - count] == _BACKSLASH:
        count += 1
    return count % 2 == 1

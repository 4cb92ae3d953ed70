"""Numbers in the text of rows that are kept: their digits become ``*`` before anything is written."""

from __future__ import annotations

import base64
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

_ROOM = 1024
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
        self._spans = np.zeros((12 * _ROOM, 3), np.int64)
        self.counted = 0

    def masked(self, table: Table, batch: Any) -> Any:
        """Return the batch with every number in its text columns masked; the batch itself where there is none."""
        changed = {}
        for column in table.columns:
            if column.dtype in TEXTUAL:
                before = getattr(batch, column.name)
                if before.data.size < 12:
                    continue
                json = column.dtype == "json"
                after = self._escaped(self._plain(before, json=json), json=json)
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
                    masked = self._escaped(self._plain(raw, json=False), json=False)
                    if masked is not raw:
                        said[name], changed = base64.b64encode(masked.data.tobytes()).decode("ascii"), True
                values[k] = dumps(said, ensure_ascii=False, separators=(",", ":"))
        return text_column(values) if changed else context

    def _plain(self, text: Text, *, json: bool) -> Text:
        value, at, found, data = 0, 0, [], _to_read(text.data)
        while value < text.offsets.size - 1:
            count, value, at = find_numbers(data, text.offsets, value, at, self._classes, self._out)
            found.append(self._out[:count].copy())
        places = np.concatenate(found)
        if json and len(places):
            places = places[[_in_string(text, *place[:2]) for place in places.tolist()]]
        if not len(places):
            return text
        self.counted += len(places)
        masked = text.data.copy()
        star_out(data, masked, places)
        return Text(masked, text.offsets)

    def _escaped(self, text: Text, *, json: bool) -> Text:
        """Return a text with the numbers masked that show when escapes are undone."""
        value, at, found, data = 0, 0, [], _to_read(text.data)
        while value < text.offsets.size - 1:
            count, value, at = find_escaped(data, text.offsets, value, at, self._classes, _STRICT, self._undone,
                                            self._places, self._spans)
            found.append(self._spans[:count].copy())
        spans = np.concatenate(found)
        if json and len(spans):
            inside = [_in_string(text, *span[:2]) for span in spans[::12].tolist()]
            spans = spans[np.repeat(np.array(inside), 12)]
        if not len(spans):
            return text
        self.counted += len(spans) // 12
        masked = text.data.copy()
        star_spans(masked, spans)
        return Text(masked, text.offsets)


def _to_read(data: np.ndarray) -> np.ndarray:
    data = data.view()
    data.flags.writeable = False
    return data


def _in_string(text: Text, value: int, start: int) -> bool:
    """Return whether a place in a JSON value lies in a string: a number there is no quantity."""
    before = text.data[text.offsets[value] : start]
    quotes = np.flatnonzero(before == _QUOTE)
    return sum(1 for q in quotes.tolist() if not _escaped(before, q)) % 2 == 1


def _escaped(data: np.ndarray, at: int) -> bool:
    """Return whether the character at a place stands behind an odd number of backslashes."""
    count = 0
    while at - 1 - count >= 0 and data[at - 1 - count] == _BACKSLASH:
        count += 1
    return count % 2 == 1

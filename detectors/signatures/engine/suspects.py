"""Which rules whose pattern was found may hold where it was found: headers and directions, many pairs at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from detectors.signatures.engine.grams import GramFilter, Pattern
from detectors.signatures.engine.headers import Headers
from detectors.signatures.engine.prepared import Prepared


class Ways(NamedTuple):
    """Who sends what was searched, by piece: places of source and destination among the ranges of all headers (int64),
    whether it goes to the server (bool). See Headers.places.
    """

    src: np.ndarray
    dst: np.ndarray
    src_port: np.ndarray
    dst_port: np.ndarray
    to_server: np.ndarray


class Suspects:
    """Patterns of many rules, the rules that each stands for, and what their headers ask as arrays."""

    def __init__(self, headers: Headers, wanted: dict[Pattern, list[Prepared]]) -> None:
        self.filter = GramFilter(list(wanted))
        self.rules: list[Prepared] = [rule for rules in wanted.values() for rule in rules]
        counts = [len(rules) for rules in wanted.values()]
        self._starts = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=self._starts[1:])
        bits = np.array([r.header for r in self.rules] or [(-1,) * 4], np.int64)
        self._sets = [bits[:, k] for k in range(4)]
        self._both = np.array([r.rule.direction != "->" for r in self.rules] or [False])
        self._toward = np.array([r.toward for r in self.rules] or [0], np.int8)
        self._headers = headers

    def find(self, data: np.ndarray, starts: np.ndarray, sizes: np.ndarray, skips: np.ndarray | None,
             ways: Callable[[np.ndarray], Ways]) -> list[tuple[int, Prepared]]:
        """Return (piece, rule) for all that may hold. ways is asked for the pieces (int64[n]) where something was."""
        hits = self.filter.find(data, starts, sizes, skips)
        if not hits.size:
            return []
        first, last = self._starts[hits[:, 1]], self._starts[hits[:, 1] + 1]
        many = last - first
        pieces = np.repeat(hits[:, 0], many)
        places = np.repeat(first - (np.cumsum(many) - many), many) + np.arange(int(many.sum()))
        distinct, back = np.unique(pieces, return_inverse=True)
        way = ways(distinct)
        one = Ways(*[column[back] for column in way])
        keep = self._fit(places, one)
        return [(piece, self.rules[place]) for piece, place in zip(pieces[keep].tolist(), places[keep].tolist(),
                                                                   strict=True)]

    def _fit(self, places: np.ndarray, way: Ways) -> np.ndarray:
        toward = self._toward[places]
        keep = (toward == 0) | ((toward > 0) == way.to_server)
        sets = [wanted[places] for wanted in self._sets]
        fits = self._holds(sets, way.src, way.src_port, way.dst, way.dst_port)
        if self._both.any():
            turned = self._holds(sets, way.dst, way.dst_port, way.src, way.src_port)
            fits |= self._both[places] & turned
        return keep & fits

    def _holds(self, sets: Sequence[np.ndarray], *ends: np.ndarray) -> np.ndarray:
        """Whether source, its port, destination, its port are in the sets, for each pair."""
        found = np.ones(sets[0].size, bool)
        for wanted, where, table in zip(sets, ends, self._headers.tables, strict=True):
            found &= (wanted < 0) | table[wanted, where]
        return found


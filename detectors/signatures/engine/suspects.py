"""Which rules whose pattern was found may hold where it was found: headers and directions, many pieces at once.

What is searched for depends on who sends: only patterns of rules whose header and direction fit. Where none does, as
between two hosts of one's own network for most rules, nothing is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from detectors.signatures.engine.grams import ANYWHERE, GramFilter, Pattern
from detectors.signatures.engine.headers import Headers
from detectors.signatures.engine.prepared import Prepared

_NEW_WAYS, _KNOWN_WAYS, _FILTERS = 256, 1 << 16, 64
"""Ways that are looked up in one call, remembered, and filters of a few patterns that are kept."""


class Ways(NamedTuple):
    """Who sends what is searched, by piece: places of source and destination among the ranges of all headers (int64),
    whether it goes to the server (bool). See Headers.
    """

    src: np.ndarray
    dst: np.ndarray
    src_port: np.ndarray
    dst_port: np.ndarray
    to_server: np.ndarray

    def of(self, pieces: np.ndarray) -> Ways:
        """Return those of some pieces."""
        return Ways(*[column[pieces] for column in self])


class _Some(NamedTuple):
    """Some of all patterns: their numbers, the filter of them, and where their places end (ANYWHERE for nowhere)."""

    numbers: np.ndarray
    filter: GramFilter
    reach: int


class Fitting:
    """What the headers and directions of some rules ask, as arrays."""

    def __init__(self, headers: Headers, rules: Sequence[Prepared]) -> None:
        bits = np.array([r.header for r in rules] or [(-1,) * 4], np.int64)
        self._sets = [bits[:, k] for k in range(4)]
        self._both = np.array([r.rule.direction != "->" for r in rules] or [False])
        self._toward = np.array([r.toward for r in rules] or [0], np.int8)
        self._tables = headers.tables

    def fit(self, places: np.ndarray, way: Ways) -> np.ndarray:
        """Return bool[n]: whether the rules of these numbers may hold where somebody sends so, pair by pair."""
        toward = self._toward[places]
        keep = (toward == 0) | ((toward > 0) == way.to_server)
        sets = [wanted[places] for wanted in self._sets]
        fits = self._hold(sets, way.src, way.src_port, way.dst, way.dst_port)
        if self._both.any():
            turned = self._hold(sets, way.dst, way.dst_port, way.src, way.src_port)
            fits |= self._both[places] & turned
        return keep & fits

    def _hold(self, sets: Sequence[np.ndarray], *ends: np.ndarray) -> np.ndarray:
        """Whether source, its port, destination, its port are in the sets, for each pair."""
        found = np.ones(sets[0].size, bool)
        for wanted, where, table in zip(sets, ends, self._tables, strict=True):
            found &= (wanted < 0) | table[wanted, where]
        return found


class Suspects:
    """Patterns of many rules, and the rules that each stands for."""

    def __init__(self, headers: Headers, wanted: dict[Pattern, list[Prepared]]) -> None:
        self._patterns = list(wanted)
        self.rules: list[Prepared] = [rule for rules in wanted.values() for rule in rules]
        counts = [len(rules) for rules in wanted.values()]
        self._starts = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=self._starts[1:])
        self._pattern_of = np.repeat(np.arange(len(counts)), counts)
        self._fitting = Fitting(headers, self.rules)
        self._headers = headers
        self._of_way: dict[int, _Some | None] = {}
        self._of_numbers: dict[bytes, _Some] = {}

    def find(self, data: np.ndarray, starts: np.ndarray, sizes: np.ndarray, skips: np.ndarray | None,
             ways: Ways) -> tuple[list[tuple[int, Prepared]], int]:
        """Return (piece, rule) for all that may hold, and how many bytes were searched; ways: who sends each piece."""
        if not self.rules or not starts.size:
            return [], 0
        skips, found, searched = np.zeros(starts.size, np.int64) if skips is None else skips, [], 0
        for some, pieces in self._by_patterns(ways):
            longest = sizes[pieces]
            if some.reach < ANYWHERE:
                longest = np.minimum(longest, skips[pieces] + some.reach)
            hits = some.filter.find(data, starts[pieces], longest, skips[pieces])
            searched += int(longest.sum())
            if hits.size:
                found += self._told(pieces[hits[:, 0]], some.numbers[hits[:, 1]], ways)
        return found, searched

    def _told(self, pieces: np.ndarray, patterns: np.ndarray, ways: Ways) -> list[tuple[int, Prepared]]:
        """Return (piece, rule) of patterns that were found, where the rule's header and direction fit."""
        first, last = self._starts[patterns], self._starts[patterns + 1]
        many = last - first
        pieces = np.repeat(pieces, many)
        places = np.repeat(first - (np.cumsum(many) - many), many) + np.arange(int(many.sum()))
        keep = self._fitting.fit(places, ways.of(pieces))
        return [(piece, self.rules[place]) for piece, place in zip(pieces[keep].tolist(), places[keep].tolist(),
                                                                   strict=True)]

    @cached_property
    def _all(self) -> _Some:
        return self._some(np.arange(len(self._patterns)))

    def _some(self, numbers: np.ndarray) -> _Some:
        patterns = [self._patterns[k] for k in numbers.tolist()]
        return _Some(numbers, GramFilter(patterns), max(p.high for p in patterns))

    def _by_patterns(self, ways: Ways) -> list[tuple[_Some, np.ndarray]]:
        """Return what is to be searched for, and in which pieces (int64)."""
        addresses, ports = (table.shape[1] for table in self._headers.tables[:2])
        keys = ways.src
        for column, size in zip(ways[1:], (addresses, ports, ports, 2), strict=True):
            keys = keys * size + column
        distinct, one, which = np.unique(keys, return_index=True, return_inverse=True)
        place: dict[int, int] = {}
        kinds: list[_Some] = []
        of = np.empty(distinct.size, np.int64)
        new = 0
        for k, key in enumerate(distinct.tolist()):
            if key not in self._of_way:
                new += 1
                if new > _NEW_WAYS:  # whoever sends in many ways must not make us compare headers all the time
                    some: _Some | None = self._all
                else:
                    some = self._look_up(key, ways.of(one[k]))
            else:
                some = self._of_way[key]
            if some is None:
                of[k] = -1
                continue
            if id(some) not in place:
                place[id(some)] = len(kinds)
                kinds.append(some)
            of[k] = place[id(some)]
        kind = of[which]
        return [(some, np.flatnonzero(kind == k)) for k, some in enumerate(kinds)]

    def _look_up(self, key: int, way: Ways) -> _Some | None:
        """Return the patterns of the rules that fit one way, None where there is none; remembered, up to a limit."""
        if len(self._of_way) >= _KNOWN_WAYS:
            self._of_way.clear()
        numbers = np.unique(self._pattern_of[self._fitting.fit(np.arange(len(self.rules)), way)])
        if not numbers.size:
            some = None
        elif 2 * numbers.size > len(self._patterns):
            some = self._all
        else:
            some = self._kept(numbers)
        self._of_way[key] = some
        return some

    def _kept(self, numbers: np.ndarray) -> _Some:
        some = self._of_numbers.get(numbers.tobytes())
        if some is None:
            if len(self._of_numbers) >= _FILTERS:
                return self._all
            some = self._of_numbers[numbers.tobytes()] = self._some(numbers)
        return some

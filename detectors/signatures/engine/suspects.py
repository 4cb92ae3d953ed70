"""Which rules whose pattern was found may hold where it was found: headers and directions, many pieces at once.

What is searched for depends on who sends: only patterns of rules whose header and direction fit. Where none does, as
between two hosts of one's own network for most rules, nothing is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from columns.said import FlowFacts
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


class FlowEnds:
    """Places of addresses and ports of some flows among the ranges of all headers."""

    def __init__(self, headers: Headers, flows: Sequence[FlowFacts]) -> None:
        self._src = np.array([headers.address_range(f.src_ip) for f in flows], np.int64)
        self._dst = np.array([headers.address_range(f.dst_ip) for f in flows], np.int64)
        self._src_port = headers.port_ranges(np.array([f.src_port for f in flows], np.int64))
        self._dst_port = headers.port_ranges(np.array([f.dst_port for f in flows], np.int64))

    def ways(self, flows: np.ndarray, to_server: np.ndarray) -> Ways:
        """Return who sends, in one direction (bool) of each of some flows (int64)."""
        src, dst, src_port, dst_port = (
            ranges[flows] for ranges in (self._src, self._dst, self._src_port, self._dst_port))
        return Ways(np.where(to_server, src, dst), np.where(to_server, dst, src),
                    np.where(to_server, src_port, dst_port), np.where(to_server, dst_port, src_port), to_server)


class Fitting:
    """What the headers and directions of some rules ask, as arrays.

    Many ranges are apart only for other rules. Those that these rules cannot tell apart are one: a rule set has
    hundreds of ranges of ports, of which those about one buffer of HTTP know three or four.
    """

    def __init__(self, headers: Headers, rules: Sequence[Prepared]) -> None:
        bits = np.array([tuple(r.header) for r in rules] or [(-1,) * 4], np.int64)
        self._both = np.array([r.rule.direction != "->" for r in rules] or [False])
        self._toward = np.array([r.toward for r in rules] or [0], np.int8)
        self._directed = bool(self._toward.any())
        self._sets: list[np.ndarray] = []
        self._tables: list[np.ndarray] = []
        self._narrow: list[np.ndarray] = []
        for k in range(4):
            asked = bits[:, [k, (k + 2) % 4]] if self._both.any() else bits[:, k]
            sets = np.unique(asked[asked >= 0])
            table, narrow = _apart(headers.tables[k][sets])
            self._sets.append(np.where(bits[:, k] < 0, -1, np.searchsorted(sets, bits[:, k])))
            self._tables.append(table)
            self._narrow.append(narrow)

    @property
    def sizes(self) -> tuple[int, ...]:
        """So many values the columns of narrowed ways can have."""
        src, src_port, dst, dst_port = (table.shape[1] for table in self._tables)
        return src, dst, src_port, dst_port, 2

    def narrowed(self, ways: Ways) -> Ways:
        """Return ways by what these rules tell apart, as ``fit`` takes them."""
        to_server = ways.to_server if self._directed else np.zeros(ways.to_server.size, bool)
        src, src_port, dst, dst_port = self._narrow
        return Ways(src[ways.src], dst[ways.dst], src_port[ways.src_port], dst_port[ways.dst_port], to_server)

    def fit(self, places: np.ndarray, way: Ways) -> np.ndarray:
        """Return bool[n]: whether the rules of these numbers may hold where somebody sends so, pair by pair.

        way: narrowed.
        """
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


def _apart(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of bool[sets, ranges] the columns that differ, and which of them each range has (int64)."""
    if not table.shape[0]:
        return np.ones((1, 1), bool), np.zeros(table.shape[1], np.int64)
    rows = np.ascontiguousarray(np.packbits(table, axis=0).T)
    _, first, which = np.unique(rows.view(f"V{rows.shape[1]}")[:, 0], return_index=True, return_inverse=True)
    return table[:, first], which


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
        self._of_way: dict[int, _Some | None] = {}
        self._of_numbers: dict[bytes, _Some] = {}

    def find(self, data: np.ndarray, starts: np.ndarray, sizes: np.ndarray, skips: np.ndarray | None,
             ways: Ways) -> tuple[list[tuple[int, Prepared]], int]:
        """Return (piece, rule) for all that may hold, and how many bytes were searched; ways: who sends each piece."""
        if not self.rules or not starts.size:
            return [], 0
        skips, found, searched = np.zeros(starts.size, np.int64) if skips is None else skips, [], 0
        ways = self._fitting.narrowed(ways)
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
        keys = ways.src
        for column, size in zip(ways[1:], self._fitting.sizes[1:], strict=True):
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

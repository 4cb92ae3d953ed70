"""Headers of rules as bits: every distinct set of addresses or ports is one bit, looked up per address and port."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from detectors.signatures.language.addresses import AddressSet, PortSet
from detectors.signatures.language.rule import Rule

_REMEMBERED = 1 << 16


class HeaderBits(NamedTuple):
    """Places of a rule's four sets among those of the plan, -1 for any."""

    src: int
    src_ports: int
    dst: int
    dst_ports: int


class _Sets:
    """Distinct sets, and for any value the bits of those that hold it: a look-up among elementary ranges."""

    def __init__(self) -> None:
        self._places: dict[Hashable, int] = {}
        self._starts: list[int] = [0]
        self._bits: list[int] = [0]

    def place(self, ranges: tuple[tuple[int, int], ...], everything: bool) -> int:
        """Return the place of a set, -1 for everything."""
        return -1 if everything else self._places.setdefault(ranges, len(self._places))

    def build(self) -> None:
        """Make the look-up of all sets that were placed."""
        starts = {0}
        for ranges in self._places:
            for low, high in ranges:  # type: ignore[attr-defined]
                starts |= {low, high + 1}
        self._starts = sorted(starts)
        self._small_starts = np.array([start for start in self._starts if start < 1 << 63], np.int64)
        index = {start: k for k, start in enumerate(self._starts)}
        self._bits = [0] * len(self._starts)
        for ranges, place in self._places.items():
            for low, high in ranges:  # type: ignore[attr-defined]
                for k in range(index[low], index[high + 1]):
                    self._bits[k] |= 1 << place

    @property
    def by_range(self) -> list[int]:
        """For each elementary range one bit for every set that holds it."""
        return self._bits

    def range_of(self, value: int) -> int:
        """Return which elementary range a value is in."""
        return bisect_right(self._starts, value) - 1

    def ranges_of(self, values: np.ndarray) -> np.ndarray:
        """The same for an array of values below 2**63."""
        return np.searchsorted(self._small_starts, values, side="right") - 1

    def low_starts(self) -> np.ndarray:
        """Return the starts of the elementary ranges that begin below 2**64."""
        return np.array([start for start in self._starts if start < 1 << 64], np.uint64)

    def table(self) -> np.ndarray:
        """bool[sets, ranges]: which sets hold which elementary range; one row where there is none."""
        found = np.zeros((max(len(self._places), 1), len(self._bits)), bool)
        for k, bits in enumerate(self._bits):
            for place in range(len(self._places)):
                found[place, k] = bits >> place & 1
        return found


class Headers:
    """The headers of all rules of a plan. What was found for an address is remembered, up to a limit."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        addresses, ports = _Sets(), _Sets()
        self.of = [HeaderBits(
            addresses.place(r.src.ranges, r.src.any), ports.place(r.src_ports.ranges, r.src_ports.any),
            addresses.place(r.dst.ranges, r.dst.any), ports.place(r.dst_ports.ranges, r.dst_ports.any)) for r in rules]
        addresses.build()
        ports.build()
        self._addresses, self._ports = addresses, ports
        self._low_starts = addresses.low_starts()
        by_address, by_port = addresses.table(), ports.table()
        self.tables = (by_address, by_port, by_address, by_port)
        """For source, its port, destination, its port: bool[sets, ranges], see Suspects."""
        self._range_of_port = ports.ranges_of(np.arange(1 << 16)).tolist()
        self._ends: dict[tuple[int, int, int, int], Ends] = {}
        self._ranges: dict[int, int] = {}

    def ends(self, src_ip: int, dst_ip: int, src_port: int, dst_port: int) -> Ends:
        """Return the bits of both ends of a packet, as on the wire; remembered, up to a limit."""
        ports = self._range_of_port
        key = self.address_range(src_ip), self.address_range(dst_ip), ports[src_port], ports[dst_port]
        found = self._ends.get(key)
        if found is None:
            if len(self._ends) >= _REMEMBERED:
                self._ends.clear()
            src, dst, by_src_port, by_dst_port = key
            addresses, by_range = self._addresses.by_range, self._ports.by_range
            found = self._ends[key] = Ends(addresses[src], addresses[dst], by_range[by_src_port], by_range[by_dst_port])
        return found

    def address_range(self, address: int) -> int:
        """Return which of the addresses' elementary ranges an address is in; remembered, up to a limit."""
        found = self._ranges.get(address)
        if found is None:
            if len(self._ranges) >= _REMEMBERED:
                self._ranges.clear()
            found = self._ranges[address] = self._addresses.range_of(address)
        return found

    def address_ranges(self, hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
        """The same for arrays of halves (uint64). All of IPv4 is below 2**64, where one search finds the range."""
        found = np.searchsorted(self._low_starts, lo, side="right") - 1
        for row in np.flatnonzero(hi).tolist():
            found[row] = self.address_range(int(hi[row]) << 64 | int(lo[row]))
        return found

    def port_ranges(self, ports: np.ndarray) -> np.ndarray:
        """Return which of the ports' elementary ranges each port is in."""
        return self._ports.ranges_of(ports.astype(np.int64))


class Ends(NamedTuple):
    """Bits of source and destination, addresses and ports."""

    src: int
    dst: int
    src_port: int
    dst_port: int

    def turned(self) -> Ends:
        """The same as the other side sees it."""
        return Ends(self.dst, self.src, self.dst_port, self.src_port)

    def fit(self, header: HeaderBits) -> bool:
        """Return whether a one-way header holds."""
        return ((header.src < 0 or bool(self.src >> header.src & 1))
                and (header.dst < 0 or bool(self.dst >> header.dst & 1))
                and (header.src_ports < 0 or bool(self.src_port >> header.src_ports & 1))
                and (header.dst_ports < 0 or bool(self.dst_port >> header.dst_ports & 1)))


def in_addresses(wanted: AddressSet, hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
    """Return bool[n]: which addresses, as uint64 halves, belong to a set."""
    found = np.zeros(hi.size, bool)
    for first_hi, first_lo, last_hi, last_lo in zip(*wanted.words, strict=True):
        above = (hi > first_hi) | ((hi == first_hi) & (lo >= first_lo))
        below = (hi < last_hi) | ((hi == last_hi) & (lo <= last_lo))
        found |= above & below
    return found


def in_ports(wanted: PortSet, ports: np.ndarray) -> np.ndarray:
    """Return bool[n]: which ports belong to a set."""
    return wanted.bitmap[ports]

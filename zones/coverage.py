"""Coverage: which pairs of zones a sensor looked at, minute by minute; no data is "not observed", never "no violation".

A pair is observable where the sensor is said to see both zones (``expects``), or was seen to. An observable pair is

- not observed, *silence*: in a minute without a single packet; a tap that is dead and a network that is silent look
  alike;
- partly observed, *drops*: where frames were lost, or at least LOSS_SHARE of them could not be decoded;
- partly observed, *one-sided*: where TCP went on as if it were answered and nothing came the other way, for any of the
  pair's flows that minute;
- observed else, whether there was a flow or none.

Any other pair is not observed, *no sensor*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from columns import COVERAGE, Coverages, Flows, Packets
from columns.codes import REFUSED_FROM, Coverage, CoverageCause, TcpState
from zones.flow_judge import expected_zones
from zones.policy import Policy

MINUTE_NS = 60 * 10**9
LOSS_SHARE = 0.01
MOST_MINUTES, MOST_PAIR_MINUTES, MOST_SPAN = 1 << 18, 1 << 20, 30
_NOT, _PARTLY, _SEEN = int(Coverage.NOT_OBSERVED), int(Coverage.PARTLY), int(Coverage.OBSERVED)
_NO_SENSOR, _SILENCE, _NONE = int(CoverageCause.NO_SENSOR), int(CoverageCause.SILENCE), int(CoverageCause.NONE)
_DROPS, _ONE_SIDED = int(CoverageCause.DROPS), int(CoverageCause.ONE_SIDED)
TWO_WAY, ONE_WAY = 1, 2
_SPREAD = 1 << 20
_LATEST_NS = int(np.iinfo(np.int64).max)


class _Stretch(NamedTuple):
    """Minutes from, until (exclusive) that are alike."""

    first: int
    until: int
    state: int
    cause: int


class CoverageLog:
    """Follows one run. policy: whose zones; sensor: a name in its [sensor] table, "" where it is not known.

    At most MOST_MINUTES minutes and MOST_PAIR_MINUTES minutes of pairs are remembered; what comes beyond is counted,
    and makes the whole run partly observed by *drops*: what is not known is not claimed.
    """

    def __init__(self, policy: Policy, sensor: str = "") -> None:
        self.policy, self.expected = policy, expected_zones(policy, sensor)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.minutes_: dict[int, list[int]] = {}  # minute -> [frames, refused]
        self.sides_: dict[tuple[int, int, int], int] = {}  # minute, lower zone, higher zone -> TWO_WAY | ONE_WAY
        self.flows_: dict[tuple[int, int, int], int] = {}  # minute, source, destination -> flows that began
        self.untold_, self.lost_ = 0, False

    def lose(self) -> None:
        """Say that frames were lost, nobody knows when."""
        self.lost_ = True

    def see(self, packets: Packets, flows: Flows) -> None:
        """Take the next rows, flows judged."""
        if packets.ts_ns.size:
            self._see_packets(packets)
        if flows.flow_id.size:
            self._see_flows(flows)

    def _see_packets(self, packets: Packets) -> None:
        for minute, seen, bad in _minutes(packets.ts_ns, packets.status >= REFUSED_FROM):
            held = self.minutes_.get(minute)
            if held is None:
                if len(self.minutes_) >= MOST_MINUTES:
                    self.untold_ += 1
                    continue
                held = self.minutes_[minute] = [0, 0]
            held[0] += seen
            held[1] += bad

    def _see_flows(self, flows: Flows) -> None:
        rows = np.flatnonzero((flows.src_zone != flows.dst_zone) & (flows.src_zone != 0) & (flows.dst_zone != 0)
                              & (flows.tunnel_depth == 0))
        if not rows.size:
            return
        first, last = flows.ts_start_ns[rows] // MINUTE_NS, flows.ts_end_ns[rows] // MINUTE_NS
        src, dst = flows.src_zone[rows].astype(np.int64), flows.dst_zone[rows].astype(np.int64)
        began = flows.part[rows] == 0
        self._add(self.flows_, first[began], src[began], dst[began], None)
        both = (flows.pkts_toserver[rows] > 0) & (flows.pkts_toclient[rows] > 0)
        side = np.where(both, TWO_WAY, np.where(flows.tcp_state[rows] == int(TcpState.ONE_SIDED), ONE_WAY, 0))
        low, high = np.minimum(src, dst), np.maximum(src, dst)
        for later in range(min(int((last - first).max()) + 1, MOST_SPAN)):
            there = np.flatnonzero((first + later <= last) & (side > 0))
            self._add(self.sides_, first[there] + later, low[there], high[there], side[there])

    def _add(self, held: dict[tuple[int, int, int], int], minute: np.ndarray, a: np.ndarray, b: np.ndarray,
             side: np.ndarray | None) -> None:
        """Count rows by minute and pair, or gather the sides that were seen."""
        for when, x, y, what, count in _counted(minute, a, b, side, len(self.policy.zone_names)):
            key = (when, x, y)
            if key not in held and len(held) >= MOST_PAIR_MINUTES:
                self.untold_ += count
                continue
            held[key] = held.get(key, 0) + count if side is None else held.get(key, 0) | what

    def rows(self) -> Coverages:
        """Return what was looked at so far, for every ordered pair of different zones of the policy."""
        if not self.minutes_:
            return COVERAGE.empty(0)
        first, until = min(self.minutes_), max(self.minutes_) + 1
        line = list(self._line())
        seen = {(a, b) for _, a, b in self.sides_}
        seen |= {(min(a, b), max(a, b)) for _, a, b in self.flows_}
        flows, sided = _by_pair(self.flows_), _by_pair(self.sides_)
        made = []
        for a in range(1, len(self.policy.zone_names)):
            for b in range(1, len(self.policy.zone_names)):
                pair = (min(a, b), max(a, b))
                if a == b:
                    continue
                if pair in seen or self._expects(a, b):
                    one_way = [m for m, side in sided.get(pair, ()) if side == ONE_WAY]
                    stretches = list(_with_one_sided(line, sorted(one_way)))
                else:
                    stretches = [_Stretch(first, until, _NOT, _NO_SENSOR)]
                made += _rows_of(a, b, stretches, sorted(flows.get((a, b), ())))
        return COVERAGE.from_rows(made)

    def _expects(self, a: int, b: int) -> bool:
        return self.expected is not None and bool(self.expected[a] and self.expected[b])

    def _line(self) -> Iterator[_Stretch]:
        """Yield what holds for every observable pair, minute by minute, alike minutes together."""
        partly = (_PARTLY, _DROPS)
        at, lossy = min(self.minutes_), self.lost_ or self.untold_ > 0

        def state(minute: int) -> tuple[int, int]:
            frames, refused = self.minutes_[minute]
            return partly if lossy or (refused and refused >= LOSS_SHARE * frames) else (_SEEN, _NONE)

        for (what, _), group in groupby(enumerate(sorted(self.minutes_)), lambda one: (state(one[1]), one[1] - one[0])):
            minutes = [minute for _, minute in group]
            if minutes[0] > at:
                yield _Stretch(at, minutes[0], _NOT, _SILENCE)
            at = minutes[-1] + 1
            yield _Stretch(minutes[0], at, *what)

    def counters(self) -> dict[str, int]:
        """Return minutes that had no room."""
        return {"minutes_untold": self.untold_}


def _minutes(ts_ns: np.ndarray, refused: np.ndarray) -> list[tuple[int, int, int]]:
    """Return (minute, frames, refused) of these frames; most often all are of one minute."""
    first, last = int(ts_ns.min()) // MINUTE_NS, int(ts_ns.max()) // MINUTE_NS
    if first == last:
        return [(first, ts_ns.size, int(np.count_nonzero(refused)))]
    minutes, which = np.unique(ts_ns // MINUTE_NS, return_inverse=True)
    bad = np.bincount(which, refused).astype(np.int64)
    return list(zip(minutes.tolist(), np.bincount(which).tolist(), bad.tolist(), strict=True))


def _counted(minute: np.ndarray, a: np.ndarray, b: np.ndarray, side: np.ndarray | None,
             zones: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (minute, a, b, side, rows) of rows that are alike, in rising order."""
    if not minute.size:
        return
    first = int(minute.min())
    near = int(minute.max()) - first < _SPREAD // (zones * zones * 4)
    code = ((minute - first) if near else np.zeros(minute.size, np.int64)) * zones + a
    code = (code * zones + b) * 4 + (0 if side is None else side)
    if near:
        counts = np.bincount(code)
        codes = np.flatnonzero(counts)
        whens, counts = (codes // (zones * zones * 4) + first).tolist(), counts[codes].tolist()
    else:  # far apart, as only a strange capture is
        pairs, counts = np.unique(np.stack([minute, code], axis=1), axis=0, return_counts=True)
        whens, codes, counts = pairs[:, 0].tolist(), pairs[:, 1], counts.tolist()
    for when, rest, count in zip(whens, codes.tolist(), counts, strict=True):
        yield when, rest // (zones * 4) % zones, rest // 4 % zones, rest % 4, count


def _by_pair(held: dict[tuple[int, int, int], int]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for (minute, a, b), value in held.items():
        found.setdefault((a, b), []).append((minute, value))
    return found


def _with_one_sided(line: Iterable[_Stretch], one_way: list[int]) -> Iterator[_Stretch]:
    """Yield a line with the minutes that were one-sided cut out of what was observed; alike ones are joined."""
    at = 0
    for stretch in line:
        start = stretch.first
        while at < len(one_way) and one_way[at] < start:
            at += 1  # a flow may have begun before the first packet that was kept
        while at < len(one_way) and one_way[at] < stretch.until:
            minute, end = one_way[at], one_way[at] + 1
            at += 1
            while at < len(one_way) and one_way[at] == end and end < stretch.until:
                end, at = end + 1, at + 1
            if stretch.state != _SEEN:
                continue
            if minute > start:
                yield stretch._replace(first=start, until=minute)
            yield _Stretch(minute, end, _PARTLY, _ONE_SIDED)
            start = end
        if start < stretch.until:
            yield stretch._replace(first=start)


def _rows_of(a: int, b: int, stretches: list[_Stretch], flows: list[tuple[int, int]]) -> Iterator[dict[str, int]]:
    at = 0
    for first, until, state, cause in stretches:
        count = 0
        while at < len(flows) and flows[at][0] < until:
            count, at = count + flows[at][1], at + 1
        yield {"ts_from_ns": first * MINUTE_NS, "ts_until_ns": min(until * MINUTE_NS, _LATEST_NS), "src_zone": a,
               "dst_zone": b, "state": state, "cause": cause, "minutes": min(until - first, 0xFFFFFFFF), "flows": count}

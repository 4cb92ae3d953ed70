"""The judgement at the end of each second: which destinations are under attack, since when, how hard, until when.

Plain Python: only destinations whose window total reached a threshold come here, once per second of event time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from columns.codes import AlertState
from detectors.flood_state import (
    ANSWERED,
    ASKED,
    ASKED_BYTES,
    COLUMNS,
    ENTERED,
    HOST,
    MAX_WINDOW_S,
    ONE_WAY,
    ONE_WAY_BYTES,
    PREFIX,
    REPLIES,
    SYN,
    UDP,
    WATCHED,
    FloodState,
)
from detectors.tables import USED

SECOND_NS = 1_000_000_000
EXCUSED = 50
"""One reply excuses this many packets of a conversation: QUIC acknowledges each 2nd to 25th packet."""
OVER = 0.5
"""An attack is over when it stays below this share of its threshold."""
MOSTLY = 0.5
"""From this share of the packets on, one source is named."""
MANY = 1 / 3
"""From this share of the packets on, one port is named."""
NEWS = 2.0
"""A peak so many times the one last told is told at once."""


@dataclass(frozen=True)
class Limits:
    """Thresholds of one level: packets/s and bit/s by kind."""

    packets: tuple[float, ...]
    bits: tuple[float, ...]
    half_open: float

    def height(self, kind: int, rate: Rate) -> float:
        """Return a rate as a multiple of its threshold; 0 for SYNs of which enough became connections."""
        return 0.0 if kind == SYN and rate.unanswered < self.half_open else self.load(kind, rate)

    def load(self, kind: int, rate: Rate) -> float:
        """Return a rate as a multiple of its threshold, whatever was answered."""
        return max(rate.packets / self.packets[kind], rate.bits / self.bits[kind])


@dataclass(frozen=True)
class Rate:
    """What a destination received per second (packets, bits), what share of it nobody answered, and how many in all."""

    packets: float
    bits: float
    unanswered: float
    events: int


@dataclass
class Watch:
    """A meter on the watch list, and the attack on it once it is active."""

    slot: int
    level: int
    kind: int
    hi: int
    lo: int
    packet_number: int
    flow_id: int
    hot: int = 0
    cool: int = 0
    active: bool = False
    over: bool = False
    by_bits: bool = False
    revision: int = 0
    start_ns: int = 0
    last_ns: int = 0
    events: int = 0
    now: float = 0.0
    unanswered: float = 0.0
    peak: float = 0.0
    peak_ns: int = 0
    told_peak: float = 0.0
    told_second: int = 0
    height: float = 0.0
    weight: int = 0


def prefix_half(hi: int, lo: int) -> int:
    """Return the low half of the /24 of a mapped IPv4 address, or of the /64 of an IPv6 address."""
    return lo & ~0xFF if hi == 0 and lo >> 32 == 0xFFFF else 0


def rate_of(rows: list[list[int]], kind: int) -> Rate:
    """Return the rate over seconds given as their buckets.

    What belongs to conversations is taken off: a packet that was answered, and up to 50 packets for each reply in a
    flow that goes both ways. A SYN is counted in any case; the share of those without a handshake stands beside it.
    """
    total = [sum(column) for column in zip(*rows, strict=True)]
    left = max(total[ONE_WAY] - total[ANSWERED], 0)
    excess = max(total[ASKED] - EXCUSED * total[REPLIES], 0) if kind == UDP else total[ASKED]
    packets = total[ONE_WAY] if kind == SYN else left + excess
    size = left * total[ONE_WAY_BYTES] / max(total[ONE_WAY], 1) + excess * total[ASKED_BYTES] / max(total[ASKED], 1)
    events = total[ONE_WAY] + total[ASKED]
    return Rate(packets / len(rows), 8 * size / len(rows), (left + excess) / max(events, 1), events)


class WatchList:
    """All watched meters. judge() yields (what became of it, watch, event time) for each change worth telling."""

    def __init__(self, state: FloodState, limits: tuple[Limits, Limits], settings: Any) -> None:
        self.state, self.limits, self.settings = state, limits, settings
        self.watches: list[Watch] = []
        self.attacks = self.absorbed = 0

    def take_entered(self) -> None:
        """Put on the list what the walk over the packets found."""
        state = self.state
        for entry in state.entered[: int(state.scalars[ENTERED])]:
            r = state.meters.records[entry["slot"]]
            self.watches.append(Watch(int(entry["slot"]), int(r["k3"]), int(r["k2"]), int(r["k0"]), int(r["k1"]),
                                      int(entry["packet_number"]), int(entry["flow_id"])))
        state.scalars[ENTERED] = 0
        self.watches.sort(key=lambda w: -w.level)  # networks before hosts, each in the order in which they came

    def judge(self, second: int, ts_ns: int) -> list[tuple[int, Watch, int]]:
        """Judge all watched meters at the end of a second, at event time ts_ns."""
        for w in self.watches:
            self._measure(w, second)
        told = []
        for w in self.watches:
            what = self._judge_attack(w, second) if w.active else self._judge_start(w, second)
            if what is not None:
                w.revision += 1
                w.told_peak, w.told_second = w.peak, ts_ns // SECOND_NS
                told.append((int(what), w, ts_ns))
            if what is AlertState.ENDED or (not w.active and w.hot == 0 and w.weight < 0):
                self._release(w)
        self.watches = [w for w in self.watches if not w.over]
        return told

    def _buckets(self, w: Watch, first: int, last: int) -> list[list[int]]:
        """Return the buckets of seconds first..last; those after the meter's own second are empty."""
        meter = self.state.meters.records[w.slot]
        newest, row = int(meter["second"]), meter["buckets"].reshape(MAX_WINDOW_S, COLUMNS).tolist()
        kept = max(newest - self.settings.window_s, int(meter["born"]) - 1)
        return [row[s % MAX_WINDOW_S] if kept < s <= newest else [0] * COLUMNS for s in range(first, last + 1)]

    def _measure(self, w: Watch, second: int) -> None:
        rows = self._buckets(w, second - self.settings.window_s + 1, second)
        rate = rate_of(rows, w.kind)
        limits = self.limits[w.level]
        w.height, w.weight = limits.height(w.kind, rate), rate.events
        if not w.active:
            w.by_bits = rate.bits / limits.bits[w.kind] > rate.packets / limits.packets[w.kind]
            w.hot = w.hot + 1 if w.height >= 1 else 0
            if w.hot == 0 and limits.load(w.kind, rate) < OVER and rate.events < OVER * self._floor(w):
                w.weight = -1
        w.now = rate.bits if w.by_bits else rate.packets
        if w.now >= w.peak:
            w.unanswered = rate.unanswered

    def _floor(self, w: Watch) -> float:
        return self.limits[w.level].packets[w.kind] * self.settings.window_s

    def _judge_start(self, w: Watch, second: int) -> AlertState | None:
        if w.hot < self.settings.start_windows:
            return None
        if self._is_scan(w) or self._told_by_another(w):
            self.absorbed += w.hot == self.settings.start_windows
            return None
        first = second - self.settings.window_s + 1
        rows = self._buckets(w, first, second)
        early = [self.limits[w.level].load(w.kind, rate_of([row], w.kind)) < OVER for row in rows]
        began = next((n for n, quiet in enumerate(early) if not quiet), 0)
        meter = self.state.meters.records[w.slot]
        w.active, w.cool, w.revision = True, 0, 0
        w.start_ns = max((first + began) * SECOND_NS, int(meter["opened_ns"]))
        w.last_ns = w.peak_ns = int(meter["stamp"])
        w.peak, w.events = w.now, sum(row[ONE_WAY] + row[ASKED] for row in rows[began:])
        self.attacks += 1
        return AlertState.STARTED

    def _judge_attack(self, w: Watch, second: int) -> AlertState | None:
        rate = rate_of(self._buckets(w, second, second), w.kind)
        stamp = int(self.state.meters.records[w.slot]["stamp"])
        w.events += rate.events
        if w.now > w.peak:
            w.peak, w.peak_ns = w.now, stamp
        if self.limits[w.level].load(w.kind, rate) >= OVER:
            w.cool, w.last_ns = 0, stamp
        else:
            w.cool += 1
        if w.cool >= self.settings.end_s:
            return AlertState.ENDED
        if second + 1 - w.told_second >= self.settings.update_s or w.peak >= NEWS * w.told_peak:
            return AlertState.ONGOING
        return None

    def _is_scan(self, w: Watch) -> bool:
        """Return True for SYNs of mostly one source to all hosts of a network, or to all ports of a host."""
        r = self.state.meters.records[w.slot]
        one_source = int(r["source_votes"]) >= MOSTLY * int(r["sketched"])
        one_port = int(r["port_votes"]) >= MANY * int(r["sketched"])
        return w.kind == SYN and one_source and (w.level == PREFIX or not one_port)

    def _told_by_another(self, w: Watch) -> bool:
        """Return True if an attack is better told elsewhere: of a network by its one host, of a host by its network."""
        share = self.settings.host_share
        for o in self.watches:
            if o.level == w.level or o.kind != w.kind or o.hi != w.hi:
                continue
            if w.level == PREFIX and prefix_half(o.hi, o.lo) == w.lo and o.height >= 1 and o.weight >= share * w.weight:
                return True
            if w.level == HOST and prefix_half(w.hi, w.lo) == o.lo and o.active and w.weight < share * o.weight:
                return True
        return False

    def _release(self, w: Watch) -> None:
        self.state.meters.records[w.slot]["state"] = USED
        self.state.scalars[WATCHED] -= 1
        w.over = True

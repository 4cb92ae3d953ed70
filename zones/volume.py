"""Bytes over conduits that limit them: a ledger by conduit, initiator and hour, of bounded size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns import Flows
from columns.codes import Verdict
from columns.kernel import kernel, part
from zones.judge import Differs
from zones.policy import Policy

HOUR_NS = 3600 * 10**9
MB = 10**6
COUNTED = np.zeros(max(Verdict) + 1, bool)
COUNTED[[int(v) for v in (Verdict.PERMITTED, Verdict.PERMITTED_EXCESS, Verdict.OUT_OF_HOURS, Verdict.EXPIRED_CONDUIT,
                          Verdict.WRONG_APP, Verdict.UNSANITIZED)]] = True
"""Whose bytes count against the limits of their conduit, by verdict."""


class Ledger(NamedTuple):
    """Open addressing by conduit, initiator and hour: conduit uint16 (0 = free), hour int64, all others uint64."""

    conduit: np.ndarray
    hour: np.ndarray
    ip_hi: np.ndarray
    ip_lo: np.ndarray
    up: np.ndarray
    down: np.ndarray


class VolumeFlows(NamedTuple):
    """The columns of Flows that speak of bytes over conduits."""

    verdict: np.ndarray
    conduit: np.ndarray
    src_zone: np.ndarray
    src_ip_hi: np.ndarray
    src_ip_lo: np.ndarray
    dst_ip_hi: np.ndarray
    dst_ip_lo: np.ndarray
    bytes_toserver: np.ndarray
    bytes_toclient: np.ndarray
    ts_end_ns: np.ndarray


class Used(NamedTuple):
    """Flows over limited conduits: rows int64; up, down uint64, bytes of the hour up to and with each; broken uint16,
    BYTES_UP or BYTES_DOWN where that is above the limit, else 0."""

    rows: np.ndarray
    up: np.ndarray
    down: np.ndarray
    broken: np.ndarray


_NOTHING = Used(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint16))
_USED, _UNTRACKED, _FORGOTTEN = range(3)  # entries used, rows without room, the hour at which some were forgotten last
_UP, _DOWN = np.uint16(Differs.BYTES_UP), np.uint16(Differs.BYTES_DOWN)
_M1, _M2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_S29, _S32 = np.uint64(29), np.uint64(32)


class Volumes:
    """Adds up what each initiator sends and receives over each conduit with a limit, by the clock hour (UTC) in which
    its flow rows end. Rows come in the one order, so that the same flows give the same sums.

    entries: initiators, conduits and hours kept at once (a power of two); when half of it is used the hours before the
    last are forgotten, and what finds no room then is counted in ``untracked`` and breaks no limit.
    """

    def __init__(self, policy: Policy, entries: int = 1 << 16) -> None:
        self.policy, self.entries = policy, entries
        self.limits_ = np.stack([_limits(t.by_number, len(policy.conduit_names)) for t in policy.tables])
        self.sources_ = np.stack([_sources(t.by_number, policy) for t in policy.tables])
        self.any_ = bool(self.limits_.any())
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.ledger_ = _ledger(self.entries if self.any_ else 2)
        self.scalars_ = np.zeros(3, np.int64)

    @property
    def untracked(self) -> int:
        """Return the flow rows that found no room."""
        return int(self.scalars_[_UNTRACKED])

    def take(self, flows: Flows) -> Used:
        """Count judged flow rows (verdict and conduit are filled in) and return those over limited conduits."""
        room = flows.flow_id.size
        if not self.any_ or not room:
            return _NOTHING
        columns = VolumeFlows(*[getattr(flows, name) for name in VolumeFlows._fields])
        edition = self.policy.edition_at(flows.ts_start_ns)
        used = Used(np.empty(room, np.int64), np.empty(room, np.uint64), np.empty(room, np.uint64),
                    np.empty(room, np.uint16))
        at = rows = 0
        while at < room:
            at, rows = take_flows(columns, edition, at, self.limits_, self.sources_, COUNTED, self.ledger_,
                                  self.scalars_, used, rows)
            if at < room:
                self._forget(int(flows.ts_end_ns[at]) // HOUR_NS)
        return Used(*[column[:rows] for column in used])

    def _forget(self, hour: int) -> None:
        """Keep this hour and the one before."""
        kept = (self.ledger_.conduit != 0) & (self.ledger_.hour >= hour - 1)
        old = Ledger(*[np.ascontiguousarray(column[kept]) for column in self.ledger_])
        self.ledger_ = _ledger(self.entries)
        self.scalars_[_USED], self.scalars_[_FORGOTTEN] = 0, hour
        move_rows(self.ledger_, old, self.scalars_)


def _ledger(entries: int) -> Ledger:
    return Ledger(np.zeros(entries, np.uint16), np.zeros(entries, np.int64),
                  *[np.zeros(entries, np.uint64) for _ in range(4)])


def _limits(by_number: dict, size: int) -> np.ndarray:
    """Return uint64[conduits, 2]: bytes an hour up and down, 0 for no limit."""
    limits = np.zeros((size, 2), np.uint64)
    for number, conduit in by_number.items():
        limits[number] = [round(conduit.max_up_mb_per_hour * MB), round(conduit.max_down_mb_per_hour * MB)]
    return limits


def _sources(by_number: dict, policy: Policy) -> np.ndarray:
    """Return uint16[conduits]: the zone of each one's initiators."""
    sources = np.zeros(len(policy.conduit_names), np.uint16)
    for number, conduit in by_number.items():
        sources[number] = policy.zone_names.index(conduit.source)
    return sources


@part
def add_row(ledger, conduit, hour, hi, lo, up, down, scalars):
    """Add bytes to an entry, made if need be; return its place, -1 where 64 places have no room."""
    mask = ledger.conduit.size - 1
    h = (lo ^ (lo >> _S29) ^ hi) * _M1
    h = (h ^ np.uint64(hour) ^ np.uint64(conduit) << _S32) * _M2
    at, left = np.int64((h ^ (h >> _S32)) & np.uint64(mask)), 64
    while left > 0 and ledger.conduit[at] != 0 and not (
            ledger.conduit[at] == conduit and ledger.hour[at] == hour and ledger.ip_lo[at] == lo
            and ledger.ip_hi[at] == hi):
        at = (at + 1) & mask
        left -= 1
    if left == 0:
        scalars[_UNTRACKED] += 1
        return np.int64(-1)
    if ledger.conduit[at] == 0:
        ledger.conduit[at], ledger.hour[at], ledger.ip_hi[at], ledger.ip_lo[at] = conduit, hour, hi, lo
        ledger.up[at], ledger.down[at] = 0, 0
        scalars[_USED] += 1
    ledger.up[at] += up
    ledger.down[at] += down
    return at


@kernel
def move_rows(ledger, old, scalars):
    """Add all entries of an old ledger."""
    for i in range(old.conduit.size):
        add_row(ledger, old.conduit[i], old.hour[i], old.ip_hi[i], old.ip_lo[i], old.up[i], old.down[i], scalars)


@kernel
def take_flows(flows, edition, start, limits, sources, counted, ledger, scalars, used, n):
    """Count flow rows from start on over conduits with a limit, in their order, behind the n in used.

    limits: uint64[editions, conduits, 2], bytes an hour up and down, 0 for none; sources: uint16[editions, conduits],
    the zone of the initiators; counted: bool by verdict. used: room for a Used of all rows. Return the next row, less
    than all where hours should be forgotten first, and n.
    """
    for i in range(start, flows.verdict.size):
        conduit = flows.conduit[i]
        limit_up, limit_down = limits[edition[i], conduit, 0], limits[edition[i], conduit, 1]
        if (limit_up == 0 and limit_down == 0) or not counted[flows.verdict[i]]:
            continue
        hour = flows.ts_end_ns[i] // HOUR_NS
        if 2 * scalars[_USED] >= ledger.conduit.size and hour > scalars[_FORGOTTEN]:
            return i, n
        hi, lo, up, down = flows.src_ip_hi[i], flows.src_ip_lo[i], flows.bytes_toserver[i], flows.bytes_toclient[i]
        if sources[edition[i], conduit] != flows.src_zone[i]:
            hi, lo, up, down = flows.dst_ip_hi[i], flows.dst_ip_lo[i], down, up
        at = add_row(ledger, conduit, hour, hi, lo, up, down, scalars)
        used.rows[n], used.up[n], used.down[n], used.broken[n] = i, 0, 0, 0
        if at >= 0:
            used.up[n], used.down[n] = ledger.up[at], ledger.down[at]
            if limit_up > 0 and ledger.up[at] > limit_up:
                used.broken[n] = _UP
            elif limit_down > 0 and ledger.down[at] > limit_down:
                used.broken[n] = _DOWN
        n += 1
    return flows.verdict.size, n

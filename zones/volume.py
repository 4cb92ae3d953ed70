"""Bytes over conduits that limit them: a ledger by conduit, initiator and hour, of bounded size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns import Flows
from columns.codes import Verdict
from columns.kernel import kernel
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


class Used(NamedTuple):
    """Flows over limited conduits: rows int64; up, down uint64, bytes of the hour up to and with each; broken uint16,
    BYTES_UP or BYTES_DOWN where that is above the limit, else 0."""

    rows: np.ndarray
    up: np.ndarray
    down: np.ndarray
    broken: np.ndarray


_NOTHING = Used(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint16))
_UP, _DOWN = np.uint16(Differs.BYTES_UP), np.uint16(Differs.BYTES_DOWN)


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
        self.limited_ = self.limits_.max(axis=2) > 0
        self.any_ = bool(self.limited_.any())
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.ledger_ = _ledger(self.entries if self.any_ else 2)
        self.used_, self.untracked = 0, 0

    def take(self, flows: Flows) -> Used:
        """Count judged flow rows (verdict and conduit are filled in) and return those over limited conduits."""
        if not self.any_ or not flows.flow_id.size:
            return _NOTHING
        edition = self.policy.edition_at(flows.ts_start_ns)
        rows = np.flatnonzero(COUNTED[flows.verdict] & self.limited_[edition, flows.conduit])
        if not rows.size:
            return _NOTHING
        limits = self.limits_[edition[rows], flows.conduit[rows]]
        turned = self.sources_[edition[rows], flows.conduit[rows]] != flows.src_zone[rows]
        hi, lo = _end(turned, flows.src_ip_hi, flows.dst_ip_hi, rows), _end(turned, flows.src_ip_lo, flows.dst_ip_lo,
                                                                           rows)
        up = _end(turned, flows.bytes_toserver, flows.bytes_toclient, rows)
        down = _end(turned, flows.bytes_toclient, flows.bytes_toserver, rows)
        hour = flows.ts_end_ns[rows] // HOUR_NS
        self._make_room(rows.size, int(hour.max()))
        sums = np.zeros((2, rows.size), np.uint64)
        added = np.zeros(2, np.int64)
        add_rows(self.ledger_, np.ascontiguousarray(flows.conduit[rows]), hour, hi, lo, up, down, sums, added)
        self.used_ += int(added[0])
        self.untracked += int(added[1])
        over = (limits.T > 0) & (sums > limits.T)
        return Used(rows, sums[0], sums[1], np.where(over[0], _UP, np.where(over[1], _DOWN, np.uint16(0))))

    def _make_room(self, rows: int, hour: int) -> None:
        if self.used_ + rows <= self.entries // 2:
            return
        old, kept = self.ledger_, (self.ledger_.conduit != 0) & (self.ledger_.hour >= hour - 1)
        self.ledger_ = _ledger(self.entries)
        columns = [np.ascontiguousarray(c[kept]) for c in old]
        added = np.zeros(2, np.int64)
        add_rows(self.ledger_, *columns, np.zeros((2, columns[0].size), np.uint64), added)
        self.used_ = int(added[0])


def _ledger(entries: int) -> Ledger:
    return Ledger(np.zeros(entries, np.uint16), np.zeros(entries, np.int64),
                  *[np.zeros(entries, np.uint64) for _ in range(4)])


def _end(turned: np.ndarray, mine: np.ndarray, other: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.where(turned, other[rows], mine[rows])


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


@kernel
def add_rows(ledger, conduit, hour, hi, lo, up, down, sums, added):
    """Add rows in their order; sums[:, i] is what is used up to and with row i, 0 where there was no room.

    added: entries made, and rows without room. A probe gives up after 64 places.
    """
    mask = ledger.conduit.size - 1
    for i in range(conduit.size):
        h = (lo[i] ^ (lo[i] >> np.uint64(29)) ^ hi[i]) * np.uint64(0x9E3779B97F4A7C15)
        h = (h ^ np.uint64(hour[i]) ^ np.uint64(conduit[i]) << np.uint64(32)) * np.uint64(0xD6E8FEB86659FD93)
        at, left = np.int64((h ^ (h >> np.uint64(32))) & np.uint64(mask)), 64
        while left > 0 and ledger.conduit[at] != 0 and not (
                ledger.conduit[at] == conduit[i] and ledger.hour[at] == hour[i] and ledger.ip_lo[at] == lo[i]
                and ledger.ip_hi[at] == hi[i]):
            at = (at + 1) & mask
            left -= 1
        if left == 0:
            added[1] += 1
            continue
        if ledger.conduit[at] == 0:
            ledger.conduit[at], ledger.hour[at], ledger.ip_hi[at], ledger.ip_lo[at] = conduit[i], hour[i], hi[i], lo[i]
            ledger.up[at], ledger.down[at] = 0, 0
            added[0] += 1
        ledger.up[at] += up[i]
        ledger.down[at] += down[i]
        sums[0, i], sums[1, i] = ledger.up[at], ledger.down[at]

"""What is known of many flows at once: which messages are told, under which number, and whose response they are."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import NamedTuple

import numpy as np

from columns.kernel import kernel, part
from sensor.protocols.dns.message import Field, Flaw
from sensor.protocols.seats import grown

GIVE_UP = 8
"""Messages in a row that are none, while none was: then a flow is left alone."""

_AT_ONCE = 4  # requests of a flow that wait without a dictionary; seldom are there more
_CROWDED, _CROWD = np.uint8(_AT_ONCE + 1), np.uint8(_AT_ONCE + 2)  # there are more; they have their dictionary
_RESPONSE = 0x8000
_NOT_TOLD, _TOLD, _MATCHED, _ELSEWHERE = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(3)
_FLAW, _ID, _FLAGS = int(Field.FLAW), int(Field.ID), int(Field.FLAGS)
_HEADER, _QUERIES = int(Flaw.HEADER), int(Flaw.QUERIES)
_FORGOTTEN, _ALONE = len(Flaw), len(Flaw) + 1
_CAUSES = [f"dns_{flaw.name.lower()}" for flaw in Flaw] + ["dns_request_forgotten", "dns_response_alone"]


class Matched(NamedTuple):
    """Of each message that is told: its place among all, its number in its flow; of responses with a request 1 and the
    time since then."""

    which: np.ndarray  # int64
    tx_id: np.ndarray  # uint32
    matched: np.ndarray  # uint8
    rtt_ns: np.ndarray  # int64


class Matching:
    """Keeps it by seat; a flow with many requests that wait has them in a dictionary.

    most_pending: requests of a flow that wait for their response. crowded: flows that may have such a dictionary;
    beyond that the requests of the oldest are forgotten.
    """

    def __init__(self, most_pending: int, crowded: int) -> None:
        self.counts: Counter[str] = Counter()
        self._most, self._most_crowded = most_pending, crowded
        self.told = np.zeros(1, np.uint32)
        self._strange = np.zeros(1, np.int8)  # see parser: messages in a row that are none, -1 once one was
        self._waiting = np.zeros(1, np.uint8)
        self._ids, self._asked = np.zeros((1, _AT_ONCE), np.uint16), np.zeros((1, _AT_ONCE), np.int64)
        self._crowds: OrderedDict[int, dict[int, int]] = OrderedDict()

    def begin(self, seats: np.ndarray, room: int) -> None:
        """Nothing is known of the flows on some seats; there are so many seats."""
        if room > self.told.size:
            more = room - self.told.size
            self.told, self._strange = grown(self.told, more), grown(self._strange, more)
            self._waiting, self._ids = grown(self._waiting, more), grown(self._ids, more)
            self._asked = grown(self._asked, more)
        self.told[seats] = self._strange[seats] = self._waiting[seats] = 0

    def end(self, seats: np.ndarray) -> None:
        """Forget what was asked on some seats."""
        if self._crowds:
            for seat in seats[self._waiting[seats] == _CROWD].tolist():
                self._crowds.pop(seat, None)

    def match(self, numbers: np.ndarray, seats: np.ndarray, ts_ns: np.ndarray, paired: np.ndarray) -> Matched:
        """Take the next messages, int64[len(Field), n], int32[n], int64[n]; bool[n]: responses belong to requests."""
        ways, tx_ids = np.zeros(seats.size, np.uint8), np.zeros(seats.size, np.uint32)
        rtt_ns, counts = np.zeros(seats.size, np.int64), np.zeros(len(_CAUSES), np.int64)
        match_messages(numbers, seats, ts_ns, paired, np.int64(min(self._most, _AT_ONCE)),
                       np.bool_(self._most > _AT_ONCE), self.told, self._strange, self._waiting, self._ids,
                       self._asked, ways, tx_ids, rtt_ns, counts)
        counts[Flaw.NONE] = 0
        for k in np.flatnonzero(counts).tolist():
            self.counts[_CAUSES[k]] += int(counts[k])
        crowded = np.flatnonzero(ways == _ELSEWHERE)
        if crowded.size:
            self._match_crowded(crowded, numbers, seats, ts_ns, ways, rtt_ns)
        which = np.flatnonzero(ways != _NOT_TOLD)
        return Matched(which, tx_ids[which], (ways[which] == _MATCHED).astype(np.uint8), rtt_ns[which])

    def _match_crowded(self, index: np.ndarray, numbers: np.ndarray, seats: np.ndarray, ts_ns: np.ndarray,
                       ways: np.ndarray, rtt_ns: np.ndarray) -> None:
        for k, seat, ident, flags, at in zip(index.tolist(), seats[index].tolist(), numbers[_ID, index].tolist(),
                                             numbers[_FLAGS, index].tolist(), ts_ns[index].tolist(), strict=True):
            pending = self._crowds.get(seat)
            if not flags & _RESPONSE:
                if wait(self._crowd(seat) if pending is None else pending, ident, at, self._most):
                    self.counts["dns_request_forgotten"] += 1
            elif pending is None or (asked := pending.pop(ident, None)) is None:
                self.counts["dns_response_alone"] += 1
            else:
                ways[k], rtt_ns[k] = _MATCHED, max(0, at - asked)

    def _crowd(self, seat: int) -> dict[int, int]:
        """Give a flow its dictionary, with those that wait already unless they were forgotten."""
        if len(self._crowds) >= self._most_crowded:
            _, forgotten = self._crowds.popitem(last=False)
            self.counts["dns_request_forgotten"] += len(forgotten)
        known = zip(self._ids[seat].tolist(), self._asked[seat].tolist(), strict=True)
        self._crowds[seat] = pending = dict(known) if self._waiting[seat] == _CROWDED else {}
        self._waiting[seat] = _CROWD
        return pending


def wait(pending: dict[int, int], ident: int, ts_ns: int, most: int) -> bool:
    """Let a request wait; return whether the oldest was forgotten for it."""
    full = len(pending) >= most and ident not in pending
    if full:
        del pending[next(iter(pending))]
    pending[ident] = ts_ns
    return full


@kernel
def match_messages(numbers, seats, ts_ns, paired, most, crowds, told, strange, waiting, ids, asked, ways, tx_ids,
                   rtt_ns, counts):
    """See Matching.match. most: requests that wait in ids and asked; crowds: whether one more makes a crowd of them."""
    for i in range(seats.size):
        seat, flaw, ident = seats[i], numbers[_FLAW, i], np.uint16(numbers[_ID, i])
        if strange[seat] >= GIVE_UP:
            continue
        counts[flaw] += 1
        if flaw == _HEADER or flaw == _QUERIES:
            if strange[seat] >= 0:
                strange[seat] += 1
            continue
        strange[seat], tx_ids[i], ways[i] = -1, told[seat], _TOLD
        told[seat] += 1
        if not paired[i]:
            continue
        n, request = np.int64(waiting[seat]), numbers[_FLAGS, i] & _RESPONSE == 0
        place = _place(ids[seat], min(n, most), ident)
        if n > most or (crowds and request and place == n == most):
            waiting[seat], ways[i] = max(waiting[seat], _CROWDED), _ELSEWHERE
            continue
        if request:
            if place == n == most:
                counts[_FORGOTTEN] += 1
                n = place = _without(ids[seat], asked[seat], 0, n)
            ids[seat, place], asked[seat, place] = ident, ts_ns[i]
            n += place == n
        elif place == n:
            counts[_ALONE] += 1
        else:
            ways[i], rtt_ns[i] = _MATCHED, max(np.int64(0), ts_ns[i] - asked[seat, place])
            n = _without(ids[seat], asked[seat], place, n)
        waiting[seat] = n


@part
def _place(ids, n, ident):
    """Return the place of a request among n that wait, n where it is none of them."""
    for k in range(n):
        if ids[k] == ident:
            return k
    return n


@part
def _without(ids, asked, place, n):
    """Take one of n requests away; return how many are left."""
    for k in range(place, n - 1):
        ids[k], asked[k] = ids[k + 1], asked[k + 1]
    return n - 1

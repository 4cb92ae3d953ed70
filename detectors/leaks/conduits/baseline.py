"""Permitted, but more than usual (scenario 31): the volume of each conduit by hour of the week."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Outcome, Property, Severity, Verdict
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.rows import ends_of

ABOVE_USUAL = Leak(
    901311, "Conduit carries more than usual in this hour of the week",
    "許可通信の通信量が同曜日・同時刻の平常値を超過", "Anomaly", Severity.MEDIUM,
    Property.CONFIDENTIALITY, "T1030", "３(1)", "leak-volume", scenario=31,
    evidence="bytes of the permitted flows of a conduit that began within an hour exceed `baseline_factor` times the "
             "mean of the same hour in the past weeks (at least `baseline_weeks`, at most 8), and `baseline_mb`",
    blind="nothing is told in the first weeks; slow growth raises the usual volume; a fixed limit is the conduit's "
          "`max_up_mb_per_hour` (verdict permitted_excess)")
_WEEK, _WEEKS = 168, 9
_HOUR_NS = 3600 * 10**9


class Baseline(LeakDetector):
    """Keeps the bytes of every conduit in every hour of the last nine weeks: a fixed array of 1,512 hours each."""

    name = "baseline"
    signatures = (ABOVE_USUAL,)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        size = _WEEK * _WEEKS
        self.bytes_ = np.zeros((len(self.policy.conduits) + 1, size), np.int64)
        self.hour_ = np.full((len(self.policy.conduits) + 1, size), -1, np.int64)
        self.seen_ = np.full(size, -1, np.int64)

    def forget(self) -> None:
        """The hours are absolute: what was learned stays."""

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Permitted flow rows, all of them at once: a pass over each pair of conduit and hour."""
        if not flows.flow_id.size:
            return
        hour = flows.ts_start_ns // _HOUR_NS
        fits = (flows.verdict == int(Verdict.PERMITTED)) | (flows.verdict == int(Verdict.PERMITTED_EXCESS))
        rows = np.flatnonzero(fits & (flows.conduit != 0))
        hours = hour[rows]
        first, last = int(hour.min()), int(hour.max())
        for now in [first] if first == last else np.unique(hour).tolist():
            place = now % (_WEEK * _WEEKS)
            self.seen_[place] = max(self.seen_[place], now)
            some = rows if first == last else rows[hours == now]
            if some.size:
                self._hour(flows, some, now)

    def _hour(self, flows: Flows, rows: np.ndarray, now: int) -> None:
        """Add the rows of one hour, conduit by conduit."""
        conduit = flows.conduit[rows].astype(np.int64)
        size = (flows.bytes_toserver[rows] + flows.bytes_toclient[rows]).astype(np.int64)
        place, weeks = now % (_WEEK * _WEEKS), self._weeks(now)
        late = self.hour_[conduit, place] > now
        if late.any():
            self.count("late_rows", int(np.count_nonzero(late)))
            rows, conduit, size = rows[~late], conduit[~late], size[~late]
        new = conduit[self.hour_[conduit, place] != now]
        self.hour_[new, place], self.bytes_[new, place] = now, 0
        if weeks.size >= self.settings.baseline_weeks:
            for one in np.unique(conduit).tolist():
                self._compare(flows, rows[conduit == one], one, now, size[conduit == one], weeks)
        np.add.at(self.bytes_, (conduit, place), size)

    def _weeks(self, hour: int) -> np.ndarray:
        """Return the places of the same hour in the weeks before in which anything was seen."""
        hours = hour - _WEEK * np.arange(1, _WEEKS)
        places = hours % (_WEEK * _WEEKS)
        return places[self.seen_[places] == hours]

    def _compare(self, flows: Flows, rows: np.ndarray, conduit: int, hour: int, size: np.ndarray,
                 weeks: np.ndarray) -> None:
        """The first row that takes the sum of a conduit past its limit is evidence."""
        before = int(self.bytes_[conduit, hour % (_WEEK * _WEEKS)])
        sums = before + np.cumsum(size)
        past = self.hour_[conduit, weeks] == self.seen_[weeks]
        usual = float(np.where(past, self.bytes_[conduit, weeks], 0).mean())
        limit = max(usual * self.settings.baseline_factor, self.settings.baseline_mb * 1e6)
        over = np.flatnonzero(sums > limit)
        if over.size and before <= limit:
            row = rows[over[:1]]
            self.at_flows(flows, row, self._above, ends_of(flows, row), flows.ts_end_ns[row].tolist(), [conduit],
                          [hour], [(int(sums[over[0]]), usual, limit, weeks.size)],
                          flows.direction_certainty[row].tolist())

    def _above(self, ends: Ends, ts_ns: int, conduit: int, hour: int, volume: tuple[int, float, float, int],
               certainty: int) -> None:
        total, usual, limit, weeks = volume
        name = self.policy.conduit_names[conduit]
        self.tell(ABOVE_USUAL, (conduit, hour), ends,
                  f"conduit {name} carried {total / 1e6:.1f} MB in this hour, usual are {usual / 1e6:.2f} MB (mean of "
                  f"{weeks} weeks); the last flow was {self.en(ends.src, ends.src_zone)} to "
                  f"{self.en(ends.dst, ends.dst_zone)}",
                  f"許可通信{name}のこの1時間の通信量は{total / 1e6:.1f} MB、平常値は{usual / 1e6:.2f} "
                  f"MB（{weeks}週の平均）。最後の通信は"
                  f"{self.ja(ends.src, ends.src_zone)}から{self.ja(ends.dst, ends.dst_zone)}",
                  ts_ns, outcome=int(Outcome.ESTABLISHED), certainty=certainty, conduit=conduit,
                  measured=float(total), threshold=limit, measure="bytes in the hour")

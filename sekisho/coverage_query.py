"""What the store says of coverage: minutes of each pair of zones, by the best that any sensor saw of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from columns.codes import Coverage, labels_of
from sekisho.filters import Filters

if TYPE_CHECKING:
    from storage import Store

_STATES = tuple(labels_of(Coverage).values())


@dataclass
class PairCoverage:
    """Minutes of one pair in which it was observed, partly observed and not, why not, and the flows seen."""

    source: str
    target: str
    observed: int = 0
    partly: int = 0
    not_observed: int = 0
    causes: list[str] = field(default_factory=list)
    flows: int = 0

    @property
    def state(self) -> str:
        """observed in every minute, not_observed in all of them, else partly."""
        if not self.partly and not self.not_observed and self.observed:
            return _STATES[Coverage.OBSERVED]
        return _STATES[Coverage.PARTLY if self.observed or self.partly else Coverage.NOT_OBSERVED]


def coverage_of(store: Store, filters: Filters, zones: tuple[str, ...] = ()) -> list[PairCoverage]:
    """Return every pair of zones that coverage was noted of, or of these zones, in their order.

    The minutes are those from the first to the last that any chosen run covers. A minute that several sensors looked
    at counts by the best of them; one that none of them looked at is not observed.
    """
    # what was not observed is the rest: it is not unfolded, as a silence may be years long in a strange capture
    span = store.query(f"SELECT count(), dateDiff('minute', min(ts_from_ns), max(ts_until_ns)) FROM coverage "
                       f"WHERE {filters.sql}", filters.params).rows[0]
    minutes = int(span[1]) if span[0] else 0
    sql = f"""SELECT source, target, countIf(best = 2), countIf(best = 1), sum(cause_mask) FROM (
SELECT toString(src_zone) AS source, toString(dst_zone) AS target, minute, max(toInt8(state)) AS best, 0 AS cause_mask
FROM coverage ARRAY JOIN range(toUInt32(intDiv(toUnixTimestamp64Second(ts_from_ns), 60)),
toUInt32(intDiv(toUnixTimestamp64Second(ts_until_ns), 60))) AS minute
WHERE {filters.sql} AND state != 'not_observed' GROUP BY source, target, minute) GROUP BY source, target"""
    looked = {(a, b): (seen, half) for a, b, seen, half, _ in store.query(sql, filters.params).rows}
    why = store.query(f"""SELECT toString(src_zone), toString(dst_zone), sum(flows),
arraySort(groupUniqArrayIf(toString(cause), cause != 'none')) FROM coverage WHERE {filters.sql}
GROUP BY src_zone, dst_zone""", filters.params).rows
    told = {(a, b): (flows, causes) for a, b, flows, causes in why}
    known = zones or tuple(dict.fromkeys(z for pair in told for z in pair))
    found = []
    for a in known:
        for b in known:
            if a != b:
                seen, half = looked.get((a, b), (0, 0))
                flows, causes = told.get((a, b), (0, ["no_sensor"]))
                found.append(PairCoverage(a, b, seen, half, max(minutes - seen - half, 0), list(causes), flows))
    return found

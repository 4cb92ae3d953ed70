"""What the store has seen between zones, as the ground for proposing conduits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from columns.codes import Verdict
from sekisho.filters import Filters
from zones.learning import Seen

if TYPE_CHECKING:
    from storage import Store

MOST_SEEN = 100_000
MOST_INITIATORS = 64
PERMITTED = (Verdict.PERMITTED, Verdict.PERMITTED_EXCESS)


def seen_flows(store: Store, filters: Filters, *, everything: bool, timezone: str) -> tuple[list[Seen], int]:
    """Return what was established between zones with a sure direction, and the days of the history.

    timezone: IANA name of the time zone whose days and hours are meant. everything: also what the policy of its time
    permitted already. At most MOST_SEEN responders and services, those with the most flows.
    """
    sql = f"""SELECT toString(src_zone), toString(dst_zone), proto, if(proto IN (6, 17, 132), dst_port, 0) AS port,
toString(flow.dst_ip) AS responder, groupUniqArray({MOST_INITIATORS})(toString(flow.src_ip)), uniqExact(flow.src_ip),
countIf(part = 0) AS flows, uniqExact(toDate(flow.ts_start_ns, {{timezone:String}})),
min(toUnixTimestamp64Nano(flow.ts_start_ns)), max(toUnixTimestamp64Nano(flow.ts_end_ns)), sum(bytes_toserver),
sum(bytes_toclient), groupUniqArrayIf(8)(toString(app_proto), app_proto NOT IN ('unknown', 'failed')),
groupUniqArrayIf(168)(toUInt8((toDayOfWeek(flow.ts_start_ns, 0, {{timezone:String}}) - 1) * 24
    + toHour(flow.ts_start_ns, {{timezone:String}})), part = 0)
FROM flow WHERE {filters.sql} AND outcome = 'established' AND direction_certainty != 'guessed' AND src_zone != dst_zone
AND src_zone NOT IN ('', 'unattributed') AND dst_zone NOT IN ('', 'unattributed') AND verdict != 'not_judged'
{'' if everything else "AND verdict NOT IN ('permitted', 'permitted_excess')"}
GROUP BY src_zone, dst_zone, proto, port, flow.dst_ip HAVING flows > 0 ORDER BY flows DESC LIMIT {MOST_SEEN}"""
    params = {**filters.params, "timezone": timezone}
    rows = store.query(sql, params).rows
    days = store.query("SELECT uniqExact(toDate(flow.ts_start_ns, {timezone:String})) FROM flow WHERE " + filters.sql,
                       params).rows[0][0]
    return [Seen(*row) for row in rows], days

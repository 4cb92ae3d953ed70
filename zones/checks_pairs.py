"""What two conduits do to one another: one inside the other (W421, E422), none the more specific (E424), or both
directions open (W423)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np

from zones.conduits import breadth
from zones.contents import forbidden_words
from zones.hours import week_minutes
from zones.model import SANITIZATION_STRENGTH, Conduit, Draft
from zones.names import may_share_a_name
from zones.prefixes import all_inside, any_overlap
from zones.problems import Report
from zones.services import covers, overlap


def check_pairs(draft: Draft, today: dt.date, report: Report) -> None:
    """W421, E422, E424 and W423 over all conduits, compared only where they join the same two zones."""
    joined: dict[tuple[str, str], list[Conduit]] = defaultdict(list)
    for conduit in draft.conduits.values():
        if conduit.ports:
            joined[conduit.source, conduit.target].append(conduit)
    for (source, target), conduits in joined.items():
        for narrow in conduits:
            _check_shadow(narrow, conduits, today, report)
        _check_ties(conduits, report)
        if source < target:
            _check_both_ways(conduits, joined.get((target, source), []), report)


def _check_shadow(narrow: Conduit, conduits: list[Conduit], today: dt.date, report: Report) -> None:
    where, strength = f"conduit.{narrow.name}", SANITIZATION_STRENGTH.get
    wider = [c for c in conduits if c is not narrow and permits_all_of(c, narrow, today)]
    weaker = [c for c in wider if strength(c.sanitization, 0) < strength(narrow.sanitization, 0)]
    if weaker:
        report.add("E422", where, f"all it permits passes {weaker[0].name} with sanitization "
                   f"{weaker[0].sanitization or 'none'} instead of {narrow.sanitization}")
        return
    # Of two conduits that permit the same none stands (E424) unless one is the more specific by its form.
    for wide in wider:
        if breadth(narrow) != breadth(wide) and (
                not permits_all_of(narrow, wide, today) or breadth(narrow) < breadth(wide)):
            report.add("W421", where, f"all it permits is permitted by {wide.name}")
            return


def permits_all_of(wide: Conduit, narrow: Conduit, today: dt.date) -> bool:
    """Return whether every flow that narrow permits is one that wide permits, now and until narrow's review."""
    if wide.review_by is None or wide.review_by < today:
        return False
    if narrow.review_by is not None and wide.review_by < min(narrow.review_by, today + dt.timedelta(days=30)):
        return False
    return (
        all_inside(narrow.from_hosts, wide.from_hosts)
        and all_inside(narrow.to_hosts, wide.to_hosts)
        and covers(wide.ports, narrow.ports)
        and _no_list_or_within(narrow.apps, wide.apps)
        and _no_list_or_within(narrow.src_mac, wide.src_mac)
        and _no_list_or_within(narrow.sni, wide.sni)
        and (not wide.tenant or wide.tenant == narrow.tenant)
        and forbidden_words(wide.sanitization, wide.forbid) <= forbidden_words(narrow.sanitization, narrow.forbid)
        and _limit_within(narrow.max_up_mb_per_hour, wide.max_up_mb_per_hour)
        and _limit_within(narrow.max_down_mb_per_hour, wide.max_down_mb_per_hour)
        and _hours_within(narrow, wide)
    )


def _check_ties(conduits: list[Conduit], report: Report) -> None:
    """E424: the flows of two conduits overlap and both are as specific, so that neither is the one that holds."""
    alike: dict[tuple[int, ...], list[Conduit]] = defaultdict(list)
    for conduit in conduits:
        key = breadth(conduit)
        other = next((other for other in alike[key] if _share_a_flow(conduit, other)), None)
        if other is not None:
            report.add("E424", f"conduit.{conduit.name}", f"as specific as {other.name}, and flows fit both")
        alike[key].append(conduit)


def _share_a_flow(a: Conduit, b: Conduit) -> bool:
    return (
        any_overlap(a.from_hosts, b.from_hosts) and any_overlap(a.to_hosts, b.to_hosts) and overlap(a.ports, b.ports)
        and _may_meet(a.src_mac, b.src_mac) and _may_meet(a.apps, b.apps) and may_share_a_name(a.sni, b.sni)
        and (not a.hours or not b.hours or bool(np.any(week_minutes(a.hours) & week_minutes(b.hours))))
    )


def _may_meet(a: list, b: list) -> bool:
    return not a or not b or bool(set(a) & set(b))


def _limit_within(narrow: float, wide: float) -> bool:
    return not wide or 0 < narrow <= wide


def _no_list_or_within(narrow: list, wide: list) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def _hours_within(narrow: Conduit, wide: Conduit) -> bool:
    if not wide.hours:
        return True
    return bool(narrow.hours) and bool(np.all(week_minutes(wide.hours) >= week_minutes(narrow.hours)))


def _check_both_ways(forward: list[Conduit], backward: list[Conduit], report: Report) -> None:
    for there in forward:
        for back in backward:
            if any_overlap(there.from_hosts, back.to_hosts) and any_overlap(there.to_hosts, back.from_hosts) \
                    and overlap(there.ports, back.ports):
                report.add("W423", f"conduit.{back.name}",
                           f"the same service is open from {there.source} to {there.target} by {there.name}")

"""What if: stored flows judged by another policy, and the verdicts that flip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from columns.address import address_text, proto_text
from columns.codes import Verdict, labels_of
from sekisho.history import History, Judged
from sekisho.said_flows import forbidden_by, words_of
from zones import FlowKeys, Judgement, Policy, judge
from zones.volume import COUNTED, MB

EXAMPLES = 3
MOST_SUMS = 1 << 20
_LABELS = labels_of(Verdict)
_INNOCENT = ("permitted", "not_judged")
_BY_CONTENT = "unsanitized"
_FITTING = [int(v) for v in (Verdict.PERMITTED, Verdict.OUT_OF_HOURS, Verdict.EXPIRED_CONDUIT)]


@dataclass
class Flip:
    """Flow rows of one pair of zones whose verdict is another under the new policy."""

    source: str
    target: str
    before: str
    after: str
    conduit_before: str
    conduit_after: str
    rows: int = 0
    bytes: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def alarms(self) -> bool:
        """Whether what was innocent would be an alert."""
        return self.before in _INNOCENT and self.after not in _INNOCENT


@dataclass
class Trial:
    """What came of it: rows judged, rows as before, and the flips, those first that would alarm."""

    rows: int = 0
    same: int = 0
    kept: int = 0
    flips: list[Flip] = field(default_factory=list)


class _Tally:
    def __init__(self, policy: Policy) -> None:
        self.policy, self.trial, self.forbidden = policy, Trial(), forbidden_by(policy)
        self.flips: dict[tuple[str, ...], Flip] = {}
        self.sums: dict[tuple[int, int, int, int], list[int]] = {}

    def add(self, groups: Judged) -> None:
        """Judge groups of flow rows and note what flips."""
        every = judge(self.policy, groups.keys, groups.names)
        chosen = _worst_name(groups, every)
        found, keys = Judgement(*[c[chosen] for c in every]), FlowKeys(*[c[chosen] for c in groups.keys])
        wrong = self._forbid(groups, keys, found)
        self._limit(groups, keys, found)
        zones, conduits = self.policy.zone_names, self.policy.conduit_names
        for k in range(len(groups.verdict)):
            before, after, rows = groups.verdict[k], _LABELS[int(found.verdict[k])], int(groups.rows[k])
            self.trial.rows += rows
            if self._beyond_store(before, groups, k, after):
                self.trial.kept += rows
            elif before == after:
                self.trial.same += rows
            else:
                key = (zones[found.src_zone[k]], zones[found.dst_zone[k]], before, after, groups.conduit[k],
                       conduits[found.conduit[k]])
                flip = self.flips.setdefault(key, Flip(*key))
                flip.rows += rows
                flip.bytes += int(groups.up[k] + groups.down[k])
                if len(flip.examples) < EXAMPLES:
                    name = groups.names[keys.name[k]] if keys.name[k] >= 0 else ""
                    flip.examples.append(_example(groups, keys, k, wrong.get(k, name)))

    @staticmethod
    def _beyond_store(before: str, groups: Judged, k: int, after: str) -> bool:
        """Whether the stored verdict rests on what is not stored: the sensor's wire, or contents that were dropped."""
        by_wire = before == "wrong_segment" and not groups.conduit[k]
        by_content = before == _BY_CONTENT and groups.contents[k] is None
        return after in _INNOCENT and (by_content or by_wire)

    def _forbid(self, groups: Judged, keys: FlowKeys, found: Judgement) -> dict[int, str]:
        """Turn into unsanitized what carried contents that its conduit forbids; return those by group, as a text."""
        wrong: dict[int, str] = {}
        editions = self.policy.edition_at(keys.ts_ns).tolist()
        for k in np.flatnonzero(np.isin(found.verdict, _FITTING)).tolist():
            forbidden = self.forbidden[editions[k]].get(int(found.conduit[k]))
            if forbidden and (words := words_of(groups.contents[k] or ()) & forbidden):
                found.verdict[k] = int(Verdict.UNSANITIZED)
                wrong[k] = ", ".join(sorted(words))
        return wrong

    def _limit(self, groups: Judged, keys: FlowKeys, found: Judgement) -> None:
        """Turn into an excess what breaks a limit of bytes an hour, group by group in the order of time."""
        for k in np.flatnonzero(COUNTED[found.verdict]).tolist():
            conduit = self.policy.conduit(int(found.conduit[k]), int(keys.ts_ns[k]))
            if conduit is None or not (conduit.max_up_mb_per_hour or conduit.max_down_mb_per_hour):
                continue
            turned = self.policy.zone_names[found.src_zone[k]] != conduit.source
            end = ("dst" if turned else "src")
            key = (int(found.conduit[k]), int(getattr(keys, f"{end}_ip_hi")[k]), int(getattr(keys, f"{end}_ip_lo")[k]),
                   int(groups.hour[k]))
            if key not in self.sums and len(self.sums) >= MOST_SUMS:
                self.sums.clear()  # so many hours and initiators are past that their sums are not needed any more
            sums = self.sums.setdefault(key, [0, 0])
            sums[turned] += int(groups.up[k])
            sums[not turned] += int(groups.down[k])
            limits = (conduit.max_up_mb_per_hour, conduit.max_down_mb_per_hour)
            if found.verdict[k] == int(Verdict.PERMITTED) and any(
                    limit and used > limit * MB for used, limit in zip(sums, limits, strict=True)):
                found.verdict[k] = int(Verdict.PERMITTED_EXCESS)


def try_policy(policy: Policy, history: History, progress: Callable[[int], None] = lambda rows: None) -> Trial:
    """Judge a history by another policy; progress is called with the rows of each portion."""
    tally = _Tally(policy)
    for rows, groups in history.read():
        tally.add(groups)
        progress(rows)
    tally.trial.flips = sorted(tally.flips.values(), key=lambda f: (not f.alarms, -f.rows, f.source, f.target, f.after))
    return tally.trial


def _worst_name(groups: Judged, found: Judgement) -> np.ndarray:
    """Return one row of found for each group: of several names that were told, one that is not permitted."""
    innocent = found.verdict != int(Verdict.WRONG_APP)
    order = np.lexsort((innocent, groups.group))
    return order[np.searchsorted(groups.group[order], np.arange(len(groups.verdict)))]


def _example(groups: Judged, keys: FlowKeys, k: int, said: str) -> str:
    src, dst = (address_text(int(getattr(keys, f"{e}_ip_hi")[k]), int(getattr(keys, f"{e}_ip_lo")[k]))
                for e in ("src", "dst"))
    proto = int(keys.proto[k])
    service = proto_text(proto).lower() + (f"/{keys.dst_port[k]}" if proto in (6, 17, 132) else "")
    flow_id, run = groups.example[k]
    return f"{src} > {dst} {service}" + (f" {said}" if said else "") + f" (flow {flow_id}, run {run})"

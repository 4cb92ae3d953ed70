"""Section 5: what went from zone to zone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from sekisho.audit.context import Context, strength_of
from sekisho.audit.model import BAD, GOOD, PLAIN, UNSEEN, WATCH, Cell, Grid, Matrix, Section
from sekisho.audit.scope import IN_PERIOD

MATRIX_SQL = f"""
SELECT toString(src_zone) AS source, toString(dst_zone) AS target, toString(flow.verdict) AS verdict,
    toString(flow.outcome) AS outcome, countIf(flow.part = 0) AS flows,
    sum(flow.bytes_toserver + flow.bytes_toclient) AS bytes
FROM flow WHERE {IN_PERIOD} AND src_zone != dst_zone
GROUP BY source, target, verdict, outcome ORDER BY source, target, verdict, outcome"""
_FINE = ("permitted", "not_judged")


@dataclass
class _Crossed:
    """Flows of one pair of zones: all, those not permitted, and those of them that were established."""

    flows: int = 0
    bad: int = 0
    established: int = 0


_Pairs = dict[tuple[str, str], _Crossed]


def matrix(c: Context) -> Section:
    """5: the inter-zone matrix of permitted, attempted and established communication."""
    s = c.section(5, ("系間通信マトリクス", "Matrix of communication between zones"), "２(12)")
    found = c.asker.rows(s, MATRIX_SQL)
    pairs = _crossed(found)
    if labels := _zones(c, pairs):
        s.blocks.append(_picture(c, labels, pairs))
    s.blocks.append(_details(c, found))
    if not found:
        s.missing(c.say(
            "系間のフローの記録はない。未観測であり、違反なしを意味しない。",
            "No flow between zones is recorded: not observed, which is not to say that there was no violation."))
    return s


def _crossed(found: list[dict[str, Any]]) -> _Pairs:
    pairs: _Pairs = defaultdict(_Crossed)
    for r in found:
        pair = pairs[r["source"], r["target"]]
        pair.flows += r["flows"]
        if r["verdict"] not in _FINE:
            pair.bad += r["flows"]
            pair.established += r["flows"] if r["outcome"] == "established" else 0
    return dict(pairs)


def _zones(c: Context, pairs: _Pairs) -> list[str]:
    """Return the zones with flows or coverage, in the order of the policy, then those that it does not know."""
    known = {zone for pair in pairs for zone in pair}
    covered = {zone for pair in c.facts.get("coverage", {}) for zone in pair}
    order = [zone for zone in (c.policy.zone_names if c.policy else ()) if zone in known | covered]
    return order + sorted(known - set(order))


def _picture(c: Context, labels: list[str], pairs: _Pairs) -> Matrix:
    highest = max([1, *(crossed.flows for crossed in pairs.values())])
    cells = {pair: _cell(pairs[pair], highest) if pair in pairs else _empty(c, pair)
             for pair in permutations(labels, 2)}
    say = c.say
    return c.matrix(
        labels, cells, ("フロー数（許可外／うち成立）。行：開始側、列：応答側",
                        "Flows (not permitted / of them established); row: initiator's zone"),
        [(GOOD, say("許可のみ", "permitted only")), (WATCH, say("許可外の試行あり", "not permitted, attempted")),
         (BAD, say("許可外の成立あり", "not permitted, established")), (UNSEEN, say("未観測", "not observed"))])


def _cell(crossed: _Crossed, highest: int) -> Cell:
    tone = GOOD
    if crossed.bad:
        tone = BAD if crossed.established else WATCH
    held = f" ({crossed.bad:,}/{crossed.established:,})" if crossed.bad else ""
    return Cell(f"{crossed.flows:,}{held}", tone, strength_of(crossed.flows, highest))


def _empty(c: Context, pair: tuple[str, str]) -> Cell:
    """Return the cell of a pair without a flow: 0 only where it was looked at."""
    seen = c.facts.get("coverage", {}).get(pair, UNSEEN)
    if seen == GOOD:
        return Cell("0", PLAIN)
    if seen == UNSEEN:
        return Cell(c.say("未観測", "not observed"), UNSEEN)
    return Cell(c.say("0（一部観測）", "0 (partly)"), UNSEEN)


def _tone(r: dict[str, Any]) -> str:
    if r["verdict"] in _FINE:
        return PLAIN
    return BAD if r["outcome"] == "established" else WATCH


def _details(c: Context, found: list[dict[str, Any]]) -> Grid:
    return c.grid(
        [("開始側", "From"), ("応答側", "To"), ("判定", "Verdict"), ("結果", "Outcome"), ("フロー", "Flows"),
         ("バイト", "Bytes")],
        [(c.zone(r["source"]), c.zone(r["target"]), c.label(r["verdict"]), c.label(r["outcome"]), f"{r['flows']:,}",
          f"{r['bytes']:,}") for r in found],
        ("判定と結果の内訳", "By verdict and outcome"), [_tone(r) for r in found])

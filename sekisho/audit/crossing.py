"""Section 5: what went from zone to zone."""

from __future__ import annotations

from collections import defaultdict

from sekisho.audit.context import Context, strength_of
from sekisho.audit.model import BAD, GOOD, PLAIN, UNSEEN, WATCH, Cell, Section
from sekisho.audit.scope import IN_PERIOD

MATRIX_SQL = f"""
SELECT toString(src_zone) AS source, toString(dst_zone) AS target, toString(flow.verdict) AS verdict,
    toString(flow.outcome) AS outcome, countIf(flow.part = 0) AS flows,
    sum(flow.bytes_toserver + flow.bytes_toclient) AS bytes
FROM flow WHERE {IN_PERIOD} AND src_zone != dst_zone
GROUP BY source, target, verdict, outcome ORDER BY source, target, verdict, outcome"""
_FINE = ("permitted", "not_judged")


def matrix(c: Context) -> Section:
    """5: the inter-zone matrix of permitted, attempted and established communication."""
    s, say = c.section(5, ("系間通信マトリクス", "Matrix of communication between zones"), "２(12)"), c.say
    found = c.asker.rows(s, MATRIX_SQL)
    pairs: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for r in found:
        pair = pairs[r["source"], r["target"]]
        pair["flows"] += r["flows"]
        if r["verdict"] not in _FINE:
            pair["bad"] += r["flows"]
            pair["established"] += r["flows"] if r["outcome"] == "established" else 0
    states, known = c.facts.get("coverage", {}), {z for pair in pairs for z in pair}
    order = c.policy.zone_names if c.policy else ()
    labels = [z for z in order if z in known or any(z in p for p in states)]
    labels += sorted(known - set(labels))
    highest, cells = max([1, *(p["flows"] for p in pairs.values())]), {}
    for a in labels:
        for b in labels:
            p = pairs.get((a, b))
            if a == b:
                continue
            if p is None:
                seen = states.get((a, b))
                cells[a, b] = Cell(
                    "0"
                    if seen == GOOD
                    else say("未観測", "not observed")
                    if seen in (UNSEEN, None)
                    else say("0（一部観測）", "0 (partly)"),
                    PLAIN if seen == GOOD else UNSEEN,
                )
                continue
            text = f"{p['flows']:,}" + (f" ({p['bad']:,}/{p['established']:,})" if p["bad"] else "")
            cells[a, b] = Cell(
                text, BAD if p["established"] else WATCH if p["bad"] else GOOD, strength_of(p["flows"], highest)
            )
    if labels:
        s.blocks.append(
            c.matrix(
                labels,
                cells,
                (
                    "フロー数（許可外／うち成立）。行：開始側、列：応答側",
                    "Flows (not permitted / of them established); row: initiator's zone",
                ),
                [
                    (GOOD, say("許可のみ", "permitted only")),
                    (WATCH, say("許可外の試行あり", "not permitted, attempted")),
                    (BAD, say("許可外の成立あり", "not permitted, established")),
                    (UNSEEN, say("未観測", "not observed")),
                ],
            )
        )
    rows = [
        (
            c.zone(r["source"]),
            c.zone(r["target"]),
            c.label(r["verdict"]),
            c.label(r["outcome"]),
            f"{r['flows']:,}",
            f"{r['bytes']:,}",
        )
        for r in found
    ]
    tones = [PLAIN if r["verdict"] in _FINE else BAD if r["outcome"] == "established" else WATCH for r in found]
    s.blocks.append(
        c.grid(
            [
                ("開始側", "From"),
                ("応答側", "To"),
                ("判定", "Verdict"),
                ("結果", "Outcome"),
                ("フロー", "Flows"),
                ("バイト", "Bytes"),
            ],
            rows,
            ("判定と結果の内訳", "By verdict and outcome"),
            tones,
        )
    )
    if not found:
        s.missing(
            say(
                "系間のフローの記録はない。未観測であり、違反なしを意味しない。",
                "No flow between zones is recorded: not observed, which is not to say that there was no violation.",
            )
        )
    return s

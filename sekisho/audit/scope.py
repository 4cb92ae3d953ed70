"""Sections 1 to 3: what is audited, over what was looked at, and by which clock."""

from __future__ import annotations

from itertools import permutations
from typing import Any, NamedTuple

from sekisho.audit.context import Context
from sekisho.audit.model import GOOD, PLAIN, UNSEEN, WATCH, Cell, Grid, Matrix, Section

IN_PERIOD = "flow.ts_start_ns >= {since:DateTime64(6, 'UTC')} AND flow.ts_start_ns < {until:DateTime64(6, 'UTC')}"
RUNS_SQL = f"""
SELECT run_id, toString(min(flow.ts_start_ns)) AS first, toString(max(flow.ts_end_ns)) AS last,
    countIf(flow.part = 0) AS flows FROM flow WHERE {IN_PERIOD} GROUP BY run_id ORDER BY first, run_id"""
RECORDS_SQL = """
SELECT run_id, toString(kind) AS kind, sensor, site, toString(status) AS status, version, config_digest, policy_digest,
    digest, length(captures) AS captures, packets, bytes FROM runs FINAL ORDER BY run_id"""
RULES_SQL = """
SELECT ruleset_digest, count() AS alerts FROM alert WHERE alert.revision = 1 AND ruleset_digest != ''
    AND alert.start_ns >= {since:DateTime64(6, 'UTC')} AND alert.start_ns < {until:DateTime64(6, 'UTC')}
GROUP BY ruleset_digest ORDER BY ruleset_digest"""
_CLIPPED = """
SELECT toString(src_zone) AS source, toString(dst_zone) AS target, toString(state) AS state, toString(cause) AS cause,
    flows, greatest(coverage.ts_from_ns, toDateTime64({since:DateTime64(6, 'UTC')}, 9, 'UTC')) AS a,
    least(coverage.ts_until_ns, toDateTime64({until:DateTime64(6, 'UTC')}, 9, 'UTC')) AS b FROM coverage
WHERE coverage.ts_from_ns < {until:DateTime64(6, 'UTC')} AND coverage.ts_until_ns > {since:DateTime64(6, 'UTC')}"""
COVERAGE_SQL = f"""
SELECT source, target, countIf(best = 2) AS observed, countIf(best = 1) AS partly FROM (
    SELECT source, target, minute, max(if(state = 'observed', 2, 1)) AS best FROM ({_CLIPPED})
    ARRAY JOIN range(toUInt32(intDiv(toUnixTimestamp64Second(a), 60)), toUInt32(intDiv(toUnixTimestamp64Second(b), 60)))
        AS minute
    WHERE state != 'not_observed' GROUP BY source, target, minute)
GROUP BY source, target ORDER BY source, target"""
CAUSES_SQL = f"""
SELECT source, target, sum(flows) AS flows, arraySort(groupUniqArrayIf(cause, cause != 'none')) AS causes
FROM ({_CLIPPED}) GROUP BY source, target ORDER BY source, target"""
GAPS_SQL = f"""
SELECT toString(a) AS since_, toString(b) AS until_, arraySort(groupUniqArray(cause)) AS causes, count() AS pairs
FROM ({_CLIPPED}) WHERE state != 'observed' AND cause NOT IN ('no_sensor', 'none')
GROUP BY a, b ORDER BY b - a DESC, a, b"""
CLOCK_SQL = """
SELECT run_id, sensor, stage, cause, max(value) AS value FROM sensor_health
WHERE (cause ILIKE '%clock%' OR cause ILIKE '%time%') AND run_id IN (
    SELECT run_id FROM flow WHERE flow.ts_start_ns >= {since:DateTime64(6, 'UTC')}
        AND flow.ts_start_ns < {until:DateTime64(6, 'UTC')})
GROUP BY run_id, sensor, stage, cause HAVING value > 0 ORDER BY run_id, stage, cause"""


def scope(c: Context) -> Section:
    """1: what is audited, for which period, on which basis."""
    s, say = c.section(1, ("監査対象・期間・基準", "Scope, period, basis"), "６(9)・７・８"), c.say
    runs = c.asker.rows(s, RUNS_SQL)
    records = {r["run_id"]: r for r in c.asker.rows(s, RECORDS_SQL)}
    rules = c.asker.rows(s, RULES_SQL)
    c.facts["runs"], c.facts["rulesets"] = runs, [r["ruleset_digest"] for r in rules]
    for key in ("title", "auditor", "standards", "remarks"):
        if text := c.notes.text("scope", key):
            s.text(text)
    s.blocks += [_basis(c), _audited(c, runs, records)]
    if not runs:
        s.missing(say("この期間のフローの記録はない。未観測であり、違反がなかったことを意味しない。",
                      "No flows are recorded in this period: it was not observed, which does not mean that nothing "
                      "happened."))
    if any(_judged_otherwise(c, records.get(run["run_id"], {})) for run in runs):
        s.text(say("注意：別の版の方針で判定された記録がある（表の方針欄）。",
                   "Note: some records were judged under another edition of the policy."))
    return s


def _basis(c: Context) -> Grid:
    say, policy = c.say, c.policy
    return c.grid([("項目", "Item"), ("内容", "Value")], [
        (say("対象団体", "Organization"),
         policy.city if policy else say("記録なし（方針の指定なし）", "not recorded (no policy given)")),
        (say("期間", "Period"), str(c.period)),
        (say("時刻の表示", "Times are shown in"), c.period.zone),
        (say("分離モデル", "Separation model"), policy.model if policy else "-"),
        (say("方針のSHA-256", "SHA-256 of the policy"), policy.digest if policy else "-"),
        (say("検知ルール一式", "Rule sets"), ", ".join(c.facts["rulesets"]) or say("記録なし", "not recorded")),
        (say("再生・稼働の数", "Runs with flows in the period"), len(c.facts["runs"])),
    ])


def _judged_otherwise(c: Context, record: dict[str, Any]) -> bool:
    """Return whether a run was judged by another edition of the policy than the one that is audited."""
    return c.policy is not None and record.get("policy_digest", "") != c.policy.digest


def _audited(c: Context, runs: list[dict[str, Any]], records: dict[str, dict[str, Any]]) -> Grid:
    rows, tones = [], []
    for run in runs:
        r = records.get(run["run_id"], {})
        tones.append(WATCH if _judged_otherwise(c, r) or r.get("status") != "complete" else PLAIN)
        rows.append((
            run["run_id"], r.get("sensor", ""), r.get("site", ""), c.label(r.get("kind", "")),
            c.label(r.get("status", "")), c.period.shown(run["first"]), c.period.shown(run["last"]),
            f"{run['flows']:,}", r.get("version", ""), r.get("policy_digest", "")[:16], r.get("config_digest", "")[:16],
            r.get("digest", "")[:16]))
    return c.grid(
        [("再生ID", "Run"), ("センサー", "Sensor"), ("拠点", "Site"), ("種類", "Kind"), ("状態", "Status"),
         ("最初のフロー", "First flow"), ("最後のフロー", "Last flow"), ("フロー", "Flows"), ("版", "Version"),
         ("方針", "Policy"), ("設定", "Configuration"), ("結果", "Result")],
        rows, ("対象の記録。方針・設定・結果はダイジェストの先頭16桁",
               "Records audited; policy, configuration and result by the first 16 digits"), tones)


class _Looked(NamedTuple):
    """Minutes in which one pair of zones was observed, partly or not, why not, and how that is marked."""

    observed: int
    partly: int
    missed: int
    causes: list[str]
    tone: str


def coverage(c: Context) -> Section:
    """2: over what was looked at. No data is not observed, never no violation."""
    s, say = c.section(2, ("監視範囲と欠測", "Coverage and data gaps"), "３(3)・３(5)・６(7)"), c.say
    s.text(say("記録がないことは「未観測」であり、「違反なし」ではない。",
               "Where there is no record it was not observed: never that there was no violation."))
    minutes, causes = (c.asker.rows(s, sql) for sql in (COVERAGE_SQL, CAUSES_SQL))
    if not causes:
        s.missing(say("系ごとの観測状況は記録されていない（方針なしの再生、または旧版の記録）。",
                      "Coverage by zones is not recorded (runs without a policy, or of an older version)."))
        c.facts["coverage"] = {}
        return s
    zones = _zones_seen(c, {zone for r in causes for zone in (r["source"], r["target"])})
    pairs = _looked(c.period.minutes, zones, minutes, causes)
    c.facts["coverage"] = {pair: looked.tone for pair, looked in pairs.items()}
    s.blocks += [_share_matrix(c, zones, pairs), _minutes_grid(c, pairs), _gaps_grid(c, c.asker.rows(s, GAPS_SQL))]
    return s


def _zones_seen(c: Context, known: set[str]) -> list[str]:
    """Return the zones with records, in the order of the policy, then those that it does not know."""
    order = [zone for zone in (c.policy.zone_names if c.policy else ()) if zone in known]
    return [*order, *sorted(known - set(order))]


def _looked(total: int, zones: list[str], minutes: list[dict[str, Any]],
            causes: list[dict[str, Any]]) -> dict[tuple[str, str], _Looked]:
    """Return what is recorded of every ordered pair of zones; total: the minutes of the period."""
    seen = {(r["source"], r["target"]): (r["observed"], r["partly"]) for r in minutes}
    why = {(r["source"], r["target"]): r["causes"] for r in causes}
    found = {}
    for pair in permutations(zones, 2):
        observed, partly = seen.get(pair, (0, 0))
        tone = GOOD if observed == total else WATCH if observed + partly else UNSEEN
        missed = max(total - observed - partly, 0)
        found[pair] = _Looked(observed, partly, missed, why.get(pair, ["no_sensor"]), tone)
    return found


def _share_matrix(c: Context, zones: list[str], pairs: dict[tuple[str, str], _Looked]) -> Matrix:
    say, total = c.say, c.period.minutes

    def share(looked: _Looked) -> str:
        if looked.observed:
            return f"{100 * looked.observed / total:.1f} %"
        return say("一部", "partly") if looked.partly else say("未観測", "not observed")

    return c.matrix(
        zones, {pair: Cell(share(looked), looked.tone, 2) for pair, looked in pairs.items()},
        ("観測できた分の割合（行：開始側、列：応答側）",
         "Share of the minutes observed (row: initiator's zone, column: responder's)"),
        [(GOOD, say("全期間観測", "observed throughout")), (WATCH, say("一部のみ", "in part")),
         (UNSEEN, say("未観測", "not observed"))])


def _minutes_grid(c: Context, pairs: dict[tuple[str, str], _Looked]) -> Grid:
    return c.grid(
        [("開始側", "From"), ("応答側", "To"), ("観測（分）", "Observed (min)"), ("一部（分）", "Partly (min)"),
         ("未観測（分）", "Not observed (min)"), ("理由", "Why")],
        [(c.zone(a), c.zone(b), f"{looked.observed:,}", f"{looked.partly:,}", f"{looked.missed:,}",
          ", ".join(c.label(cause) for cause in looked.causes)) for (a, b), looked in pairs.items()],
        (f"期間は{c.period.minutes:,}分。記録のない時間は未観測に含む",
         f"The period has {c.period.minutes:,} minutes; those without any record are not observed"),
        [looked.tone for looked in pairs.values()])


def _gaps_grid(c: Context, gaps: list[dict[str, Any]]) -> Grid:
    return c.grid(
        [("から", "From"), ("まで", "Until"), ("理由", "Why"), ("系の組", "Pairs of zones")],
        [(c.period.shown(g["since_"]), c.period.shown(g["until_"]), ", ".join(c.label(x) for x in g["causes"]),
          g["pairs"]) for g in gaps],
        ("欠測の一覧（長い順、センサーのない組を除く）",
         "Data gaps, the longest first, without pairs that have no sensor"),
        [WATCH] * len(gaps), 50)


def clock(c: Context) -> Section:
    """3: clock offset per sensor."""
    s, say = c.section(3, ("時刻同期", "Time synchronization"), "６(7)"), c.say
    if not c.written(s, "clock"):
        s.missing(
            say(
                "センサーの時刻差は記録されていない。同期していたことを意味しない。",
                "The offset of the sensors' clocks is not recorded: that is not to say that they were synchronized.",
            )
        )
    rows = c.asker.rows(s, CLOCK_SQL)
    s.blocks.append(
        c.grid(
            [("再生ID", "Run"), ("センサー", "Sensor"), ("段階", "Stage"), ("理由", "Cause"), ("件数", "Count")],
            [tuple(r.values()) for r in rows],
            ("時刻に関する計数（0でないもの）", "Counters about time that are not 0"),
            [WATCH] * len(rows),
        )
    )
    return s

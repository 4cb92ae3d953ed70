"""Sections 8 to 11: detections and how they were answered, incidents, exceptions, tests."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from typing import Any
from unicodedata import normalize

from columns.codes import Severity
from sekisho.audit.context import Context
from sekisho.audit.model import BAD, GOOD, PLAIN, WATCH, Bars, Section

_LATEST = "(SELECT * FROM alert ORDER BY revision DESC LIMIT 1 BY run_id, alert_id) AS alert"
_IN_PERIOD = "alert.start_ns >= {since:DateTime64(6, 'UTC')} AND alert.start_ns < {until:DateTime64(6, 'UTC')}"
COUNT_SQL = f"""
SELECT toString(alert.severity) AS severity, clause, category, count() AS alerts FROM {_LATEST} WHERE {_IN_PERIOD}
GROUP BY severity, clause, category ORDER BY severity, clause, category"""
SIGNATURES_SQL = f"""
SELECT signature_id, min(signature) AS signature, min(signature_ja) AS signature_ja,
    toString(min(alert.severity)) AS severity, count() AS alerts, countIf(alert.outcome = 'established') AS established
FROM {_LATEST} WHERE {_IN_PERIOD} GROUP BY signature_id ORDER BY alerts DESC, signature_id"""
ANSWER_SQL = """
SELECT run_id, alert_id, min(toString(action.first_at)) AS first_at, min(toString(action.done_at)) AS done_at,
    toString(min(alert.inserted_at)) AS told_at FROM alert
INNER JOIN (SELECT run_id, alert_id, minIf(at, action != 'comment') AS first_at,
    minIf(at, action IN ('closed', 'false_positive')) AS done_at FROM alert_action GROUP BY run_id, alert_id) AS action
USING (run_id, alert_id)
WHERE alert.revision = 1 AND alert.start_ns >= {since:DateTime64(6, 'UTC')}
    AND alert.start_ns < {until:DateTime64(6, 'UTC')}
GROUP BY run_id, alert_id ORDER BY run_id, alert_id"""
INCIDENTS_SQL = f"""
SELECT run_id, alert_id, toString(alert.severity) AS severity, signature, signature_ja,
    toString(alert.start_ns) AS since_,
    replaceOne(toString(src_ip), '::ffff:', '') AS src, replaceOne(toString(dst_ip), '::ffff:', '') AS dst, src_zone,
    dst_zone, toString(alert.outcome) AS outcome, toString(alert.property) AS property, why, why_ja,
    toString(alert.inserted_at) AS told_at, policy_digest, config_digest, ruleset_digest
FROM {_LATEST} WHERE {_IN_PERIOD} AND alert.severity IN ('critical', 'high')
ORDER BY alert.severity, alert.start_ns, alert_id, run_id"""
STATUS_SQL = """
SELECT run_id, alert_id, status, actor, toString(since) AS since_, comment FROM alert_status
ORDER BY run_id, alert_id"""
THREATS = (
    ("３(1)", ("外部・内部からの攻撃", "attacks from outside and inside")),
    ("３(2)", ("持ち出し・誤設定・障害", "take-out, misconfiguration, faults")),
    ("３(3)", ("災害", "disaster")),
    ("３(4)", ("要員不足", "staff shortage")),
    ("３(5)", ("電力・通信の途絶", "power or communication cut")),
)


_DEADLINES_JA = (
    "速報・確報は個人情報の漏えい等が確認された場合の目安（知った日からおおむね3～5日、30日。不正目的は60日）。"
    "機密性に関わり成立した検知について、保存日を知った日として計算した。該当の判断は人が行う。"
)
_DEADLINES_EN = (
    "Preliminary and final reports are due where a leak of personal data is confirmed (about 3 to 5 and 30 days, 60 "
    "where it was malicious, after it became known). They are counted for established alerts of confidentiality from "
    "the day of storage; whether they apply is for people to decide."
)


def performance(c: Context) -> Section:
    """8: detections by severity and threat, and how fast they were answered."""
    s, say = c.section(8, ("検知・対応実績", "Detections and responses"), "３(1)～(5)・６(7)"), c.say
    found = c.asker.rows(s, COUNT_SQL)
    by_severity, by_clause = Counter[str](), Counter[str]()
    for r in found:
        by_severity[r["severity"]] += r["alerts"]
        by_clause[normalize("NFKC", r["clause"]) or say("条項なし", "no clause")] += r["alerts"]
    tones = {"critical": BAD, "high": BAD, "medium": WATCH}
    s.blocks.append(
        Bars(
            [
                (c.label(x.name.lower()), by_severity[x.name.lower()], tones.get(x.name.lower(), PLAIN))
                for x in Severity
            ],
            say("重要度別の検知", "Alerts by severity"),
        )
    )
    s.blocks.append(
        c.grid(
            [("脅威", "Threat"), ("内容", "What"), ("検知", "Alerts")],
            [
                (clause, say(*words), sum(n for k, n in by_clause.items() if normalize("NFKC", clause) in k))
                for clause, words in THREATS
            ],
            (
                "方針３(1)～(5)の脅威別（検知に付された条項による）",
                "By the threats of clause 3(1) to (5), as the alerts name them",
            ),
        )
    )
    s.blocks.append(
        c.grid([("条項", "Clause"), ("検知", "Alerts")], sorted(by_clause.items()), ("条項別", "By clause"))
    )
    rows = c.asker.rows(s, SIGNATURES_SQL)
    s.blocks.append(
        c.grid(
            [
                ("番号", "Id"),
                ("内容", "Signature"),
                ("重要度", "Severity"),
                ("検知", "Alerts"),
                ("成立", "Established"),
            ],
            [
                (
                    r["signature_id"],
                    say(r["signature_ja"] or r["signature"], r["signature"]),
                    c.label(r["severity"]),
                    r["alerts"],
                    r["established"],
                )
                for r in rows
            ],
            ("検知の種類別", "By signature"),
        )
    )
    _answers(c, s, sum(by_severity.values()))
    return s


def _answers(c: Context, s: Section, alerts: int) -> None:
    say, found = c.say, c.asker.rows(s, ANSWER_SQL)
    first = [_seconds(r["told_at"], r["first_at"]) for r in found if not r["first_at"].startswith("1970")]
    done = [_seconds(r["told_at"], r["done_at"]) for r in found if not r["done_at"].startswith("1970")]
    none = say("記録なし", "not recorded")
    s.blocks.append(
        c.grid(
            [("指標", "Measure"), ("値", "Value")],
            [
                (say("対応記録のある検知", "Alerts that somebody did something about"), f"{len(found):,} / {alerts:,}"),
                (say("平均確認時間（MTTA）", "Mean time to acknowledge (MTTA)"), _duration(first, none)),
                (say("平均完了時間（MTTR）", "Mean time to resolve (MTTR)"), _duration(done, none)),
                (say("未対応の検知", "Alerts without any action"), f"{alerts - len(found):,}"),
            ],
            (
                "検知が保存された時刻から、対応が記録された時刻まで",
                "From when the alert was stored to when the action was noted",
            ),
            [PLAIN, PLAIN, PLAIN, WATCH if alerts > len(found) else GOOD],
        )
    )


def _seconds(since: str, until: str) -> float:
    a, b = (dt.datetime.fromisoformat(text[:23]) for text in (since, until))
    return (b - a).total_seconds()


def _duration(seconds: list[float], none: str) -> str:
    if not seconds:
        return none
    mean = round(statistics.fmean(seconds))
    return f"{mean // 3600:d}:{mean // 60 % 60:02d}:{mean % 60:02d}"


def incidents(c: Context) -> Section:
    """9: incidents with their state and the dates by which they are to be reported."""
    s, say = c.section(9, ("インシデント記録", "Incidents"), "６(7)"), c.say
    c.written(s, "incidents")
    status = {(r["run_id"], r["alert_id"]): r for r in c.asker.rows(s, STATUS_SQL)}
    found = c.asker.rows(s, INCIDENTS_SQL)
    malicious = set(c.notes.sections.get("incidents", {}).get("malicious", []))
    rows, tones = [], []
    for r in found:
        state = status.get((r["run_id"], r["alert_id"]), {})
        now = state.get("status", "open")
        early, late = _deadlines(c, r, r["alert_id"] in malicious)
        rows.append(
            (
                r["alert_id"],
                c.label(r["severity"]),
                c.period.shown(r["since_"]),
                say(r["signature_ja"] or r["signature"], r["signature"]),
                f"{r['src']} ({r['src_zone']})",
                f"{r['dst']} ({r['dst_zone']})",
                c.label(r["outcome"]),
                c.label(now),
                state.get("actor", ""),
                state.get("comment", ""),
                early,
                late,
                say(r["why_ja"], r["why"]),
            )
        )
        tones.append(GOOD if now in ("closed", "false_positive") else BAD if r["severity"] == "critical" else WATCH)
    s.blocks.append(
        c.grid(
            [
                ("検知番号", "Alert"),
                ("重要度", "Severity"),
                ("開始", "Since"),
                ("内容", "Signature"),
                ("送信元", "Source"),
                ("宛先", "Destination"),
                ("結果", "Outcome"),
                ("状態", "State"),
                ("担当", "By"),
                ("記録", "Comment"),
                ("速報の目安", "Preliminary by"),
                ("確報の期限", "Final by"),
                ("理由", "Why"),
            ],
            rows,
            (
                f"緊急・高の検知。残り日数は{c.period.last_day}時点",
                f"Critical and high alerts; days left as of {c.period.last_day}",
            ),
            tones,
        )
    )
    s.text(say(_DEADLINES_JA, _DEADLINES_EN))
    return s


def _deadlines(c: Context, r: dict[str, Any], malicious: bool) -> tuple[str, str]:
    if r["property"] != "confidentiality" or r["outcome"] != "established":
        return "-", "-"
    shown = []
    for days in (5, 60 if malicious else 30):
        day = c.period.day(r["told_at"], days)
        left = (dt.date.fromisoformat(day) - c.period.last_day).days
        shown.append(
            f"{day} "
            + (
                c.say(f"（残り{left}日）", f"({left} days left)")
                if left >= 0
                else c.say(f"（{-left}日超過）", f"({-left} days over)")
            )
        )
    return shown[0], shown[1]


EXCEPTIONS_SQL = """
SELECT run_id, alert_id, toString(at) AS at_, actor, comment FROM alert_action WHERE action = 'false_positive'
    AND at >= {since:DateTime64(6, 'UTC')} ORDER BY at, run_id, alert_id"""
HELD_SQL = """
SELECT run_id, sensor, cause, max(value) AS value FROM sensor_health WHERE cause LIKE 'held_back_%' AND run_id IN (
    SELECT run_id FROM flow WHERE flow.ts_start_ns >= {since:DateTime64(6, 'UTC')}
        AND flow.ts_start_ns < {until:DateTime64(6, 'UTC')})
GROUP BY run_id, sensor, cause HAVING value > 0 ORDER BY run_id, cause"""


def exceptions(c: Context) -> Section:
    """10: exceptions of the policy, suppression, false positives."""
    s, say = c.section(10, ("例外・抑止ルール", "Exceptions and suppression"), "６(9)・８"), c.say
    if c.policy is not None:
        marked = [k for k in c.policy.conduits if k.exception]
        s.blocks.append(
            c.grid(
                [
                    ("番号", "Conduit"),
                    ("名称", "Name"),
                    ("例外", "Exception"),
                    ("所管", "Owner"),
                    ("見直し期限", "Review by"),
                ],
                [(k.name, k.ja, k.exception, k.owner, k.review_by) for k in marked],
                ("例外措置のある許可通信", "Conduits with an exception"),
            )
        )
    if not c.written(s, "suppression"):
        s.missing(
            say(
                "抑止ルールの一覧は保存されていない。抑止がなかったことを意味しない。",
                "Suppression rules are not recorded: that is not to say that there were none.",
            )
        )
    held = c.asker.rows(s, HELD_SQL)
    s.blocks.append(
        c.grid(
            [("再生ID", "Run"), ("センサー", "Sensor"), ("検知器", "Detector"), ("保留", "Held back")],
            [(r["run_id"], r["sensor"], r["cause"].removeprefix("held_back_"), r["value"]) for r in held],
            ("検知の抑制により保留した件数", "Alerts held back by storm control"),
            [WATCH] * len(held),
        )
    )
    false = c.asker.rows(s, EXCEPTIONS_SQL)
    s.blocks.append(
        c.grid(
            [("検知番号", "Alert"), ("日時", "At"), ("担当", "By"), ("理由", "Reason")],
            [(r["alert_id"], c.period.shown(r["at_"]), r["actor"], r["comment"]) for r in false],
            ("誤検知とされた検知", "Alerts that were declared false positives"),
        )
    )
    return s


def tests(c: Context) -> Section:
    """11: tests of what is detected."""
    s, say = c.section(11, ("検知能力の試験", "Tests of detection"), "６(9)"), c.say
    known = c.written(s, "tests") | c.written(s, "tests", "webhook_drill")
    rows = c.notes.table("tests", "results")
    if rows:
        s.blocks.append(
            c.grid(
                [("試験", "Test"), ("期待", "Expected"), ("検知", "Fired"), ("結果", "Result")],
                rows,
                ("攻撃の再生試験と通知訓練", "Replayed attacks and notification drills"),
            )
        )
    if not rows and not known:
        s.missing(say("試験の結果は記録されていない。", "No results of tests are recorded."))
    return s

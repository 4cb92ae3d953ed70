"""Sections 4, 6 and 7: the register of permitted paths, specific communication, sanitization."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

from sekisho.audit.context import Context
from sekisho.audit.model import BAD, GOOD, PLAIN, UNSEEN, WATCH, Section
from sekisho.audit.scope import IN_PERIOD
from zones import conduit_rows
from zones.model import Conduit
from zones.register import edition_rows

UNUSED_DAYS, DUE_DAYS = 90, 30
USED_SQL = """
SELECT conduit, toString(maxIf(flow.ts_end_ns, flow.verdict IN ('permitted', 'permitted_excess'))) AS last_used,
    countIf(flow.part = 0 AND flow.verdict IN ('permitted', 'permitted_excess')
        AND flow.ts_start_ns >= {since:DateTime64(6, 'UTC')}) AS flows
FROM flow WHERE conduit != '' AND flow.ts_start_ns < {until:DateTime64(6, 'UTC')} GROUP BY conduit ORDER BY conduit"""
RECORDED_SQL = f"""
SELECT uniqExact(toDate(flow.ts_start_ns, {{zone:String}})) AS days FROM flow
WHERE flow.ts_start_ns < {{until:DateTime64(6, 'UTC')}}
    AND flow.ts_start_ns >= {{until:DateTime64(6, 'UTC')}} - toIntervalDay({UNUSED_DAYS})"""
VERDICTS_SQL = f"""
SELECT conduit, toString(flow.verdict) AS verdict, toString(flow.outcome) AS outcome, countIf(flow.part = 0) AS flows,
    sum(flow.bytes_toserver + flow.bytes_toclient) AS bytes
FROM flow WHERE {IN_PERIOD} AND conduit != '' GROUP BY conduit, verdict, outcome ORDER BY conduit, verdict, outcome"""
_EDITION_JA = {
    "edition": "版",
    "valid_from": "適用開始",
    "approved_by": "承認者",
    "approved_on": "承認日",
    "model": "モデル",
    "zones": "系",
    "conduits": "許可通信",
    "digest": "SHA-256",
}


def register(c: Context) -> Section:
    """4: the conduit register with last use, review dates and changes."""
    s, say = c.section(4, ("許可通信台帳", "Register of conduits"), "２(12)・６(3)・８"), c.say
    if c.policy is None:
        s.missing(
            say(
                "方針ファイルが指定されていないため、台帳は作成していない。",
                "No policy file was given: there is no register.",
            )
        )
        return s
    used = {r["conduit"]: r for r in c.asker.rows(s, USED_SQL)}
    recorded = c.asker.rows(s, RECORDED_SQL, zone=c.period.zone)[0]["days"]
    day = c.period.last_day
    rows, tones = [], []
    for conduit, row in zip(c.policy.conduits, conduit_rows(c.policy), strict=True):
        state, tone = _state(c, conduit, used.get(conduit.name), day)
        tones.append(tone)
        last = used.get(conduit.name, {})
        rows.append(
            (
                row["conduit"],
                row["ja"],
                row["from"],
                row["to"],
                row["services"],
                row["sanitization"],
                row["owner"],
                row["justification"],
                row["review_by"],
                conduit.exception,
                c.period.shown(last.get("last_used", "")),
                f"{last.get('flows', 0):,}",
                state,
            )
        )
    s.blocks.append(
        c.grid(
            [
                ("番号", "Conduit"),
                ("名称", "Name"),
                ("開始側", "From"),
                ("応答側", "To"),
                ("サービス", "Services"),
                ("無害化", "Sanitization"),
                ("所管", "Owner"),
                ("必要理由", "Reason"),
                ("見直し期限", "Review by"),
                ("例外", "Exception"),
                ("最終利用", "Last used"),
                ("期間内フロー", "Flows in period"),
                ("状態", "State"),
            ],
            rows,
            (
                f"状態は{day}時点。期間末までの{UNUSED_DAYS}日のうち記録があるのは{recorded}日",
                f"State as of {day}; of the {UNUSED_DAYS} days before the end of the period {recorded} are on record",
            ),
            tones,
        )
    )
    editions = edition_rows(c.policy)
    s.blocks.append(
        c.grid(
            [(_EDITION_JA[k], k.replace("_", " ")) for k in editions[0]],
            [(Path(r["edition"]).name, *list(r.values())[1:]) for r in editions],
            ("方針の版と承認者", "Editions of the policy and who approved them"),
        )
    )
    s.blocks.extend(_changes(c))
    return s


def _state(c: Context, conduit: Conduit, used: dict[str, Any] | None, day: dt.date) -> tuple[str, str]:
    """Return what is to be said of a conduit, and its tone. A path that nobody looked at is not called unused."""
    say, notes, tone = c.say, [], GOOD
    last = dt.datetime.fromisoformat(used["last_used"][:26]).replace(tzinfo=dt.UTC) if used else None
    idle = (c.period.until - last).days if last is not None and last.year > 1970 else None
    if idle is None or idle >= UNUSED_DAYS:
        unseen = c.facts.get("coverage", {}).get((conduit.source, conduit.target)) in (None, UNSEEN)
        tone = UNSEEN if unseen else WATCH
        notes.append(
            say("利用の記録なし", "no use on record")
            if idle is None
            else say(f"{idle}日間利用の記録なし", f"no use on record for {idle} days")
        )
        if unseen:
            notes.append(say("期間中は未観測", "path not observed in the period"))
    if conduit.review_by is not None and conduit.review_by < day:
        tone = BAD
        notes.append(say("見直し期限切れ", "review date passed"))
    elif conduit.review_by is not None and (conduit.review_by - day).days <= DUE_DAYS:
        tone = WATCH if tone == GOOD else tone
        notes.append(say("まもなく期限", "review due"))
    return ", ".join(notes) or say("利用あり", "in use"), tone


def _changes(c: Context) -> list[Any]:
    """Return what changed from edition to edition within the policy."""
    assert c.policy is not None
    rows = []
    for before, after in pairwise(t.edition for t in c.policy.tables):
        old, new = before.draft.conduits, after.draft.conduits
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                what = c.say("追加", "added") if name in new else c.say("削除", "removed")
            elif old[name] != new[name]:
                what = c.say("変更", "changed")
            else:
                continue
            rows.append((after.draft.valid_from, name, what, after.draft.approved_by, after.draft.approved_on))
    if len(c.policy.tables) == 1:
        return []
    return [
        c.grid(
            [
                ("適用開始", "In force from"),
                ("番号", "Conduit"),
                ("変更", "Change"),
                ("承認者", "Approved by"),
                ("承認日", "Approved on"),
            ],
            rows,
            ("許可通信の変更", "Changes of conduits"),
        )
    ]


def specific(c: Context) -> Section:
    """6: compliance of specific communication."""
    s = c.section(6, ("特定通信の遵守", "Specific communication"), "６(3)①")
    _by_conduit(c, s, [k.name for k in c.policy.conduits if k.specific] if c.policy else None)
    return s


def sanitization(c: Context) -> Section:
    """7: how sanitized communication was carried out."""
    s = c.section(7, ("無害化通信の実施状況", "Sanitized communication"), "２(13)・６(3)②")
    c.written(s, "sanitization")
    _by_conduit(c, s, [k.name for k in c.policy.conduits if k.sanitization] if c.policy else None)
    s.text(
        c.say(
            "暗号化された経路の中身は判定できない（15章）。",
            "What goes through encrypted paths cannot be judged (section 15).",
        )
    )
    return s


def _by_conduit(c: Context, s: Section, names: list[str] | None) -> None:
    say = c.say
    if names is None:
        s.missing(
            say("方針ファイルが指定されていないため、判定できない。", "No policy file was given: this cannot be told.")
        )
        return
    found, rows, tones = c.asker.rows(s, VERDICTS_SQL), [], []
    assert c.policy is not None
    by_name = {k.name: k for k in c.policy.conduits}
    for name in names:
        mine = [r for r in found if r["conduit"] == name]
        conduit = by_name[name]
        pair_seen = c.facts.get("coverage", {}).get((conduit.source, conduit.target))
        if not mine:
            rows.append(
                (
                    name,
                    conduit.ja,
                    conduit.sanitization,
                    say("利用なし", "no use") if pair_seen == GOOD else say("未観測", "not observed"),
                    "",
                    "0",
                    "0",
                )
            )
            tones.append(PLAIN if pair_seen == GOOD else UNSEEN)
        for r in mine:
            rows.append(
                (
                    name,
                    conduit.ja,
                    conduit.sanitization,
                    c.label(r["verdict"]),
                    c.label(r["outcome"]),
                    f"{r['flows']:,}",
                    f"{r['bytes']:,}",
                )
            )
            tones.append(GOOD if r["verdict"] == "permitted" else BAD if r["outcome"] == "established" else WATCH)
    s.blocks.append(
        c.grid(
            [
                ("番号", "Conduit"),
                ("名称", "Name"),
                ("無害化", "Sanitization"),
                ("判定", "Verdict"),
                ("結果", "Outcome"),
                ("フロー", "Flows"),
                ("バイト", "Bytes"),
            ],
            rows,
            (
                "許可でない判定の行は、この許可通信に最も近かったもの",
                "Verdicts other than permitted came nearest to this conduit",
            ),
            tones,
        )
    )

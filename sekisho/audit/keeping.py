"""Sections 12 to 15: what is kept and how, who did what, former findings, limits."""

from __future__ import annotations

from sekisho.audit.context import Context
from sekisho.audit.model import PLAIN, WATCH, Section
from sekisho.audit.scope import IN_PERIOD

KEPT_SQL = f"""
SELECT run_id, max(keep_days) AS keep_days, toString(min(flow.ts_start_ns)) AS oldest,
    toString(max(flow.ts_end_ns)) AS newest, count() AS rows FROM flow WHERE {IN_PERIOD}
GROUP BY run_id ORDER BY run_id"""
DIGESTS_SQL = "SELECT run_id, toString(status) AS status, digest FROM runs FINAL ORDER BY run_id"
SCHEMA_SQL = "SELECT number, name, step, toString(at) AS at_ FROM schema_migrations ORDER BY number, at, step"
ACTIONS_SQL = """
SELECT toString(at) AS at_, actor, toString(action) AS action, run_id, alert_id, comment FROM alert_action
ORDER BY at, run_id, alert_id, actor"""
ENCRYPTED_SQL = f"""
SELECT toString(flow.app_proto) AS app, countIf(flow.part = 0) AS flows,
    sum(flow.bytes_toserver + flow.bytes_toclient) AS bytes FROM flow WHERE {IN_PERIOD}
GROUP BY app ORDER BY bytes DESC, app"""
LOST_SQL = """
SELECT run_id, sensor, stage, cause, max(value) AS value FROM sensor_health
WHERE match(cause, 'truncated|damaged|dropped|evicted|gaps|over_depth|refused|error|failed') AND run_id IN (
    SELECT run_id FROM flow WHERE flow.ts_start_ns >= {since:DateTime64(6, 'UTC')}
        AND flow.ts_start_ns < {until:DateTime64(6, 'UTC')})
GROUP BY run_id, sensor, stage, cause HAVING value > 0 ORDER BY run_id, stage, cause"""
ENCRYPTED = ("tls", "quic", "ssh", "rdp")


def retention(c: Context) -> Section:
    """12: what is kept, for how long, and how a change would show."""
    s, say = c.section(12, ("ログ保存・改ざん防止", "Retention and protection of logs"), "６(7)"), c.say
    c.written(s, "retention")
    digests = {r["run_id"]: r for r in c.asker.rows(s, DIGESTS_SQL)}
    rows = [
        (
            r["run_id"],
            str(r["keep_days"]) if r["keep_days"] else say("無期限", "no limit"),
            c.period.shown(r["oldest"]),
            c.period.shown(r["newest"]),
            f"{r['rows']:,}",
            digests.get(r["run_id"], {}).get("digest", ""),
        )
        for r in c.asker.rows(s, KEPT_SQL)
    ]
    s.blocks.append(
        c.grid(
            [
                ("再生ID", "Run"),
                ("保存日数", "Days kept"),
                ("最古", "Oldest"),
                ("最新", "Newest"),
                ("行数", "Rows"),
                ("結果のダイジェスト", "Digest of the result"),
            ],
            rows,
            ("同じキャプチャを再生すると同じダイジェストになる", "The same captures replayed give the same digest"),
        )
    )
    steps = c.asker.rows(s, SCHEMA_SQL)
    s.blocks.append(
        c.grid(
            [("番号", "Number"), ("内容", "Name"), ("段階", "Step"), ("日時", "At")],
            [(r["number"], r["name"], r["step"], c.period.shown(r["at_"])) for r in steps if r["step"] == "done"],
            ("保存形式の変更", "Changes of the schema"),
        )
    )
    s.text(
        say(
            "保存先の行は追記のみで、検知への対応も消えない。"
            "保存先の管理者による変更を防ぐ仕組みは製品の外にある。",
            "Rows are only added, and actions on alerts are never changed. What keeps an administrator of the store "
            "from changing it lies outside the product.",
        )
    )
    return s


def access(c: Context) -> Section:
    """13: users and what they did."""
    s, say = c.section(13, ("利用者・操作記録", "Users and their actions"), "１０"), c.say
    if not c.written(s, "access"):
        s.missing(
            say(
                "閲覧の記録は保存されていない（コンソールの記録を参照）。操作がなかったことを意味しない。",
                "Who looked at what is not recorded (see the log of the console): not that nobody did.",
            )
        )
    found = c.asker.rows(s, ACTIONS_SQL)
    s.blocks.append(
        c.grid(
            [
                ("日時", "At"),
                ("担当", "By"),
                ("操作", "Action"),
                ("再生ID", "Run"),
                ("検知番号", "Alert"),
                ("記録", "Comment"),
            ],
            [
                (c.period.shown(r["at_"]), r["actor"], c.label(r["action"]), r["run_id"], r["alert_id"], r["comment"])
                for r in found
            ],
            ("検知に対する操作（全期間）", "Actions on alerts, of all times"),
        )
    )
    return s


def previous(c: Context) -> Section:
    """14: findings of the previous audit."""
    s, say = c.section(14, ("前回指摘事項", "Previous findings"), "６(9)・７"), c.say
    rows = c.notes.table("previous", "findings")
    if rows:
        s.blocks.append(c.grid([("指摘", "Finding"), ("措置", "Measure"), ("期限", "Due"), ("状態", "State")], rows))
    if not c.written(s, "previous") and not rows:
        s.missing(say("前回の指摘事項は記録されていない。", "No previous findings are recorded."))
    return s


def limits(c: Context) -> Section:
    """15: limits of what a network monitor sees, and the risk that remains."""
    s, say = c.section(15, ("限界と残存リスク", "Limits and residual risk"), "６(9)"), c.say
    apps = c.asker.rows(s, ENCRYPTED_SQL)
    total = sum(r["bytes"] for r in apps)
    hidden = sum(r["bytes"] for r in apps if r["app"] in ENCRYPTED)
    share = f"{100 * hidden / total:.1f} %" if total else say("記録なし", "not recorded")
    unseen = [pair for pair, tone in c.facts.get("coverage", {}).items() if tone == "unseen"]
    s.blocks.append(
        c.grid(
            [("限界", "Limit"), ("この期間", "In this period")],
            [
                (
                    say(
                        "暗号化：中身は見えない。相手・量・時刻のみ判定",
                        "Encryption: contents are not seen; only peer, volume and time are judged",
                    ),
                    say(f"暗号化と分かる通信はバイト数の{share}", f"known to be encrypted: {share} of the bytes"),
                ),
                (
                    say("携帯回線・テザリング：回線側は見えない", "Cellular and tethering: that side is not seen"),
                    say("測定できない", "cannot be measured"),
                ),
                (
                    say("端末内部の動作、アカウントの利用者", "What happens inside terminals, and who uses an account"),
                    say("測定できない", "cannot be measured"),
                ),
                (say("USBメモリ等の媒体、紙", "Removable media and paper"), say("測定できない", "cannot be measured")),
                (
                    say("センサーのない経路", "Paths without a sensor"),
                    say(f"未観測の系の組 {len(unseen)}", f"pairs of zones not observed: {len(unseen)}"),
                ),
            ],
            tones=[WATCH if hidden else PLAIN, PLAIN, PLAIN, PLAIN, WATCH if unseen else PLAIN],
        )
    )
    lost = c.asker.rows(s, LOST_SQL)
    s.blocks.append(
        c.grid(
            [("再生ID", "Run"), ("センサー", "Sensor"), ("段階", "Stage"), ("理由", "Cause"), ("件数", "Count")],
            [tuple(r.values()) for r in lost],
            ("解読・追跡できなかったもの（0でないもの）", "What could not be read or followed, where not 0"),
        )
    )
    c.written(s, "risks")
    c.written(s, "remarks")
    return s

"""One alert: why, with which numbers, how it went on, its flow, what was done, and what else the hosts did."""

from dashboards.panels.links import to_alert, to_host
from dashboards.panels.model import Kind, Page, Panel, Unit, Words
from dashboards.panels.sql import BYTES, JA, SIGNATURE, STATUS, address, service, shown_time
from dashboards.panels.words import COLUMN_WORDS

_THIS = "run_id = {run:String} AND alert_id = toUInt64OrZero({alert_id:String})"
_HEAD = f"SELECT * FROM alert WHERE {_THIS} ORDER BY revision DESC LIMIT 1"
_FACTS = (
    ("severity", "toString(severity)"), ("signature", SIGNATURE), ("why", f"if({JA}, why_ja, why)"),
    ("state", "toString(state)"), ("first_evidence", f"toString({shown_time('start_ns')})"),
    ("last_evidence", f"toString({shown_time('end_ns')})"), ("measure", "measure"), ("measured", "toString(measured)"),
    ("peak", "toString(peak)"), ("threshold", "toString(threshold)"), ("events", "toString(events)"),
    ("src_ip", address("src_ip")), ("dst_ip", address("dst_ip")), ("service", service()),
    ("src_zone", "toString(src_zone)"), ("dst_zone", "toString(dst_zone)"), ("verdict", "toString(verdict)"),
    ("conduit", "toString(conduit)"), ("outcome", "toString(outcome)"),
    ("direction_certainty", "toString(direction_certainty)"), ("detector", "toString(detector)"),
    ("signature_id", "toString(signature_id)"), ("category", "toString(category)"),
    ("property", "toString(property)"), ("technique", "toString(technique)"), ("clause", "toString(clause)"),
    ("runbook", "toString(runbook)"), ("sensor", "toString(sensor)"), ("site", "toString(site)"),
    ("packet_number", "toString(packet_number)"), ("policy_digest", "toString(policy_digest)"),
    ("config_digest", "toString(config_digest)"), ("ruleset_digest", "toString(ruleset_digest)"),
)


def _fact(name: str, sql: str) -> str:
    words = COLUMN_WORDS[name]
    return f"(if({JA}, '{words.ja}', '{words.en}'), {sql})"


ALERT = Page(
    id="alert", listed=False, parameters=("run", "alert_id"),
    title=Words("アラートの詳細", "One alert"),
    description=Words("なぜ、どの値で、どう続いたか。対象のフローと行われた対応。",
                      "Why, by which numbers, and how it went on; its flow and what was done."),
    panels=(
        Panel(
            id="facts", title=Words("内容", "What was found"),
            description=Words("最新の版。方針・設定・ルールのダイジェストは作られた条件を示す。",
                              "The newest revision. The digests of policy, configuration and rules say what it was "
                              "made under."),
            kind=Kind.TABLE, width=12, height=18,
            sql=f"SELECT fact.1 AS field, fact.2 AS value\nFROM ({_HEAD})\nARRAY JOIN [\n"
                + ",\n".join(_fact(*f) for f in _FACTS) + "\n] AS fact\nWHERE fact.2 != ''",
        ),
        Panel(
            id="actions", title=Words("行われた対応", "What was done"),
            description=Words("古い順。", "The oldest first."), kind=Kind.TABLE, width=12, height=6, colours="action",
            sql=f"SELECT at AS time, toString(action) AS action, actor, comment\nFROM alert_action\nWHERE {_THIS}\n"
                "ORDER BY at",
            units={"time": Unit.TIME},
        ),
        Panel(
            id="revisions", title=Words("経過", "Revisions"),
            description=Words("アラートの各版とその測定値。", "Each revision with what was measured."),
            kind=Kind.TABLE, width=12, height=6,
            sql=f"SELECT revision, {shown_time('ts_ns')} AS time, toString(state) AS state, measured, peak, threshold, "
                f"events, if({JA}, why_ja, why) AS why\nFROM alert\nWHERE {_THIS}\nORDER BY revision",
            units={"time": Unit.TIME, "measured": Unit.NONE, "peak": Unit.NONE, "threshold": Unit.NONE},
        ),
        Panel(
            id="flow", title=Words("最初の証拠のフロー", "Flow of the first evidence"),
            description=Words("一つのフローに基づかないアラート（スキャン、フラッド）では空。",
                              "Empty where the alert does not rest on one flow, as with scans and floods."),
            kind=Kind.TABLE, width=12, height=6, colours="verdict",
            sql=f"SELECT {shown_time('ts_start_ns')} AS first_packet_at, {shown_time('ts_end_ns')} AS last_packet_at, "
                f"{address('src_ip')} AS src_ip, src_port, {address('dst_ip')} AS dst_ip, dst_port, {service()} AS "
                "service, toString(verdict) AS verdict, toString(outcome) AS outcome, toString(tcp_state) AS "
                f"tcp_state, pkts_toserver + pkts_toclient AS packets, {BYTES} AS bytes, part\nFROM flow\n"
                f"WHERE run_id = {{run:String}} AND flow_id = (SELECT flow_id FROM ({_HEAD})) AND flow_id != 0\n"
                f"  AND ts_start_ns <= (SELECT end_ns + toIntervalDay(1) FROM ({_HEAD}))\nORDER BY part",
            units={"bytes": Unit.BYTES, "first_packet_at": Unit.TIME, "last_packet_at": Unit.TIME},
            links=(to_host("src_ip"), to_host("dst_ip")),
        ),
        Panel(
            id="related", title=Words("同じアドレスのほかのアラート", "Other alerts of the same addresses"),
            description=Words("同じ実行で、送信元または宛先が同じもの。新しい順に100件まで。",
                              "Of the same run, with one of the same addresses; the newest 100."),
            kind=Kind.TABLE, width=24, height=8, colours="severity",
            sql=f"WITH ends AS (SELECT arrayJoin([src_ip, dst_ip]) AS ip FROM ({_HEAD}) WHERE ip != toIPv6('::'))\n"
                f"SELECT toString(severity) AS severity, {STATUS} AS status, {SIGNATURE} AS signature, "
                f"{shown_time('start_ns')} AS first_evidence, {address('src_ip')} AS src_ip, {address('dst_ip')} AS "
                "dst_ip, src_zone, dst_zone, toString(outcome) AS outcome, present.run_id AS run_id, "
                "toString(present.alert_id) AS alert_id\nFROM (\n"
                "SELECT * FROM alert WHERE run_id = {run:String} AND alert_id != toUInt64OrZero({alert_id:String})\n"
                "  AND (src_ip IN ends OR dst_ip IN ends)\n"
                "ORDER BY revision DESC LIMIT 1 BY run_id, alert_id\n) AS present\n"
                "LEFT JOIN alert_status AS status USING (run_id, alert_id)\nORDER BY start_ns DESC LIMIT 100",
            units={"first_evidence": Unit.TIME}, hidden=("run_id",),
            links=(to_alert(), to_alert("alert_id"), to_host("src_ip"), to_host("dst_ip")),
        ),
    ),
)

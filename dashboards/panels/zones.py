"""系間通信: who talks to whom across the boundaries, what is permitted of it, and what nobody has seen."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Level, Page, Panel, Threshold, Unit, Words
from dashboards.panels.sql import (
    BYTES,
    FROM,
    NOT_PERMITTED,
    SPAN_S,
    STEP_S,
    TO,
    address,
    point,
    talkers,
    traffic,
    where_from,
)

_PAIR = to_flows(src_zone="source", dst_zone="target")
_SEEN = "SELECT DISTINCT arrayJoin([src_zone, dst_zone]) AS zone FROM traffic_1h"
_NEVER = "toDateTime(0, 'UTC')"
_NOWHERE = talkers("zone = 'unattributed'", "(src_zone = 'unattributed' OR dst_zone = 'unattributed')")
_INSIDE_S = (f"greatest(least(toUnixTimestamp64Milli(t.ts_until_ns), {TO}) - "
             f"greatest(toUnixTimestamp64Milli(t.ts_from_ns), {FROM}), 0) / 1000")
"""Seconds of a stretch of coverage within the range."""

_KNOWN = ("if(empty({policy_zones:Array(String)}), (SELECT groupUniqArray(zone) FROM (" + _SEEN + ")), "
          "{policy_zones:Array(String)})")

_MATRICES = (
    Panel(
        id="violation_matrix", title=Words("許可外フローの行列", "Flows not permitted, from row to column"),
        description=Words("行の系から列の系へのフローのうち方針が許可しない数。0は観測したが違反なし、空白は観測なし。",
                          "Of the flows from the row's zone to the column's, those not permitted. 0: seen, none wrong. "
                          "Blank: no flow was seen, which says nothing about violations."),
        kind=Kind.MATRIX, width=12, height=11,
        sql=traffic(f"src_zone AS source, dst_zone AS target, sumIf(t.flows, {NOT_PERMITTED}) AS value, "
                    "sum(t.flows) AS flows, toString(max(t.verdict)) AS verdict",
                    "GROUP BY src_zone, dst_zone ORDER BY source, target"),
        thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.WARNING), Threshold(100, Level.CRITICAL)),
        links=(_PAIR,),
    ),
    Panel(
        id="flow_matrix", title=Words("全フローの行列", "All flows, from row to column"),
        description=Words("行の系から列の系へのフロー数。空白は観測なし。",
                          "Flows from the row's zone to the column's. Blank: none was seen."),
        kind=Kind.MATRIX, width=12, height=11,
        sql=traffic(f"src_zone AS source, dst_zone AS target, sum(flows) AS value, sum({BYTES}) AS bytes",
                    "GROUP BY src_zone, dst_zone ORDER BY source, target"),
        units={"bytes": Unit.BYTES}, links=(_PAIR,),
    ),
    Panel(
        id="zone_sankey", title=Words("誰が誰と通信するか", "Who talks to whom"),
        description=Words("系間のバイト数（両方向の合計、左が開始側）。系内の通信は含まない。",
                          "Bytes between zones, both directions; the initiator stands left. Traffic within a zone is "
                          "left out."),
        kind=Kind.SANKEY, unit=Unit.BYTES, width=12, height=11,
        sql=traffic(f"src_zone AS source, dst_zone AS target, sum({BYTES}) AS value",
                    "GROUP BY src_zone, dst_zone HAVING value > 0 ORDER BY value DESC LIMIT 60",
                    "src_zone != dst_zone"),
        links=(_PAIR,),
    ),
    Panel(
        id="verdicts_over_time", title=Words("系間フローの判定の推移", "Verdicts over time"),
        description=Words("系間フローの1秒あたりの数、判定別。", "Flows between zones a second, by verdict."),
        kind=Kind.BARS, unit=Unit.PER_SECOND, width=12, height=11, colours="series",
        sql=traffic(f"{point()} AS time, toString(verdict) AS series, sum(flows) / {STEP_S} AS value",
                    "GROUP BY time, t.verdict HAVING value > 0 ORDER BY time, t.verdict", "t.verdict != 'not_judged'"),
        links=(to_flows(verdict="series"),),
    ),
)

_LISTS = (
    Panel(
        id="pairs", title=Words("系の組と判定", "Zone pairs and verdicts"),
        description=Words("判定と結果ごとのフロー数とバイト数。許可外で成立したものが上。",
                          "Flows and bytes by verdict and outcome; what was not permitted and yet established on top."),
        kind=Kind.TABLE, width=12, height=10, colours="verdict",
        sql=traffic("src_zone AS source, dst_zone AS target, toString(verdict) AS verdict, toString(outcome) AS "
                    f"outcome, sum(t.flows) AS flows, sum({BYTES}) AS bytes",
                    f"GROUP BY src_zone, dst_zone, t.verdict, t.outcome\nORDER BY {NOT_PERMITTED} DESC, "
                    "outcome = 'established' DESC, flows DESC LIMIT 200", "t.verdict != 'not_judged'"),
        units={"bytes": Unit.BYTES},
        links=(to_flows("verdict", src_zone="source", dst_zone="target", verdict="verdict"),),
    ),
    Panel(
        id="conduits", title=Words("通信経路の利用", "Use of conduits"),
        description=Words("期間内の利用と、期間に関わらない最後の利用（時間単位）。方針を渡して作ると"
                          "（dashboards build --zones）一度も使われていない経路も出る。",
                          "Use in the range, and the last use at any time (by the hour). Built with a policy "
                          "(dashboards build --zones) it lists conduits that were never used too."),
        kind=Kind.TABLE, width=12, height=10, colours="use",
        sql="SELECT conduit, if(sum(started) = 0, 'unused', 'used') AS use, sum(started) AS flows, "
            "sum(wrong) AS violations, sum(octets) AS bytes, "
            "if(toUnixTimestamp(max(last)) = 0, NULL, max(last)) AS last_used\nFROM (\n"
            + traffic("toString(t.conduit) AS conduit, sum(t.flows) AS started, "
                      f"sumIf(t.flows, {NOT_PERMITTED}) AS wrong, sum({BYTES}) AS octets, {_NEVER} AS last",
                      "GROUP BY t.conduit", "t.conduit != ''")
            + "\nUNION ALL\nSELECT toString(t.conduit), 0, 0, 0, max(bucket)\nFROM traffic_1h AS t\n"
              f"WHERE t.conduit != '' AND {where_from()}\nGROUP BY t.conduit\n"
              f"UNION ALL\nSELECT arrayJoin({{policy_conduits:Array(String)}}), 0, 0, 0, {_NEVER}\n)\n"
              "GROUP BY conduit\nORDER BY use DESC, flows DESC, conduit",
        units={"bytes": Unit.BYTES, "last_used": Unit.TIME}, links=(to_flows("conduit", conduit="conduit"),),
    ),
    Panel(
        id="unattributed", title=Words("所属不明のアドレス", "Unattributed addresses"),
        description=Words("どの系にも属さないアドレス。方針の漏れか、あるはずのない機器。上位100。",
                          "Addresses in no zone of the policy: a gap in the policy, or a device that should not be "
                          "there. The top 100."),
        kind=Kind.TABLE, width=12, height=10,
        sql=f"SELECT {address('t.ip')} AS ip, sumIf(flows, role = 'initiator') AS as_initiator, "
            "sumIf(flows, role = 'responder') AS as_responder, sum(bytes_out) AS bytes_out, "
            "sum(bytes_in) AS bytes_in, uniqMerge(t.peers) AS peers, max(hour) AS last_hour\n"
            f"FROM {_NOWHERE} AS t\n"
            "GROUP BY t.ip ORDER BY as_initiator DESC, as_responder DESC, ip LIMIT 100",
        units={"bytes_out": Unit.BYTES, "bytes_in": Unit.BYTES, "last_hour": Unit.TIME}, links=(to_host(),),
    ),
    Panel(
        id="coverage", title=Words("観測範囲", "Coverage"),
        description=Words("行の系から列の系への通信を観測できた時間の割合（最もよく見たセンサー）。0は「未観測」であり"
                          "「違反なし」ではない。原因：センサーなし、欠損、片側のみ、無通信。"
                          "方針を渡して作ると方針の全系、渡さなければ記録に現れた系。",
                          "The share of the range in which a sensor observed what goes from the row's zone to the "
                          "column's (the sensor that saw most). 0 is 'not observed', which is never 'no violation'. "
                          "Causes: no sensor, drops, one-sided, silence. Over all zones of the policy where built with "
                          "one, else over the zones that ever appeared."),
        kind=Kind.MATRIX, unit=Unit.SHARE, width=12, height=10,
        sql=f"WITH {_KNOWN} AS known\n"
            f"SELECT source, target, least(max(seen) / {SPAN_S}, 1) AS value, "
            f"least(max(half) / {SPAN_S}, 1) AS partly, "
            "multiIf(value >= 0.999, 'observed', value > 0 OR partly > 0, 'partly', 'not_observed') AS coverage, "
            "arrayStringConcat(arraySort(groupUniqArrayArray(causes)), ', ') AS causes\nFROM (\n"
            "SELECT toString(t.src_zone) AS source, toString(t.dst_zone) AS target, "
            f"sumIf({_INSIDE_S}, t.state = 'observed') AS seen, sumIf({_INSIDE_S}, t.state = 'partly') AS half, "
            "groupUniqArrayIf(toString(t.cause), t.state != 'observed') AS causes\nFROM coverage AS t\n"
            f"WHERE t.ts_until_ns > fromUnixTimestamp64Milli({FROM}, 'UTC') "
            f"AND t.ts_from_ns < fromUnixTimestamp64Milli({TO}, 'UTC')\n  AND {where_from()}\n"
            "GROUP BY t.site, t.sensor, source, target\n"
            "UNION ALL\nSELECT pair.1, pair.2, 0, 0, []\nFROM (SELECT arrayJoin(arrayFlatten(arrayMap(a -> arrayMap("
            "b -> (a, b), arrayFilter(z -> z != a, known)), known))) AS pair)\n)\n"
            "GROUP BY source, target ORDER BY source, target",
        units={"partly": Unit.SHARE},
        thresholds=(Threshold(0, Level.WARNING), Threshold(0.001, Level.NOTICE), Threshold(0.999, Level.GOOD)),
        values={"0": Words("未観測", "not observed")}, links=(_PAIR,),
    ),
    Panel(
        id="sensor_coverage", title=Words("センサーごとに見えた系", "Zones that each sensor saw"),
        description=Words("センサーが見た、系のフロー数（開始側または応答側）。空白は見えていない。",
                          "Flows of each zone, as initiator or responder, that a sensor saw. Blank: none."),
        kind=Kind.MATRIX, width=24, height=8,
        sql=traffic("concat(site, ' / ', sensor) AS source, arrayJoin(arrayDistinct([src_zone, dst_zone])) AS target, "
                    "sum(flows) AS value", "GROUP BY source, target ORDER BY source, target"),
    ),
)

ZONES = Page(
    id="zones",
    title=Words("系間通信", "Between zones"),
    description=Words("系の境界を越える通信、方針の判定、そして誰も見ていない組。",
                      "Traffic across the boundaries, what the policy says of it, and which pairs nobody has seen."),
    panels=(*_MATRICES, *_LISTS),
    parameters=("policy_zones", "policy_conduits"),
)

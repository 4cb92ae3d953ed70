"""監視概況: is anything wrong, and is anything not being watched?"""

from dashboards.panels.links import TO_ALERTS, TO_HEALTH, TO_ZONES, to_alerts_of, to_flows, to_host
from dashboards.panels.model import Kind, Level, Page, Panel, Threshold, Unit, Words
from dashboards.panels.sql import (
    BYTES,
    NOT_PERMITTED,
    RAW_STEP_S,
    SIGNATURE,
    SPAN_S,
    STATUS,
    STEP_S,
    address,
    alerts_now,
    during,
    new_alerts,
    point,
    service,
    shown_time,
    talkers,
    traffic,
    where_from,
    with_status,
)

_NUMBERS = (
    Panel(
        id="urgent_alerts", title=Words("緊急・高の新しいアラート", "New critical and high alerts"),
        description=Words("期間内に始まり、いま重要度が緊急または高のアラート。更新は数えない。",
                          "Alerts that began in the range and are critical or high by now; updates are not counted."),
        kind=Kind.STAT, width=4, height=4, sql=new_alerts("", "count() AS value", "", "t.severity <= 'high'"),
        thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.CRITICAL)), links=(TO_ALERTS,),
    ),
    Panel(
        id="open_alerts", title=Words("未対応のアラート", "Alerts nobody has touched"),
        description=Words("期間にかかるアラートのうち、確認も対応もされていないもの。",
                          "Alerts whose life touches the range and that nobody has acknowledged or closed."),
        kind=Kind.STAT, width=4, height=4,
        sql=f"SELECT countIf({STATUS} = 'open') AS value\nFROM {with_status(alerts_now('start_ns'))}",
        thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.WARNING)), links=(TO_ALERTS,),
    ),
    Panel(
        id="violations", title=Words("許可外の系間フロー", "Flows the policy does not permit"),
        description=Words("方針が許可しない系間フローの数。0は「見えた範囲で無い」の意味で、見えていない系は系間通信の観測範囲を参照。",
                          "Flows between zones that the policy does not permit. 0 means none among what was seen; what "
                          "was not seen stands under coverage on the page Between zones."),
        kind=Kind.STAT, width=4, height=4, sql=traffic("sum(flows) AS value", "", NOT_PERMITTED),
        thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.WARNING)), links=(TO_ZONES,),
    ),
    Panel(
        id="mean_rate", title=Words("平均通信量", "Mean traffic"),
        description=Words("期間全体の平均。", "Bits a second, both directions, over the whole range."),
        kind=Kind.STAT, width=4, height=4, unit=Unit.BITS_PER_SECOND,
        sql=traffic(f"sum({BYTES}) * 8 / {SPAN_S} AS value"),
    ),
    Panel(
        id="active_sensors", title=Words("記録のあるセンサー", "Sensors with rows"),
        description=Words("期間内にフローを記録したセンサーの数。0なら何も監視されていない。",
                          "Sensors that stored flows in the range. 0: nothing was watched."),
        kind=Kind.STAT, width=4, height=4, sql=traffic("uniqExact(site, sensor) AS value"),
        thresholds=(Threshold(0, Level.CRITICAL), Threshold(1, Level.GOOD)), links=(TO_HEALTH,),
    ),
    Panel(
        id="refused_share", title=Words("解読できなかったフレームの割合", "Share of frames refused"),
        description=Words("期間内に報告した実行について。報告が無ければ空欄（0ではない）。",
                          "Over the runs that reported in the range. Empty, not 0, where none reported."),
        kind=Kind.STAT, width=4, height=4, unit=Unit.SHARE,
        sql="SELECT if(sum(frames) = 0, NULL, 1 - sum(processed) / sum(frames)) AS value\nFROM (\n"
            "SELECT argMaxIf(value, ts_ns, stage = 'capture' AND cause = 'records_found') AS frames,\n"
            "  argMaxIf(value, ts_ns, stage = 'decode' AND cause = 'processed') AS processed\nFROM sensor_health AS t\n"
            f"WHERE {during('ts_ns')} AND {where_from('none')}\nGROUP BY run_id, site, sensor\n)",
        thresholds=(Threshold(0, Level.GOOD), Threshold(0.001, Level.NOTICE), Threshold(0.01, Level.WARNING)),
        links=(TO_HEALTH,),
    ),
)

_TIMES = (
    Panel(
        id="traffic_rate", title=Words("通信量", "Traffic"),
        description=Words("方向別の平均速度。線が途切れる所は記録が無い。",
                          "Mean rate by direction. Where a line breaks, nothing was recorded."),
        kind=Kind.TIMESERIES, unit=Unit.BITS_PER_SECOND, width=12, height=8,
        sql=traffic(f"{point()} AS time, sum(bytes_toserver) * 8 / {STEP_S} AS to_server, "
                    f"sum(bytes_toclient) * 8 / {STEP_S} AS to_client", "GROUP BY time ORDER BY time"),
    ),
    Panel(
        id="alerts_over_time", title=Words("重要度別の新しいアラート", "New alerts by severity"),
        description=Words("期間内に始まったアラート、現在の重要度別。",
                          "Alerts that began in the range, by their present severity."),
        kind=Kind.BARS, width=12, height=8, colours="series",
        sql=new_alerts("", f"{point('t.start_ns', RAW_STEP_S)} AS time, toString(t.severity) AS series, "
                       "count() AS value",
                       "GROUP BY time, t.severity ORDER BY time, t.severity"),
        links=(to_alerts_of(severity="series"),),
    ),
    Panel(
        id="violations_over_time", title=Words("許可外フローの推移（判定別）", "Flows not permitted, by verdict"),
        description=Words("方針が許可しない系間フロー。", "Flows between zones that the policy does not permit."),
        kind=Kind.BARS, width=12, height=8, colours="series",
        sql=traffic(f"{point()} AS time, toString(verdict) AS series, sum(flows) AS value",
                    "GROUP BY time, t.verdict HAVING value > 0 ORDER BY time, t.verdict", NOT_PERMITTED),
        links=(to_flows(verdict="series"),),
    ),
    Panel(
        id="services", title=Words("サービス別の通信量", "Traffic by service"),
        description=Words("応答側のポート。「*」はサービスを表さないポートの合計。上位12。",
                          "By the responder's port; * is the sum of the ports that name no service. The top 12."),
        kind=Kind.SHARE, unit=Unit.BYTES, width=12, height=8,
        sql=traffic(f"{service()} AS label, sum({BYTES}) AS value", "GROUP BY label ORDER BY value DESC LIMIT 12"),
    ),
)

_LISTS = (
    Panel(
        id="top_signatures", title=Words("多いアラート", "Most frequent alerts"),
        description=Words("期間内に始まったアラートの内容別件数と現在の重要度。上位15。",
                          "What began in the range, by present severity and count. The top 15."),
        kind=Kind.TABLE, width=12, height=9, colours="severity",
        sql=new_alerts("signature_id, signature, signature_ja",
                       f"toString(min(t.severity)) AS severity, {SIGNATURE} AS signature, count() AS alerts, "
                       f"{shown_time('max(t.start_ns)')} AS last_seen",
                       "GROUP BY signature_id, signature, signature_ja\n"
                       "ORDER BY min(t.severity), alerts DESC LIMIT 15"),
        units={"last_seen": Unit.TIME},
        links=(TO_ALERTS,),
    ),
    Panel(
        id="top_violations", title=Words("許可外の通信が多い系の組", "Zone pairs with most violations"),
        description=Words("方針が許可しないフローの多い系の組。上位15。",
                          "Zone pairs by flows that the policy does not permit. The top 15."),
        kind=Kind.TABLE, width=12, height=9, colours="verdict",
        sql=traffic("src_zone AS source, dst_zone AS target, toString(verdict) AS verdict, sum(t.flows) AS flows, "
                    f"sumIf(t.flows, outcome = 'established') AS established, sum({BYTES}) AS bytes",
                    "GROUP BY src_zone, dst_zone, t.verdict HAVING flows > 0 ORDER BY flows DESC LIMIT 15",
                    NOT_PERMITTED),
        units={"bytes": Unit.BYTES},
        links=(to_flows("verdict", src_zone="source", dst_zone="target", verdict="verdict"),),
    ),
    Panel(
        id="top_talkers", title=Words("通信量の多いアドレス", "Top talkers"),
        description=Words("送受信の合計。3時間以内は秒単位、それより長い期間は1時間単位の集計。上位15。",
                          "Bytes sent and received. By the second up to 3 hours, by whole hours beyond. The top 15."),
        kind=Kind.RANKING, unit=Unit.BYTES, width=24, height=9,
        sql=f"SELECT {address('ip')} AS label, sum(bytes_out) AS bytes_out, sum(bytes_in) AS bytes_in\n"
            f"FROM {talkers()}\nGROUP BY ip ORDER BY bytes_out + bytes_in DESC, ip LIMIT 15",
        links=(to_host("label"),),
    ),
)

OVERVIEW = Page(
    id="overview",
    title=Words("監視概況", "Overview"),
    description=Words("いま何が起きているか、見るべきものは何か、見えていないものは無いか。",
                      "What is going on, what needs a look, and whether anything is not being watched."),
    panels=(*_NUMBERS, *_TIMES, *_LISTS),
)

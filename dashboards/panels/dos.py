"""DoS: rates against what is usual, attacks as they went, who is hit, who sends, and with which flags."""

from dashboards.panels.links import to_alert, to_host
from dashboards.panels.model import Kind, Level, Page, Panel, Threshold, Unit, Words
from dashboards.panels.sql import (
    AMONG_TOP,
    FROM_S,
    PACKETS,
    RAW_STEP_S,
    SIGNATURE,
    STATUS,
    STEP_S,
    address,
    alerts_now,
    buckets,
    new_alerts,
    point,
    raw_flows,
    shown_time,
    talkers,
    traffic,
    where_from,
    with_status,
    with_top,
)

_FLOOD = "detector = 'flood'"
_BASELINE_DAYS = 7


def _against_baseline(measure: str) -> str:
    """A rate per point beside mean and mean + 3 standard deviations of the same hour of the seven days before."""
    before = buckets(f"{FROM_S} - {_BASELINE_DAYS} * 86400", FROM_S, "3600")
    return (
        "WITH usual AS (\nSELECT toHour(bucket) AS hour, avg(rate) AS mean, stddevPop(rate) AS spread, count() AS "
        "days\nFROM (\n"
        f"SELECT bucket, sum({measure}) / 3600 AS rate\nFROM traffic_1h AS t\nWHERE {before}\n  AND {where_from()}\n"
        "GROUP BY bucket\n)\nGROUP BY hour\n)\n"
        "SELECT time, rate, if(usual.days = 0, NULL, usual.mean) AS baseline, "
        "if(usual.days = 0, NULL, usual.mean + 3 * usual.spread) AS unusual_above\nFROM (\n"
        + traffic(f"{point()} AS time, sum({measure}) / {STEP_S} AS rate, toHour(time) AS hour", "GROUP BY time")
        + "\n) AS now\nLEFT JOIN usual ON now.hour = usual.hour\nORDER BY time")


def _end_of_flows(role: str) -> str:
    side = f"role = {role!r}"
    return (with_top("sum(flows)", 25, side)
            + f"SELECT {address('t.ip')} AS ip, any(zone) AS zone, sum(flows) AS flows, sum(bytes_in) AS bytes_in, "
            f"sum(bytes_out) AS bytes_out, uniqMerge(t.peers) AS peers\n"
            f"FROM {talkers(f'{side} AND {AMONG_TOP}')} AS t\n"
            "GROUP BY t.ip ORDER BY flows DESC, t.ip LIMIT 25")


_RATES = (
    Panel(
        id="packet_rate", title=Words("パケット数と平常値", "Packets a second against the usual"),
        description=Words("平常値は直前7日間の同じ時刻（時）の平均。その上は平均＋3σ。7日間に記録が無い時刻には線が無い。",
                          "Usual: the mean of the same hour in the seven days before, and that plus three standard "
                          "deviations. No line where those days hold nothing."),
        kind=Kind.TIMESERIES, unit=Unit.PACKETS_PER_SECOND, width=12, height=9, sql=_against_baseline(PACKETS),
    ),
    Panel(
        id="flow_rate", title=Words("新しいフロー数と平常値", "New flows a second against the usual"),
        description=Words("スキャンやSYNフラッドではパケットより先にフロー数が増える。平常値は左と同じ。",
                          "Scans and SYN floods show here before they show in packets. The usual as on the left."),
        kind=Kind.TIMESERIES, unit=Unit.PER_SECOND, width=12, height=9, sql=_against_baseline("flows"),
    ),
    Panel(
        id="outcomes", title=Words("成立と試行の推移", "Flows by outcome"),
        description=Words("SYNフラッドやスキャンでは「試行」が増える。", "Attempts rise under SYN floods and scans."),
        kind=Kind.BARS, unit=Unit.PER_SECOND, width=12, height=8, colours="series",
        sql=traffic(f"{point()} AS time, toString(outcome) AS series, sum(flows) / {STEP_S} AS value",
                    "GROUP BY time, t.outcome ORDER BY time, t.outcome"),
    ),
    Panel(
        id="protocols_over_time", title=Words("プロトコル別パケット数", "Packets by protocol"),
        description=Words("UDP・ICMPフラッドはここに出る。", "UDP and ICMP floods show here."),
        kind=Kind.BARS, unit=Unit.PACKETS_PER_SECOND, width=12, height=8,
        sql=traffic(f"{point()} AS time, transform(proto, [1, 6, 17, 58], ['icmp', 'tcp', 'udp', 'icmpv6'], 'other') "
                    f"AS series, sum({PACKETS}) / {STEP_S} AS value", "GROUP BY time, series ORDER BY time, series"),
    ),
)

_ATTACKS = (
    Panel(
        id="attacks_over_time", title=Words("攻撃の開始", "Attacks as they began"),
        description=Words("フラッド検知器の新しいアラート。", "New alerts of the flood detector."),
        kind=Kind.BARS, width=12, height=8,
        sql=new_alerts("signature, signature_ja, detector",
                       f"{point('t.start_ns', RAW_STEP_S)} AS time, {SIGNATURE} AS series, count() AS value",
                       "GROUP BY time, series ORDER BY time, series", _FLOOD),
    ),
    Panel(
        id="attack_strength", title=Words("しきい値に対する強さ", "Strength against the threshold"),
        description=Words("フラッドの測定値をしきい値で割ったもの。1を超えると攻撃。",
                          "What was measured, divided by the threshold. Above 1 it is an attack."),
        kind=Kind.TIMESERIES, unit=Unit.NONE, width=12, height=8,
        sql=f"SELECT {point('ts_ns', 'greatest({step_s:UInt32}, 1)')} AS time, "
            f"concat({SIGNATURE}, ' → ', {address('dst_ip')}) AS series, max(measured / greatest(threshold, 1e-9)) AS "
            f"value\nFROM alert AS t\nWHERE ts_ns >= fromUnixTimestamp64Milli({{from_ms:Int64}}, 'UTC') "
            f"AND ts_ns < fromUnixTimestamp64Milli({{to_ms:Int64}}, 'UTC') AND {_FLOOD}\n  AND {where_from()}\n"
            "GROUP BY time, series ORDER BY time, series LIMIT 5000",
        thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.CRITICAL)),
    ),
    Panel(
        id="attacks", title=Words("攻撃の一覧", "Attacks"),
        description=Words("期間にかかるフラッド。「継続中」は記録の最後まで続いていたもの。",
                          "Floods whose life touches the range. Ongoing: went on to the end of what was recorded."),
        kind=Kind.TABLE, width=24, height=9, colours="severity",
        sql=f"SELECT toString(severity) AS severity, {SIGNATURE} AS signature, {address('dst_ip')} AS target, "
            f"dst_prefix_bits, dst_port, {shown_time('start_ns')} AS began, {shown_time('end_ns')} AS last_evidence, "
            "dateDiff('second', start_ns, end_ns) AS duration, peak, threshold, measure, toString(state) AS state, "
            f"{STATUS} AS status, present.run_id AS run_id, toString(present.alert_id) AS alert_id\n"
            "FROM " + with_status(alerts_now(
                "signature, signature_ja, dst_ip, dst_prefix_bits, dst_port, start_ns, end_ns, peak, threshold, "
                "measure, state", _FLOOD)) + "\nORDER BY start_ns DESC LIMIT 200",
        units={"duration": Unit.SECONDS, "began": Unit.TIME, "last_evidence": Unit.TIME, "peak": Unit.NONE,
               "threshold": Unit.NONE},
        hidden=("run_id",), links=(to_alert(), to_alert("alert_id"), to_host("target")),
    ),
)

_ENDS = (
    Panel(
        id="targets", title=Words("フローの多い宛先", "Most-addressed hosts"),
        description=Words("応答側としてのフロー数。上位25。", "By flows as responder. The top 25."),
        kind=Kind.TABLE, width=12, height=10, sql=_end_of_flows("responder"),
        units={"bytes_in": Unit.BYTES, "bytes_out": Unit.BYTES}, links=(to_host(),),
    ),
    Panel(
        id="sources", title=Words("フローの多い送信元", "Hosts that open most flows"),
        description=Words("開始側としてのフロー数。偽装された送信元もそのまま出る。上位25。",
                          "By flows as initiator; forged sources appear as they are on the wire. The top 25."),
        kind=Kind.TABLE, width=12, height=10, sql=_end_of_flows("initiator"),
        units={"bytes_in": Unit.BYTES, "bytes_out": Unit.BYTES}, links=(to_host(),),
    ),
    Panel(
        id="flag_mix", title=Words("TCPフラグの内訳", "TCP flags"),
        description=Words("フローの開始側が送ったTCPフラグの和集合。S=SYN A=ACK F=FIN R=RST P=PSH U=URG。"
                          "SYNだけのフローが多ければフラッドかスキャン。",
                          "Union of the flags that the initiator of a flow sent: S=SYN A=ACK F=FIN R=RST P=PSH U=URG. "
                          "Many flows of nothing but SYN are a flood or a scan."),
        kind=Kind.RANKING, width=12, height=9,
        sql="SELECT if(flags = 0, '-', concat(if(bitTest(flags, 1), 'S', ''), if(bitTest(flags, 4), 'A', ''), "
            "if(bitTest(flags, 0), 'F', ''), if(bitTest(flags, 2), 'R', ''), if(bitTest(flags, 3), 'P', ''), "
            "if(bitTest(flags, 5), 'U', ''))) AS label, sum(rows) AS flows\nFROM (\n"
            + raw_flows("bitAnd(tcp_flags_toserver, 63) AS flags, countIf(part = 0) AS rows", "GROUP BY flags",
                        "proto = 6") + "\n)\nGROUP BY label ORDER BY flows DESC LIMIT 15",
    ),
    Panel(
        id="tcp_states", title=Words("TCPの状態", "TCP states"),
        description=Words("フローが書かれた時の状態。", "State of the connection when its row was written."),
        kind=Kind.SHARE, width=12, height=9,
        sql=raw_flows("toString(tcp_state) AS label, count() AS value", "GROUP BY label ORDER BY value DESC",
                      "proto = 6"),
    ),
)

DOS = Page(
    id="dos",
    title=Words("DoS", "DoS"),
    description=Words("平常値との比較、攻撃の経過、狙われた宛先と送信元、フラグの内訳。",
                      "Rates against the usual, attacks as they went, targets and sources, and flags."),
    panels=(*_RATES, *_ATTACKS, *_ENDS),
)

"""フロー: top talkers, services, and the search over single flows."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Page, Panel, Unit, Words
from dashboards.panels.sql import (
    AMONG_TOP,
    BYTES,
    STEP_S,
    address,
    point,
    raw_flows,
    service,
    shown_time,
    talkers,
    traffic,
    with_top,
)

FLOW_LIST = (
    f"{shown_time('ts_start_ns')} AS first_packet_at, dateDiff('millisecond', ts_start_ns, ts_end_ns) / 1000 AS "
    f"duration, {address('src_ip')} AS src_ip, src_port, {address('dst_ip')} AS dst_ip, dst_port, {service()} AS "
    "service, toString(app_proto) AS app, src_zone, dst_zone, toString(verdict) AS verdict, "
    "toString(outcome) AS outcome, toString(conduit) AS conduit, "
    f"pkts_toserver + pkts_toclient AS packets, {BYTES} AS bytes, toString(tcp_state) AS tcp_state, "
    "toString(direction_certainty) AS direction_certainty, toString(end_reason) AS end_reason, sensor, flow_id")
FLOW_UNITS = {"bytes": Unit.BYTES, "duration": Unit.SECONDS, "first_packet_at": Unit.TIME}


def _chosen(parameter: str, column: str) -> str:
    return f"({{{parameter}:String}} = '' OR {column} = {{{parameter}:String}})"


_SEARCH = " AND ".join((
    "({ip:String} = '' OR t.src_ip = toIPv6OrDefault({ip:String}) OR t.dst_ip = toIPv6OrDefault({ip:String}))",
    "({port:String} = '' OR src_port = toUInt16OrZero({port:String}) OR dst_port = toUInt16OrZero({port:String}))",
    _chosen("src_zone", "t.src_zone"), _chosen("dst_zone", "t.dst_zone"), _chosen("verdict", "toString(t.verdict)"),
    _chosen("outcome", "toString(t.outcome)"), _chosen("conduit", "t.conduit"),
    _chosen("app", "toString(t.app_proto)")))

_LARGEST = traffic("proto, dst_port", f"GROUP BY proto, dst_port ORDER BY sum({BYTES}) DESC LIMIT 8")

FLOWS = Page(
    id="flows", parameters=("ip", "port", "app", "src_zone", "dst_zone", "verdict", "outcome", "conduit"),
    title=Words("フロー", "Flows"),
    description=Words("通信量の多い相手とサービス、個々のフローの検索。",
                      "Who and which services move most, and the search over single flows."),
    panels=(
        Panel(
            id="talkers", title=Words("通信量の多いアドレス", "Top talkers"),
            description=Words("系・送受信・相手の数。3時間以内は秒単位、それより長い期間は1時間単位。上位50。",
                              "Zone, bytes both ways and number of peers. By the second up to 3 hours, by whole hours "
                              "beyond. The top 50."),
            kind=Kind.TABLE, width=12, height=11,
            sql=with_top("sum(bytes_out + bytes_in)", 50)
                + f"SELECT {address('t.ip')} AS ip, any(zone) AS zone, sum(bytes_out) AS bytes_out, sum(bytes_in) AS "
                "bytes_in, sumIf(flows, role = 'initiator') AS as_initiator, sumIf(flows, role = 'responder') AS "
                f"as_responder, uniqMerge(t.peers) AS peers\nFROM {talkers(AMONG_TOP)} AS t\n"
                "GROUP BY t.ip ORDER BY bytes_out + bytes_in DESC, t.ip LIMIT 50",
            units={"bytes_out": Unit.BYTES, "bytes_in": Unit.BYTES}, links=(to_host(),),
        ),
        Panel(
            id="services", title=Words("サービス別", "By service"),
            description=Words("応答側のポート。「*」はサービスを表さないポートの合計。上位50。",
                              "By the responder's port; * is the sum of ports that name no service. The top 50."),
            kind=Kind.TABLE, width=12, height=11,
            sql=traffic(f"{service()} AS service, sum(t.flows) AS flows, sumIf(t.flows, outcome = 'established') AS "
                        f"established, sum({BYTES}) AS bytes, if(dst_port = 0, '', toString(dst_port)) AS port",
                        "GROUP BY service, dst_port ORDER BY bytes DESC LIMIT 50"),
            units={"bytes": Unit.BYTES}, hidden=("port",), links=(to_flows("service", port="port"),),
        ),
        Panel(
            id="services_over_time", title=Words("サービス別通信量の推移", "Traffic by service over time"),
            description=Words("期間内で多い8サービス。", "The eight largest services of the range."),
            kind=Kind.BARS, unit=Unit.BITS_PER_SECOND, width=24, height=8,
            sql=traffic(f"{point()} AS time, {service()} AS series, sum({BYTES}) * 8 / {STEP_S} AS value",
                        "GROUP BY time, series ORDER BY time, series",
                        f"(proto, dst_port) IN (\n{_LARGEST})"),
        ),
        Panel(
            id="search", title=Words("フロー検索", "Flow search"),
            description=Words("上の条件に合うフロー、新しい順に500件まで。アドレスは両端、ポートは両側を探す。",
                              "Flows that meet the conditions above, the newest 500. Address and port are looked for "
                              "at both ends."),
            kind=Kind.TABLE, width=24, height=16, colours="verdict",
            sql=raw_flows(FLOW_LIST, "ORDER BY ts_start_ns DESC LIMIT 500", _SEARCH),
            units=FLOW_UNITS, hidden=("flow_id",), links=(to_host("src_ip"), to_host("dst_ip")),
        ),
    ),
)

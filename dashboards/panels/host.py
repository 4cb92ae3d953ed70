"""One address: everything about it."""

from dashboards.panels.flows import FLOW_LIST, FLOW_UNITS
from dashboards.panels.links import to_alert, to_host
from dashboards.panels.model import Kind, Page, Panel, Unit, Words
from dashboards.panels.sql import (
    BYTES,
    JA,
    NOT_PERMITTED,
    SIGNATURE,
    STATUS,
    address,
    alerts_now,
    buckets,
    raw_flows,
    service,
    shown_time,
    talkers,
    where_from,
    with_status,
)

_IP = "toIPv6OrDefault({ip:String})"
_GIVEN = f"{_IP} != toIPv6('::')"
_OWN = talkers(f"ip = {_IP} AND {_GIVEN}", f"(t.src_ip = {_IP} OR t.dst_ip = {_IP}) AND {_GIVEN}")
_AS_SOURCE, _AS_TARGET = f"t.src_ip = {_IP} AND {_GIVEN}", f"t.dst_ip = {_IP} AND {_GIVEN}"
_EITHER = f"({_AS_SOURCE} OR {_AS_TARGET})"
# an address is in few places of an hour, but an hour's flows are many: of a long range its newest hours are read
_HOURS = 26
_RECENT = (f"intDiv(toUnixTimestamp64Second(t.ts_start_ns), 3600) IN (\nSELECT intDiv(toUnixTimestamp(bucket), 3600) "
           f"FROM talkers_1h AS t\nWHERE t.ip = {_IP} AND {_GIVEN} AND {buckets(grain='3600')}\n"
           f"  AND {where_from('none')}\nGROUP BY bucket ORDER BY bucket DESC LIMIT {_HOURS})")
_SIDES = (f"if({JA}, '開始側', 'initiator')", f"if({JA}, '応答側', 'responder')")
_STEP = "greatest({step_s:UInt32}, if('@source' = 'raw', 1, 3600))"


def _lately(ja: str, en: str) -> Words:
    return Words(f"{ja}期間内で通信のあった最新{_HOURS}時間のフローから。",
                 f"{en} From the flows of the newest {_HOURS} hours of the range in which it was seen.")


HOST = Page(
    id="host", parameters=("ip",),
    title=Words("アドレスの調査", "Host"),
    description=Words("一つのアドレスについて記録にあるすべて。概要・推移・アラートは期間全体、ほかは通信のあった最新の"
                      f"{_HOURS}時間から。",
                      "Everything that is recorded about one address. Summary, traffic and alerts cover the whole "
                      f"range, the rest the newest {_HOURS} hours in which it was seen."),
    panels=(
        Panel(
            id="summary", title=Words("概要", "Summary"),
            description=Words("系と役割ごと。二つ以上の系に出るアドレスは、VLANかアドレスの誤りか偽装。",
                              "By zone and role. An address in more than one zone is a mistake in VLANs or addresses, "
                              "or forged."),
            kind=Kind.TABLE, width=12, height=7,
            sql=f"SELECT zone, if(role = 'initiator', {_SIDES[0]}, {_SIDES[1]}) AS role, "
                "sum(flows) AS flows, sum(bytes_out) AS bytes_out, sum(bytes_in) AS bytes_in, "
                f"uniqMerge(peers) AS peers, min(hour) AS first_hour, max(hour) AS last_hour\nFROM {_OWN}\n"
                "GROUP BY zone, role ORDER BY flows DESC, zone",
            units={"bytes_out": Unit.BYTES, "bytes_in": Unit.BYTES, "first_hour": Unit.TIME, "last_hour": Unit.TIME},
        ),
        Panel(
            id="alerts", title=Words("関わるアラート", "Its alerts"),
            description=Words("送信元または宛先であるアラート。新しい順に200件まで。",
                              "Alerts that name it as source or destination; the newest 200."),
            kind=Kind.TABLE, width=12, height=7, colours="severity",
            sql=f"SELECT toString(severity) AS severity, {STATUS} AS status, {SIGNATURE} AS signature, "
                f"{shown_time('start_ns')} AS first_evidence, {address('src_ip')} AS src_ip, {address('dst_ip')} AS "
                "dst_ip, toString(outcome) AS outcome, present.run_id AS run_id, "
                "toString(present.alert_id) AS alert_id\nFROM "
                + with_status(alerts_now("signature, signature_ja, start_ns, src_ip, dst_ip, outcome", _EITHER))
                + "\nORDER BY start_ns DESC LIMIT 200",
            units={"first_evidence": Unit.TIME}, hidden=("run_id",),
            links=(to_alert(), to_alert("alert_id"), to_host("src_ip"), to_host("dst_ip")),
        ),
        Panel(
            id="rate", title=Words("送受信の推移", "Traffic"),
            description=Words("3時間以内は点ごと、それより長い期間は1時間ごと。",
                              "By point up to 3 hours, by the hour beyond."),
            kind=Kind.TIMESERIES, unit=Unit.BITS_PER_SECOND, width=24, height=7,
            sql=f"SELECT time, sum(sent) * 8 / {_STEP} AS bytes_out, sum(received) * 8 / {_STEP} AS bytes_in\nFROM (\n"
                f"SELECT toDateTime(intDiv(toUnixTimestamp(hour), {_STEP}) * {_STEP}, 'UTC') AS time, "
                f"bytes_out AS sent, bytes_in AS received\nFROM {_OWN}\nWHERE '@source' = 'rollup'\nUNION ALL\n"
                f"SELECT toDateTime(intDiv(toUnixTimestamp64Second(ts_start_ns), {_STEP}) * {_STEP}, 'UTC') AS time, "
                f"if(src_ip = {_IP}, bytes_toserver, bytes_toclient), if(src_ip = {_IP}, bytes_toclient, "
                "bytes_toserver)\nFROM (\n"
                + raw_flows("ts_start_ns, src_ip, bytes_toserver, bytes_toclient", "",
                            f"{_EITHER} AND '@source' = 'raw'")
                + "\n)\n)\nGROUP BY time ORDER BY time",
        ),
        Panel(
            id="used", title=Words("使っているサービス", "Services it uses"),
            description=_lately("開始側として。上位50。", "As initiator. The top 50."),
            kind=Kind.TABLE, width=12, height=9,
            sql=raw_flows(f"{service()} AS service, {address('dst_ip')} AS ip, any(dst_zone) AS zone, "
                          f"countIf(part = 0) AS flows, countIf(part = 0 AND {NOT_PERMITTED}) AS violations, "
                          f"sum({BYTES}) AS bytes, {shown_time('max(ts_end_ns)')} AS last_seen",
                          "GROUP BY proto, dst_port, dst_ip ORDER BY bytes DESC LIMIT 50",
                          f"{_AS_SOURCE} AND {_RECENT}"),
            units={"bytes": Unit.BYTES, "last_seen": Unit.TIME}, links=(to_host(),),
        ),
        Panel(
            id="offered", title=Words("提供しているサービス", "Services it offers"),
            description=_lately("応答側として。成立が0のものは試されただけ。上位50。",
                              "As responder. With 0 established it was only tried. The top 50."),
            kind=Kind.TABLE, width=12, height=9,
            sql=raw_flows(f"{service()} AS service, uniqExact(src_ip) AS peers, countIf(part = 0) AS flows, "
                          "countIf(part = 0 AND outcome = 'established') AS established, "
                          f"countIf(part = 0 AND {NOT_PERMITTED}) AS violations, sum({BYTES}) AS bytes, "
                          f"{shown_time('max(ts_end_ns)')} AS last_seen",
                          "GROUP BY proto, dst_port ORDER BY established DESC, flows DESC LIMIT 50",
                          f"{_AS_TARGET} AND {_RECENT}"),
            units={"bytes": Unit.BYTES, "last_seen": Unit.TIME},
        ),
        Panel(
            id="verdicts", title=Words("系ごとの判定", "Verdicts by zone"),
            description=_lately("このアドレスのフローに対する方針の判定。", "What the policy says of its flows."),
            kind=Kind.TABLE, width=12, height=9, colours="verdict",
            sql=raw_flows("src_zone AS source, dst_zone AS target, toString(verdict) AS verdict, toString(outcome) AS "
                          f"outcome, countIf(part = 0) AS flows, sum({BYTES}) AS bytes",
                          "GROUP BY src_zone, dst_zone, t.verdict, t.outcome\n"
                          f"ORDER BY {NOT_PERMITTED} DESC, flows DESC",
                          f"{_EITHER} AND {_RECENT}"),
            units={"bytes": Unit.BYTES},
        ),
        Panel(
            id="macs", title=Words("MACアドレスとVLAN", "MAC addresses and VLANs"),
            description=_lately("このアドレスとして送った、または宛てられたMAC。ルーター越しでは隣のルーターのもの。",
                              "MACs that sent as this address or were addressed; behind a router it is the router's."),
            kind=Kind.TABLE, width=12, height=9,
            sql="SELECT arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight(mac, shift), "
                f"255)))), [40, 32, 24, 16, 8, 0]), ':') AS mac_address, vlan, sum(rows) AS flows, "
                f"{shown_time('max(last)')} AS last_seen\nFROM (\n"
                + raw_flows(f"if(src_ip = {_IP}, src_mac, dst_mac) AS mac, vlan, count() AS rows, max(ts_end_ns) AS "
                            "last", "GROUP BY mac, vlan", f"{_EITHER} AND {_RECENT}")
                + "\n)\nGROUP BY mac, vlan ORDER BY flows DESC LIMIT 50",
            units={"last_seen": Unit.TIME},
        ),
        Panel(
            id="flows", title=Words("新しいフロー", "Its newest flows"),
            description=_lately("新しい順に200件まで。", "The newest 200."),
            kind=Kind.TABLE, width=24, height=12, colours="verdict",
            sql=raw_flows(FLOW_LIST, "ORDER BY ts_start_ns DESC LIMIT 200", f"{_EITHER} AND {_RECENT}"),
            units=FLOW_UNITS, hidden=("flow_id",), links=(to_host("src_ip"), to_host("dst_ip")),
        ),
    ),
)

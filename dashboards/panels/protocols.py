"""DNS・HTTP・TLS: what flows know of them, by port; names and certificates are in tables of their own."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Page, Panel, Unit, Words
from dashboards.panels.routing import MINUTES_UP_TO_MS
from dashboards.panels.sql import (
    BYTES,
    NOT_PERMITTED,
    STEP_S,
    TO,
    address,
    alert_counts,
    point,
    raw_flows,
    service,
    traffic,
)

_DNS, _HTTP, _TLS = "53", "80, 3128, 8000, 8080", "443, 853, 8443"
_BY_PORT = Words(
    "ポート番号による集計であり、別のポートの通信は含まず、そのポートの別のプロトコルを含む。"
    "名前・URL・証明書は表 dns_log・http_log・tls_log にある。",
    "The protocol is taken from the port: the same protocol on another port is left out, and another protocol on this "
    "port is counted in. Names, URLs and certificates are in the tables dns_log, http_log and tls_log.")
_APP = (f"multiIf(dst_port IN ({_DNS}), 'DNS', dst_port IN ({_HTTP}), 'HTTP', dst_port IN ({_TLS}), 'TLS', '')")
_ANY = f"dst_port IN ({_DNS}, {_HTTP}, {_TLS}) AND proto IN (6, 17)"


def _with_note(ja: str, en: str) -> Words:
    return Words(ja + _BY_PORT.ja, f"{en} {_BY_PORT.en}")


# no rollup has addresses and ports together: flow rows of a day are read, not of a month
_LAST_DAY = f"t.ts_start_ns >= fromUnixTimestamp64Milli(toInt64({TO} - {MINUTES_UP_TO_MS}), 'UTC')"
_OF_A_DAY = Words("長い期間では最後の25時間から。", " Of a long range its last 25 hours.")


def _servers(panel_id: str, title: Words, ports: str, ja: str, en: str) -> Panel:
    return Panel(
        id=panel_id, title=title, description=_with_note(ja + _OF_A_DAY.ja, en + _OF_A_DAY.en),
        kind=Kind.TABLE, width=12, height=10,
        sql=raw_flows(f"{address('dst_ip')} AS ip, any(dst_zone) AS zone, {service('any(dst_port)', 'any(proto)')} AS "
                      f"service, countIf(part = 0) AS flows, countIf(part = 0 AND {NOT_PERMITTED}) AS violations, "
                      f"uniq(src_ip) AS clients, sum({BYTES}) AS bytes",
                      "GROUP BY dst_ip ORDER BY flows DESC LIMIT 25",
                      f"dst_port IN ({ports}) AND proto IN (6, 17) AND {_LAST_DAY}"),
        units={"bytes": Unit.BYTES}, links=(to_host(),))


PROTOCOLS = Page(
    id="protocols",
    title=Words("DNS・HTTP・TLS", "DNS, HTTP, TLS"),
    description=_BY_PORT,
    panels=(
        Panel(
            id="volumes", title=Words("通信量の推移", "Traffic over time"),
            description=_with_note("ポートによる分類。", "By port."),
            kind=Kind.BARS, unit=Unit.BITS_PER_SECOND, width=12, height=9,
            sql=traffic(f"{point()} AS time, {_APP} AS series, sum({BYTES}) * 8 / {STEP_S} AS value",
                        "GROUP BY time, series ORDER BY time, series", _ANY),
        ),
        Panel(
            id="requests", title=Words("フロー数の推移", "Flows over time"),
            description=_with_note("DNSの急な増加はトンネルや反射攻撃の手がかり。",
                                   "A sudden rise of DNS hints at tunnels or reflection."),
            kind=Kind.BARS, unit=Unit.PER_SECOND, width=12, height=9,
            sql=traffic(f"{point()} AS time, {_APP} AS series, sum(flows) / {STEP_S} AS value",
                        "GROUP BY time, series ORDER BY time, series", _ANY),
        ),
        Panel(
            id="by_zones", title=Words("系の組別", "By zone pair"),
            description=_with_note("どの系からどの系のサービスを使うか。", "Which zone uses the services of which."),
            kind=Kind.TABLE, width=12, height=10, colours="verdict",
            sql=traffic(f"{_APP} AS application, src_zone AS source, dst_zone AS target, toString(verdict) AS verdict, "
                        f"sum(t.flows) AS flows, sum({BYTES}) AS bytes",
                        "GROUP BY application, src_zone, dst_zone, t.verdict ORDER BY bytes DESC LIMIT 100", _ANY),
            units={"bytes": Unit.BYTES},
            links=(to_flows("verdict", src_zone="source", dst_zone="target", verdict="verdict"),),
        ),
        _servers("resolvers", Words("使われているDNSサーバー", "DNS servers used"), _DNS,
                 "組織のリゾルバ以外への問い合わせは漏えいやトンネルの手がかり。上位25。",
                 "Questions to other resolvers than the organisation's hint at leaks or tunnels. The top 25."),
        _servers("web_servers", Words("使われているHTTPサーバー", "HTTP servers used"), _HTTP,
                 "平文のWebとプロキシ。上位25。", "Web in clear text, and proxies. The top 25."),
        _servers("tls_servers", Words("使われているTLSサーバー", "TLS servers used"), _TLS,
                 "HTTPSとDNS over TLS。上位25。", "HTTPS and DNS over TLS. The top 25."),
        Panel(
            id="alerts", title=Words("新しいアラートの推移", "New alerts over time"),
            description=Words("全アラートの検知器別件数。プロトコルの中身を見る検知器はまだ無い。",
                              "All new alerts by detector. No detector looks into these protocols yet."),
            kind=Kind.BARS, width=12, height=10,
            sql=alert_counts(f"{point()} AS time, toString(detector) AS series, sum(alerts) AS value",
                             "GROUP BY time, detector ORDER BY time, detector"),
        ),
        Panel(
            id="unanswered", title=Words("応答の無い問い合わせの割合", "Share without an answer"),
            description=_with_note("系ごと。DNSの無応答が多ければ、偽装送信元か遮断。",
                                   "By zone of the initiator. Much unanswered DNS is forged sources, or a block."),
            kind=Kind.TABLE, width=12, height=10,
            sql=traffic(f"{_APP} AS application, src_zone AS source, sum(t.flows) AS flows, "
                        "sumIf(t.flows, outcome != 'established') AS unanswered, "
                        "if(flows = 0, NULL, unanswered / flows) AS share",
                        "GROUP BY application, src_zone ORDER BY application, flows DESC LIMIT 100", _ANY),
            units={"share": Unit.SHARE},
        ),
    ),
)

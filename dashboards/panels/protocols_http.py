"""What was asked over HTTP in clear text, of which host, by what program, and how it ended."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Panel, Unit, Words
from dashboards.panels.sql import JA, RAW_STEP_S, address, point, shown_time, transactions

_CLASS = f"if(status = 0, if({JA}, '応答なし', 'no answer'), concat(toString(intDiv(status, 100)), 'xx'))"
_BODIES = "request_body_bytes + response_body_bytes"

HTTP = (
    Panel(
        id="http_status", title=Words("HTTPの状態コードの推移", "HTTP answers over time"),
        description=Words("要求の数、応答の状態コード別。4xxの急な増加は探索の手がかり。",
                          "Requests by the class of their answer. A sudden rise of 4xx hints at probing."),
        kind=Kind.BARS, width=12, height=8,
        sql=transactions("http", f"{point('ts_ns', RAW_STEP_S)} AS time, {_CLASS} AS series, count() AS value",
                         "GROUP BY time, series ORDER BY time, series"),
    ),
    Panel(
        id="http_methods", title=Words("HTTPのメソッド", "HTTP methods"),
        description=Words("CONNECTはプロキシへの要求。上位15。", "CONNECT is asked of proxies. The top 15."),
        kind=Kind.RANKING, width=12, height=8,
        sql=transactions("http", "if(http_method = '', '–', toString(http_method)) AS label, count() AS requests, "
                         "countIf(status >= 400) AS errors", "GROUP BY label ORDER BY requests DESC, label LIMIT 15"),
    ),
    Panel(
        id="http_hosts", title=Words("平文のWebのホスト", "Hosts asked in clear text"),
        description=Words("ホスト名（無ければ宛先のアドレス）ごとの要求、利用者、エラー、本文のバイト。上位50。",
                          "By host name, or address where none was said: requests, clients, errors, bytes of bodies. "
                          "The top 50."),
        kind=Kind.TABLE, width=12, height=11,
        sql=transactions("http", f"if(hostname = '', {address('dst_ip')}, hostname) AS name, count() AS requests, "
                         f"uniq(src_ip) AS clients, countIf(status >= 400) AS errors, sum({_BODIES}) AS bytes, "
                         f"{address('any(dst_ip)')} AS ip, toString(any(dst_zone)) AS zone, "
                         f"{shown_time('max(ts_ns)')} AS last_seen, 'http' AS app",
                         "GROUP BY name ORDER BY requests DESC, name LIMIT 50"),
        units={"bytes": Unit.BYTES, "last_seen": Unit.TIME}, hidden=("app",),
        links=(to_host(), to_flows("requests", app="app", ip="ip")),
    ),
    Panel(
        id="http_agents", title=Words("HTTPのUser-Agent", "User agents"),
        description=Words("何が要求したか。少数の端末だけが使う古い、または見慣れないものに注目。上位50。",
                          "What asked. Look for old or unknown ones that few clients use. The top 50."),
        kind=Kind.TABLE, width=12, height=11,
        sql=transactions("http", "if(http_user_agent = '', '–', http_user_agent) AS user_agent, count() AS requests, "
                         f"uniq(src_ip) AS clients, uniq(hostname) AS hosts, {address('any(src_ip)')} AS client, "
                         f"toString(any(src_zone)) AS zone, {shown_time('max(ts_ns)')} AS last_seen",
                         "GROUP BY user_agent ORDER BY requests DESC, user_agent LIMIT 50"),
        units={"last_seen": Unit.TIME}, links=(to_host("client"),),
    ),
)

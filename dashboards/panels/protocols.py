"""DNS・HTTP・TLS: what speaks which protocol by its content, and what was said in the three that tell most."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Page, Panel, Unit, Words
from dashboards.panels.protocols_dns import DNS
from dashboards.panels.protocols_http import HTTP
from dashboards.panels.protocols_tls import TLS
from dashboards.panels.sql import BYTES, JA, STEP_S, address, last_day, point, raw_flows, service, traffic

_LARGEST = traffic("app", f"GROUP BY app ORDER BY sum({BYTES}) DESC LIMIT 8")
_NAMED = f"if(t.app = '', if({JA}, '不明', 'not recognised'), toString(t.app))"
"""A flow of which nothing was recognised, most of all one that was never answered."""
_SEARCHED = "if(t.app = '', 'unknown', toString(t.app))"

_USUAL = (
    ("dns", (53, 137, 5353, 5355)), ("http", (80, 3128, 5985, 8000, 8080)), ("http2", (80, 8080)),
    ("tls", (443, 465, 636, 853, 989, 990, 993, 995, 3269, 3389, 5061, 5671, 5986, 6443, 6514, 8443, 8883,
             3128, 8080)),  # through a proxy
    ("quic", (443, 853)), ("smtp", (25, 465, 587)), ("ftp", (21,)), ("ssh", (22,)), ("smb", (139, 445)),
    ("rdp", (3389,)), ("dhcp", (67, 68, 546, 547)), ("ntp", (123,)), ("snmp", (161, 162)), ("krb5", (88, 464)),
    ("ldap", (389, 3268)), ("sip", (5060,)), ("irc", (194, 6667)), ("modbus", (502,)), ("dnp3", (20000,)),
    ("pop3", (110,)), ("imap", (143,)), ("telnet", (23,)), ("rfb", (5900,)), ("mqtt", (1883,)),
    ("ike", (500, 4500)), ("enip", (44818,)))
"""Ports on which a protocol is usual."""
_PAIRS = ", ".join(f"('{app}', {port})" for app, ports in _USUAL for port in ports)
# what is told its port by another conversation has no usual one
_ANYWHERE = "'unknown', 'failed', 'ftp_data', 'dcerpc', 'tftp'"
_UNUSUAL = f"t.app_proto NOT IN ({_ANYWHERE}) AND (toString(t.app_proto), dst_port) NOT IN ({_PAIRS})"

_BY_CONTENT = (
    Panel(
        id="volumes", title=Words("プロトコル別通信量の推移", "Traffic by protocol over time"),
        description=Words("通信の中身で判別したプロトコル。期間内で多い8種類。応答の無いフローは判別できない。",
                          "By what the content shows, whatever the port: the eight largest of the range. A flow that "
                          "was never answered shows nothing to recognise."),
        kind=Kind.BARS, unit=Unit.BITS_PER_SECOND, width=12, height=9,
        sql=traffic(f"{point()} AS time, {_NAMED} AS series, sum({BYTES}) * 8 / {STEP_S} AS value",
                    "GROUP BY time, series ORDER BY time, series", f"app IN (\n{_LARGEST})"),
    ),
    Panel(
        id="requests", title=Words("プロトコル別フロー数の推移", "Flows by protocol over time"),
        description=Words("DNSの急な増加はトンネルや反射攻撃の手がかり。",
                          "A sudden rise of DNS hints at tunnels or reflection."),
        kind=Kind.BARS, unit=Unit.PER_SECOND, width=12, height=9,
        sql=traffic(f"{point()} AS time, {_NAMED} AS series, sum(flows) / {STEP_S} AS value",
                    "GROUP BY time, series ORDER BY time, series", f"app IN (\n{_LARGEST})"),
    ),
    Panel(
        id="by_zones", title=Words("系の組別", "By zone pair"),
        description=Words("どの系からどの系へ、どのプロトコルが使われ、方針は何と言うか。上位100。",
                          "Which zone speaks which protocol to which, and what the policy says. The top 100."),
        kind=Kind.TABLE, width=12, height=10, colours="verdict",
        sql=traffic(f"{_NAMED} AS application, src_zone AS source, dst_zone AS target, toString(verdict) AS verdict, "
                    f"sum(t.flows) AS flows, sum({BYTES}) AS bytes, {_SEARCHED} AS app",
                    "GROUP BY t.app, src_zone, dst_zone, t.verdict ORDER BY bytes DESC, flows DESC LIMIT 100"),
        units={"bytes": Unit.BYTES}, hidden=("app",),
        links=(to_flows("application", app="app", src_zone="source", dst_zone="target", verdict="verdict"),
               to_flows("verdict", src_zone="source", dst_zone="target", verdict="verdict")),
    ),
    Panel(
        id="unusual_ports", title=Words("いつもと違うポート", "Protocols on unusual ports"),
        description=Words("中身のプロトコルがそのポートで普通に使われるものではないフロー。トンネル、隠れたサービス、設定の誤りの手がかり。"
                          "長い期間では最後の25時間から。上位50。",
                          "Flows whose content is a protocol that is not usual on their port. It hints at tunnels, "
                          "hidden services and mistakes. Of a long range its last 25 hours. The top 50."),
        kind=Kind.TABLE, width=12, height=10,
        sql=raw_flows(f"toString(app_proto) AS application, {service()} AS service, src_zone AS source, dst_zone AS "
                      f"target, uniq(dst_ip) AS servers, countIf(part = 0) AS flows, sum({BYTES}) AS bytes, "
                      f"{address('any(dst_ip)')} AS ip, toString(dst_port) AS port",
                      "GROUP BY app_proto, proto, dst_port, src_zone, dst_zone\n"
                      "ORDER BY flows DESC, bytes DESC, application, port, source, target LIMIT 50",
                      f"{_UNUSUAL} AND {last_day('t.ts_start_ns')}"),
        units={"bytes": Unit.BYTES}, hidden=("port",),
        links=(to_host(), to_flows("application", app="application", port="port", src_zone="source",
                                   dst_zone="target")),
    ),
)

PROTOCOLS = Page(
    id="protocols",
    title=Words("DNS・HTTP・TLS", "DNS, HTTP, TLS"),
    description=Words("どのプロトコルが話されているか（ポートではなく中身による）と、DNS・HTTP・TLSで何が言われたか。"
                      "DNS・HTTP・TLSの欄は、長い期間では最後の25時間から。",
                      "Which protocols are spoken, by content and not by port, and what was said in DNS, HTTP and TLS. "
                      "Of a long range the panels on DNS, HTTP and TLS take the last 25 hours."),
    panels=(*_BY_CONTENT, *DNS, *HTTP, *TLS),
)

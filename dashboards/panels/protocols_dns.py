"""What was asked in DNS, of whom, and what was answered."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Panel, Unit, Words
from dashboards.panels.sql import RAW_STEP_S, address, point, shown_time, transactions

_ASKED = "message_type = 'request'"
_ANSWERED = "message_type = 'response' AND to_server = 0"
_UNICAST = "variant = 'dns'"

DNS = (
    Panel(
        id="dns_answers", title=Words("DNSの応答コードの推移", "DNS answers over time"),
        description=Words("応答の数、応答コード別。NXDOMAINの増加は不正プログラムの名前生成や設定の誤りの手がかり。",
                          "Answers by response code. A rise of NXDOMAIN hints at malware that makes up names, or at a "
                          "mistake."),
        kind=Kind.BARS, width=12, height=8,
        sql=transactions("dns", f"{point('ts_ns', RAW_STEP_S)} AS time, toString(rcode) AS series, count() AS value",
                         "GROUP BY time, series ORDER BY time, series", f"{_UNICAST} AND {_ANSWERED}"),
    ),
    Panel(
        id="dns_types", title=Words("DNSの問い合わせ（種類別）", "DNS questions by type"),
        description=Words("最初の質問の種類。TXTやNULLが多ければトンネルの手がかり。上位15。",
                          "Type in the first question. Much TXT or NULL hints at tunnels. The top 15."),
        kind=Kind.RANKING, width=12, height=8,
        sql=transactions("dns", "if(rrtype = '', '–', toString(rrtype)) AS label, count() AS questions, "
                         "uniq(src_ip) AS clients", "GROUP BY label ORDER BY questions DESC, label LIMIT 15",
                         f"{_UNICAST} AND {_ASKED}"),
    ),
    Panel(
        id="dns_names", title=Words("よく問い合わせられる名前", "Names asked for"),
        description=Words("問い合わせの多い名前と、存在しないという応答の数。上位50。",
                          "Names by questions, and how often the answer was that there is none. The top 50."),
        kind=Kind.TABLE, width=12, height=11,
        sql=transactions("dns", f"rrname AS name, countIf({_ASKED}) AS questions, uniqIf(src_ip, {_ASKED}) AS clients, "
                         f"countIf({_ANSWERED} AND rcode = 'NXDOMAIN') AS nxdomain, "
                         f"{address('any(src_ip)')} AS client, {shown_time('max(ts_ns)')} AS last_seen",
                         "GROUP BY rrname ORDER BY questions DESC, nxdomain DESC, name LIMIT 50",
                         f"{_UNICAST} AND rrname != ''"),
        units={"last_seen": Unit.TIME}, links=(to_host("client"),),
    ),
    Panel(
        id="resolvers", title=Words("使われているDNSサーバー", "DNS servers used"),
        description=Words("問い合わせ先、どのポートでも。組織のリゾルバ以外への問い合わせは漏えいやトンネル、問い合わせの無い応答は反射攻撃、"
                          "高い無応答の割合は遮断か偽装送信元の手がかり。上位25。",
                          "Who is asked, on any port. Questions to other resolvers than the organisation's hint at "
                          "leaks or tunnels, answers without a question at reflection, many without an answer at a "
                          "block or forged sources. The top 25."),
        kind=Kind.TABLE, width=12, height=11,
        sql="SELECT ip, zone, questions, answers, clients, "
            "if(questions = 0, NULL, greatest(questions - matched, 0) / questions) AS unanswered_share, "
            "if(answers = 0, NULL, errors / answers) AS error_share, response_time, app\nFROM (\n"
            + transactions("dns", f"{address('dst_ip')} AS ip, toString(any(dst_zone)) AS zone, countIf({_ASKED}) AS "
                           f"questions, uniqIf(src_ip, {_ASKED}) AS clients, countIf({_ANSWERED}) AS answers, "
                           f"toInt64(countIf({_ANSWERED} AND t.matched = 1)) AS matched, "
                           f"countIf({_ANSWERED} AND rcode != 'NOERROR') AS errors, "
                           f"if(countIf({_ANSWERED} AND t.matched = 1) = 0, NULL, "
                           f"quantileIf(0.5)(rtt_ns, {_ANSWERED} AND t.matched = 1) / 1e9) AS response_time, "
                           "'dns' AS app", "GROUP BY dst_ip", _UNICAST)
            + "\n)\nORDER BY greatest(questions, answers) DESC, ip LIMIT 25",
        units={"unanswered_share": Unit.SHARE, "error_share": Unit.SHARE, "response_time": Unit.SECONDS},
        hidden=("app",), links=(to_host(), to_flows("questions", app="app", ip="ip")),
    ),
    Panel(
        id="dns_clients", title=Words("DNSの変わった使い方", "Unusual use of DNS"),
        description=Words("端末ごとの異なる名前の数、存在しない名前、最も長い名前。多くの長い名前はトンネルの手がかり。上位25。",
                          "By client: different names, names that do not exist, the longest name. Many long names hint "
                          "at a tunnel. The top 25."),
        kind=Kind.TABLE, width=24, height=9,
        sql=transactions("dns", f"{address('src_ip')} AS ip, toString(any(src_zone)) AS zone, countIf({_ASKED}) AS "
                         f"questions, uniqIf(rrname, {_ASKED}) AS names, countIf({_ANSWERED} AND rcode = 'NXDOMAIN') "
                         f"AS nxdomain, maxIf(length(rrname), {_ASKED}) AS longest_name, "
                         f"argMaxIf(rrname, length(rrname), {_ASKED}) AS name, 'dns' AS app",
                         "GROUP BY src_ip ORDER BY names DESC, questions DESC, ip LIMIT 25", _UNICAST),
        hidden=("app",), links=(to_host(), to_flows("questions", app="app", ip="ip")),
    ),
)

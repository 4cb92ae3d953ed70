"""What TLS says before it encrypts: versions, names, clients' fingerprints, certificates."""

from dashboards.panels.links import to_flows, to_host
from dashboards.panels.model import Kind, Panel, Unit, Words
from dashboards.panels.sql import JA, RAW_STEP_S, TO, address, point, shown_time, transactions

_VERSION = f"if(version IN ('', 'UNDETERMINED'), if({JA}, '不明', 'not seen'), toString(version))"
_OLD = "version IN ('SSLv2', 'SSLv3', 'TLSv1', 'TLS 1.1')"
_ENDS = "parseDateTime64BestEffortOrNull(notafter, 3, 'UTC')"
_DAYS_LEFT = f"dateDiff('day', fromUnixTimestamp64Milli({TO}, 'UTC'), ends)"

TLS = (
    Panel(
        id="tls_versions", title=Words("TLSの版の推移", "TLS versions over time"),
        description=Words("ハンドシェイクの数、サーバーが選んだ版別。TLS 1.1以前は使うべきでない。",
                          "Handshakes by the version that the server chose. TLS 1.1 and older should not be used."),
        kind=Kind.BARS, width=12, height=8,
        sql=transactions("tls", f"{point('ts_ns', RAW_STEP_S)} AS time, {_VERSION} AS series, count() AS value",
                         "GROUP BY time, series ORDER BY time, series"),
    ),
    Panel(
        id="tls_names", title=Words("TLSのサーバー名（SNI）", "TLS server names (SNI)"),
        description=Words("利用者が求めた名前（無ければ宛先のアドレス）。「古い版」はTLS 1.1以前。上位50。",
                          "Names that clients asked for, or the address where none was said. Old: TLS 1.1 and before. "
                          "The top 50."),
        kind=Kind.TABLE, width=12, height=8,
        sql=transactions("tls", f"if(sni = '', {address('dst_ip')}, sni) AS name, count() AS handshakes, "
                         f"uniq(src_ip) AS clients, countIf({_OLD}) AS old_version, {address('any(dst_ip)')} AS ip, "
                         f"toString(any(dst_zone)) AS zone, {shown_time('max(ts_ns)')} AS last_seen, 'tls' AS app",
                         "GROUP BY name ORDER BY handshakes DESC, name LIMIT 50"),
        units={"last_seen": Unit.TIME}, hidden=("app",),
        links=(to_host(), to_flows("handshakes", app="app", ip="ip")),
    ),
    Panel(
        id="tls_clients", title=Words("TLSクライアントの指紋（JA4）", "TLS client fingerprints (JA4)"),
        description=Words("同じ指紋は同じプログラム。少数の端末だけの指紋に注目。少ない順に50。",
                          "One fingerprint is one program. Look at those that few clients have: the 50 rarest."),
        kind=Kind.TABLE, width=12, height=10,
        sql=transactions("tls", "ja4, uniq(src_ip) AS clients, count() AS handshakes, uniq(sni) AS names, "
                         f"any(sni) AS name, {address('any(src_ip)')} AS client, toString(any(src_zone)) AS zone, "
                         f"{shown_time('max(ts_ns)')} AS last_seen",
                         "GROUP BY ja4 ORDER BY clients, handshakes, ja4 LIMIT 50", "ja4 != ''"),
        units={"last_seen": Unit.TIME}, links=(to_host("client"),),
    ),
    Panel(
        id="tls_certificates", title=Words("サーバー証明書の期限", "Certificates of servers"),
        description=Words("期間の終わりから見た残り日数、短い順に50。負は期限切れ。TLS 1.3では証明書は見えない。",
                          "Days left, seen from the end of the range, the soonest 50; negative: expired. TLS 1.3 "
                          "hides certificates."),
        kind=Kind.TABLE, width=12, height=10,
        sql=f"SELECT {_DAYS_LEFT} AS days_left, subject, issuer, ip, zone, clients, handshakes, ends AS valid_until, "
            "app\nFROM (\n"
            + transactions("tls", f"subject, issuerdn AS issuer, {_ENDS} AS ends, {address('dst_ip')} AS ip, "
                           "toString(any(dst_zone)) AS zone, uniq(src_ip) AS clients, count() AS handshakes, "
                           "'tls' AS app",
                           "GROUP BY fingerprint, subject, issuerdn, notafter, dst_ip", "subject != ''")
            + "\n)\nORDER BY isNull(ends), ends, handshakes DESC, subject, ip LIMIT 50",
        units={"valid_until": Unit.TIME}, hidden=("app",),
        links=(to_host(), to_flows("handshakes", app="app", ip="ip")),
    ),
)

"""The numbers on the panels are the numbers in the rows."""

from __future__ import annotations

import pytest

from dashboards.checking import requests
from dashboards.panels import Request, bind, page
from tests.support.socket_store import SocketStore

HOST = "10.20.1.42"


def answer(store: SocketStore, of: str, panel: str, request: Request):
    return store.query(*bind(page(of).panel(panel).sql, request)).dicts()


@pytest.fixture(scope="module")
def asked(city):
    return requests(city, {"ip": HOST})


def test_violations_are_those_of_the_flows(city, asked):
    counted = city.query("SELECT src_zone, dst_zone, toString(verdict), toUInt64(count()) FROM flow WHERE part = 0 AND "
                         "verdict NOT IN ('permitted', 'not_judged') GROUP BY ALL").rows
    assert answer(city, "overview", "violations", asked["24 h"]) == [{"value": sum(row[3] for row in counted)}]
    listed = answer(city, "overview", "top_violations", asked["24 h"])
    assert sorted((r["source"], r["target"], r["verdict"], r["flows"]) for r in listed) == sorted(counted)
    matrix = {(r["source"], r["target"]): r["value"] for r in answer(city, "zones", "violation_matrix", asked["all"])}
    assert sum(matrix.values()) == sum(row[3] for row in counted)
    assert matrix["inet", "inet"] == 0  # seen, and nothing wrong: not the same as absent
    assert ("soc", "internet") not in matrix


def test_minutes_and_hours_hold_the_same_traffic(city, asked):
    day = asked["24 h"]
    begin = day.from_ms - day.from_ms % 3_600_000
    short, long = Request(begin, begin + 25 * 3_600_000), Request(begin, begin + 26 * 3_600_000)
    by_minute, by_hour = (answer(city, "zones", "flow_matrix", r) for r in (short, long))
    assert by_minute == by_hour != []


@pytest.mark.parametrize("hours", [3, 4])  # answered by rows, and by the rollup
def test_talkers_are_those_of_the_rows(city, hours):
    ((first,),) = city.query("SELECT intDiv(toUnixTimestamp64Milli(min(ts_start_ns)), 3600000) * 3600000 "
                             "FROM flow").rows
    shown = answer(city, "dos", "sources", Request(first, first + hours * 3_600_000))
    counted = city.query(
        "SELECT replaceOne(toString(src_ip), '::ffff:', '') AS ip, countIf(part = 0) AS flows, sum(bytes_toclient), "
        "sum(bytes_toserver), uniqExact(dst_ip) FROM flow WHERE ts_start_ns < fromUnixTimestamp64Milli({to:Int64}) "
        "GROUP BY src_ip ORDER BY flows DESC, src_ip LIMIT 25", {"to": first + hours * 3_600_000}).rows
    assert [tuple(r[k] for k in ("ip", "flows", "bytes_in", "bytes_out", "peers")) for r in shown] == counted


def test_everything_about_one_address(city, asked):
    (rows,), = city.query("SELECT count() FROM flow WHERE src_ip = toIPv6('::ffff:10.20.1.42') OR "
                          "dst_ip = toIPv6('::ffff:10.20.1.42')").rows
    assert len(answer(city, "host", "flows", asked["all"])) == rows > 20
    summary = {r["zone"]: r for r in answer(city, "host", "summary", asked["all"]) if r["role"] == "initiator"}
    assert list(summary) == ["lgwan"]
    signatures = {r["signature"] for r in answer(city, "host", "alerts", asked["all"])}
    assert signatures == {"Conduit opened from its far side", "Flow between zones without a conduit"}
    sent = sum(r["bytes_out"] for r in answer(city, "host", "summary", asked["all"]))
    drawn = sum(r["bytes_out"] for r in answer(city, "host", "rate", asked["all"])) / 8 * asked["all"].step_s
    assert drawn == pytest.approx(sent)


@pytest.mark.parametrize("ip", ["", "no address", "'; DROP TABLE flow --", "::", "192.0.2.300"])
def test_what_is_no_address_finds_nothing(city, asked, ip):
    request = Request(asked["all"].from_ms, asked["all"].to_ms, values={"ip": ip})
    for panel in page("host").panels:
        assert city.query(*bind(panel.sql, request)).rows == [], panel.id


def test_the_flow_search_takes_each_condition(city, asked):
    def found(**values: str) -> list[dict]:
        request = Request(asked["all"].from_ms, asked["all"].to_ms, values=values)
        return answer(city, "flows", "search", request)

    assert len(found()) == 500
    assert {r["verdict"] for r in found(verdict="no_conduit")} == {"no_conduit"}
    assert {(r["src_zone"], r["outcome"]) for r in found(src_zone="mynumber", outcome="attempted")} <= {
        ("mynumber", "attempted")}
    assert all("53" in (str(r["src_port"]), str(r["dst_port"])) for r in found(port="53"))
    assert {r["conduit"] for r in found(conduit="C10")} == {"C10"}
    assert found(ip=HOST)
    assert all(HOST in (r["src_ip"], r["dst_ip"]) for r in found(ip=HOST))
    assert found(dst_zone="internet", verdict="permitted_excess") == []


def test_conservation_is_shown_run_by_run(city, asked):
    (row,) = answer(city, "health", "conservation", asked["all"])
    assert (row["frames"], row["processed"], row["refused"], row["difference"]) == (21171, 21171, 0, 0)
    assert answer(city, "health", "imbalance", asked["all"]) == [{"value": 0}]


def test_what_was_refused_is_counted_by_cause(empty, execute):
    counters = [("capture", "records_found", 100), ("capture", "frames", 97), ("capture", "truncated_record", 3),
                ("decode", "processed", 90), ("decode", "checksum_bad", 5), ("decode", "fragment_incomplete", 1)]
    for minute, factor in ((1, 1), (2, 2)):  # a later reading of the same run replaces the earlier one
        rows = ", ".join(f"('r', 's', 'main', '2026-10-14 00:0{minute}:00', '{stage}', '{cause}', {value * factor})"
                         for stage, cause, value in counters)
        execute(f"INSERT INTO sensor_health (run_id, sensor, site, ts_ns, stage, cause, value) VALUES {rows}")
    request = Request(1791936000000 - 86_400_000 * 2, 1791936000000 + 86_400_000 * 2)
    assert answer(empty, "health", "refusals", request) == [
        {"label": "decode / checksum_bad", "frames": 10}, {"label": "capture / truncated_record", "frames": 6},
        {"label": "decode / fragment_incomplete", "frames": 2}]
    assert answer(empty, "health", "refused_share", request) == [{"value": pytest.approx(0.09)}]
    assert answer(empty, "health", "imbalance", request) == [{"value": 2}]


def test_only_detectors_and_parsers_that_raised_have_failed(city, empty, asked, execute):
    """The day has a conversation whose protocol was not made out, which is counted under a like name."""
    counted = "SELECT max(value) FROM sensor_health WHERE stage = 'app_layer.flow' AND startsWith(cause, 'failed_')"
    assert city.query(counted).rows[0][0] > 0
    assert answer(city, "health", "failed_detectors", asked["all"]) == [{"value": 0}]
    assert not any("failed_" in row["cause"] for row in answer(city, "health", "limits", asked["all"]))
    rows = ", ".join(f"('r', 's', 'main', '2026-10-14 00:00:00', '{stage}', '{cause}', 2)" for stage, cause in (
        ("chain", "failed_scan"), ("protocols", "failed_dns"), ("app_layer.flow", "failed_tcp"), ("scan", "failed")))
    execute(f"INSERT INTO sensor_health (run_id, sensor, site, ts_ns, stage, cause, value) VALUES {rows}")
    request = Request(1791936000000 - 86_400_000 * 2, 1791936000000 + 86_400_000 * 2)
    assert answer(empty, "health", "failed_detectors", request) == [{"value": 2}]
    assert {row["cause"] for row in answer(empty, "health", "limits", request)} == {"failed_scan", "failed_dns"}


def test_an_alert_is_what_people_made_of_it(empty, execute):
    for number, severity in ((1, "critical"), (2, "high"), (3, "high"), (4, "low")):
        execute("INSERT INTO alert (run_id, sensor, site, alert_id, revision, ts_ns, start_ns, end_ns, signature, "
                f"signature_id, severity) VALUES ('r', 's', 'main', {number}, 1, '2026-10-14 00:00:0{number}', "
                f"'2026-10-14 00:00:0{number}', '2026-10-14 00:00:09', 'x', 7, '{severity}')")
    for number, at, action in ((1, 1, "acknowledged"), (2, 1, "closed"), (3, 1, "closed"), (3, 2, "false_positive")):
        execute("INSERT INTO alert_action (run_id, alert_id, at, actor, action, comment) VALUES "
                f"('r', {number}, '2026-10-14 0{at}:00:00', 'a', '{action}', '')")
    request = Request(1791936000000 - 86_400_000, 1791936000000 + 86_400_000)
    numbers = {name: answer(empty, "alerts", name, request)[0]["value"] for name in
               ("open", "open_urgent", "in_hand", "decided", "false_positive_share")}
    assert numbers == {"open": 1, "open_urgent": 0, "in_hand": 1, "decided": 2, "false_positive_share": 0.5}
    queue = [(r["severity"], r["status"]) for r in answer(empty, "alerts", "queue", request)]
    assert queue == [("critical", "acknowledged"), ("low", "open"), ("high", "false_positive"), ("high", "closed")]
    (by_signature,) = answer(empty, "alerts", "by_signature", request)
    assert (by_signature["alerts"], by_signature["open"], by_signature["false_positive_share"]) == (4, 1, 0.5)


def test_the_newest_revision_is_the_alert(empty, execute):
    for revision, severity, end in ((1, "low", "05"), (2, "high", "30")):
        execute("INSERT INTO alert (run_id, sensor, site, alert_id, revision, ts_ns, start_ns, end_ns, signature, "
                f"severity) VALUES ('r', 's', 'main', 1, {revision}, '2026-10-14 00:00:{end}', '2026-10-14 00:00:00', "
                f"'2026-10-14 00:00:{end}', 'x', '{severity}')")
    request = Request(1791936000000 - 86_400_000, 1791936000000 + 86_400_000)
    assert [r["severity"] for r in answer(empty, "alerts", "queue", request)] == ["high"]
    low = Request(request.from_ms, request.to_ms, severity=("low",))
    assert answer(empty, "alerts", "queue", low) == []
    assert answer(empty, "overview", "urgent_alerts", request) == [{"value": 1}]
    for page_id, panel in (("overview", "alerts_over_time"), ("alerts", "timeline_severity")):
        assert [(r["series"], r["value"]) for r in answer(empty, page_id, panel, request)] == [("high", 1)]
    assert [(r["severity"], r["alerts"]) for r in answer(empty, "overview", "top_signatures", request)] == [("high", 1)]
    assert [(r["value"], r["severity"]) for r in answer(empty, "alerts", "by_zones", request)] == [(1, "high")]
    for page_id, panel in (("overview", "alerts_over_time"), ("alerts", "timeline"), ("alerts", "by_zones")):
        assert answer(empty, page_id, panel, low) == []


def test_the_usual_is_the_mean_of_the_week_before(empty, execute):
    # 7 days of 3,600 packets an hour at 10 o'clock, then a day with ten times as many
    for day in range(1, 9):
        packets = 3600 if day < 8 else 36_000
        execute("INSERT INTO flow (run_id, sensor, site, flow_id, ts_start_ns, ts_end_ns, pkts_toserver) VALUES "
                f"('r', 's', 'main', {day}, '2026-10-0{day} 10:00:00', '2026-10-0{day} 10:00:01', {packets})")
    eighth = 1791417600000  # 2026-10-08 00:00 UTC
    request = Request(eighth, eighth + 86_400_000, 3600)
    (row,) = answer(empty, "dos", "packet_rate", request)
    assert (row["rate"], row["baseline"], row["unusual_above"]) == (10, 1, 1)
    (early,) = answer(empty, "dos", "packet_rate", Request(eighth - 7 * 86_400_000, eighth - 6 * 86_400_000, 3600))
    assert early["baseline"] is None  # no week before: no line, not zero


def test_protocols_are_told_by_content(city, asked):
    counted = city.query("SELECT toString(app_proto), toUInt64(countIf(part = 0)) FROM flow GROUP BY 1").rows
    shown = answer(city, "protocols", "by_zones", asked["24 h"])
    for app, flows in counted:
        assert sum(r["flows"] for r in shown if r["app"] == app) == flows, app
    assert {r["application"] for r in shown if r["app"] == "unknown"} == {"not recognised"}
    found = answer(city, "flows", "search", Request(asked["24 h"].from_ms, asked["24 h"].to_ms, values={"app": "http"}))
    assert {r["app"] for r in found} == {"http"}
    assert len(found) == dict(counted)["http"]
    # the one page of updates that is fetched from port 8530
    assert [(r["application"], r["service"], r["flows"]) for r in answer(
        city, "protocols", "unusual_ports", asked["24 h"])] == [("http", "tcp/8530", 1)]


def test_names_on_the_protocols_page_are_those_of_the_rows(city, asked):
    questions = city.query("SELECT rrname, toUInt64(countIf(message_type = 'request')) AS n FROM dns WHERE "
                           "variant = 'dns' AND rrname != '' GROUP BY rrname HAVING n > 0").rows
    names = {r["name"]: r["questions"] for r in answer(city, "protocols", "dns_names", asked["24 h"])}
    assert {name: n for name, n in names.items() if n} == dict(questions)
    types = answer(city, "protocols", "dns_types", asked["24 h"])
    assert sum(r["questions"] for r in types) == sum(n for _, n in questions)
    for panel, table, column in (("http_hosts", "http", "requests"), ("http_agents", "http", "requests"),
                                 ("http_methods", "http", "requests"), ("tls_names", "tls", "handshakes"),
                                 ("http_status", "http", "value"), ("tls_versions", "tls", "value")):
        ((rows,),) = city.query(f"SELECT count() FROM {table}").rows
        assert sum(r[column] for r in answer(city, "protocols", panel, asked["24 h"])) == rows > 50, panel
    # what was reflected: answers that nobody had asked for
    assert all(r["unanswered_share"] is None for r in answer(city, "protocols", "resolvers", asked["24 h"])
               if r["questions"] == 0)


def test_what_was_said_in_dns(empty, execute):
    spoken = [("request", "", "a.example", 0, 0), ("response", "NOERROR", "a.example", 1, 40_000_000),
              ("request", "", "a.example", 0, 0), ("response", "NXDOMAIN", "a.example", 1, 20_000_000),
              ("request", "", "b.example", 0, 0), ("response", "NOERROR", "z.example", 0, 0)]
    for number, (kind, rcode, name, matched, rtt_ns) in enumerate(spoken):
        execute("INSERT INTO dns (run_id, ts_ns, flow_id, tx_id, src_ip, dst_ip, src_zone, dst_zone, variant, "
                "message_type, to_server, rcode, rrname, rrtype, matched, rtt_ns) VALUES ('r', "
                f"'2026-10-14 00:00:0{number}', 1, {number}, '::ffff:192.0.2.1', '::ffff:198.51.100.53', 'a', 'b', "
                f"'dns', '{kind}', {int(kind == 'request')}, '{rcode}', '{name}', 'A', {matched}, {rtt_ns})")
    request = Request(1791936000000, 1791936000000 + 3_600_000)
    (resolver,) = answer(empty, "protocols", "resolvers", request)
    assert (resolver["ip"], resolver["questions"], resolver["answers"], resolver["clients"]) == (
        "198.51.100.53", 3, 3, 1)
    assert (resolver["unanswered_share"], resolver["error_share"], resolver["response_time"]) == (
        pytest.approx(1 / 3), pytest.approx(1 / 3), pytest.approx(0.03))
    names = [(r["name"], r["questions"], r["nxdomain"]) for r in answer(empty, "protocols", "dns_names", request)]
    assert names == [("a.example", 2, 1), ("b.example", 1, 0), ("z.example", 0, 0)]
    (client,) = answer(empty, "protocols", "dns_clients", request)
    assert (client["ip"], client["names"], client["nxdomain"], client["longest_name"]) == ("192.0.2.1", 2, 1, 9)
    assert {r["series"]: r["value"] for r in answer(empty, "protocols", "dns_answers", Request(
        request.from_ms, request.to_ms, 3600))} == {"NOERROR": 2, "NXDOMAIN": 1}


def test_certificates_by_what_is_left_of_them(empty, execute):
    for subject, until, version in (("CN=late", "2027-10-14T00:00:00", "TLS 1.2"), ("CN=odd", "?", "TLS 1.2"),
                                    ("CN=soon", "2026-10-19T12:00:00", "TLSv1"), ("", "", "TLS 1.3"),
                                    ("CN=gone", "2026-10-01T00:00:00", "TLS 1.2")):
        execute("INSERT INTO tls (run_id, ts_ns, src_ip, dst_ip, version, subject, issuerdn, notafter, sni, ja4) "
                f"VALUES ('r', '2026-10-14 00:00:00', '::ffff:192.0.2.1', '::ffff:198.51.100.4', '{version}', "
                f"'{subject}', 'CN=ca', '{until}', 's.example', 't13')")
    request = Request(1791936000000, 1791936000000 + 3_600_000)
    certificates = answer(empty, "protocols", "tls_certificates", request)
    assert [(r["subject"], r["days_left"]) for r in certificates] == [
        ("CN=gone", -13), ("CN=soon", 5), ("CN=late", 365), ("CN=odd", None)]
    (name,) = answer(empty, "protocols", "tls_names", request)
    assert (name["name"], name["ip"], name["handshakes"], name["old_version"]) == ("s.example", "198.51.100.4", 5, 1)

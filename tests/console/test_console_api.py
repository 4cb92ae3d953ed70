"""The console's interface over a real socket: facts, panels, alerts, flows, actions, files."""

import csv
import io
import json

import pytest

from dashboards.panels import PAGES
from tests.support.console import running, sekisho


def test_the_first_range_is_that_of_the_newest_run(console, sql):
    first = console.facts["range"]
    (seen,) = sql("SELECT toUnixTimestamp64Milli(min(ts_start_ns)) AS low, toUnixTimestamp64Milli(max(ts_start_ns)) "
                  "AS high FROM flow")
    assert first["why"] == "replay"
    assert first["from_ms"] <= seen["low"] < seen["high"] < first["to_ms"]
    assert first["to_ms"] - first["from_ms"] < 24 * 3_600_000


def test_facts_never_hold_sql(console):
    answer = console.get("/api/facts")
    assert answer.status == 200
    assert "SELECT" not in answer.text.upper()
    facts = answer.json
    assert facts["zone_names"]["mynumber"] == "マイナンバー利用事務系"
    assert [page["id"] for page in facts["pages"]] == [page.id for page in PAGES]
    for page in facts["pages"]:
        assert page["title"]["ja"]
        assert page["title"]["en"]


def test_every_panel_answers_and_its_files_hold_the_same(console):
    for page in PAGES:
        query = console.whole | {"lang": "ja"} | ({"ip": "10.20.1.42"} if "ip" in page.parameters else {})
        for panel in page.panels:
            path = f"/api/panel/{page.id}/{panel.id}"
            rows = console.rows(path, query)
            saved = console.get(path, query | {"format": "json"})
            assert saved.headers["content-disposition"] == f'attachment; filename="{page.id}-{panel.id}.json"'
            if "age" not in panel.id and "oldest" not in panel.id and panel.id != "sensors" and panel.id != "queue":
                assert json.loads(saved.body) == rows, path
            lines = list(csv.reader(io.StringIO(console.get(path, query | {"format": "csv"}).text)))
            assert len(lines) == len(rows) + 1, path


def test_numbers_equal_those_of_sql(console, sql):
    (total,) = sql("SELECT countIf(part = 0) AS flows FROM flow")
    rows = console.rows("/api/panel/zones/flow_matrix", console.whole)
    assert sum(row["value"] for row in rows) == total["flows"]
    (pair,) = sql("SELECT countIf(part = 0) AS n FROM flow WHERE src_zone = 'lgwan' AND dst_zone = 'internet'")
    assert {r["value"] for r in rows if (r["source"], r["target"]) == ("lgwan", "internet")} == {pair["n"]}


def test_filters_reach_the_panels(console, sql):
    (inside,) = sql("SELECT countIf(part = 0) AS n FROM flow WHERE src_zone = 'mynumber' OR dst_zone = 'mynumber'")
    rows = console.rows("/api/panel/zones/flow_matrix", console.whole | {"zone": "mynumber"})
    assert sum(row["value"] for row in rows) == inside["n"]
    assert console.rows("/api/panel/zones/flow_matrix", console.whole | {"sensor": "elsewhere"}) == []


def test_the_queue_equals_the_alerts_command(console, sql):
    rows = console.rows("/api/alerts", console.whole | {"limit": 500})
    known = sql("SELECT alert_id, severity, signature, why, src_ip, dst_ip FROM alerts")
    assert {r["alert_id"]: (r["severity"], r["signature"], r["why"], r["src_ip"], r["dst_ip"]) for r in rows} == {
        r["alert_id"]: (r["severity"], r["signature"], r["why"], r["src_ip"], r["dst_ip"]) for r in known}
    assert {r["matching"] for r in rows} == {len(known)}
    order = ["critical", "high", "medium", "low"]
    assert [r["severity"] for r in rows] == sorted((r["severity"] for r in rows), key=order.index)


@pytest.mark.parametrize(("query", "condition"), [
    ({"severity": ["critical", "high"]}, "severity <= 'high'"),
    ({"zone": "mynumber"}, "src_zone = 'mynumber' OR dst_zone = 'mynumber'"),
    ({"ip": "203.0.113.5"}, "src_ip = '203.0.113.5' OR dst_ip = '203.0.113.5'"),
    ({"detector": "flood"}, "detector = 'flood'"),
    ({"text": "udpフラッド"}, "signature_ja LIKE '%UDPフラッド%'"),
    ({"src_zone": "lgwan", "dst_zone": "internet"}, "src_zone = 'lgwan' AND dst_zone = 'internet'"),
], ids=lambda v: next(iter(v)) if isinstance(v, dict) else "")
def test_filters_of_the_queue(console, sql, query, condition):
    found = {r["alert_id"] for r in console.rows("/api/alerts", console.whole | {"limit": 500} | query)}
    assert found == {r["alert_id"] for r in sql(f"SELECT alert_id FROM alerts WHERE {condition}")}
    assert found


def test_the_queue_in_pieces_is_the_whole_queue(console):
    whole = [r["alert_id"] for r in console.rows("/api/alerts", console.whole | {"limit": 500})]
    pieces = [r["alert_id"] for at in range(0, len(whole), 5)
              for r in console.rows("/api/alerts", console.whole | {"limit": 5, "offset": at})]
    assert pieces == whole


@pytest.mark.parametrize(("query", "condition"), [
    ({"ip": "10.10.0.0/16", "proto": "tcp"},
     "proto = 6 AND (startsWith(src_ip, '10.10.') OR startsWith(dst_ip, '10.10.'))"),
    ({"src": "10.20.1.42"}, "src_ip = '10.20.1.42'"),
    ({"dst": "2001:db8:98::80"}, "dst_ip = '2001:db8:98::80'"),
    ({"port": "3389"}, "src_port = 3389 OR dst_port = 3389"),
    ({"src_zone": "lgwan", "dst_zone": "internet", "verdict": "no_conduit"},
     "src_zone = 'lgwan' AND dst_zone = 'internet' AND verdict = 'no_conduit'"),
    ({"outcome": "attempted", "zone": "inet"},
     "outcome = 'attempted' AND (src_zone = 'inet' OR dst_zone = 'inet')"),
    ({"conduit": "C14"}, "conduit = 'C14'"),
], ids=lambda v: next(iter(v)) if isinstance(v, dict) else "")
def test_flow_search(console, sql, query, condition):
    rows = console.rows("/api/flows", console.whole | {"limit": 500} | query)
    (known,) = sql(f"SELECT count() AS n FROM flows WHERE {condition}")
    assert len(rows) == min(known["n"], 500)
    assert rows
    assert [r["ts_start_ns"] for r in rows] == sorted((r["ts_start_ns"] for r in rows), reverse=True)


def test_an_alert_is_told_as_explain_tells_it(console, city_day):
    alert = console.rows("/api/alerts", console.whole | {"limit": 1})[0]
    told = console.get(f"/api/alert/{alert['run_id']}/{alert['alert_id']}", {"lang": "ja"}).json
    from zones import EXAMPLE
    known = json.loads(sekisho("explain", alert["alert_id"], "--store", city_day, "--zones", EXAMPLE, "--lang", "ja",
                               "--packets", 8, "--json").stdout)
    for part in ("alert", "revisions", "flows", "conduit", "differs", "runbook"):
        assert told[part] == known[part], part
    assert told["status"] == "open"
    shown = console.get(f"/api/alert/{alert['run_id']}/{alert['alert_id']}/packets", {"lang": "ja"}).json
    assert shown["packets"] == known["packets"]
    assert len(shown["packets"]) == 8


def test_actions_change_the_status_and_are_kept(copied):
    place = copied()
    with running(place) as console:
        alert = console.rows("/api/alerts", console.whole | {"limit": 1})[0]
        path = f"/api/alert/{alert['run_id']}/{alert['alert_id']}"
        for action, comment, status in (("acknowledged", "見ています", "acknowledged"),
                                        ("comment", "<b>電話した</b>", "acknowledged"),
                                        ("closed", "", "closed"), ("reopened", "", "open"),
                                        ("false_positive", "診断でした", "false_positive")):
            done = console.post(f"{path}/actions", {"action": action, "comment": comment, "actor": "当直 甲"})
            assert done.status == 200, done.body
            assert done.json["status"] == status
        row = next(r for r in console.rows("/api/alerts", console.whole | {"limit": 500})
                   if r["alert_id"] == alert["alert_id"])
        assert (row["status"], row["comments"]) == ("false_positive", 3)
        found = console.rows("/api/alerts", console.whole | {"status": "false_positive,closed"})
        assert [r["alert_id"] for r in found] == [alert["alert_id"]]
    with running(place) as console:
        told = console.get(path).json
        assert [(a["action"], a["comment"], a["actor"]) for a in told["actions"]][:2] == [
            ("acknowledged", "見ています", "当直 甲"), ("comment", "<b>電話した</b>", "当直 甲")]
        assert told["status"] == "false_positive"


@pytest.mark.parametrize(("body", "word"), [
    ({"action": "deleted", "actor": "a"}, "deleted"), ({"action": "closed", "actor": ""}, "name"),
    ({"action": "comment", "actor": "a", "comment": " "}, "empty"), ({"action": "closed", "actor": "a" * 65}, "65"),
    ({"action": "comment", "actor": "a", "comment": "x" * 2001}, "2001"), (["closed"], "action"),
    ({"action": "closed", "actor": "a\x1b[2J"}, "control"), ({"action": 1, "actor": "a"}, "texts"),
    ({"action": "closed", "actor": "a", "alert_id": 1}, "action"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_wrong_actions_are_refused_and_change_nothing(console, body, word):
    alert = console.rows("/api/alerts", console.whole | {"limit": 1})[0]
    path = f"/api/alert/{alert['run_id']}/{alert['alert_id']}"
    answer = console.post(f"{path}/actions", body)
    assert answer.status == 400
    assert word in answer.json["error"]["what"]
    assert console.get(path).json["actions"] == []


@pytest.mark.parametrize("path", ["/api/alert/r-none/1", "/api/alert/r-none/1/packets"])
def test_an_alert_that_is_not_there(console, path):
    answer = console.get(path)
    assert answer.status == 400
    assert answer.json["error"]["what"]


def test_acting_on_an_alert_that_is_not_there(console):
    answer = console.post("/api/alert/r-none/1/actions", {"action": "closed", "actor": "a"})
    assert answer.status == 400
    assert "no alert" in answer.json["error"]["what"]


@pytest.mark.parametrize(("path", "query"), [
    ("/api/alerts", {"from": "yesterday"}), ("/api/alerts", {"from": 5, "to": 4}), ("/api/alerts", {"order": "x"}),
    ("/api/alerts", {"severity": "fatal"}), ("/api/alerts", {"status": "lost"}), ("/api/alerts", {"ip": "nonsense"}),
    ("/api/alerts", {"limit": 0}), ("/api/alerts", {"limit": 10**9}), ("/api/alerts", {"offset": -1}),
    ("/api/alerts", {"zone": ["z"] * 65}), ("/api/alerts", {"text": "x" * 300}), ("/api/alerts", {"format": "xml"}),
    ("/api/flows", {"ip": "10.0.0.0/99"}), ("/api/flows", {"port": 70000}), ("/api/flows", {"proto": "tpc"}),
    ("/api/flows", {"verdict": "maybe"}), ("/api/flows", {"flow_id": "1 OR 1=1"}), ("/api/flows", {"to": "9" * 30}),
    ("/api/panel/overview/services", {"sql": "SELECT 1"}), ("/api/panel/overview/services", {"lang": "fr"}),
    ("/api/panel/zones/coverage", {"policy_zones": "x"}), ("/api/panel/host/summary", {"ip": "'; DROP TABLE flow"}),
])
def test_wrong_questions_say_what_is_wrong(console, path, query):
    answer = console.get(path, query)
    assert answer.status == 400, answer.body
    told = answer.json["error"]
    assert told["code"] == "usage"
    assert told["what"]


@pytest.mark.parametrize("path", ["/api/panel/overview/none", "/api/panel/none/services", "/api/nothing", "/api/"])
def test_what_is_not_there(console, path):
    assert console.get(path).status == 404


def test_an_empty_store(tmp_path):
    from storage import open_store

    open_store(tmp_path / "s").close()
    with running(tmp_path / "s") as console:
        facts = console.facts
        assert facts["range"]["why"] == "empty"
        assert facts["choices"]["zone"] == []
        for page in PAGES:
            for panel in page.panels:
                assert console.get(f"/api/panel/{page.id}/{panel.id}", console.whole).status == 200, panel.id
        assert console.rows("/api/alerts", console.whole) == []
        assert console.rows("/api/flows", console.whole) == []


def test_the_store_is_the_consoles_while_it_runs(console, store):
    ran = sekisho("alerts", "--store", store, check=False)
    assert ran.returncode == 1
    assert "in use by process" in ran.stderr
    assert sekisho("console", "--store", store, "--port", 0, check=False).returncode == 1


@pytest.mark.parametrize("arguments", [
    ("--host", "203.0.113.77", "--token-file", "TOKEN"), ("--port", "99999"), ("--tls-cert", "x.pem"),
    ("--zones", "none.toml"), ("--token-file", "none"), ("--store", "none"),
])
def test_a_console_that_cannot_be_is_one_line(store, tmp_path, arguments):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    token.chmod(0o600)
    place = () if "--store" in arguments else ("--store", store)
    ran = sekisho("console", *(str(token) if a == "TOKEN" else a for a in arguments), *place, "--no-open", check=False)
    assert ran.returncode in (1, 2)
    notes = ("sekisho: token and", "sekisho: no zone")
    errors = [line for line in ran.stderr.splitlines() if not line.startswith(notes)]
    assert len(errors) == 1
    assert ran.stdout == ""

"""Every question on the real engine over real sockets, as the user that may only read, on a day from the pipeline."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from columns.errors import StoreError
from dashboards.checking import check, requests
from dashboards.grafana.dashboard import LANGUAGES, ROUTES, dashboard_json
from dashboards.panels import PAGES, Kind, Panel, Request, bind, page, step_for
from dashboards.panels.annotations import ALERTS
from dashboards.panels.contract import column_problems, is_number, is_text, is_time
from dashboards.panels.outputs import output_columns
from dashboards.panels.rules import RULES
from dashboards.panels.variables import FILTERS, PARAMETERS
from tests.support.clickhouse_listeners import READER
from tests.support.grafana_text import interpolated
from tests.support.socket_store import SocketStore

PANELS = [(p, panel) for p in PAGES for panel in p.panels]
IDS = [f"{p.id}/{panel.id}" for p, panel in PANELS]
FIXED = {"policy_zones": ["lgwan", "internet", "nowhere"], "policy_conduits": ["C01", "C99"]}
SPANS = ("1 h", "24 h", "all")
MOMENTS = {("health", "sensors"), ("alerts", "oldest_open"), ("alerts", "queue")}  # their answers hold the time of day
HOST = "10.20.1.42"


@pytest.fixture(scope="module")
def asked(city: SocketStore) -> dict[str, Request]:
    """What a reader looks at, by the length of the range."""
    (run, alert_id), = city.query("SELECT run_id, toString(alert_id) FROM alert WHERE detector = 'zone_verdicts' "
                                  "ORDER BY start_ns LIMIT 1").rows
    return requests(city, {"ip": HOST, "run": run, "alert_id": alert_id, **FIXED})


@pytest.mark.parametrize(("of", "panel"), PANELS, ids=IDS)
@pytest.mark.parametrize("span", SPANS)
def test_a_panel_answers_with_the_columns_its_kind_needs(city, asked, of, panel: Panel, span):
    answer = city.query(*bind(panel.sql, asked[span]))
    assert column_problems(panel, answer.columns, answer.types) == []
    assert list(answer.columns) == output_columns(panel.sql)
    if panel.kind is Kind.STAT:
        assert len(answer.rows) == 1
    if panel.kind in (Kind.TIMESERIES, Kind.BARS):
        times = [row[0] for row in answer.rows]
        assert times == sorted(times)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("of", PAGES, ids=lambda p: p.id)
def test_grafana_gets_the_same_answers_as_the_console(city, asked, of, lang):
    dashboard = dashboard_json(of, PAGES, lang, FIXED)
    for panel, shown in zip(of.panels, dashboard["panels"], strict=True):
        if panel.kind is Kind.SANKEY or (of.id, panel.id) in MOMENTS:
            continue
        # only words differ between the languages, and what SQL makes of the parameter lang
        for span in SPANS if lang == "en" else SPANS[:1] if "{lang:" in panel.sql else ():
            request = asked[span]
            text = as_grafana(shown["targets"][0]["rawSql"], dashboard, request, city)
            mine = bind(panel.sql, Request(request.from_ms, request.to_ms, request.step_s, lang=lang,
                                           values=request.values))
            assert sorted(map(str, city.query(text).rows)) == sorted(map(str, city.query(*mine).rows)), panel.id


def as_grafana(sql: str, dashboard: dict[str, Any], request: Request, store: SocketStore, **chosen: Any) -> str:
    """Interpolate as Grafana does; the routes are asked of the server first, as its hidden variables are."""
    times = {"from_ms": request.from_ms, "to_ms": request.to_ms, "step_s": request.step_s}
    for name, query in ROUTES.items():
        chosen[name] = _route(store, interpolated(query, dashboard, **times, chosen={}))
    for name in ("ip", "run", "alert_id"):
        chosen.setdefault(name, request.values[name])
    return interpolated(sql, dashboard, **times, chosen=chosen)


@cache
def _route(store: SocketStore, text: str) -> str:
    ((route,),) = store.query(text).rows
    return route


def test_filters_of_grafana_and_console_choose_the_same(city, asked):
    request = asked["24 h"]
    dashboard = dashboard_json(page("overview"), PAGES, "en", FIXED)
    sql = dashboard["panels"][2]["targets"][0]["rawSql"]
    panel = page("overview").panels[2]
    for zone in (["mynumber"], ["lgwan", "dmz"], ["no such zone"], ["it's"]):
        mine = city.query(*bind(panel.sql, Request(request.from_ms, request.to_ms, 60, zone=tuple(zone)))).rows
        text = as_grafana(sql, dashboard, request, city, zone=zone)
        assert city.query(text).rows == mine
    assert mine == [(0,)]


def test_the_node_graph_has_edges_between_its_nodes(city, asked):
    dashboard = dashboard_json(page("zones"), PAGES, "en", FIXED)
    (graph,) = [p for p in dashboard["panels"] if p["type"] == "nodeGraph"]
    nodes, edges = (city.query(as_grafana(t["rawSql"], dashboard, asked["24 h"], city)) for t in graph["targets"])
    assert nodes.columns == ("id", "title", "mainstat")
    assert {"id", "source", "target", "mainstat"} <= set(edges.columns)
    ids = {row[0] for row in nodes.rows}
    assert {e["source"] for e in edges.dicts()} | {e["target"] for e in edges.dicts()} == ids
    assert len({e["id"] for e in edges.dicts()}) == len(edges.rows) > 5


@pytest.mark.parametrize("variable", [v for v in (*FILTERS, *PARAMETERS.values()) if v.sql], ids=lambda v: v.id)
def test_a_variable_lists_texts(city, variable):
    answer = city.query(variable.sql)
    assert answer.columns == ("value",)
    assert is_text(answer.types[0])
    assert answer.rows == sorted(set(answer.rows)) != []


@pytest.mark.parametrize("span", SPANS)
def test_annotations_are_the_urgent_alerts(city, asked, span):
    answer = city.query(*bind(ALERTS.sql, asked[span]))
    assert answer.columns == ("time", "timeEnd", "title", "text", "tags")
    assert all(is_time(kind) for kind in answer.types[:2])
    assert all(is_text(kind) for kind in answer.types[2:])
    if span == "all":
        assert len(answer.rows) == 8
        assert {row[4].split(",")[0] for row in answer.rows} == {"critical", "high"}


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_a_rule_gives_labels_and_one_number(city, rule):
    answer = city.query(rule.sql)
    assert answer.columns[-1] == "value"
    assert is_number(answer.types[-1])
    assert all(is_text(kind) for kind in answer.types[:-1])


def test_rules_see_what_was_stored_just_now(city):
    firing = {rule.id: [row for row in city.query(rule.sql).rows if row[-1] > rule.above] for rule in RULES}
    assert {name for name, rows in firing.items() if rows} == {"urgent-alert", "established-leak", "flood"}
    assert sum(row[-1] for row in firing["urgent-alert"]) == 8


def test_the_native_protocol_answers_too(clickhouse, city, asked):
    client = clickhouse.client(user=READER, database="sekisho_city")
    try:
        for of in PAGES:
            dashboard = dashboard_json(of, PAGES, "ja", FIXED)
            for panel, shown in zip(of.panels, dashboard["panels"], strict=True):
                for target in shown["targets"]:
                    text = as_grafana(target["rawSql"], dashboard, asked["24 h"], city)
                    rows, columns = client.execute(text, with_column_types=True)
                    assert isinstance(rows, list)
                    assert columns
                    if panel.kind is not Kind.SANKEY:
                        assert column_problems(panel, *zip(*columns, strict=True)) == []
    finally:
        client.disconnect()


@pytest.mark.parametrize("statement", [
    "INSERT INTO alert_action (run_id) VALUES ('x')", "DROP TABLE flow", "ALTER TABLE flow DELETE WHERE 1",
    "SELECT * FROM file('/etc/passwd', 'LineAsString', 'l String')", "CREATE TABLE sekisho_city.x (a Int8) ENGINE=Log",
    "SELECT * FROM system.users"])
def test_the_reader_can_only_read_the_store(city, statement):
    with pytest.raises(StoreError):
        city.query(statement)


def test_an_empty_store_answers_every_question(empty):
    findings = list(check(empty, FIXED))
    assert [f for f in findings if f.problem] == []
    variables = [v for v in (*FILTERS, *PARAMETERS.values()) if v.sql]
    assert len(findings) == 3 * (len(PANELS) + 1) + len(variables) + len(RULES)


def test_an_empty_store_shows_no_false_comfort(empty):
    request = Request(0, 86_400_000, values=FIXED)
    assert empty.query(*bind(page("overview").panel("refused_share").sql, request)).rows == [(None,)]
    assert empty.query(*bind(page("overview").panel("active_sensors").sql, request)).rows == [(0,)]
    assert empty.query(*bind(page("zones").panel("violation_matrix").sql, request)).rows == []
    coverage = empty.query(*bind(page("zones").panel("coverage").sql, request)).dicts()
    assert len(coverage) == 6, "three zones; within one of them nothing is judged"
    assert {row["coverage"] for row in coverage} == {"not_observed"}
    conduits = empty.query(*bind(page("zones").panel("conduits").sql, request)).dicts()
    assert [(row["conduit"], row["use"], row["last_used"]) for row in conduits] == [
        ("C01", "unused", None), ("C99", "unused", None)]
    for name in ("frames", "refused", "refused_share", "imbalance"):
        assert empty.query(*bind(page("health").panel(name).sql, request)).rows == [(None,)]


def test_a_store_with_one_row_answers_every_question(empty, execute):
    execute("INSERT INTO flow (run_id, sensor, site, flow_id, ts_start_ns, ts_end_ns, src_ip, dst_ip, dst_port, proto, "
            "src_zone, dst_zone, pkts_toserver, bytes_toserver, verdict, outcome) VALUES ('r', 's', 'main', 1, "
            "'2026-10-14 00:00:00', '2026-10-14 00:00:01', '::ffff:192.0.2.1', '2001:db8::1', 443, 6, 'a', 'b', 3, 300,"
            " 'no_conduit', 'established')")
    findings = list(check(empty, FIXED))
    assert [f for f in findings if f.problem] == []
    request = requests(empty, FIXED)["1 h"]
    matrix = empty.query(*bind(page("zones").panel("violation_matrix").sql, request)).rows
    assert matrix == [("a", "b", 1, 1, "no_conduit")]
    talkers = empty.query(*bind(page("flows").panel("talkers").sql, request)).rows
    assert [row[0] for row in talkers] == ["192.0.2.1", "2001:db8::1"]


def test_check_names_what_is_broken(empty, execute):
    for view in ("traffic_1m_mv", "traffic_1h_mv"):
        execute(f"DROP TABLE {view}")
    execute("ALTER TABLE traffic_1m DROP COLUMN packets_toclient")
    broken = {f.name for f in check(empty, FIXED) if f.problem}
    assert "dos/packet_rate" in broken
    assert "overview/urgent_alerts" not in broken


def test_steps_never_undercut_the_rollup(city, asked):
    request = asked["all"]
    fine = Request(request.from_ms, request.to_ms, 1)
    times = [row[0] for row in city.query(*bind(page("overview").panel("traffic_rate").sql, fine)).rows]
    assert all(t.endswith(":00:00") for t in times)
    assert step_for(request.to_ms - request.from_ms) >= 3600

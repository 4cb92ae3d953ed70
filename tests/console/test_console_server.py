"""The console over a ClickHouse server: the same panels, lists and actions as over a store in the process."""

from dashboards.panels import PAGES
from pcaps.manifest import cached, load_manifest
from tests.support.clickhouse_listeners import WRITER_PASSWORD
from tests.support.console import running, sekisho
from zones import EXAMPLE


def test_the_same_console_over_a_server(clickhouse, clickhouse_database, tmp_path, monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    capture = cached(load_manifest()["mynumber_to_internet_established"], tmp_path)
    url = clickhouse.url(clickhouse_database)
    for target in (url, tmp_path / "store"):
        # in a folder of its own, because the spool is made where the command runs
        sekisho("replay", capture, "--zones", EXAMPLE, "--store", target, "--quiet", cwd=tmp_path)
    with running(tmp_path / "store", "--zones", EXAMPLE) as here:
        known = _everything(here)
    with running(url, "--zones", EXAMPLE) as there:
        assert _everything(there) == known
        alert = there.rows("/api/alerts", there.whole)[0]
        path = f"/api/alert/{alert['run_id']}/{alert['alert_id']}"
        done = there.post(f"{path}/actions", {"action": "closed", "actor": "甲", "comment": "it's '<b>done</b>'\\"})
        assert done.status == 200, done.body
        assert there.get(path).json["actions"][0]["comment"] == "it's '<b>done</b>'\\"
        assert there.rows("/api/alerts", there.whole | {"status": "closed"})[0]["alert_id"] == alert["alert_id"]


def _everything(console):
    """Return all answers but those that the clock changes."""
    found = {"range": console.facts["range"], "choices": console.facts["choices"],
             "alerts": console.rows("/api/alerts", console.whole), "flows": console.rows("/api/flows", console.whole)}
    for page in PAGES:
        query = console.whole | {"lang": "ja"} | ({"ip": "10.10.1.13"} if "ip" in page.parameters else {})
        for panel in page.panels:
            answer = console.get(f"/api/panel/{page.id}/{panel.id}", query)
            assert answer.status == 200, (panel.id, answer.body)
            if panel.id not in ("oldest_open", "open_age", "queue", "sensors", "runs", "storage"):
                found[f"{page.id}/{panel.id}"] = answer.json["rows"]
    return found

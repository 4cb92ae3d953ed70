"""The benchmark of the panels makes a store like a real one, measures every panel, and judges honestly."""

from __future__ import annotations

import json

import pytest

from benchmarks import panel_store, panels
from dashboards.panels import PAGES


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panels")
    result = folder / "panels.json"
    code = panels.main(["--make", "--flows", "20000", "--alerts", "500", "--repeats", "1", "--store",
                        str(folder / "store"), "--json", str(result)])
    assert code == 0
    return folder, json.loads(result.read_text())


def test_every_panel_is_measured_over_both_ranges(measured):
    rows = measured[1]["rows"]
    assert {(r["page"], r["panel"], r["span"]) for r in rows} == {
        (page.id, panel.id, span) for page in PAGES for panel in page.panels for span in panels.RANGES}
    assert not [r for r in rows if r["error"]]
    assert all(r["rows_read"] > 0 for r in rows if r["page"] in ("overview", "zones"))


def test_the_store_has_what_was_asked_for_and_rollups_that_agree(measured):
    session = panel_store.engine(measured[0] / "store")
    try:
        def value(sql: str) -> int:
            return int(str(session.query(sql, "TSV")))

        assert value("SELECT count() FROM flow") == 20_000
        assert value("SELECT uniqExact(alert_id) FROM alert") == 500
        assert value("SELECT sum(bytes_toserver) FROM traffic_1h") == value("SELECT sum(bytes_toserver) FROM flow")
        assert value("SELECT sum(bytes_out) FROM talkers_1h") == value(
            "SELECT sum(bytes_toserver + bytes_toclient) FROM flow")
        assert value("SELECT toInt64(dateDiff('day', min(ts_start_ns), max(ts_start_ns))) FROM flow") in (29, 30)
    finally:
        session.close()


def test_a_panel_beyond_its_floor_is_not_met():
    assert panels.Timed("zones", "x", "24 h", ms=300).met
    assert not panels.Timed("zones", "x", "24 h", ms=301).met
    assert not panels.Timed("zones", "x", "30 d", ms=5, error="refused").met
    assert panels.Timed("dos", "x", "30 d", ms=9999).met


def test_the_page_gets_the_results_between_its_marks(measured):
    page = "before\n<!-- panels -->\nold\n<!-- /panels -->\nafter\n"
    written = panels.with_results(page, measured[1])
    assert written.startswith("before\n<!-- panels -->\nMeasured by")
    assert written.endswith("<!-- /panels -->\nafter\n")
    assert "\nold\n" not in written
    assert panels.with_results(written, measured[1]) == written


def test_without_a_store_it_says_how_to_make_one(tmp_path, capsys):
    assert panels.main(["--store", str(tmp_path / "none"), "--json", str(tmp_path / "x.json")]) == 2
    assert "--make" in capsys.readouterr().out

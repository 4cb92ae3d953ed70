"""The definitions hold together: words in both languages, links that lead somewhere, known columns."""

from __future__ import annotations

import re

import pytest

from dashboards.panels import PAGES, Kind, Panel, Request, bind, grain_of, page, parameters_of, source_of, step_for
from dashboards.panels.health import READER_REFUSALS
from dashboards.panels.outputs import output_columns
from dashboards.panels.rules import RULES
from dashboards.panels.variables import FILTERS, PARAMETERS
from dashboards.panels.words import COLUMN_WORDS
from sensor.capture.counts import REFUSALS

PANELS = [(p, panel) for p in PAGES for panel in p.panels]
IDS = [f"{p.id}/{panel.id}" for p, panel in PANELS]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
HOUR, DAY = 3_600_000, 86_400_000
CONTEXT = {"from_ms", "to_ms", "step_s", "lang"}


def test_every_page_that_is_asked_for_is_there():
    assert [p.id for p in PAGES] == ["overview", "zones", "alerts", "dos", "flows", "host", "protocols", "health",
                                     "alert"]
    assert [p.id for p in PAGES if not p.listed] == ["alert"]


@pytest.mark.parametrize(("of", "panel"), PANELS, ids=IDS)
def test_a_panel_says_what_it_shows_in_both_languages(of, panel: Panel):
    for words in (panel.title, panel.description, *(link.title for link in panel.links)):
        assert words.ja
        assert words.en
        assert not JAPANESE.search(words.en)
    assert JAPANESE.search(panel.description.ja)
    for column in output_columns(panel.sql):
        assert column in COLUMN_WORDS, f"{column} has no heading"


@pytest.mark.parametrize(("of", "panel"), PANELS, ids=IDS)
def test_a_panel_asks_only_for_parameters_that_its_page_has(of, panel: Panel):
    known = CONTEXT | {f.id for f in FILTERS} | set(of.parameters)
    assert set(parameters_of(panel.sql)) <= known


@pytest.mark.parametrize(("of", "panel"), PANELS, ids=IDS)
def test_links_lead_to_pages_that_take_their_parameters(of, panel: Panel):
    for link in panel.links:
        target = page(link.page)
        assert set(link.parameters) <= {f.id for f in FILTERS} | set(target.parameters)
        assert set(link.parameters.values()) <= set(output_columns(panel.sql))


@pytest.mark.parametrize("of", PAGES, ids=lambda p: p.id)
def test_a_page_has_panels_of_distinct_ids_that_fit_the_grid(of):
    ids = [panel.id for panel in of.panels]
    assert len(set(ids)) == len(ids)
    assert all(0 < panel.width <= 24 and panel.height > 0 for panel in of.panels)
    assert set(of.parameters) <= set(PARAMETERS)


def test_an_unknown_page_or_panel_is_an_error():
    with pytest.raises(KeyError):
        page("nowhere")
    with pytest.raises(KeyError):
        page("overview").panel("nothing")


@pytest.mark.parametrize(("span", "grain", "source"), [
    (HOUR, "1m", "raw"), (3 * HOUR, "1m", "raw"), (3 * HOUR + 1, "1m", "rollup"), (DAY, "1m", "rollup"),
    (25 * HOUR + 1, "1h", "rollup"), (30 * DAY, "1h", "rollup")])
def test_the_length_of_the_range_chooses_the_table(span, grain, source):
    assert (grain_of(span), source_of(span)) == (grain, source)
    sql, _ = bind("SELECT '@source' FROM traffic_@grain", Request(0, span))
    assert sql == f"SELECT '{source}' FROM traffic_{grain}"


def test_binding_gives_exactly_the_parameters_of_the_statement():
    sql = "SELECT {ip:String}, {from_ms:Int64}, {zone:Array(String)}, {policy_zones:Array(String)}, {n:UInt8}"
    request = Request(1, 2, zone=("lgwan",), values={"ip": "192.0.2.1", "other": "x"})
    assert bind(sql, request)[1] == {"ip": "192.0.2.1", "from_ms": 1, "zone": ["lgwan"], "policy_zones": [], "n": 0}


@pytest.mark.parametrize("span", [60_000, HOUR, DAY, 30 * DAY, 400 * DAY])
def test_steps_give_a_bounded_number_of_points(span):
    assert span / 1000 / step_for(span) <= max(240, span / 86_400_000)


def test_the_readers_refusals_are_the_sensors():
    assert READER_REFUSALS == REFUSALS


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_a_rule_has_nothing_that_provisioning_would_replace(rule):
    assert "$" not in rule.sql + rule.title.ja + rule.summary.ja + rule.summary.en
    assert not parameters_of(rule.sql)
    assert output_columns(rule.sql)[-1] == "value"
    assert all((rule.title.ja, rule.title.en, rule.summary.ja, rule.summary.en))
    assert rule.severity in ("critical", "high", "medium", "low")


def test_every_kind_of_panel_is_in_use():
    assert {panel.kind for _, panel in PANELS} == set(Kind)

"""Dashboards, provisioning and rules as files: structure, links, and that the same choices give the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from columns.errors import SekishoError
from dashboards.grafana.files import Choices, build_files, digest_of, write_files
from dashboards.grafana.query import DATASOURCE, DATASOURCE_UID, text_literal
from dashboards.panels import PAGES, Kind
from dashboards.panels.rules import RULES

GOLDEN = Path(__file__).with_name("golden") / "files.txt"
CHOICES = Choices(zones=("lgwan", "internet"), conduits=("C01", "it's"))
FILES = build_files(CHOICES)
BOARDS = {name: json.loads(text) for name, text in FILES.items() if name.endswith(".json")}
REFERENCE = re.compile(r"\$\{(\w+)(?::\w+)?\}")
BUILT_IN = {"__url_time_range"}


def test_files_are_what_they_were():
    text = "".join(f"{hashlib.sha256(content.encode()).hexdigest()[:16]}  {name}\n"
                   for name, content in sorted(FILES.items()))
    if os.environ.get("SEKISHO_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text)
    assert GOLDEN.read_text() == text, (
        "dashboards changed: look at the difference with `sekisho dashboards build`, then run this test with "
        "SEKISHO_UPDATE_GOLDEN=1")


def test_another_process_builds_the_same():
    code = ("from dashboards.grafana.files import *; "
            "print(digest_of(build_files(Choices(zones=('lgwan', 'internet'), conduits=('C01', \"it's\")))))")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env=os.environ | {"PYTHONHASHSEED": "7"})
    assert found.stdout.strip() == digest_of(FILES)


def test_there_is_a_dashboard_for_every_page_and_language():
    assert set(BOARDS) == {f"dashboards/{lang}/{page.id}.json" for lang in ("ja", "en") for page in PAGES}
    uids = [board["uid"] for board in BOARDS.values()]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 40 for uid in uids)


@pytest.mark.parametrize("name", BOARDS)
def test_panels_stand_in_the_grid_without_overlap(name):
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("name", BOARDS)
def test_every_question_goes_to_the_store_and_names_only_variables_that_exist(name):
    board = BOARDS[name]
    known = {v["name"] for v in board["templating"]["list"]}
    targets = [t for panel in board["panels"] for t in panel["targets"]]
    targets += [a["target"] for a in board["annotations"]["list"]]
    assert targets
    for target in targets:
        assert target["datasource"] == DATASOURCE
        assert target["editorType"] == "sql"
        assert target["format"] in (0, 1)
        assert set(REFERENCE.findall(target["rawSql"])) <= known
        assert not re.search(r"\{\w+:[A-Z]|@", target["rawSql"])
        assert "[[" not in target["rawSql"]  # Grafana's old way to write a variable


@pytest.mark.parametrize("name", BOARDS)
def test_links_lead_to_dashboards_that_take_their_variables(name):
    uids = {board["uid"]: {v["name"] for v in board["templating"]["list"]} for board in BOARDS.values()}
    own = {v["name"] for v in BOARDS[name]["templating"]["list"]}
    urls = re.findall(r'"url": "(/d/[^"]*)"', json.dumps(BOARDS[name], ensure_ascii=False))
    assert len(urls) > 5
    for url in urls:
        uid, _, query = url.removeprefix("/d/").partition("?")
        assert uid.endswith(name.split("/")[1]), "a link changes the language"
        assert set(re.findall(r"var-(\w+)=", query)) <= uids[uid]
        assert {v for v in REFERENCE.findall(query) if not v.startswith("__")} <= own


@pytest.mark.parametrize("name", BOARDS)
def test_filters_take_several_values_and_routes_are_hidden(name):
    variables = {v["name"]: v for v in BOARDS[name]["templating"]["list"]}
    for filter_id in ("site", "sensor", "zone", "severity"):
        assert variables[filter_id]["multi"]
        assert variables[filter_id]["includeAll"]
        assert variables[filter_id]["current"]["value"] == "$__all"
    for route in ("grain", "source"):
        assert (variables[route]["hide"], variables[route]["refresh"]) == (2, 2)
    assert len(variables) == len(BOARDS[name]["templating"]["list"])


@pytest.mark.parametrize(("kind", "plugin"), [
    (Kind.STAT, "stat"), (Kind.TIMESERIES, "timeseries"), (Kind.BARS, "timeseries"), (Kind.RANKING, "barchart"),
    (Kind.SHARE, "piechart"), (Kind.MATRIX, "table"), (Kind.SANKEY, "nodeGraph"), (Kind.TABLE, "table")])
def test_a_kind_is_drawn_by_a_panel_that_grafana_brings_along(kind, plugin):
    drawn = {shown["type"] for page in PAGES
             for panel, shown in zip(page.panels, BOARDS[f"dashboards/en/{page.id}.json"]["panels"], strict=True)
             if panel.kind is kind}
    assert drawn == {plugin}


def test_a_matrix_is_pivoted_and_says_what_is_not_observed():
    board = BOARDS["dashboards/ja/zones.json"]
    (coverage,) = [p for p in board["panels"] if p["title"] == "観測範囲"]
    assert coverage["transformations"][0] == {"id": "groupingToMatrix", "options": {
        "columnField": "target", "rowField": "source", "valueField": "value", "emptyValue": "null"}}
    assert coverage["fieldConfig"]["defaults"]["mappings"][0]["options"]["0"]["text"] == "未観測"


def test_the_languages_differ_in_words_only():
    for page in PAGES:
        ja, en = (BOARDS[f"dashboards/{lang}/{page.id}.json"] for lang in ("ja", "en"))
        assert (ja["title"], en["title"]) == (page.title.ja, page.title.en)
        for left, right in zip(ja["panels"], en["panels"], strict=True):
            assert (left["gridPos"], left["type"]) == (right["gridPos"], right["type"])
            assert left["targets"][0]["rawSql"] == right["targets"][0]["rawSql"].replace("'en' = 'ja'", "'ja' = 'ja'")


def test_the_policy_is_in_the_questions():
    sql = "".join(t["rawSql"] for p in BOARDS["dashboards/en/zones.json"]["panels"] for t in p["targets"])
    assert "['lgwan', 'internet']" in sql
    assert r"['C01', 'it\'s']" in sql
    assert text_literal("a\\'b") == r"'a\\\'b'"


def test_provisioning_is_what_grafana_reads():
    documents = {name: yaml.safe_load(text) for name, text in FILES.items() if name.endswith(".yaml")}
    assert {d["apiVersion"] for d in documents.values()} == {1}
    (source,) = documents["provisioning/datasources/sekisho.yaml"]["datasources"]
    assert (source["uid"], source["jsonData"]["username"]) == (DATASOURCE_UID, "grafana")
    assert source["secureJsonData"] == {"password": "$SEKISHO_GRAFANA_PASSWORD"}
    providers = documents["provisioning/dashboards/sekisho.yaml"]["providers"]
    assert [p["options"]["path"] for p in providers] == ["/etc/sekisho/dashboards/ja", "/etc/sekisho/dashboards/en"]
    (group,) = documents["provisioning/alerting/rules.yaml"]["groups"]
    assert [r["uid"] for r in group["rules"]] == [f"sekisho-{rule.id}" for rule in RULES]
    for rule in group["rules"]:
        ask, compare = rule["data"]
        assert (rule["condition"], compare["model"]["expression"]) == (compare["refId"], ask["refId"])
        assert ask["datasourceUid"] == DATASOURCE_UID
    assert "$" not in FILES["provisioning/alerting/rules.yaml"]
    (point,) = documents["provisioning/alerting/contact-points.yaml"]["contactPoints"]
    (policy,) = documents["provisioning/alerting/policies.yaml"]["policies"]
    assert policy["receiver"] == point["name"]


def test_no_secret_is_in_the_files():
    assert not [name for name, text in FILES.items() if re.search(r"password: (?!\$)", text)]


def test_files_are_written_and_a_folder_that_cannot_be_is_an_error(tmp_path):
    assert write_files(FILES, tmp_path / "new") == digest_of(FILES)
    assert (tmp_path / "new/dashboards/ja/zones.json").read_text("utf-8") == FILES["dashboards/ja/zones.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(SekishoError, match="cannot write"):
        write_files(FILES, tmp_path / "file")

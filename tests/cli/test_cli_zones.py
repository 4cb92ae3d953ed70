"""The commands of zone policies: new, check, show, matrix, diff, try, learn, coverage."""

import datetime as dt
import tomllib

import pytest

from columns.codes import Verdict
from sekisho import history
from sekisho.commands.zones import Preset
from tests.support.policies import city, company, policy_file, toml_text
from zones import EXAMPLE
from zones.presetting import PRESETS


@pytest.fixture
def changed(tmp_path):
    """The example policy after a change: no path between My Number and LGWAN network, and one into the Internet."""
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))
    document["model"] = "free"
    del document["conduit"]["C09"]
    document["conduit"]["OPEN"] = {
        "from": "mynumber", "to": "internet", "services": ["https"], "app": "ssh", "owner": "x", "justification": "y",
        "review_by": dt.date(2027, 6, 1)}
    return policy_file(tmp_path, document)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_new_policy_passes_its_check(cli, tmp_path, preset):
    ran = cli("zones", "new", "--preset", preset, "--city", "Ω市")
    assert ran.code == 0
    path = tmp_path / "new.toml"
    path.write_text(ran.out, "utf-8")
    checked = cli("zones", "check", "--new", path, "--json")
    assert (checked.code, checked.json["errors"], checked.json["warnings"]) == (0, 0, 0)
    assert "Ω市" in ran.out
    assert set(Preset) == set(PRESETS)


def test_show_for_people_and_programs(cli):
    ran = cli("zones", "show", EXAMPLE, "--json").json
    assert {z["zone"] for z in ran["zones"]} >= {"mynumber", "internet"}
    assert next(c for c in ran["conduits"] if c["conduit"] == "C17")["limits"] == "up 1 MB/h"
    one = cli("zones", "show", EXAMPLE, "--zone", "mynumber", "--lang", "ja")
    assert one.code == 0
    assert "許可通信台帳" in one.out
    assert "C11" in one.out
    assert "C06" not in one.out
    assert cli("zones", "show", EXAMPLE, "--zone", "nowhere").code == 2


def test_the_editions_of_a_folder_are_shown(cli, tmp_path):
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "a.toml").write_text(toml_text(company()), "utf-8")
    (folder / "b.toml").write_text(toml_text({**company(), "valid_from": dt.date(2026, 10, 1)}), "utf-8")
    assert cli("zones", "check", folder).code == 0
    shown = cli("zones", "show", folder, "--json").json
    assert [(e["edition"], e["valid_from"]) for e in shown["editions"]] == [("a.toml", ""), ("b.toml", "2026-10-01")]
    assert "b.toml" in cli("zones", "show", folder).out
    (folder / "c.toml").write_text(toml_text({**company(), "valid_from": dt.date(2026, 10, 1)}), "utf-8")
    assert cli("zones", "check", folder, "--json").json["problems"][0]["code"] == "E006"


def test_the_matrix_is_a_picture_and_json(cli):
    ran = cli("zones", "matrix", EXAMPLE)
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "tcp/6514" in lines["mynumber"]
    assert set(lines["internet"].split()[1:]) == {"·", "■"}
    pairs = {(p["from"], p["to"]): p for p in cli("zones", "matrix", EXAMPLE, "--json").json["pairs"]}
    assert pairs["lgwan", "inet"] == {"from": "lgwan", "to": "inet", "conduits": ["C01"],
                                      "services": ["tcp/3389", "udp/3389"]}
    assert ("internet", "lgwan") not in pairs
    assert "開放" in cli("zones", "matrix", EXAMPLE, "--lang", "ja").out


def test_expired_pairs_stand_out_in_the_matrix(cli, tmp_path):
    document = company()
    document["conduit"]["web"]["review_by"] = dt.date(2020, 1, 1)
    path = policy_file(tmp_path, document)
    assert cli("zones", "matrix", path, "--json").json["expired"] == [["office", "net"]]
    assert "!" in cli("zones", "matrix", path).out


def test_diff_tells_what_opens_and_exits_as_asked(cli, changed):
    ran = cli("zones", "diff", EXAMPLE, changed)
    assert ran.code == 0
    assert "mynumber -> internet" in ran.out
    assert "開く" in cli("zones", "diff", EXAMPLE, changed, "--lang", "ja").out
    found = cli("zones", "diff", EXAMPLE, changed, "--json", "--exit-code")
    assert found.code == 3
    effects = {(c["part"], c["name"]): c["effect"] for c in found.json["changes"]}
    assert effects["pair", "mynumber -> internet"] == effects["conduit", "OPEN"] == "opens"
    assert effects["conduit", "C09"] == "closes"
    same = cli("zones", "diff", EXAMPLE, EXAMPLE, "--exit-code")
    assert (same.code, same.out.strip()) == (0, "no change in meaning")


def test_a_policy_tried_against_itself_flips_nothing(cli, store):
    ran = cli("zones", "try", EXAMPLE, "--store", store, "--json", "--exit-code")
    assert ran.code == 0
    assert ran.json["flips"] == []
    assert ran.json["rows"] == ran.json["same"] > 50


@pytest.mark.parametrize("portion", [None, 7])
def test_try_lists_the_verdicts_that_flip(cli, store, changed, monkeypatch, portion):
    if portion:
        monkeypatch.setattr(history, "PORTION", portion)
    ran = cli("zones", "try", changed, "--store", store, "--json", "--exit-code")
    assert ran.code == 3
    flips = {(f["source"], f["target"], f["before"], f["after"]): f for f in ran.json["flips"]}
    leak = flips["mynumber", "internet", "no_conduit", "wrong_app"]
    assert (leak["conduit_after"], leak["rows"], leak["alarms"]) == ("OPEN", 1, False)
    closed = flips["lgwan", "lgwan_net", "permitted", "no_conduit"]
    assert closed["alarms"]
    assert 1 <= len(closed["examples"]) <= 3
    assert "100.64." in closed["examples"][0]
    stored = cli("sql", "SELECT count() AS n FROM flow WHERE src_zone = 'lgwan' AND dst_zone = 'lgwan_net' AND conduit "
                        "= 'C09'", "--store", store, "--json").rows[0]["n"]
    assert sum(f["rows"] for f in ran.json["flips"] if f["conduit_before"] == "C09") == stored
    assert [f["alarms"] for f in ran.json["flips"]] == sorted((f["alarms"] for f in ran.json["flips"]), reverse=True)


def test_try_for_people_and_of_a_part_of_history(cli, store, changed):
    ran = cli("zones", "try", changed, "--store", store, "--lang", "ja")
    assert ran.code == 0
    assert "新方針の判定" in ran.out
    assert cli("zones", "try", changed, "--store", store, "--until", "1990-01-01", "--json").json["rows"] == 0
    latest = cli("zones", "try", changed, "--store", store, "--run", "latest", "--json").json["rows"]
    assert 0 < latest < cli("zones", "try", changed, "--store", store, "--json").json["rows"]
    assert cli("zones", "try", changed, "--store", store, "--run", "none").code == 2


def test_try_judges_names_and_bytes_too(cli, store, tmp_path):
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))
    document["conduit"]["C06"]["max_up_mb_per_hour"] = 0.000_001
    document["conduit"]["C14"]["tenant"] = "another"
    flips = cli("zones", "try", policy_file(tmp_path, document), "--store", store, "--json").json["flips"]
    assert {f["after"] for f in flips if f["conduit_after"] == "C06"} == {"permitted_excess"}
    assert {v.name.lower() for v in Verdict} >= {f["after"] for f in flips}


def test_learn_proposes_what_was_not_permitted_and_nothing_is_let_through(cli, store, tmp_path):
    ran = cli("zones", "learn", EXAMPLE, "--store", store)
    assert ran.code == 0
    proposed = tomllib.loads(ran.out)["conduit"]
    (one,) = [c for c in proposed.values() if (c["from"], c["to"]) == ("mynumber", "internet")]
    assert one["services"] == ["https"]
    assert one["app"] == ["tls"]
    assert "RARE" in ran.out
    path = tmp_path / "with.toml"
    path.write_text(EXAMPLE.read_text("utf-8") + "\n" + ran.out, "utf-8")
    checked = cli("zones", "check", path, "--json")
    assert checked.code == 2
    assert {p["code"] for p in checked.json["problems"]} >= {"E401", "E412"}
    everything = cli("zones", "learn", EXAMPLE, "--store", store, "--all", "--json").json["proposals"]
    assert len(everything) > len(proposed)
    assert [p["rare"] for p in everything] == sorted(p["rare"] for p in everything)


def test_coverage_lists_every_pair_of_the_policy(cli, store):
    pairs = {(p["source"], p["target"]): p for p in cli("zones", "coverage", EXAMPLE, "--store", store, "--json").json}
    assert len(pairs) == 90
    assert pairs["govcloud", "dmz"] == {"source": "govcloud", "target": "dmz", "observed": 0, "partly": 0,
                                        "not_observed": pairs["govcloud", "dmz"]["not_observed"],
                                        "causes": ["no_sensor"], "flows": 0, "state": "not_observed"}
    leak = pairs["mynumber", "internet"]
    assert leak["observed"] > 0
    assert leak["flows"] == 1
    assert len({p["observed"] + p["partly"] + p["not_observed"] for p in pairs.values()}) == 1
    shown = cli("zones", "coverage", EXAMPLE, "--store", store, "--lang", "ja", "--run", "latest").out
    assert "未観測は「違反なし」ではない" in shown
    assert "センサーなし" in shown
    none = cli("zones", "coverage", EXAMPLE, "--store", store, "--until", "1990-01-01", "--json").json
    assert {p["state"] for p in none} == {"not_observed"}


def test_a_replay_says_over_what_it_looked(cli, calm, tmp_path):
    ran = cli("replay", calm, "--zones", EXAMPLE, "--no-store")
    assert "no alerts" in ran.out
    assert "looked at: pairs of zones 90: observed" in ran.out
    found = cli("replay", calm, "--zones", EXAMPLE, "--no-store", "--json", "--sensor", "s-edge").json["coverage"]
    assert found["pairs"] == found["observed"] + found["partly"] + found["not_observed"] == 90
    assert found["causes"]["no_sensor"] == found["not_observed"]
    assert cli("replay", calm, "--no-store", "--json").json["coverage"] is None


def test_without_a_policy_the_commands_say_how_to_get_one(cli):
    ran = cli("zones", "matrix")
    assert ran.code == 2
    assert "zones new" in ran.err
    assert city()["city"]

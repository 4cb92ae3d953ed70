"""The commands that read a store: alerts, flows, explain, sql, runs, check."""

import shutil

import pytest

from sekisho import dissect
from sekisho.language import Lang
from sekisho.runbooks import runbook_keys, runbook_text
from sekisho.settings import default_settings

READERS = [("alerts",), ("flows",), ("explain", "1"), ("sql", "SELECT 1"), ("runs",), ("runs", "delete", "x")]


@pytest.fixture
def alert(cli, store):
    """The most severe alert of the store."""
    return cli("alerts", "--store", store, "--json").rows[0]


def test_alerts_of_people_and_programs(cli, store, alert):
    assert alert["severity"] == "critical"
    assert (alert["src_zone"], alert["dst_zone"]) == ("mynumber", "internet")
    ran = cli("alerts", "--store", store)
    assert ran.code == 0
    assert str(alert["alert_id"]) in ran.out
    assert "緊急" in cli("alerts", "--store", store, "--lang", "ja").out


def test_each_alert_is_listed_once_in_its_latest_revision(cli, store):
    rows = cli("alerts", "--store", store, "--json").rows
    assert len({r["alert_id"] for r in rows}) == len(rows)


def test_filters_of_alerts_that_all_keep_one(cli, store, alert):
    rows = cli("alerts", "--store", store, "--json", "--severity", "critical", "--src", "10.10.0.0/16", "--dst",
               alert["dst_ip"], "--zone", "mynumber", "--since", "1990-01-01", "--until", "2100-01-01T00:00:00+09:00",
               "--run", "latest", "--detector", alert["detector"], "--signature-id", alert["signature_id"]).rows
    assert alert["alert_id"] in {r["alert_id"] for r in rows}
    assert {r["severity"] for r in rows} == {"critical"}


@pytest.mark.parametrize("filters", [
    ["--detector", "no_such"], ["--src", "192.0.2.1"], ["--dst", "10.0.0.0/8"], ["--zone", "nowhere"],
    ["--since", "2100-01-01"], ["--until", "1990-01-01"], ["--signature-id", "1"],
], ids=lambda f: f[0])
def test_filters_of_alerts_that_keep_none(cli, store, filters):
    ran = cli("alerts", "--store", store, "--json", "--severity", "critical", *filters)
    assert (ran.code, ran.out) == (0, "")


def test_flows_of_people_and_programs(cli, store):
    rows = cli("flows", "--store", store, "--json", "--src-zone", "mynumber", "--dst-zone", "internet").rows
    assert rows
    assert {(r["src_zone"], r["dst_zone"]) for r in rows} == {("mynumber", "internet")}
    assert all(r["community_id"].startswith("1:") for r in rows)
    assert "mynumber → internet" in cli("flows", "--store", store, "--dst-zone", "internet").out


def test_filters_of_flows(cli, store):
    flow = cli("flows", "--store", store, "--json", "--dst-zone", "internet", "--proto", "tcp").rows[0]
    fitting = {
        "--ip": flow["dst_ip"], "--src": flow["src_ip"], "--dst": flow["dst_ip"], "--port": flow["dst_port"],
        "--proto": "6", "--src-zone": flow["src_zone"], "--dst-zone": flow["dst_zone"], "--verdict": flow["verdict"],
        "--outcome": flow["outcome"], "--community-id": flow["community_id"], "--run": flow["run_id"],
    }
    unfit = {"--ip": "192.0.2.99", "--port": "1", "--verdict": "out_of_hours", "--community-id": "1:x", "--proto": "17"}

    def found(filters):
        words = [word for pair in filters.items() for word in pair]
        return {r["flow_id"] for r in cli("flows", "--store", store, "--json", *words).rows}

    assert found(fitting) == {flow["flow_id"]}
    for option, value in unfit.items():
        assert found(fitting | {option: value}) == set(), option


def test_a_limit_that_cuts_is_said(cli, store):
    ran = cli("flows", "--store", store, "--limit", 1, "--json")
    assert len(ran.rows) == 1
    assert "--limit 1 reached" in ran.err


@pytest.mark.parametrize("arguments", [
    ("alerts", "--src", "10.0.0"), ("alerts", "--since", "monday"), ("flows", "--verdict", "maybe"),
    ("flows", "--proto", "tpc"), ("flows", "--port", "70000"), ("alerts", "--run", "r-none"), ("explain", "1"),
    ("explain", "x"), ("sql", "SELEKT"), ("sql", "SELECT nothing FROM flows"), ("runs", "delete", "r-none"),
])
def test_wrong_questions_are_one_line_and_exit_2(cli, store, arguments):
    ran = cli(*arguments, "--store", store)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", READERS, ids=lambda a: " ".join(a))
def test_no_store_is_one_line_and_exit_1(cli, tmp_path, arguments):
    ran = cli(*arguments, "--store", tmp_path / "none")
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "none").exists()


def test_the_store_is_found_through_the_environment(cli, store, monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE", str(store))
    assert len(cli("runs", "--json").rows) == 2


@pytest.mark.parametrize("query", [
    "INSERT INTO runs (run_id) VALUES ('x')", "DROP TABLE flow", "ALTER TABLE flow DELETE WHERE 1",
    "SELECT 1 INTO OUTFILE 'x'", "SET readonly = 0",
])
def test_sql_only_reads(cli, store, query):
    assert cli("sql", query, "--store", store).code == 2
    assert len(cli("runs", "--store", store, "--json").rows) == 2


def test_sql_for_people_and_programs(cli, store):
    query = "SELECT severity, count() AS n FROM alerts GROUP BY severity ORDER BY severity"
    assert {"severity", "n"} == set(cli("sql", query, "--store", store, "--json").rows[0])
    assert "critical" in cli("sql", query, "--store", store).out


def test_explain_tells_everything(cli, store, alert, policy):
    ran = cli("explain", alert["alert_id"], "--store", store, "--zones", policy)
    assert ran.code == 0
    for text in (alert["signature"], alert["why"], "threshold", "flow", "first steps", "digests", "packets of the flow",
                 alert["policy_digest"], "#"):
        assert text in ran.out
    japanese = cli("explain", alert["alert_id"], "--store", store, "--zones", policy, "--lang", "ja").out
    for text in ("緊急", alert["signature_ja"], "初動手順", "しきい値"):
        assert text in japanese


def test_explain_for_programs(cli, store, alert, policy):
    told = cli("explain", alert["alert_id"], "--store", store, "--zones", policy, "--json", "--packets", 3).json
    assert told["alert"]["alert_id"] == alert["alert_id"]
    assert told["revisions"][-1]["revision"] == alert["revision"]
    assert told["flows"][0]["flow_id"] == alert["flow_id"]
    assert len(told["packets"]) == 3
    assert told["packets"][0]["packet_number"] == told["flows"][0]["first_packet"]
    assert told["runbook"].startswith("1. ")


def test_explain_dissects_with_tshark(cli, store, alert, policy):
    if dissect.why_not():
        pytest.skip(dissect.why_not())
    told = cli("explain", alert["alert_id"], "--store", store, "--zones", policy, "--json").json
    layers = [layer["layer"] for layer in told["packets"][0]["layers"]]
    assert layers[:3] == ["eth", "ip", "tcp"] or "ip" in layers
    assert any("10.10." in line for layer in told["packets"][0]["layers"] for line in layer["lines"])


def test_a_tshark_that_ends_badly_takes_no_packet_away(cli, store, alert, policy, monkeypatch):
    if dissect.why_not():
        pytest.skip(dissect.why_not())
    import pyshark

    def crash(capture):
        raise RuntimeError("TShark seems to have crashed")

    monkeypatch.setattr(pyshark.FileCapture, "close", crash)
    told = cli("explain", alert["alert_id"], "--store", store, "--zones", policy, "--json").json
    assert told["packets"][0]["layers"]
    assert not any("crashed" in reason for reason in told["missing"])


def test_explain_without_tshark_describes_packets_itself_and_says_so(cli, store, alert, policy, monkeypatch):
    monkeypatch.setattr(dissect.shutil, "which", lambda name: None)
    ran = cli("explain", alert["alert_id"], "--store", store, "--zones", policy)
    assert ran.code == 0
    assert "tshark is not installed" in ran.out
    assert "SYN" in ran.out


def test_explain_says_when_captures_or_policy_are_gone(cli, leak, policy, tmp_path):
    capture, place = tmp_path / "moved.pcap", tmp_path / "s"
    shutil.copy(leak, capture)
    assert cli("replay", capture, "--zones", policy, "--store", place, "-q").code == 0
    capture.unlink()
    other = tmp_path / "other.toml"
    other.write_text(policy.read_text() + "\n# changed\n")
    found = cli("alerts", "--store", place, "--json").rows[0]
    told = cli("explain", found["alert_id"], "--store", place, "--zones", other, "--json").json
    assert told["packets"] == []
    assert any("moved.pcap" in reason for reason in told["missing"])
    assert any("not the policy of this alert" in reason for reason in told["missing"])
    without = cli("explain", found["alert_id"], "--store", place, "--json", "--packets", 0).json
    assert any("--zones" in reason for reason in without["missing"])


def test_runs_are_listed_and_deleted(cli, calm, tmp_path):
    assert cli("replay", calm, "--store", tmp_path / "s", "-q").code == 0
    (record,) = cli("runs", "--store", tmp_path / "s", "--json").rows
    assert record["status"] == "complete"
    assert record["captures"] == [str(calm)]
    assert record["run_id"] in cli("runs", "list", "--store", tmp_path / "s").out
    assert cli("runs", "delete", record["run_id"], "--store", tmp_path / "s").code == 0
    assert cli("runs", "--store", tmp_path / "s", "--json").rows == []
    assert cli("sql", "SELECT count() AS n FROM flow", "--store", tmp_path / "s", "--json").json == {"n": 0}


def test_check_sees_what_is_there_and_what_is_wrong(cli, store, policy, tmp_path):
    ran = cli("check", "--store", store, "--zones", policy, "--json")
    assert ran.code == 0
    names = {"sekisho", "numba", "chdb", "kernels", "tshark", "pyshark", "configuration", "policy", "store"}
    assert names <= set(ran.json)
    assert ran.json["store"]["detail"].endswith("2 runs")
    bad = tmp_path / "bad.toml"
    bad.write_text("[flow]\nmax_flows = 1\n")
    wrong = cli("check", "--config", bad, "--store", tmp_path / "none")
    assert wrong.code == 2
    assert "max_flows" in wrong.out
    assert not (tmp_path / "none").exists()


def test_every_runbook_that_a_detector_names_is_written_in_both_languages(policy):
    from detectors.storm import STORM
    from sekisho.detection import build_chain
    from zones import load_policy

    chain = build_chain(default_settings(), load_policy(policy))
    signatures = [STORM, *[s for d in chain.detectors for s in d.signatures]]
    assert len(signatures) > 10
    assert {s.runbook for s in signatures} <= runbook_keys() | {""}
    for key in runbook_keys():
        lines = [runbook_text(key, lang).splitlines() for lang in Lang]
        assert len(lines[0]) >= 2
        assert len(lines[1]) >= 2

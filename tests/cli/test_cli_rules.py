"""sekisho rules: the reports people and programs read, exit codes, and the configuration's part in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.capture_files import pcap

RULES = """\
alert http $HOME_NET any -> $WATCHED any (msg:"first of all"; http.uri; content:"abcd"; classtype:coin-mining; sid:1;)
alert tcp any any -> any any (msg:"second"; content:"ab"; classtype:misc-attack; sid:2; rev:4;)
# alert tcp any any -> any any (msg:"third"; content:"abcd"; sid:3;)
alert tcp any any -> any any (msg:"fourth"; depth:4; sid:4;)
"""


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "some.rules"
    path.write_text(RULES)
    (tmp_path / "s.toml").write_text(
        '[rules]\nfiles = ["some.rules"]\ndisable = "off"\n[rules.vars]\nWATCHED = "!$HOME_NET"\n')
    (tmp_path / "off").write_text("2\n")
    return path


def test_check_counts_and_says_why(cli, rules):
    ran = cli("rules", "check", "--config", "s.toml")
    assert ran.code == 0
    for words in ("can be evaluated", "66.67 %", "some.rules:4", "depth", "no content before it", "2 bytes long"):
        assert words in ran.out
    assert cli("rules", "check", "--config", "s.toml", "--strict").code == 2
    report = cli("rules", "check", rules, "--config", "s.toml", "--json").json
    assert (report["rules"], report["evaluable"], report["enabled"], report["enabled_evaluable"]) == (4, 3, 3, 2)
    assert report["refused_by_keyword"] == {"depth": 1}
    assert report["refused"][0]["remedy"]
    assert "ルール" in cli("rules", "check", "--config", "s.toml", "--lang", "ja").out


def test_an_unknown_variable_refuses_the_rule_and_a_wrong_one_the_configuration(cli, rules, tmp_path):
    assert cli("rules", "check", rules, "--json").json["refused_by_keyword"] == {"depth": 1, "header": 1}
    (tmp_path / "bad.toml").write_text('[rules.vars]\nHOME_NET = "10.0.0.0/40"\n')
    ran = cli("rules", "check", rules, "--config", "bad.toml")
    assert ran.code == 2
    assert "[rules.vars] HOME_NET" in ran.err
    assert cli("rules", "check", rules, "--home-net", "10.0.0.0/8,192.0.2.0/24").code == 0
    assert "no rules are named" in cli("rules", "check").err


def test_list_and_stats(cli, rules):
    assert [r["sid"] for r in cli("rules", "list", "--config", "s.toml", "--json").rows] == [1, 2]
    assert [r["sid"] for r in cli("rules", "list", "--config", "s.toml", "--off", "--json").rows] == [1, 2, 3]
    assert [r["sid"] for r in cli("rules", "list", "--config", "s.toml", "--word", "SECOND", "--json").rows] == [2]
    assert "first of all" in cli("rules", "list", "--config", "s.toml", "--classtype", "coin-mining").out
    counts = cli("rules", "stats", "--config", "s.toml", "--json").json
    assert counts["buffer"] == {"http.uri": 1, "pkt_data": 1}
    assert counts["enabled"] == 2


def test_show(cli, rules):
    ran = cli("rules", "show", "1", "--config", "s.toml")
    assert "Content(pattern=b'abcd')" in ran.out
    assert "http.uri" in ran.out
    assert cli("rules", "show", "1:2", "--config", "s.toml", "--json").json["fast_pattern"]["hex"] == "6162"
    for number, words in (("77", "there is no rule 77"), ("4", "refused: depth"), ("x", "no number")):
        ran = cli("rules", "show", number, "--config", "s.toml")
        assert ran.code == 2
        assert words in ran.err


def test_update_and_then_the_imported_rules_are_the_rules(cli, rules, tmp_path):
    ran = cli("rules", "update", rules, "--config", "s.toml", "--directory", "kept", "--dry-run", "--json")
    assert ran.json["written"] is False
    assert not (tmp_path / "kept").exists()
    ran = cli("rules", "update", rules, "--config", "s.toml", "--json")
    assert json.dumps(ran.json["path"]) == '"sekisho-rules/sekisho.rules"'
    assert [r["sid"] for r in ran.json["added"]] == [1, 2, 3]
    (tmp_path / "t.toml").write_text('[rules.vars]\nWATCHED = "any"\n')
    assert [r["sid"] for r in cli("rules", "list", "--config", "t.toml", "--json").rows] == [1]
    assert "switched off" in cli("rules", "update", rules, "--config", "s.toml").out


def test_the_transcript_of_the_manual_is_true(cli, tmp_path):
    manual = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    parts = re.findall(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", manual, re.MULTILINE)
    commands = dict(parts)
    (tmp_path / "local.rules").write_text(commands.pop("cat local.rules"))
    (tmp_path / "monday.pcap").write_bytes(pcap([]))
    assert len(commands) == 3
    for command, shown in commands.items():
        ran = cli(*command.split()[1:])
        said = "\n".join(line.rstrip() for line in (ran.out or ran.err).splitlines())
        assert re.sub(r"\d+\.\d s$", "- s", said, flags=re.MULTILINE) == re.sub(
            r"\d+\.\d s$", "- s", shown.rstrip(), flags=re.MULTILINE)

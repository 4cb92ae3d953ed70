"""sekisho replay for those who come from Suricata: its yaml, its --set, rules that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.replaying import Request, requested_settings
from tests.support.capture_files import pcap
from tests.support.ruled import HTTP, datagram, talk

QUERY = bytes.fromhex("123401000001000000000000") + b"\3www\7example\3com\0" + bytes.fromhex("00010001")
RULE = 'alert http any any -> $MINE any (msg:"seen"; http.uri; content:"/a/"; sid:1;)\n'
WRONG = 'alert tcp any any -> any any (msg:"wrong"; content:"ab"; depth:1; sid:2;)\n'
YAML = """%YAML 1.1
---
vars: {address-groups: {MINE: "[198.51.100.0/24]"}}
outputs: [{eve-log: {enabled: yes, filetype: regular, types: [{alert: {payload: yes}}, {dns: {version: 2}}]}}]
threading: {set-cpu-affinity: no}
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "c.pcap").write_bytes(pcap([*talk(*HTTP), datagram(QUERY)]))
    (tmp_path / "a.rules").write_text(RULE)
    (tmp_path / "suricata.yaml").write_text(YAML)
    (tmp_path / "mine.toml").write_text('[rules.vars]\nMINE = "any"\n')
    return tmp_path


def replayed(cli, *options):
    ran = cli("replay", "c.pcap", "--no-store", "--checksums", "ignore", "--eve", "e.json", *options)
    with open("e.json", encoding="utf-8") as file:
        return ran, [json.loads(line) for line in file]


def test_a_suricata_yaml_decides_what_is_found_and_what_is_written(cli, place):
    ran, events = replayed(cli, "--rules", "a.rules", "--suricata-yaml", "suricata.yaml")
    assert ran.code == 0
    assert sorted(e["event_type"] for e in events) == ["alert", "dns"]
    alert, query = sorted(events, key=lambda e: e["event_type"])
    assert alert["payload"]
    assert (query["dns"]["type"], query["dns"]["rrname"]) == ("query", "www.example.com")
    assert "suricata.yaml: 5 keys are taken over, 1 have no counterpart: threading.set-cpu-affinity" in ran.err


def test_alerts_of_an_eve_log_wait_for_their_answer_and_the_results_stay_the_same(cli, place):
    (place / "eve.yaml").write_text(YAML.replace("{payload: yes}", "{enabled: yes}"))
    (place / "plain.yaml").write_text("vars: {address-groups: {MINE: '[198.51.100.0/24]'}}\n")
    digests = []
    for name, answered in (("eve.yaml", True), ("plain.yaml", False)):
        ran, events = replayed(cli, "--rules", "a.rules", "--suricata-yaml", name, "--json")
        alert, = (e for e in events if e["event_type"] == "alert")
        assert (alert["pcap_cnt"], alert["http"].get("status")) == ((7, 200) if answered else (4, None))
        assert alert["sekisho"].get("packet_number") == (4 if answered else None)
        digests.append(ran.json["digest"])
    assert digests[0] == digests[1]


def test_the_one_beside_the_rules_is_taken_over_and_said(cli, place):
    ran, events = replayed(cli, "--rules", "a.rules")
    assert sorted(e["event_type"] for e in events) == ["alert", "dns"]
    assert "suricata.yaml: stands beside the rules and is taken over" in ran.err
    assert cli("rules", "check", "a.rules", "--strict").code == 0
    assert cli("rules", "show", "1", "--rules", "a.rules").code == 0
    left, events = replayed(cli, "--rules", "a.rules", "--no-suricata-yaml", "--config", "mine.toml")
    assert "suricata.yaml" not in left.err
    assert "flow" in {e["event_type"] for e in events}


@pytest.mark.parametrize("folder", ["rules", "elsewhere"])
def test_the_one_above_a_folder_of_rules_counts_too(cli, place, folder):
    (place / folder).mkdir()
    (place / folder / "b.rules").write_text(RULE)
    ran = cli("rules", "check", folder, "--json")
    assert ran.json["enabled_evaluable"] == (1 if folder == "rules" else 0)


def test_what_the_configuration_says_goes_before_the_one_beside_the_rules(cli, place):
    (place / "other.toml").write_text('[rules.vars]\nMINE = "[203.0.113.0/24]"\n')
    (place / "off.toml").write_text("[rules]\nsuricata_yaml_beside = false\n")
    ran, events = replayed(cli, "--rules", "a.rules", "--config", "other.toml")
    assert [e["event_type"] for e in events] == ["dns"]
    ran = cli("replay", "c.pcap", "--no-store", "--rules", "a.rules", "--config", "off.toml")
    assert ran.code == 2
    assert "MINE" in ran.err


def test_single_keys_over_the_one_beside_the_rules(cli, place):
    (place / "shallow.toml").write_text("[streams]\nmidstream = false\n")
    _, events = replayed(cli, "--rules", "a.rules", "--set", "outputs.0.eve-log.types.1.dns.enabled=no")
    assert [e["event_type"] for e in events] == ["alert"]
    request = Request([Path("c.pcap")], Path("shallow.toml"), rules=[Path("a.rules")],
                      suricata_set=["stream.midstream=yes"])
    assert requested_settings(request)[0].streams.midstream


def test_json_names_every_key(cli, place):
    ran = cli("replay", "c.pcap", "--no-store", "--json", "--suricata-yaml", "suricata.yaml", "--rules", "a.rules")
    assert ran.json["suricata_yaml"]["without_counterpart"] == ["threading.set-cpu-affinity"]
    assert "vars.address-groups.MINE" in ran.json["suricata_yaml"]["taken_over"]
    assert "counterpart" not in ran.err


def test_single_keys_over_a_file_and_without_one(cli, place):
    _, events = replayed(cli, "--suricata-yaml", "suricata.yaml", "--set", "outputs.0.eve-log.types.1.dns.enabled=no")
    assert not [e for e in events if e["event_type"] == "dns"]
    _, events = replayed(cli, "--set", "app-layer.protocols.dns.enabled=no")
    assert not [e for e in events if e["event_type"] == "dns" or e.get("app_proto") == "dns"]
    _, events = replayed(cli, "--set", "app-layer.protocols.dns.enabled=detection-only")
    assert [e["event_type"] for e in events if e.get("app_proto") == "dns"] == ["flow"]
    assert not [e for e in events if e["event_type"] == "dns"]


@pytest.mark.parametrize(("options", "words"), [
    (("--suricata-yaml", "none.yaml"), "no file that can be read"), (("--set", "nonsense"), "expected KEY=VALUE"),
    (("--suricata-yaml", "suricata.yaml", "--set", "stream.midstream=perhaps"), "neither yes nor no"),
    (("--suricata-yaml", "c.pcap"), "is not YAML"),
])
def test_what_cannot_be_taken_over_is_one_clear_error(cli, place, options, words):
    ran = cli("replay", "c.pcap", "--no-store", *options)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_an_inline_sensor_is_simulated(cli, place):
    (place / "a.rules").write_text('drop http any any -> any any (http.uri; content:"/a/"; sid:1;)\n'
                                   'alert http any any -> any any (http.stat_code; content:"200"; sid:2;)\n')
    found = {}
    for option in ((), ("--simulate-ips",)):
        _, events = replayed(cli, "--rules", "a.rules", *option)
        alerts = [e["alert"] for e in events if e["event_type"] == "alert"]
        found[option] = [(alert["signature_id"], alert["action"]) for alert in alerts]
    assert found == {(): [(1, "allowed"), (2, "allowed")], ("--simulate-ips",): [(1, "blocked")]}


def test_a_wrong_rule_of_a_file_that_is_named_ends_the_command(cli, place):
    (place / "a.rules").write_text(RULE.replace("$MINE", "any") + WRONG + WRONG.replace("sid:2", "sid:3"))
    ran = cli("replay", "c.pcap", "--no-store", "--rules", "a.rules")
    assert ran.code == 2
    for words in ("a.rules:2:", "depth", "smaller than the content", "sid 2", "1 more rules are wrong", "rules check"):
        assert words in ran.err


@pytest.mark.parametrize("how", ["folder", "configured", "asked"])
def test_elsewhere_a_wrong_rule_is_noted_and_the_others_go_on(cli, place, how):
    (place / "rules").mkdir()
    (place / "rules" / "a.rules").write_text(RULE.replace("$MINE", "any") + WRONG)
    (place / "s.toml").write_text('[rules]\n' + (
        'files = ["rules/a.rules"]\n' if how == "configured" else 'invalid = "note"\n' if how == "asked" else ""))
    named = {"folder": ("--rules", "rules"), "configured": (), "asked": ("--rules", "rules/a.rules")}[how]
    ran, events = replayed(cli, "--config", "s.toml", *named)
    assert ran.code == 0
    assert [e["alert"]["signature_id"] for e in events if e["event_type"] == "alert"] == [1]
    assert "smaller than the content" in ran.err
    (place / "s.toml").write_text('[rules]\ninvalid = "refuse"\nfiles = ["rules/a.rules"]\n')
    assert cli("replay", "c.pcap", "--no-store", "--config", "s.toml", *named).code == 2


def test_a_rule_that_needs_what_is_not_here_is_noted_wherever_it_stands(cli, place):
    (place / "a.rules").write_text(RULE.replace("$MINE", "any") + "alert ip any any -> any any (geoip:src,JP; sid:2;)\n"
                                   "alert tcp any any -> any any (filemd5:none.md5; sid:3;)\n")
    ran, events = replayed(cli, "--rules", "a.rules")
    assert ran.code == 0
    assert "none.md5 cannot be read" in ran.err
    assert [e["alert"]["signature_id"] for e in events if e["event_type"] == "alert"] == [1]


def test_a_configuration_is_made_of_a_suricata_yaml(cli, place):
    ran = cli("dump", "--suricata-yaml", "suricata.yaml")
    assert ran.code == 0
    assert "1 have no counterpart" in ran.err
    (place / "s.toml").write_text(ran.out)
    _, events = replayed(cli, "--config", "s.toml", "--rules", "a.rules")
    assert sorted(e["event_type"] for e in events) == ["alert", "dns"]

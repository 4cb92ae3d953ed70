"""sekisho replay: what it prints, what it keeps, and how it ends."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest

KEYS = {
    "run_id", "packets", "bytes", "refused", "flows", "transactions", "alerts", "alerts_by_detector",
    "alerts_by_signature_id",
    "highest_severity", "seconds", "packets_per_second", "bits_per_second", "digest", "digests", "interrupted",
    "captures", "counters", "notes", "store", "versions", "coverage",
}
SEKISHO = [sys.executable, "-m", "sekisho"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def subprocess_environment():
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    return {k: v for k, v in os.environ.items() if not k.startswith("SEKISHO_")} | {"PYTHONPATH": path}


def test_json_is_one_object_with_the_promised_keys(cli, leak, policy):
    ran = cli("replay", leak, "--zones", policy, "--no-store", "--json")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1
    found = ran.json
    assert set(found) == KEYS
    assert found["packets"] == sum(c["packets"] for c in found["captures"]) > 0
    assert found["flows"] > 0
    assert found["alerts"] == sum(found["alerts_by_detector"].values()) == sum(found["alerts_by_signature_id"].values())
    assert {"capture", "decode", "flow", "detect", "total"} <= set(found["seconds"])
    assert found["packets_per_second"] > 0
    assert found["bits_per_second"] > 0
    assert len(found["digests"]["policy"]) == len(found["digests"]["config"]) == 64
    assert found["store"] is None
    assert found["highest_severity"] == "critical"


def test_the_digest_does_not_depend_on_the_batch(cli, leak, policy):
    digests = {cli("replay", leak, "--zones", policy, "--no-store", "--json", "--batch", n).json["digest"]
               for n in (1, 7, 4096)}
    assert len(digests) == 1


def test_people_see_alerts_zones_and_figures(cli, leak, policy):
    ran = cli("replay", leak, "--zones", policy, "--no-store")
    assert ran.code == 0
    for text in ("critical", "mynumber → internet", "flows between zones", "packets ", "digest"):
        assert text in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_people_see_it_in_japanese(cli, leak, policy):
    ran = cli("replay", leak, "--zones", policy, "--no-store", "--lang", "ja")
    for text in ("緊急", "重要度", "系間通信マトリクス", "パケット"):
        assert text in ran.out


def test_nothing_found_is_said(cli, calm, policy):
    assert "no alerts" in cli("replay", calm, "--zones", policy, "--no-store").out


def test_without_a_policy_it_says_so_and_judges_nothing(cli, leak):
    ran = cli("replay", leak, "--no-store", "--json")
    assert "no zone policy given" in ran.err
    assert ran.json["digests"]["policy"] == ""
    assert "flows between zones" not in cli("replay", leak, "--no-store").out


def test_quiet_prints_nothing(cli, leak, policy):
    ran = cli("replay", leak, "--zones", policy, "--no-store", "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(("severity", "code"), [("critical", 3), ("low", 3)])
def test_fail_on_reached(cli, leak, policy, severity, code):
    assert cli("replay", leak, "--zones", policy, "--no-store", "--fail-on", severity).code == code


def test_fail_on_not_reached(cli, calm, policy):
    assert cli("replay", calm, "--zones", policy, "--no-store", "--fail-on", "low").code == 0


def test_eve_goes_to_a_file(cli, leak, policy, tmp_path):
    assert cli("replay", leak, "--zones", policy, "--no-store", "--eve", tmp_path / "eve.json").code == 0
    events = [json.loads(line) for line in (tmp_path / "eve.json").read_text().splitlines()]
    assert {"flow", "alert"} <= {e["event_type"] for e in events}


def test_eve_takes_stdout_and_the_tables_leave_it(cli, leak, policy):
    ran = cli("replay", leak, "--zones", policy, "--no-store", "--eve", "-")
    assert {"flow", "alert"} <= {e["event_type"] for e in ran.rows}
    assert "critical" in ran.err


@pytest.mark.parametrize("arguments", [
    ["--eve", "-", "--json", "--no-store"], ["--store", "x", "--no-store"], ["--batch", "0"], ["--batch", "2000000"],
    ["--checksums", "never"], ["--home-net", "10.0.0.1/8"], ["--fail-on", "info"], ["--nonsense"],
    ["--zones", "absent.toml"], ["--config", "absent.toml"],
])
def test_wrong_usage_is_one_line_and_exit_2(cli, leak, arguments):
    ran = cli("replay", leak, *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert [line.startswith("sekisho: ") for line in ran.err.splitlines() if "no zone policy" not in line] == [True]


def test_a_bad_policy_lists_its_errors_and_exits_2(cli, leak, policy, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(policy.read_text().replace('default = "deny"', 'default = "allow"'))
    ran = cli("replay", leak, "--zones", bad)
    assert ran.code == 2
    assert "E003" in ran.err


@pytest.mark.parametrize(("content", "code"), [(b"", 2), (b"this is not a capture, only text\n" * 9, 2), (b"\xd4", 2)])
def test_not_a_capture(cli, tmp_path, content, code):
    path = tmp_path / "file.pcap"
    path.write_bytes(content)
    ran = cli("replay", path, "--no-store", "--quiet")
    assert ran.code == code
    assert len(ran.err.splitlines()) == 1
    assert "file.pcap" in ran.err


def test_a_capture_that_is_not_there(cli):
    ran = cli("replay", "absent.pcap", "--quiet")
    assert ran.code == 2
    assert "absent.pcap" in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_capture_that_may_not_be_read(cli, leak, tmp_path):
    path = tmp_path / "secret.pcap"
    path.write_bytes(leak.read_bytes())
    path.chmod(0)
    assert cli("replay", path, "--no-store").code == 2


def test_a_truncated_capture_is_read_as_far_as_it_goes(cli, leak, tmp_path):
    path = tmp_path / "cut.pcap"
    path.write_bytes(leak.read_bytes()[:-7])
    ran = cli("replay", path, "--no-store", "--json")
    whole = cli("replay", leak, "--no-store", "--json").json
    assert ran.code == 0
    assert ran.json["packets"] == whole["packets"] - 1
    assert any("truncated" in note for note in ran.json["notes"])


def test_several_captures_are_one_stream(cli, leak, calm):
    ran = cli("replay", calm, leak, "--no-store", "--json")
    first, second = ran.json["captures"]
    assert (first["first_packet"], second["first_packet"]) == (1, first["packets"] + 1)


def test_a_folder_and_compressed_captures(cli, leak, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.pcap.gz").write_bytes(gzip.compress(leak.read_bytes()))
    assert cli("replay", tmp_path / "in", "--no-store", "--json").json["digest"] == (
        cli("replay", leak, "--no-store", "--json").json["digest"])


def test_detectors_are_switched_off_by_name(cli, leak, policy, tmp_path):
    config = tmp_path / "site.toml"
    config.write_text('[detectors]\noff = ["zone_verdicts", "zone_evidence"]\n')
    plain = cli("replay", leak, "--zones", policy, "--no-store", "--json").json
    found = cli("replay", leak, "--zones", policy, "--config", config, "--no-store", "--json").json
    assert plain["alerts_by_detector"]["zone_verdicts"] > 0
    assert "zone_verdicts" not in found["alerts_by_detector"]
    assert "zone_verdicts" not in found["counters"]
    assert found["flows"] == plain["flows"]
    assert found["digests"]["config"] != plain["digests"]["config"]
    config.write_text('[detectors]\noff = ["zone_verdict"]\n')
    ran = cli("replay", leak, "--config", config, "--no-store", "--json")
    assert ran.code == 2
    for text in ("no detector 'zone_verdict'", "nearest is zone_verdicts", "stepping_stone", str(config)):
        assert text in ran.err


def test_the_configuration_and_the_options_over_it(cli, leak, policy, tmp_path):
    config = tmp_path / "site.toml"
    (tmp_path / "zones.toml").write_text(policy.read_text())
    config.write_text('[replay]\nzones = "zones.toml"\nsensor = "s-edge"\n[flow]\nmax_flows = 4096\n')
    by_file = cli("replay", leak, "--config", config, "--no-store", "--json").json
    plain = cli("replay", leak, "--zones", policy, "--no-store", "--json").json
    assert by_file["digests"]["policy"] == plain["digests"]["policy"]
    assert by_file["digests"]["config"] != plain["digests"]["config"]
    assert cli("replay", leak, "--config", config, "--batch", 9, "--no-store", "--json").json["digests"] == (
        by_file["digests"])


def test_an_unknown_key_names_file_key_and_the_nearest(cli, leak, tmp_path):
    config = tmp_path / "site.toml"
    config.write_text("[flow]\ntcp_timout_s = 60\n")
    ran = cli("replay", leak, "--config", config)
    assert ran.code == 2
    assert all(text in ran.err for text in ("site.toml", "tcp_timout_s", "[flow]", "tcp_timeout_s"))


def test_replaying_again_is_the_same_run_and_doubles_nothing(cli, leak, policy, tmp_path):
    first = cli("replay", leak, "--zones", policy, "--store", tmp_path / "s", "--json")
    rows = cli("sql", "SELECT count() AS n FROM flow", "--store", tmp_path / "s", "--json").json
    again = cli("replay", leak, "--zones", policy, "--store", tmp_path / "s", "--json")
    assert again.json["run_id"] == first.json["run_id"]
    assert again.json["digest"] == first.json["digest"]
    assert "in the store already" in again.err
    assert cli("sql", "SELECT count() AS n FROM flow", "--store", tmp_path / "s", "--json").json == rows
    assert rows["n"] >= first.json["flows"] > 0


def test_another_site_is_another_run_with_the_same_findings(cli, leak, tmp_path):
    folder = tmp_path / "store"
    runs = [cli("replay", leak, "--store", folder, "--json", "--site", site).rows[0] for site in ("main", "branch")]
    assert len({r["run_id"] for r in runs}) == 2
    rows = cli("sql", "SELECT site, count() AS n FROM flows GROUP BY site ORDER BY site", "--store", folder,
               "--json").rows
    assert [r["site"] for r in rows] == ["branch", "main"]
    assert rows[0]["n"] == rows[1]["n"]
    assert {r["site"] for r in cli("runs", "--store", folder, "--json").rows} == {"branch", "main"}


@pytest.mark.parametrize("place", ["missing/deeper/store", "file"])
def test_a_store_that_cannot_be_made_is_exit_1(cli, leak, tmp_path, place):
    (tmp_path / "file").write_text("x")
    ran = cli("replay", leak, "--store", tmp_path / place, "--quiet")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


def test_standard_input_and_a_closed_pipe(leak, policy):
    ran = subprocess.run([*SEKISHO, "replay", "-", "--no-store", "--json", "--zones", str(policy)],
                         input=leak.read_bytes(), capture_output=True, env=subprocess_environment(), check=True)
    found = json.loads(ran.stdout)
    assert found["packets"] > 0
    assert b"\x1b" not in ran.stdout + ran.stderr


def test_a_reader_that_leaves_is_no_error_to_shout_about(leak, policy):
    ran = subprocess.Popen([*SEKISHO, "replay", str(leak), "--no-store", "--eve", "-", "--zones", str(policy), "-q"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=subprocess_environment())
    ran.stdout.close()
    error = ran.stderr.read()
    assert ran.wait(60) == 0
    assert error == b""


def endless_capture(leak):
    """Yield the bytes of a capture whose records never end."""
    content = leak.read_bytes()
    yield content
    while True:
        yield content[24:]


@pytest.mark.parametrize("keep", [True, False], ids=["store", "no-store"])
def test_ctrl_c_keeps_what_was_read_and_exits_1(leak, policy, tmp_path, keep):
    where = ["--store", str(tmp_path / "s")] if keep else ["--no-store"]
    ran = subprocess.Popen([*SEKISHO, "replay", "-", *where, "--json", "--zones", str(policy)], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=subprocess_environment())
    asked = None
    try:
        for piece in endless_capture(leak):
            ran.stdin.write(piece)
            asked = asked or time.monotonic() + 2
            if time.monotonic() > asked:
                ran.send_signal(signal.SIGINT)
                asked = time.monotonic() + 60
            if ran.poll() is not None:
                break
    except BrokenPipeError:
        pass
    ran.stdin = None
    out, err = ran.communicate(timeout=60)
    assert ran.returncode == 1
    found = json.loads(out)
    assert found["interrupted"]
    assert found["packets"] > 0
    assert b"interrupted" in err
    if keep:
        listed = subprocess.run([*SEKISHO, "runs", "--json", "--store", str(tmp_path / "s")], capture_output=True,
                                env=subprocess_environment(), check=True)
        record = json.loads(listed.stdout)
        assert record["status"] == "interrupted"
        assert record["packets"] == found["packets"]
        assert record["rows"]["flow"] > 0


def test_home_networks_label_flows_where_there_is_no_policy(cli, leak, tmp_path):
    ours = cli("replay", leak, "--store", tmp_path / "s", "--json", "--home-net", "10.0.0.0/8,100.64.0.0/10").json
    assert ours["digests"]["policy"]
    zones = cli("sql", "SELECT DISTINCT src_zone, dst_zone FROM flow WHERE verdict = 'permitted'",
                "--store", tmp_path / "s", "--json").rows
    assert {"src_zone": "home", "dst_zone": "external"} in zones
    assert "home" in cli("replay", leak, "--no-store", "--home-net", "10.0.0.0/8,100.64.0.0/10").out


def test_home_networks_that_cover_everything_are_refused(cli, leak):
    assert cli("replay", leak, "--no-store", "--home-net", "0.0.0.0/0,::/0").code == 2


def test_what_is_said_is_looked_into_where_it_is_kept_or_when_asked(cli, leak, tmp_path):
    alone = cli("replay", leak, "--no-store", "--json").json
    asked = cli("replay", leak, "--no-store", "--payload", "--json").json
    kept = cli("replay", leak, "--no-store", "--eve", tmp_path / "eve.json", "--json").json
    refused = cli("replay", leak, "--no-payload", "--store", tmp_path / "s", "--json").json
    assert alone["transactions"] == refused["transactions"] == {}
    assert asked["transactions"] == kept["transactions"] != {}
    assert asked["digest"] == kept["digest"]
    assert {d["digest"].rsplit("-", 1)[0] for d in (alone, asked, refused)} == {alone["digest"].rsplit("-", 1)[0]}
    assert alone["digest"] == refused["digest"] != asked["digest"]

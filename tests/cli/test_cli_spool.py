"""A replay into a server that is away, and the commands that look after what waits."""

import pytest

from tests.support.clickhouse_listeners import WRITER_PASSWORD


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A configuration with a spool beside it that does not wait long for the server."""
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    config = tmp_path / "site.toml"
    config.write_text('[spool]\npath = "spool"\nwait_s = 0.5\n')
    return config


def test_a_replay_while_the_server_is_down_and_what_waits_is_sent_later(cli, leak, policy, site, new_clickhouse):
    server = new_clickhouse()
    direct = cli("replay", leak, "--zones", policy, "--no-store", "--payload", "--json").json
    server.kill()
    ran = cli("replay", leak, "--zones", policy, "--store", server.url(), "--config", site, "--json")
    assert ran.code == 0
    assert "the server does not say what it holds of this run" in ran.err
    assert "wait in the spool" in ran.err
    assert ran.json["digest"] == direct["digest"]
    waiting = ran.json["counters"]["spool"]["spooled_rows"]
    assert waiting > 0
    assert any("sekisho spool drain" in note for note in ran.json["notes"])

    status = cli("spool", "status", "--config", site, "--json").json
    assert (status["rows"], status["server"]) == (waiting, server.url())
    assert list(status["runs"].values()) == ["closed"]
    shown = cli("spool", "status", "--config", site, "--lang", "ja")
    assert "送信待ち" in shown.out
    assert "flow" in shown.out
    assert cli("spool", "status", "--spool", site.parent / "spool").code == 0

    failed = cli("spool", "drain", "--config", site)
    assert (failed.code, "cannot be reached" in failed.err) == (1, True)
    server.start()
    drained = cli("spool", "drain", "--config", site, "--json")
    assert (drained.code, drained.json["acknowledged_rows"], drained.json["waiting_rows"]) == (0, waiting, 0)
    (run,) = cli("runs", "--store", server.url(), "--config", site, "--json").rows
    assert (run["status"], run["digest"]) == ("complete", direct["digest"])

    again = cli("replay", leak, "--zones", policy, "--store", server.url(), "--config", site)
    assert "is in the store already" in again.err
    assert cli("alerts", "--store", server.url(), "--config", site, "--json").code == 0


def test_clear_asks_first(cli, calm, site, new_clickhouse):
    server = new_clickhouse()
    server.kill()
    assert cli("replay", calm, "--store", server.url(), "--config", site, "--quiet").code == 0
    refused = cli("spool", "clear", "--config", site)
    assert (refused.code, "--yes says that this is meant" in refused.err) == (2, True)
    cleared = cli("spool", "clear", "--config", site, "--yes")
    assert (cleared.code, "were given up" in cleared.err) == (0, True)
    status = cli("spool", "status", "--config", site, "--json").json
    assert (status["rows"], status["lost"]["flow"]["cleared"] > 0) == (0, True)
    assert "given up" in cli("spool", "status", "--config", site).out


def test_no_spool(cli, site):
    for command in (("status",), ("drain",), ("clear", "--yes")):
        ran = cli("spool", *command, "--config", site)
        assert (ran.code, "there is no spool here" in ran.err) == (1, True)

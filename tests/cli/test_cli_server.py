"""The commands over a ClickHouse server: they show the same as over a folder, and never a password."""

from __future__ import annotations

import re

import pytest

from tests.support.clickhouse_listeners import READER, READER_PASSWORD, WRITER_PASSWORD


@pytest.fixture
def site(clickhouse, clickhouse_database, policy, tmp_path):
    """A configuration that names a server and the file of its password, relative to itself."""
    (tmp_path / "secret").write_text(WRITER_PASSWORD + "\n")
    path = tmp_path / "site.toml"
    path.write_text(f'[replay]\nzones = "{policy}"\n[store]\ntarget = "{clickhouse.url(clickhouse_database)}"\n'
                    'password_file = "secret"\ncompression = "zstd"\n')
    return path


def test_every_command_shows_the_same_as_over_a_folder(cli, site, leak, policy, tmp_path, monkeypatch):
    monkeypatch.setenv("SEKISHO_CONFIG", str(site))
    missing = cli("check", "--json").json["store"]
    assert missing["result"] == "missing"
    first = cli("replay", leak, "--json")
    assert (first.code, WRITER_PASSWORD in first.out + first.err) == (0, False)
    assert "in the store already" in cli("replay", leak, "--json").err
    here = ("--store", tmp_path / "folder")
    assert cli("replay", leak, *here, "--json").json["run_id"] == first.json["run_id"]
    for command in (["alerts", "--json"], ["flows", "--json"], ["runs", "--json"],
                    ["sql", "SELECT * EXCEPT inserted_at FROM flow ORDER BY flow_id", "--json"],
                    ["sql", "SHOW TABLES", "--json"], ["flows"], ["alerts", "--lang", "ja"]):
        server, folder = cli(*command), cli(*command, *here)
        assert (server.code, folder.code) == (0, 0), server.err
        assert _without_times(server.out) == _without_times(folder.out), command
    alert = cli("alerts", "--json").rows[0]["alert_id"]
    server, folder = cli("explain", alert, "--json"), cli("explain", alert, "--json", *here)
    assert _without_times(server.out) == _without_times(folder.out)
    assert "1 runs" in cli("check", "--json").json["store"]["detail"]
    assert cli("runs", "delete", first.json["run_id"]).code == 0
    assert cli("sql", "SELECT count() AS n FROM flow", "--json").json == {"n": 0}


def _without_times(text):
    """Leave out the wall clock of the runs, which differs between two replays."""
    return re.sub(r'"(started_at|finished_at)": "[^"]*"', "", text)


def test_a_user_who_may_only_read(cli, site, leak, clickhouse, clickhouse_database, monkeypatch):
    assert cli("replay", leak, "--config", site, "-q").code == 0
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", READER_PASSWORD)
    url = clickhouse.url(clickhouse_database, user=READER)
    assert len(cli("alerts", "--store", url, "--json").rows) >= 1
    refused = cli("runs", "delete", "latest", "--store", url)
    assert (refused.code, "the user may not do this" in refused.err) == (1, True)


@pytest.mark.parametrize("command", [["sql", "SELECT 1"], ["alerts"], ["flows"], ["runs"], ["explain", "1"]])
def test_a_password_in_the_address_is_refused(cli, command):
    ran = cli(*command, "--store", "clickhouse://u:hunter2@127.0.0.1/d")
    assert (ran.code, "hunter2" in ran.out + ran.err) == (2, False)
    assert "a password stands in the address" in ran.err


def test_a_password_in_the_configuration_is_an_unknown_key(cli, tmp_path):
    path = tmp_path / "site.toml"
    path.write_text('[store]\npassword = "hunter2"\n')
    ran = cli("runs", "--config", path)
    assert (ran.code, "nearest valid key is password_file" in ran.err, "hunter2" in ran.err) == (2, True, False)


def test_a_server_that_is_not_there(cli):
    ran = cli("sql", "SELECT 1", "--store", "clickhouse://u@127.0.0.1:1/d?retries=0")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "the server cannot be reached (Connection refused)" in ran.err
    assert "wrong" in cli("check", "--json", "--store", "clickhouse://u@127.0.0.1:1/d?retries=0").json["store"]["result"]


def test_another_kind_of_address(cli):
    ran = cli("runs", "--store", "http://127.0.0.1:8123/")
    assert (ran.code, "is not the address of a store" in ran.err) == (2, True)

"""sekisho dashboards: what its commands write, say and refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zones import EXAMPLE

TOKEN_ENV = "SEKISHO_GRAFANA_TOKEN"


@pytest.fixture(autouse=True)
def _no_token(monkeypatch):
    for name in (TOKEN_ENV, "SEKISHO_GRAFANA_PASSWORD", "SEKISHO_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)


def test_build_writes_the_files_and_says_their_digest(cli):
    first = cli("dashboards", "build", "--zones", EXAMPLE)
    assert first.code == 0
    assert first.out == cli("dashboards", "build", "--zones", EXAMPLE).out
    assert first.out.startswith("grafana: 23 files, digest ")
    assert "'mynumber'" in Path("grafana/dashboards/ja/zones.json").read_text("utf-8")
    assert cli("dashboards", "build").out != first.out


def test_build_puts_the_choices_into_the_files(cli):
    assert cli("dashboards", "build", "--out", "g", "--clickhouse", "db.example.org:9440", "--database", "ids",
               "--user", "viewer", "--path", "/dash", "--rules-lang", "en",
               "--from", "now-7d", "--to", "now/d").code == 0
    source = Path("g/provisioning/datasources/sekisho.yaml").read_text("utf-8")
    assert all(text in source for text in ("db.example.org", "9440", "defaultDatabase: ids", "username: viewer"))
    assert "/dash/ja" in Path("g/provisioning/dashboards/sekisho.yaml").read_text("utf-8")
    assert "A sensor has gone silent" in Path("g/provisioning/alerting/rules.yaml").read_text("utf-8")
    assert json.loads(Path("g/dashboards/en/overview.json").read_text("utf-8"))["time"] == {
        "from": "now-7d", "to": "now/d"}


@pytest.mark.parametrize("address", ["clickhouse", ":9000", "host:port", "host:0", "host:70000"])
def test_build_refuses_what_is_no_address(cli, address):
    ran = cli("dashboards", "build", "--clickhouse", address)
    assert ran.code == 2
    assert "--clickhouse" in ran.err
    assert not Path("grafana").exists()


def test_build_refuses_a_policy_that_is_wrong(cli):
    Path("bad.toml").write_text("schema = 1\n")
    assert cli("dashboards", "build", "--zones", "bad.toml").code == 2


def test_push_wants_a_token_from_file_or_environment(cli):
    ran = cli("dashboards", "push", "http://127.0.0.1:9")
    assert ran.code == 2
    assert TOKEN_ENV in ran.err
    Path("token").write_text("\n")
    assert cli("dashboards", "push", "http://127.0.0.1:9", "--token-file", "token").code == 2
    assert cli("dashboards", "push", "http://127.0.0.1:9", "--token-file", "none").code == 2


@pytest.mark.parametrize("url", ["127.0.0.1:3000", "ftp://127.0.0.1", "http://admin:admin@127.0.0.1:9"])
def test_push_refuses_an_address_that_is_none_or_holds_a_password(cli, monkeypatch, url):
    monkeypatch.setenv(TOKEN_ENV, "t")
    ran = cli("dashboards", "push", url)
    assert ran.code == 2
    assert "admin:admin" not in ran.err


def test_push_to_nobody_is_one_line(cli, monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, "t")
    ran = cli("dashboards", "push", "http://127.0.0.1:9")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "cannot be reached" in ran.err


def test_check_asks_a_store_everything(cli, city_folder):
    ran = cli("dashboards", "check", "--store", city_folder, "--zones", EXAMPLE, "--json")
    assert ran.code == 0, ran.err
    assert {row["kind"] for row in ran.rows} == {"panel", "variable", "annotation", "rule"}
    assert not [row for row in ran.rows if row["problem"]]


def test_check_sums_up_for_people(cli, city_folder):
    ran = cli("dashboards", "check", "--store", city_folder, "--lang", "ja")
    assert ran.code == 0, ran.out
    assert "件の問い合わせ, 0 不可" in ran.out


def test_check_of_no_store_says_so(cli):
    assert cli("dashboards", "check", "--store", "nothing").code == 1


def test_without_the_extra_it_says_what_to_install(tmp_path):
    (tmp_path / "grafana_foundation_sdk.py").write_text(
        "raise ModuleNotFoundError('no', name='grafana_foundation_sdk')\n")
    ran = subprocess.run([sys.executable, "-m", "sekisho", "dashboards", "build"], capture_output=True, text=True,
                         check=False, env=os.environ | {"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"})
    assert ran.returncode == 2
    assert "pip install 'sekisho[grafana]'" in ran.stderr

"""The shell of the command line: help, version, errors, start-up, generated pages, configuration text."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from columns.errors import ConfigError, StoreError
from sekisho import __version__, documents
from sekisho import cli as shell
from sekisho.config import config_digest, load_settings, override
from sekisho.config_text import config_toml
from sekisho.settings import SECTIONS, default_settings

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = dict(documents.commands())


def test_every_command_of_the_product_is_there():
    assert set(COMMANDS) == {
        f"sekisho {name}" for name in (
            "replay", "alerts", "flows", "explain", "sql", "console", "check", "dump", "columns", "audit", "runs",
            "zones new", "zones check", "zones show", "zones matrix", "zones diff", "zones try", "zones learn",
            "zones coverage", "runs list", "runs delete", "spool status", "spool drain", "spool clear", "store migrate",
            "store prune",
            "store stats", "rules check", "rules list", "rules show", "rules stats", "rules update",
            "rules profile",
            "dashboards build", "dashboards push", "dashboards check")}


@pytest.mark.parametrize("path", COMMANDS)
def test_help_explains_itself_with_examples(path, capfd):
    words = path.split()[1:]
    assert shell.run([*words, "--help"]) == 0
    out = capfd.readouterr().out
    assert "Usage: sekisho" in out
    assert "Examples:" in out or words[:1] == ["runs"]
    for param in COMMANDS[path].params:
        assert param.help or param.name == "help", (path, param.name)


@pytest.mark.parametrize("name", ["cli.md", "configuration.md", "rule-keywords.md"])
def test_pages_are_fresh(name):
    assert (ROOT / "docs" / name).read_text("utf-8") == documents.pages()[name], "run python -m sekisho.documents"


def test_every_command_option_and_setting_is_documented():
    page = documents.cli_page()
    for path, command in COMMANDS.items():
        section = page.partition(f"\n## {path}\n")[2].partition("\n## ")[0]
        assert section
        for param in command.params:
            assert all(option in section for option in param.opts if option.startswith("--") and option != "--help")
    for section in SECTIONS:
        part = documents.config_page().partition(f"\n## [{section}]\n")[2].partition("\n## ")[0]
        for line in part.splitlines():
            if line.startswith("| `"):
                assert line.split(" | ")[-1].strip(" |"), f"[{section}] {line} has no meaning"


def test_version(capfd):
    assert shell.run(["--version"]) == 0
    assert capfd.readouterr().out == f"sekisho {__version__}\n"
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__


def test_no_arguments_show_the_help(capfd):
    assert shell.run([]) == 2
    assert "Commands:" in capfd.readouterr().err


def test_an_unknown_command_names_the_nearest(capfd):
    assert shell.run(["repaly"]) == 2
    assert capfd.readouterr().err.startswith("sekisho: No such command 'repaly'")


def test_help_is_quick_and_loads_nothing_heavy():
    source = ("import sys\nfrom sekisho.cli import run\nrun(['replay', '--help'])\n"
              "heavy = {'numba', 'numpy', 'chdb', 'scapy', 'rich', 'pyshark'} & set(sys.modules)\n"
              "sys.exit(' '.join(heavy) or 0)")
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(("error", "code", "text"), [
    (StoreError("the disk is full", where="/data"), 1, "sekisho: /data: the disk is full\n"),
    (ConfigError("unknown key x", where="a.toml", remedy="take y"), 2, "sekisho: a.toml: unknown key x; take y\n"),
    (OSError(28, "No space left on device", "eve.json"), 1, "sekisho: eve.json: No space left on device\n"),
    (ZeroDivisionError("division\nby zero"), 1,
     "sekisho: internal error: ZeroDivisionError: division by zero; "
     "SEKISHO_TRACEBACK=1 in the environment shows where\n"),
    (KeyboardInterrupt(), 1, "sekisho: interrupted\n"),
])
def test_every_error_is_one_line_and_has_its_exit_code(monkeypatch, capfd, error, code, text):
    def fail(*arguments, **named):
        raise error

    monkeypatch.setattr(shell, "app", fail)
    assert shell.run(["check"]) == code
    assert capfd.readouterr().err == text


def test_a_traceback_on_request(monkeypatch, capfd):
    monkeypatch.setattr(shell, "app", lambda *a, **k: 1 / 0)
    monkeypatch.setenv("SEKISHO_TRACEBACK", "1")
    assert shell.run([]) == 1
    assert "Traceback" in capfd.readouterr().err


def test_the_printed_configuration_is_read_back_as_the_defaults(cli, tmp_path):
    path = tmp_path / "all.toml"
    path.write_text(cli("dump", "--config").out)
    document = tomllib.loads(path.read_text())
    assert set(document) == set(SECTIONS)
    assert load_settings(path) == default_settings()
    path.write_text("[flow]\nmax_flows = 4096\n")
    assert "max_flows = 4096" in cli("dump", "--config", "--from", path).out


def test_dump_prints_the_schema_and_columns_explain_it(cli):
    from columns.dump import render_dump

    assert cli("dump").out == render_dump()
    assert cli("dump", "--from", "x.toml").code == 2
    rows = cli("columns", "alert", "--json").rows
    assert {"table": "alert", "column": "why"}.items() <= next(r for r in rows if r["column"] == "why").items()
    assert "half" not in cli("columns", "flow").err
    assert cli("columns", "nothing").code == 2


@pytest.mark.parametrize(("text", "words"), [
    ("[replay]\nbatch = 7 7", ["is not TOML", "line 2"]),
    ("[flaw]", ["unknown section [flaw]", "nearest is [flow]"]),
    ("flow = 3", ["flow is a value", "[flow]"]),
    ("[flow]\nmax_flow = 3", ["unknown key max_flow in [flow]", "nearest valid key is max_flows"]),
    ("[flow]\nmax_flows = 'many'", ["[flow] max_flows", "wrong type", "a whole number", "default is"]),
    ("[flow]\nmax_flows = 1", ["[flow] max_flows = 1", "out of range", "16 to"]),
    ("[flow]\nmax_flows = true", ["wrong type"]),
    ("[flow]\nvlan_in_key = 1", ["wrong type", "true or false"]),
    ("[decode]\nchecksums = 'maybe'", ["checksums", "auto"]),
    ("[replay]\nhome_net = ['10.0.0.1/8']", ["home_net", "host bits"]),
    ("[replay]\nhome_net = '10.0.0.0/8'", ["home_net", "a list of texts"]),
])
def test_a_wrong_configuration_names_file_key_and_remedy(tmp_path, text, words):
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert [w for w in words if w not in message] == []


def test_a_configuration_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_settings(tmp_path / "binary.toml")


def test_the_environment_names_a_configuration(tmp_path, monkeypatch):
    path = tmp_path / "site.toml"
    path.write_text("[flow]\nmax_flows = 4096\n")
    monkeypatch.setenv("SEKISHO_CONFIG", str(path))
    assert load_settings().flow.max_flows == 4096


def test_every_single_default_passes_its_own_check_and_its_digest_counts():
    settings = default_settings()
    text = tomllib.loads(config_toml(settings))
    for section, values in text.items():
        for key, value in values.items():
            assert override(settings, section, {key: value}, "x") == settings
    assert config_digest(settings) != config_digest(override(settings, "flow", {"max_flows": 4096}, "x"))
    assert config_digest(settings) == config_digest(override(settings, "replay", {"batch": 7}, "x"))


def test_zones_check(cli, policy, tmp_path):
    good = cli("zones", "check", policy)
    assert good.code == 0
    assert "valid" in good.out
    bad = tmp_path / "bad.toml"
    bad.write_text(policy.read_text().replace('default = "deny"', 'default = "allow"'))
    ran = cli("zones", "check", bad, "--json")
    assert ran.code == 2
    assert "E003" in {p["code"] for p in ran.json["problems"]}
    assert ran.json["errors"] >= 1
    assert cli("zones", "check", bad, "--lang", "ja").out.count("E003") == 1
    assert cli("zones", "check", tmp_path / "absent.toml").code == 2


def test_a_new_policy_may_not_hold_expired_conduits(cli, policy, tmp_path):
    old = tmp_path / "old.toml"
    old.write_text(policy.read_text().replace("2027-03-31", "2026-04-02"))
    assert cli("zones", "check", old).code == 0
    ran = cli("zones", "check", old, "--new", "--json")
    assert ran.code == 2
    assert "E407" in {p["code"] for p in ran.json["problems"] if p["level"] == "error"}

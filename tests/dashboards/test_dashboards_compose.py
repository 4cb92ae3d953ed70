"""docker-compose.yml, Dockerfile and what they name: structure, secrets, loopback. No engine runs them here."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from storage.target import PASSWORD_ENV as STORE_PASSWORD_ENV
from tests.support.clickhouse_listeners import WRITER_PASSWORD

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SERVICE_KEYS = {"image", "build", "restart", "environment", "volumes", "ports", "networks", "ulimits", "healthcheck",
                "command", "entrypoint", "depends_on", "profiles", "read_only", "cap_drop", "security_opt", "tmpfs"}
SECRETS = ("SEKISHO_WRITER_PASSWORD", "SEKISHO_GRAFANA_PASSWORD", "GRAFANA_ADMIN_PASSWORD")


def test_the_services_are_there_with_keys_that_compose_knows():
    assert set(SERVICES) == {"clickhouse", "dashboards", "grafana", "sekisho", "demo"}
    for name, service in SERVICES.items():
        assert set(service) <= SERVICE_KEYS, name
        assert "image" in service
        assert set(service["networks"]) <= set(COMPOSE["networks"])


def test_named_volumes_are_declared_and_files_are_there():
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists() or source == "./captures", source
            else:
                assert source in COMPOSE["volumes"], source


def test_ports_are_open_on_loopback_unless_told_otherwise():
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert {port["target"] for port in published} == {9000, 3000}
    assert {port["host_ip"] for port in published} == {"${SEKISHO_BIND:-127.0.0.1}"}


def test_a_missing_password_stops_compose_with_the_remedy():
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    for name in SECRETS:
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses
        assert set(uses) == {":?no password, run sh docker/make-env.sh first"}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert str(value).startswith("${"), f"{name} is written down"


def test_services_that_stay_have_health_checks_and_others_wait_for_them():
    for name in ("clickhouse", "grafana"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
        assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES["grafana"]["depends_on"] == {"clickhouse": {"condition": "service_healthy"},
                                                 "dashboards": {"condition": "service_completed_successfully"}}
    assert SERVICES["demo"]["depends_on"] == {"clickhouse": {"condition": "service_healthy"}}


def test_the_demo_runs_only_when_asked_for():
    assert SERVICES["demo"]["profiles"] == ["demo"]
    assert SERVICES["sekisho"]["profiles"] == ["tools"]
    assert SERVICES["demo"]["environment"][STORE_PASSWORD_ENV].startswith("${SEKISHO_WRITER_PASSWORD")


def test_grafana_finds_what_the_dashboards_service_writes():
    grafana, writer = SERVICES["grafana"], SERVICES["dashboards"]
    assert "--out=/grafana" in writer["command"]
    assert "grafana-files:/grafana" in writer["volumes"]
    assert "grafana-files:/etc/sekisho:ro" in grafana["volumes"]
    assert grafana["environment"]["GF_PATHS_PROVISIONING"] == "/etc/sekisho/provisioning"
    assert grafana["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"


def test_the_command_of_the_dashboards_service_is_one_that_works(cli, tmp_path):
    words = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word) for word in SERVICES["dashboards"]["command"]]
    words = [word.replace("=/grafana", f"={tmp_path}/out").replace(
        "/etc/sekisho/zones.toml", str(ROOT / "zones/examples/city.toml")) for word in words]
    assert cli(*words).code == 0
    assert (tmp_path / "out/provisioning/datasources/sekisho.yaml").is_file()


def test_our_containers_are_not_root_and_can_do_little():
    for name in ("dashboards", "sekisho", "demo"):
        service = SERVICES[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER sekisho$", last, re.M)
    assert len(re.findall(r"^FROM .*-slim", DOCKERFILE, re.M)) == 2


def test_the_image_is_made_of_what_is_there():
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M):
        for name in source.split():
            assert (ROOT / name).exists(), name
            top = name.split("/")[0]
            assert f"!{top}" in (ROOT / ".dockerignore").read_text("utf-8").splitlines(), f"{name} is ignored"
    packages = re.search(r'include = \[(.*)\]', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert packages
    for package in re.findall(r'"(\w+)\*"', packages[1]):
        assert f"COPY {package} {package}" in DOCKERFILE, f"{package} is not in the image"


def test_users_of_clickhouse_get_their_passwords_from_outside_and_no_more_than_they_need():
    users = ET.parse(ROOT / "docker/clickhouse/sekisho-users.xml").getroot()
    assert {u.tag for u in users.find("users")} == {"sekisho", "grafana"}
    for user in users.find("users"):
        assert user.find("password").get("from_env") in SECRETS
        assert not (user.find("password").text or "").strip()
    assert [q.text for q in users.iterfind("users/grafana/grants/query")] == ["GRANT SELECT ON sekisho.*"]
    assert users.find("profiles/sekisho_reader/readonly").text == "2"


def test_what_the_image_runs_needs_no_embedded_engine(clickhouse, clickhouse_database, capture_of, tmp_path):
    for name in ("chdb", "_chdb"):  # the image has them uninstalled
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name={name!r})\n")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}", STORE_PASSWORD_ENV: WRITER_PASSWORD,
                                "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    replay = subprocess.run(
        [sys.executable, "-m", "sekisho", "replay", str(capture_of("fragments")), "--zones",
         str(ROOT / "zones/examples/city.toml"), "--store", clickhouse.url(clickhouse_database), "--quiet"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert replay.returncode == 0, replay.stderr
    assert clickhouse.execute("SELECT count() > 0 FROM flow", database=clickhouse_database) == [(1,)]
    build = subprocess.run([sys.executable, "-m", "sekisho", "dashboards", "build"], cwd=tmp_path, env=environment,
                           capture_output=True, text=True, check=False)
    assert build.returncode == 0, build.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script that makes passwords."""
    (tmp_path / "docker").mkdir()
    shutil.copy(ROOT / "docker/make-env.sh", tmp_path / "docker")
    return tmp_path


def test_passwords_are_made_once_and_are_nobody_elses(checkout):
    made = subprocess.run(["sh", "docker/make-env.sh"], cwd=checkout, capture_output=True, text=True, check=True)
    values = dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines() if "=" in line)
    assert tuple(values) == SECRETS
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", v) for v in values.values())
    assert len(set(values.values())) == 3
    assert stat.S_IMODE(os.stat(checkout / ".env").st_mode) == 0o600
    assert not any(v in made.stdout for v in values.values())
    again = subprocess.run(["sh", "docker/make-env.sh"], cwd=checkout, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines() if "=" in line) == values


@pytest.mark.parametrize("script", ["docker/make-env.sh", "docker/entry.sh", "docker/demo.sh"])
def test_scripts_are_shell(script):
    subprocess.run(["sh", "-n", str(ROOT / script)], check=True)


def test_dclint_has_nothing_against_it():
    tool = shutil.which("dclint")
    if tool is None:
        pytest.skip("dclint is not installed (npm install --global dclint)")
    found = subprocess.run([tool, "-c", str(ROOT / ".dclintrc"), str(ROOT / "docker-compose.yml")],
                           capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout

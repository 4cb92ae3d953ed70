"""Pushing through the API, against a small server that speaks the calls that are needed and keeps what it was given."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from columns.errors import GrafanaError
from dashboards.grafana.files import Choices, build_files
from dashboards.grafana.push import push
from dashboards.panels.rules import RULES

CHOICES = Choices()
FILES = build_files(CHOICES)
TOKEN = "glsa_test"


class Grafana(ThreadingHTTPServer):
    """Remembers datasources, folders, dashboards, rules, contact points and the policy; refuses any other token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[str, Any] = {}
        self.calls: list[str] = []
        self.status = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Grafana

    def do_GET(self) -> None:
        path = self.path
        if path in ("/api/health", "/api/frontend/settings"):
            self._answer(200, {"version": "11.6.0", "database": "ok", "buildInfo": {"version": "11.6.0"}})
        elif path == "/api/v1/provisioning/contact-points":
            self._answer(200, [v for k, v in self.server.kept.items() if k.startswith("contact/")])
        else:
            kind, uid = path.removeprefix("/api/").rsplit("/", 1)
            found = self.server.kept.get(f"{kind}/{uid}")
            self._answer(200 if found else 404, found or {"message": "not found"})

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/api/dashboards/db":
            board = body["dashboard"]
            if board["uid"] in self.server.kept and not body["overwrite"]:
                self._answer(412, {"message": "exists"})
                return
            self._keep(board["uid"], body)
        elif self.path == "/api/folders":
            self._keep(f"folders/{body['uid']}", body)
        elif self.path == "/api/datasources":
            self._keep(f"datasources/uid/{body['uid']}", body)
        elif self.path == "/api/v1/provisioning/contact-points":
            self._keep(f"contact/{body['uid']}", body)
        else:
            self._answer(404, {"message": "no such call"})

    def do_PUT(self) -> None:
        body = self._body()
        if self.path.startswith("/api/datasources/uid/"):
            self._keep(self.path.removeprefix("/api/"), body)
        elif self.path.startswith("/api/v1/provisioning/contact-points/"):
            self._keep(f"contact/{self.path.rsplit('/', 1)[1]}", body)
        elif self.path.startswith("/api/v1/provisioning/folder/") or self.path == "/api/v1/provisioning/policies":
            self._keep(self.path, body)
        else:
            self._answer(404, {"message": "no such call"})

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _keep(self, key: str, value: Any) -> None:
        if self._answer(self.server.status or 200, {"status": "success", "message": "said by the server"}):
            self.server.kept[key] = value

    def _answer(self, status: int, value: Any) -> bool:
        self.server.calls.append(f"{self.command} {self.path}")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, value = 401, {"message": "Invalid API key"}
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        return status < 400

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    server = Grafana()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_everything_arrives_as_it_was_built(grafana):
    said: list[str] = []
    push(grafana.url, TOKEN, FILES, CHOICES, webhook="http://127.0.0.1:1/hook", password="secret", say=said.append)
    for name, text in FILES.items():
        if name.startswith("dashboards/"):
            board = json.loads(text)
            assert grafana.kept[board["uid"]] == {"dashboard": board, "folderUid": "sekisho", "overwrite": True,
                                                  "message": "sekisho dashboards push"}
    source = grafana.kept["datasources/uid/sekisho-clickhouse"]
    assert source["secureJsonData"] == {"password": "secret"}
    assert source["jsonData"]["username"] == "grafana"
    assert grafana.kept["folders/sekisho"]["title"] == "Sekisho"
    group = grafana.kept["/api/v1/provisioning/folder/sekisho/rule-groups/sekisho"]
    assert [r["uid"] for r in group["rules"]] == [f"sekisho-{rule.id}" for rule in RULES]
    assert {(r["folderUID"], r["ruleGroup"]) for r in group["rules"]} == {("sekisho", "sekisho")}
    assert group["interval"] == 60
    assert grafana.kept["contact/sekisho-webhook"]["settings"]["url"] == "http://127.0.0.1:1/hook"
    assert grafana.kept["/api/v1/provisioning/policies"]["receiver"] == "sekisho-webhook"
    assert len([line for line in said if line.startswith("dashboard ")]) == 18
    assert "secret" not in "".join(said)


def test_a_second_push_updates_what_is_there(grafana):
    for password in ("old", "new"):
        push(grafana.url, TOKEN, FILES, CHOICES, webhook="http://127.0.0.1:1/hook", password=password)
    assert grafana.kept["datasources/uid/sekisho-clickhouse"]["secureJsonData"] == {"password": "new"}
    assert grafana.calls.count("POST /api/folders") == 1
    assert grafana.calls.count("POST /api/datasources") == 1
    assert grafana.calls.count("POST /api/v1/provisioning/contact-points") == 1


def test_without_secrets_data_source_and_policy_are_left_alone(grafana):
    push(grafana.url, TOKEN, FILES, CHOICES)
    assert not [call for call in grafana.calls if "datasources" in call or "contact" in call or "policies" in call]


def test_a_wrong_token_is_said_plainly(grafana):
    with pytest.raises(GrafanaError, match="token is not accepted"):
        push(grafana.url, "wrong", FILES, CHOICES)
    assert grafana.kept == {}


def test_what_grafana_refuses_is_passed_on(grafana):
    grafana.status = 500
    with pytest.raises(GrafanaError, match="refused: 500"):
        push(grafana.url, TOKEN, FILES, CHOICES)


def test_no_grafana_there_is_one_line(grafana):
    url = grafana.url
    grafana.shutdown()
    grafana.server_close()
    with pytest.raises(GrafanaError, match="cannot be reached") as caught:
        push(url, TOKEN, FILES, CHOICES)
    assert "\n" not in str(caught.value)

"""A console as its user starts it: a process of its own on a free port of loopback, over a copy of a store."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8-sig")


@dataclass
class Client:
    """Requests to a console over its real socket, with the headers that a browser would send unless told otherwise."""

    port: int
    err: list[str] = field(default_factory=list)
    cookie: str = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, *, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request; header names have _ for -."""
        sent = {"Host": f"127.0.0.1:{self.port}"} | ({"Cookie": self.cookie} if self.cookie else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None and "Content-Length" not in sent:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, query: Any = (), **headers: str) -> Answer:
        """GET with parameters given as pairs or a mapping."""
        text = urlencode(query, doseq=True)
        return self.ask("GET", f"{path}?{text}" if text else path, **headers)

    def rows(self, path: str, query: Any = ()) -> list[dict[str, Any]]:
        """Return the rows of an answer by column; the answer must be one."""
        answer = self.get(path, query)
        assert answer.status == 200, answer.body
        data = answer.json
        return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]

    def post(self, path: str, value: Any, **headers: str) -> Answer:
        """POST JSON as the page does."""
        own = {"Origin": self.origin, "Content_Type": "application/json", "X_Sekisho_CSRF": self.facts["csrf"]}
        return self.ask("POST", path, body=json.dumps(value).encode(), **own | headers)

    @property
    def facts(self) -> Any:
        """What the page asks for first."""
        return self.get("/api/facts").json

    @property
    def whole(self) -> dict[str, int]:
        """The range that holds all data, as parameters."""
        found = self.facts["range"]
        return {"from": found["from_ms"], "to": found["to_ms"]}


def sekisho(*arguments: object, check: bool = True, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """Run a command of the program in a process of its own, in a folder."""
    ran = subprocess.run([sys.executable, "-m", "sekisho", *map(str, arguments)], cwd=cwd, env=environment(),
                         capture_output=True, text=True, timeout=280, check=False)
    assert not check or ran.returncode == 0, ran.stderr
    return ran


def environment() -> dict[str, str]:
    """Return an environment without the settings of whoever runs the tests, those of buffers among them."""
    kept = {k: v for k, v in os.environ.items() if k not in (
        "SEKISHO_STORE", "SEKISHO_CONFIG", "LC_ALL", "BROWSER", "PYTHONUNBUFFERED")}
    return kept | {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}


@contextmanager
def running(store: Path | str, *options: object) -> Iterator[Client]:
    """Run `sekisho console` over a store until the block ends, by Ctrl-C; it must then end in order."""
    command = [sys.executable, "-m", "sekisho", "console", "--store", str(store), "--port", "0", "--no-open",
               *map(str, options)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        client = Client(_port(process))
        yield client
    finally:
        process.send_signal(signal.SIGINT)
        try:
            _, rest = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    client.err += rest.splitlines()
    assert process.returncode == 0, rest


def _port(process: subprocess.Popen) -> int:
    """Return the port that a console says it listens on."""
    assert process.stdout is not None
    until, waiting = time.monotonic() + START_SECONDS, select.poll()
    waiting.register(process.stdout, select.POLLIN)
    while time.monotonic() < until:
        if waiting.poll(200):
            line = process.stdout.readline()
            if line:
                return urlsplit(line.strip()).port or 0
        if process.poll() is not None:
            break
    process.kill()
    raise AssertionError(f"the console did not start: {process.communicate()[1]}")

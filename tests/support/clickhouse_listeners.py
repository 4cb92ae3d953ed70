"""A real ClickHouse on real sockets for tests: the TCP and HTTP listeners of clickhouse-local 26.9.

It is not a clickhouse-server package: the shared object of chDB holds clickhouse-local with its network handlers, and a
process of its own starts them on loopback. Protocols, users, grants, profiles, MergeTree on disk, deduplication and
recovery after kill -9 are the server's own code. There is no TLS listener, no Keeper (so nothing Replicated), and no
CREATE USER: users stand in users.xml. The call that starts it is private to chDB, so a version without it skips.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATABASE = "sekisho"
WRITER, WRITER_PASSWORD = "sekisho", "writer-secret"
READER, READER_PASSWORD = "grafana", "reader-secret"
START_SECONDS = 30.0

# the query that keeps it up reads standard input: it ends on stop(), and also when the test process has died
_PROGRAM = """
from chdb import _chdb
_chdb.query("SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "
            "SELECT count() FROM file('/dev/stdin', 'LineAsString', 'line String')", "TSV", path="data")
"""
_CONFIG = """<clickhouse>
<tcp_port>{tcp}</tcp_port><http_port>{http}</http_port><listen_host>127.0.0.1</listen_host>
<users_config>users.xml</users_config>{more}
</clickhouse>
"""
_USERS = """<clickhouse>
<profiles><default>{more}</default><reader><readonly>2</readonly></reader></profiles>
<quotas><default/></quotas>
<users>
<default><password/>{rest}</default>
<{writer}><password>{writer_password}</password>{rest}</{writer}>
<{reader}><password>{reader_password}</password>
<networks><ip>127.0.0.1</ip></networks><profile>reader</profile><quota>default</quota>
<grants><query>GRANT SELECT ON {database}*.*</query></grants></{reader}>
</users>
</clickhouse>
"""
_REST = "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>"
_LACKING = ("UNSUPPORTED_METHOD", "SYNTAX_ERROR", "ImportError", "ModuleNotFoundError", "AttributeError")


class ListenersMissing(Exception):
    """This chDB cannot listen on sockets; the text says why."""


@dataclass
class ClickHouseListeners:
    """One ClickHouse process over a folder; the folder and the ports stay the same from start to start.

    server: elements of config.xml (``{"max_concurrent_queries": 4}``). profile: settings of every query of the writing
    users (``{"max_memory_usage": 10**8}``). Both may be changed between two starts.
    Users: ``default`` (no password) and ``sekisho`` may do everything, ``grafana`` may only read (readonly=2, SELECT
    on databases whose names begin with ``sekisho``).
    """

    folder: Path
    server: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    tcp_port: int = 0
    http_port: int = 0
    process: subprocess.Popen[bytes] | None = None

    host = "127.0.0.1"

    @property
    def log(self) -> Path:
        """What the process wrote."""
        return self.folder / "clickhouse.log"

    def url(self, database: str = DATABASE, *, user: str = WRITER, more: str = "") -> str:
        """Return the address of a store on it, as --store takes it; the password is never in it."""
        return f"clickhouse://{user}@{self.host}:{self.tcp_port}/{database}{more}"

    def client(self, *, user: str = "default", database: str = "", **options: Any) -> Any:
        """Return a client of clickhouse-driver; a user's password is known here."""
        from clickhouse_driver import Client

        password = {WRITER: WRITER_PASSWORD, READER: READER_PASSWORD}.get(user, "")
        return Client(self.host, self.tcp_port, user=user, password=password, database=database, **options)

    def execute(self, sql: str, **options: Any) -> Any:
        """Run one statement as ``default`` over a connection of its own."""
        client = self.client(**options)
        try:
            return client.execute(sql)
        finally:
            client.disconnect()

    def start(self) -> None:
        """Start on the folder's data and return when both ports answer.

        Raises ListenersMissing where this chDB has no listeners, RuntimeError with its output when it does not start.
        """
        for _ in range(5):
            if not self.tcp_port or not self.http_port:
                self.tcp_port, self.http_port = free_port(), free_port()
            self._write_files()
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen([sys.executable, "-c", _PROGRAM], cwd=self.folder, stdout=log,
                                                stderr=log, stdin=subprocess.PIPE, start_new_session=True)
            if self._answers():
                return
            text = self.log.read_text("utf-8", "replace")[-2000:]
            self.kill()
            if any(word in text for word in _LACKING):
                raise ListenersMissing(f"this chDB cannot listen on sockets: {text.strip()[-300:]}")
            if "Address already in use" not in text:
                raise RuntimeError(f"ClickHouse did not start within {START_SECONDS:.0f} s: {text}")
            self.tcp_port = self.http_port = 0
        raise RuntimeError("no free ports for ClickHouse")

    def stop(self) -> None:
        """End it in order: queries are finished, data is written."""
        if self.process is None:
            return
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """kill -9 at once."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process = None

    def pause(self) -> None:
        """Stop its threads in their tracks: connections stay open and nothing answers, until resume()."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)
        while not self._stopped():
            time.sleep(0.005)

    def _stopped(self) -> bool:
        """Has every thread stopped? A thread that runs when the signal is sent goes on for a moment."""
        assert self.process is not None
        try:
            states = {task.read_text().rpartition(") ")[2][0]
                      for task in Path(f"/proc/{self.process.pid}/task").glob("*/stat")}
        except FileNotFoundError:  # a thread that ended meanwhile
            return False
        return states <= set("TtZX")

    def resume(self) -> None:
        """Go on after pause()."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)

    def restart(self, *, kill: bool = False) -> None:
        """Stop (or kill -9) and start again on the same data and ports."""
        if kill:
            self.kill()
        else:
            self.stop()
        self.start()

    def _write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.xml").write_text(_CONFIG.format(
            tcp=self.tcp_port, http=self.http_port, more=_elements(self.server)))
        (self.folder / "users.xml").write_text(_USERS.format(
            more=_elements(self.profile), rest=_REST, writer=WRITER, writer_password=WRITER_PASSWORD, reader=READER,
            reader_password=READER_PASSWORD, database=DATABASE))

    def _answers(self) -> bool:
        assert self.process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if _connects(self.tcp_port) and _connects(self.http_port):
                return self.process.poll() is None
            time.sleep(0.02)
        return False


@contextlib.contextmanager
def clickhouse_listeners(folder: Path, **options: Any) -> Iterator[ClickHouseListeners]:
    """A ClickHouse of its own in an empty folder, with the database ``sekisho``, stopped at the end."""
    listeners = ClickHouseListeners(folder, **options)
    listeners.start()
    try:
        listeners.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        yield listeners
    finally:
        listeners.stop()


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _elements(settings: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in settings.items())

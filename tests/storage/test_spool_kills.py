"""kill -9 on both sides, again and again, at random points: in the end the server holds every row exactly once.

The server is a real ClickHouse on real sockets, the writer a process of its own with a spool. Both are killed, started
again, and the server is frozen for a while, in an order that the seed decides (when exactly, the machine decides).
"""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from storage import Run, SpoolSettings, open_store
from storage.spool import read_status
from tests.support.clickhouse_listeners import WRITER_PASSWORD
from tests.support.spool_writer import alerts, flows, write

ROOT = Path(__file__).resolve().parents[2]
DIGESTS = {
    "flow": "groupBitXor(cityHash64(* EXCEPT inserted_at)), count(), uniqExact(flow_id)",
    "alert": "groupBitXor(cityHash64(* EXCEPT inserted_at)), count(), uniqExact(alert_id)",
    "sensor_health": "groupBitXor(cityHash64(* EXCEPT inserted_at)), count()",
    "traffic_1m": "sum(flows), sum(packets_toserver), sum(bytes_toclient)",
    "traffic_1h": "sum(flows), sum(packets_toserver), sum(bytes_toclient)",
    "talkers_1h": "sum(flows), sum(bytes_in), sum(bytes_out)",
    "alerts_1m": "sum(alerts)", "alerts_1h": "sum(alerts)",
}


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 1000)


class Writer:
    """The writing process, and how many rows its spool has taken."""

    def __init__(self, *arguments):
        self.taken, self.done = 0, False
        self.process = subprocess.Popen([sys.executable, "-m", "tests.support.spool_writer", *map(str, arguments)],
                                        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            if line == "done\n":
                self.done = True
            elif line.endswith("\n"):
                self.taken = int(line)

    def kill(self):
        """End it at once; once is enough."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        self.process.stdout.close()


class Chaos:
    """Kills, starts and freezes both sides as often as is asked; then lets the last writer come to its end."""

    def __init__(self, server, folder, seed, kind, rows):
        self.server, self.folder, self.kind, self.rows = server, folder, kind, rows
        self.random, self.taken = random.Random(seed), {}
        self.life = 0
        self.start()

    def start(self):
        self.life += 1
        self.run_id = f"live-{self.life}" if self.kind == "live" else "r"
        self.writer = Writer(self.server.url(more="?timeout_s=3&connect_timeout_s=2"), self.folder, self.run_id,
                             self.kind, self.rows)

    def end(self):
        self.writer.kill()
        self.taken[self.run_id] = self.writer.taken

    def rage(self, rounds):
        """A round is one trouble of each kind, in any order; it comes when the writer is somewhere in its run."""
        for _ in range(rounds):
            for what in self.random.sample(("server", "writer", "both", "freeze"), 4):
                self.wait_for(self.random.randrange(1, self.rows))
                if what in ("writer", "both"):
                    self.end()
                if what in ("server", "both"):
                    self.server.kill()
                    time.sleep(self.random.choice((0.0, 0.0, 0.5, 1.5)))
                    self.server.start()
                if what == "freeze":
                    self.server.pause()
                    time.sleep(self.random.uniform(0.1, 1.0))
                    self.server.resume()
                if self.writer.process.poll() is not None:
                    self.end()
                    self.start()

    def wait_for(self, rows):
        """Wait until the writer's spool has taken so many rows, or the writer has ended."""
        end = time.monotonic() + 60
        while self.writer.taken < rows and self.writer.process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(self.random.uniform(0.0, 0.1))

    def calm(self):
        end = time.monotonic() + 120
        while not self.writer.done and time.monotonic() < end:
            if self.writer.process.poll() is not None and not self.writer.done:
                self.start()
            time.sleep(0.1)
        assert self.writer.done
        self.writer.process.wait()
        self.end()


def digests(store, where="1"):
    return {table: store.query(f"SELECT {sql} FROM {table} WHERE {where}").rows for table, sql in DIGESTS.items()}


def quiet(server, run, rows):
    """What a server holds that nobody disturbed."""
    server.execute("CREATE DATABASE sekisho_quiet")
    with open_store(server.url("sekisho_quiet")) as store:
        write(store, run, rows)
        return digests(store)


def replay_under_fire(new_clickhouse, tmp_path, seed, rounds, rows):
    server = new_clickhouse()
    chaos = Chaos(server, tmp_path / "spool", seed, "replay", rows)
    chaos.rage(rounds)
    chaos.calm()
    with open_store(server.url()) as store:
        found = digests(store)
        (run,) = store.runs()
        assert (run["status"], run["rows"]) == (
            "complete", {"flow": rows, "alert": rows // 50, "sensor_health": 1})
    assert found == quiet(server, Run("r"), rows)
    assert read_status(tmp_path / "spool").rows == 0


def live_under_fire(new_clickhouse, tmp_path, seed, rounds, rows):
    """Every life is a run. What its spool had taken when it was killed is there, once, and nothing else."""
    server = new_clickhouse()
    chaos = Chaos(server, tmp_path / "spool", seed, "live", rows)
    chaos.rage(rounds)
    chaos.calm()
    with open_store(server.url(), spool=SpoolSettings(path=str(tmp_path / "spool"))) as store:
        store.flush()
        status = {run["run_id"]: (run["status"], run["rows"]) for run in store.runs()}
        for run_id, taken in chaos.taken.items():
            counts = [check_prefix(store, run_id, "flow", "flow_id"), check_prefix(store, run_id, "alert", "alert_id")]
            assert sum(counts) >= taken - 1, run_id
            if run_id in status:
                assert (status[run_id][1]["flow"], status[run_id][1]["alert"]) == tuple(counts)
        last = f"live-{chaos.life}"
        assert status[last] == ("complete", {"flow": rows, "alert": rows // 50, "sensor_health": 1})
        assert {kind for run_id, (kind, _) in status.items() if run_id != last} <= {"interrupted", "complete"}
        check_rollups(store)


def check_prefix(store, run_id, table, number):
    """Rows of a run are those numbered 0, 1, 2, …, each once, as they were written; return how many."""
    ((count, different, highest),) = store.query(
        f"SELECT count(), uniqExact({number}), max({number}) FROM {table} WHERE run_id = {{run:String}}",
        {"run": run_id}).rows
    assert count == different == (highest + 1 if count else 0), (run_id, table)
    return count


def check_rollups(store):
    """Rollups say of each run what its rows say."""
    raw = store.query("SELECT run_id, countIf(part = 0), sum(bytes_toclient) FROM flow GROUP BY 1 ORDER BY 1").rows
    for rollup in ("traffic_1m", "traffic_1h"):
        assert store.query(f"SELECT run_id, sum(flows), sum(bytes_toclient) FROM {rollup} GROUP BY 1 ORDER BY 1"
                           ).rows == raw
    raw = store.query("SELECT run_id, count() FROM alert GROUP BY 1 ORDER BY 1").rows
    assert store.query("SELECT run_id, sum(alerts) FROM alerts_1m GROUP BY 1 ORDER BY 1").rows == raw


def test_a_replay_under_fire(new_clickhouse, tmp_path):
    replay_under_fire(new_clickhouse, tmp_path, seed=1, rounds=1, rows=12_000)


def test_a_live_sensor_under_fire(new_clickhouse, tmp_path):
    live_under_fire(new_clickhouse, tmp_path, seed=2, rounds=1, rows=12_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3, 9))
@pytest.mark.parametrize("fire", [replay_under_fire, live_under_fire])
def test_long_under_fire(new_clickhouse, tmp_path, fire, seed):
    fire(new_clickhouse, tmp_path, seed=seed, rounds=10, rows=30_000)


def test_the_writer_writes_what_the_quiet_run_does():
    assert flows(1000).flow_id.tolist() == list(range(1000))
    assert alerts(10, 10).alert_id.tolist() == list(range(10, 20))

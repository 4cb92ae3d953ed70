"""A spool with a model of the server behind it, driven step by step without a thread."""

from __future__ import annotations

import random
import time

from storage.spool import Drain, Kind, SpoolSettings, open_spool
from tests.support.spool_oracle import OK, ModelServer

TARGET = "clickhouse://model/sekisho"


class Bench:
    """A spool, the model server behind it, and a sensor that writes one run after another."""

    def __init__(self, folder, script=lambda: OK, **of_settings):
        self.settings = SpoolSettings(path=str(folder), **{"fsync": "never", **of_settings})
        self.server = ModelServer(script)
        self.handed = {}
        self.finished = {}
        self.life, self.number, self.run_id = 0, 0, ""
        self.second = 1_800_000_000
        self.open()

    def open(self):
        self.spool = open_spool(self.settings, TARGET)
        self.drain = Drain(self.spool, lambda: self.server.connect(), seed=1)

    def crash(self, garbage=b""):
        """The process dies: memory is gone, and behind the last record may stand the beginning of another."""
        for lane in self.spool.lanes:
            lane.close()
        self.spool._file.close()
        self.spool.place.release()
        self.run_id = ""
        files = sorted(self.spool.place.path.glob("*.seg"), key=lambda p: p.stat().st_mtime_ns)
        if files and garbage:
            with files[-1].open("ab") as file:
                file.write(garbage)
        self.open()

    def begin(self, run_id):
        self.life, self.number, self.run_id = self.life + 1, 0, run_id
        self.handed = {}
        self.spool.append(Kind.BEGIN, {"run_id": run_id, "life": str(self.life), "at_s": time.time(),
                                       "record": {"started_at": str(self.life)}})

    def block(self, table, rows):
        """The rows of a block are determined by run, table and number, as those of a replay are."""
        token = f"{self.run_id}/{table}/{self.number}"
        data = random.Random(token).randbytes(rows)
        self.number += 1
        self.handed[table] = self.handed.get(table, 0) + rows
        meta = {"run_id": self.run_id, "life": str(self.life), "at_s": time.time(), "table": table, "columns": ["x"],
                "token": token, "rows": rows, "inserted_at": self.second}
        return self.spool.append(Kind.BLOCK, meta, data), (token, data)

    def finish(self, interrupted=False):
        self.spool.append(Kind.FINISH, {
            "run_id": self.run_id, "life": str(self.life), "at_s": time.time(), "handed": self.handed,
            "record": {"status": "interrupted" if interrupted else "complete",
                                                             "started_at": str(self.life)}})
        self.run_id = ""

    def steps(self, number=1_000_000):
        for _ in range(number):
            if self.drain.step() is None:
                return

    def quiet(self):
        """From now on nothing fails."""
        self.server.script = lambda: OK
        self.steps()
        assert self.spool.idle
        assert self.spool.counters.waiting() == (0, 0)

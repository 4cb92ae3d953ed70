"""A server for tests of the spool, with outcomes that a script decides, and what must be true of it in the end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from columns.errors import StoreAway
from storage.spool import Away, BlockRefused
from storage.spool.sender import SpooledBlock

OK, LOST_BEFORE, LOST_AFTER, LATE, UNREACHABLE, REFUSED = (
    "ok", "lost before", "lost after", "late", "unreachable", "refused")


class ModelServer:
    """Tables, runs and remembered tokens in memory; it never forgets what it acknowledged.

    script gives the outcome of each call: OK; LOST_BEFORE and LOST_AFTER (the connection broke before or after the
    server did it: the same to the client); LATE (the client gave up waiting, and the server does it later);
    UNREACHABLE; REFUSED (blocks only). window: tokens remembered per table.
    """

    def __init__(self, script: Callable[[], str] = lambda: OK, window: int = 10_000) -> None:
        self.script, self.window = script, window
        self.rows: dict[tuple[str, str], list[tuple[str, bytes, int]]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, OrderedDict[str, None]] = {}
        self.taken: dict[str, int] = {}
        self.order: list[str] = []
        self.late: list[Callable[[], Any]] = []
        self._turn = 0

    def connect(self) -> ModelSender:
        return ModelSender(self)

    def store(self, block: SpooledBlock) -> None:
        known = self.tokens.setdefault(block.table, OrderedDict())
        if block.token in known:
            return
        known[block.token] = None
        while len(known) > self.window:
            known.popitem(last=False)
        self.taken[block.table] = self.taken.get(block.table, 0) + 1
        self.rows.setdefault((block.run_id, block.table), []).append((block.token, block.data, block.inserted_at))
        self.order.append(block.token)

    def age(self) -> None:
        """At every other call, what came late is done at last: the client has given up waiting, the server has not."""
        self._turn += 1
        if self._turn % 2 == 0:
            for action in self.late:
                action()
            self.late.clear()

    def others_insert(self, table: str, blocks: int) -> None:
        """Other sensors insert blocks of runs of their own."""
        for _ in range(blocks):
            number = self.taken.get(table, 0)
            self.store(SpooledBlock(table, (), f"other/{number}", 1, b"", "other", 0))

    def drop(self, run_id: str) -> None:
        for (run, table), blocks in list(self.rows.items()):
            if run == run_id:
                for token, _, _ in blocks:
                    self.tokens[table].pop(token, None)
                del self.rows[run, table]

    def count(self, run_id: str) -> dict[str, int]:
        return {table: sum(len(data) for _, data, _ in blocks) for (run, table), blocks in self.rows.items()
                if run == run_id}


class ModelSender:
    """The sender that the spool sees; one row of a block is one byte of its data."""

    def __init__(self, server: ModelServer) -> None:
        self.server = server

    def begin(self, record: Mapping[str, Any]) -> str:
        return self._outcome(lambda: self._begin(record))

    def is_current(self, run_id: str, started_at: str) -> bool:
        run = self.server.runs.get(run_id)
        return run is not None and run["started_at"] == started_at

    def send(self, block: SpooledBlock) -> None:
        self._outcome(lambda: self.server.store(block), refusable=True)

    def holds(self, block: SpooledBlock, earlier_rows: int) -> bool:
        blocks = self.server.rows.get((block.run_id, block.table), [])
        return sum(len(d) for _, d, at in blocks if at == block.inserted_at) >= earlier_rows + block.rows

    def expect_silence(self, run_id: str) -> None:
        self.server.age()
        if self.server.late:
            raise Away(StoreAway("an insert is still at work"))

    def blocks_inserted(self, table: str) -> int:
        return self.server.taken.get(table, 0)

    def finish(self, record: Mapping[str, Any], handed: Mapping[str, int]) -> bool:
        return self._outcome(lambda: self._finish(record, handed))

    def close(self) -> None:
        pass

    def _begin(self, record: Mapping[str, Any]) -> str:
        run_id = record["run_id"]
        before = self.server.runs.get(run_id)
        if before is not None and before["status"] == "complete":
            return "complete"
        if self.server.late:
            raise Away(StoreAway("an insert is still at work"))
        self.server.drop(run_id)
        same = before is not None and before["started_at"] == record["started_at"]
        attempt = 1 if before is None else before["attempt"] + (not same)
        self.server.runs[run_id] = {**record, "status": "running", "attempt": attempt}
        return "new" if before is None else "restarted"

    def _finish(self, record: Mapping[str, Any], handed: Mapping[str, int]) -> bool:
        run_id = record["run_id"]
        if self.server.runs.get(run_id, {}).get("started_at") != record["started_at"]:
            return False
        whole = record["status"] == "complete" and self.server.count(run_id) == dict(handed)
        self.server.runs[run_id] = {**self.server.runs.get(run_id, {}), **record,
                                    "status": "complete" if whole else "interrupted"}
        return whole

    def _outcome(self, action: Callable[[], Any], *, refusable: bool = False) -> Any:
        outcome = self.server.script()
        self.server.age()
        if outcome == UNREACHABLE:
            raise Away(StoreAway("no route"), sent=False)
        if outcome == LOST_BEFORE:
            raise Away(StoreAway("connection lost"))
        if outcome == LATE and refusable:
            self.server.late.append(action)
            raise Away(StoreAway("timeout"))
        if outcome == REFUSED and refusable:
            raise BlockRefused("wrong type")
        result = action()
        if outcome in (LOST_AFTER, LATE):
            raise Away(StoreAway("connection lost"))
        return result

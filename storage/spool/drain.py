"""The thread that sends what the spool holds, in order, until the server has acknowledged it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from columns.clickhouse import DEDUPLICATION_WINDOW
from columns.errors import SekishoError
from storage.spool.record import Entry, Kind
from storage.spool.sender import Away, BlockRefused, Sender, SpooledBlock
from storage.spool.spool import Spool

_ASK_EVERY = 256
_FORGOTTEN_AFTER = DEDUPLICATION_WINDOW // 2
_FORGOTTEN_AFTER_S = 600.0


class Link(NamedTuple):
    """How it stands with the server: when it first failed to answer (monotonic; 0 while it answers), and why."""

    failing_since: float = 0.0
    error: SekishoError | None = None

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self.failing_since > 0

    def away_s(self) -> float:
        """Seconds for which it has not answered."""
        return time.monotonic() - self.failing_since if self.failing else 0.0


class Drain:
    """Sends records one at a time. After Away it waits, longer each time and by chance, and tries again for ever.

    connect opens a connection and may raise Away; outcomes holds what the server said of the runs that were begun or
    finished, by life. step() is one attempt, for tests and for callers without a thread.
    """

    def __init__(self, spool: Spool, connect: Callable[[], Sender], *, seed: int | None = None) -> None:
        self._spool, self._connect, self._chance = spool, connect, random.Random(seed)
        self._sender: Sender | None = None
        self._asked: dict[str, int] = {}
        self._failures = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None
        self.link = Link()
        self.outcomes: dict[tuple[str, Kind], str] = {}

    def start(self) -> None:
        """Begin sending in a thread."""
        self._thread = threading.Thread(target=self._work, name="spool-drain", daemon=True)
        self._thread.start()

    def wait(self, done: Callable[[], bool], *, patience_s: float, limit_s: float = float("inf")) -> bool:
        """Wait until something is done: no longer than the limit, or than the server's silence lasts the patience."""
        until = time.monotonic() + limit_s
        with self._spool.changed:
            while not done():
                if self.error is not None:
                    raise self.error
                silent = self.link.failing and self.link.away_s() >= patience_s
                if silent or time.monotonic() >= until or self._thread is None:
                    return False
                self._spool.changed.wait(0.05)
        return True

    def close(self) -> None:
        """End the thread after the attempt that is being made; never raises."""
        self._stop.set()
        with self._spool.changed:
            self._spool.changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._disconnect()

    def step(self) -> float | None:
        """Make one attempt: None where nothing waits, else seconds to wait before the next one."""
        entry = self._spool.take()
        if entry is None:
            return None
        in_doubt = self._spool.state.sending == entry.number
        try:
            sender = self._connected()
            if self._spool.take() == entry:  # else it need not be sent, as the connection has told
                self._deliver(entry, sender)
        except Away as error:
            if not in_doubt and (not error.sent or self._spool.state.sending != entry.number):
                self._spool.release(entry)
            return self._away(error)
        except BlockRefused:
            self._spool.lose(entry, "refused")
        self._failures = 0
        if self.link.failing:
            self.link = Link()
        return 0.0

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                pause_s = self.step()
                if pause_s is None:
                    with self._spool.changed:
                        if self._spool.idle and not self._stop.is_set():
                            self._spool.changed.wait(1.0)
                elif pause_s:
                    self._stop.wait(pause_s)
        except BaseException as error:
            self.error = error
            with self._spool.changed:
                self._spool.changed.notify_all()

    def _deliver(self, entry: Entry, sender: Sender) -> None:
        body = self._spool.body(entry)
        if body is None:
            self._spool.lose(entry, "damaged")
            return
        if entry.kind is Kind.BLOCK:
            self._deliver_block(entry, body, sender)
            return
        self._spool.sending(entry)
        record = {**entry.meta["record"], "run_id": entry.run_id}
        if entry.kind is Kind.BEGIN:
            outcome = sender.begin(record)
            run = {"run_id": entry.run_id, "life": entry.life, "started_at": record["started_at"],
                   "skip": outcome == "complete"}
        else:
            skip = self._spool.state.run.get("skip", False)
            if self._spool.gave_up(entry.life):
                record["status"] = "interrupted"
            outcome = "complete" if skip or sender.finish(record, entry.meta["handed"]) else "interrupted"
            run = {}
        self.outcomes[entry.life, entry.kind] = outcome
        self._spool.acknowledge(entry, run)

    def _deliver_block(self, entry: Entry, body: bytes, sender: Sender) -> None:
        meta, table = entry.meta, entry.meta["table"]
        block = SpooledBlock(table, tuple(meta["columns"]), meta["token"], meta["rows"], body, entry.run_id,
                             meta["inserted_at"])
        in_doubt = self._spool.state.sending == entry.number
        perhaps = in_doubt or self._spool.was_found(entry)
        if perhaps:  # an insert whose connection broke may still be at work, and end when its token is forgotten
            sender.expect_silence(entry.run_id)
        if perhaps and self._forgotten(entry, sender) and sender.holds(block, self._spool.earlier_rows(entry)):
            self._spool.counters.add("confirmed", block.rows)
            self._spool.acknowledge(entry)
            return
        inserted, asked = self._spool.state.inserted, self._asked.get(table, 0)
        if not in_doubt and (table not in inserted or (not perhaps and asked % _ASK_EVERY == 0)):
            inserted[table] = sender.blocks_inserted(table)
        self._asked[table] = asked + 1
        self._spool.sending(entry)
        self._spool.counters.add("sent", block.rows)
        if in_doubt:
            self._spool.counters.add("resent", block.rows)
        sender.send(block)
        self._spool.acknowledge(entry)

    def _forgotten(self, entry: Entry, sender: Sender) -> bool:
        """Whether the server may no longer remember the token of a block that was sent before.

        It remembers those of the last DEDUPLICATION_WINDOW blocks of a table, from all sensors: half of them may have
        come since we asked last. Where blocks cannot be counted, the block's age decides.
        """
        before, now = self._spool.state.inserted.get(entry.meta["table"], -1), -1
        if before >= 0:
            now = sender.blocks_inserted(entry.meta["table"])
        if before < 0 or now < before:
            return time.time() - entry.meta["at_s"] > _FORGOTTEN_AFTER_S
        return now - before >= _FORGOTTEN_AFTER

    def _away(self, error: Away) -> float:
        self._disconnect()
        self.link = Link(self.link.failing_since or time.monotonic(), error.error)
        settings = self._spool.settings
        longest = min(settings.backoff_max_s, settings.backoff_first_s * 2 ** min(self._failures, 40))
        self._failures += 1
        with self._spool.changed:
            self._spool.changed.notify_all()
        return longest * (0.5 + self._chance.random() / 2)

    def _connected(self) -> Sender:
        if self._sender is None:
            self._sender = self._connect()
            run = self._spool.state.run
            if run and not run["skip"] and not self._sender.is_current(run["run_id"], run["started_at"]):
                self._spool.pass_by_run()
        return self._sender

    def _disconnect(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None

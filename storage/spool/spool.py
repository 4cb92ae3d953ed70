"""The spool: records in, in order, within bounds; records out, in order, each until it is acknowledged."""

from __future__ import annotations

import errno
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from columns.errors import StoreError
from storage.run_records import time_text
from storage.spool.bodies import RecentBodies, compressed, expanded
from storage.spool.counters import Counters
from storage.spool.place import SpoolPlace, claim_spool, refused
from storage.spool.record import Entry, Kind, Lane, encode, lane_of
from storage.spool.recovery import left_open, recovered
from storage.spool.room import drop_all, drop_superseded, make_room
from storage.spool.settings import SpoolSettings
from storage.spool.state import StateFile

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Waiting(NamedTuple):
    """What has not been acknowledged yet. oldest_s is the age of the oldest record, 0 where there is none."""

    blocks: int
    rows: int
    bytes: int
    oldest_s: float


class _New(NamedTuple):
    """A record that is to be written."""

    number: int
    kind: Kind
    lane: Lane
    meta: Mapping[str, Any]
    record: bytes


def open_spool(settings: SpoolSettings, target: str, *, create: bool = True) -> Spool:
    """Open the spool in the folder of the settings for a server; target names it without secrets.

    A record that a crash cut off is removed and counted. A run that was being written then is closed as interrupted:
    its rows that came so far are sent. StoreError where the folder cannot be used; see claim_spool.
    """
    place = claim_spool(settings.folder, target, create=create)
    try:
        return Spool(place, settings)
    except OSError as error:
        place.release()
        raise refused(place.path, error) from error
    except BaseException:
        place.release()
        raise


class Spool:
    """Made by open_spool(). One thread at a time appends, one takes and acknowledges; counters may be read any time."""

    def __init__(self, place: SpoolPlace, settings: SpoolSettings) -> None:
        self.place, self.settings, self.counters = place, settings, Counters()
        self.changed = threading.Condition()
        self._writing = threading.Lock()
        self._durable = settings.fsync != "never"
        self._file = StateFile(place.path, sync=self._durable)
        self.state = self._file.state
        self.recent, self._taken = RecentBodies(), self.state.sending
        self._lives: dict[str, str] = {}
        self._lost: dict[str, Counter[tuple[str, str]]] = {}
        self.lanes, self._next = recovered(place.path, self.state)
        self._opened_at = self._next
        self._find()
        self._close_left_run()

    def append(self, kind: Kind, meta: Mapping[str, Any], body: bytes = b"", *,
               patient: Callable[[], bool] = lambda: False, may_shed: bool = True) -> bool:
        """Keep a record, on the disk as [spool] fsync says; False where there was no room and it was given up.

        meta of every record: run_id, life (the attempt), at_s (wall clock); of a block also table, columns, token, rows
        and inserted_at, and the body is its rows; of a beginning or an end record, and of an end handed (rows by
        table). While patient says True, room is waited for; else, where may_shed allows it, the oldest rows of the
        least important lane make it.
        StoreError when the beginning or end of a run finds no room, or the disk fails.
        """
        lane = lane_of(meta["table"]) if kind is Kind.BLOCK else Lane.CONTROL
        with self._writing:
            number, self._next = self._next, self._next + 1
            record = encode(number, kind, lane, {**meta, "raw_bytes": len(body)}, compressed(body))
            with self.changed:
                self.recent.keep(number, body)
            no_room = self._write(_New(number, kind, lane, meta, record), patient, may_shed)
            with self.changed:
                if kind is Kind.BLOCK and no_room:
                    self.counters.add("spooled", meta["rows"])
                    self.give_up(number, meta, "shed", no_room)
                elif kind is Kind.BEGIN and not no_room:
                    self._lives[meta["run_id"]] = meta["life"]
                    drop_superseded(self)
                self.changed.notify_all()
        if no_room and kind is not Kind.BLOCK:
            raise StoreError("the spool is full and a run cannot be begun or ended in it", where=str(self.place.path),
                             remedy="free space there, or raise max_bytes in [spool]; sekisho spool status shows it")
        return not no_room

    def take(self) -> Entry | None:
        """Return the next record to send, or None: the one in doubt first, then alerts before the rest of their run.

        The same one is returned until it is acknowledged, released or given up.
        """
        with self.changed:
            while (entry := self._choice()) is not None:
                passed_by = self._passed_by(entry)
                if not passed_by:
                    self._taken = entry.number
                    return entry
                self.counters.add(passed_by, entry.meta["rows"])
                self._done(entry)
            return None

    def body(self, entry: Entry) -> bytes | None:
        """Return the body of a record as it was given, or None where the disk returned something else."""
        with self.changed:
            body = self.recent.get(entry.number)
            if body is not None:
                return body
            packed = self.lanes[entry.lane].segments[0].body(entry)
        return None if packed is None else expanded(packed, entry.meta["raw_bytes"])

    def sending(self, entry: Entry) -> None:
        """Note, before it is sent, that the outcome of a record will be unknown until it is acknowledged."""
        with self.changed:
            if self.state.sending != entry.number:
                self.state.sending = entry.number
                self.save()

    def release(self, entry: Entry) -> None:
        """Note that a record was not sent after all."""
        with self.changed:
            self.state.sending = self._taken = -1
            self.save()

    def was_found(self, entry: Entry) -> bool:
        """Whether a record was here when the spool was opened: after a power failure it may have been sent before."""
        return entry.number < self._opened_at

    def earlier_rows(self, entry: Entry) -> int:
        """Return the acknowledged rows of a block's run, table and second of insertion."""
        second, rows = self.state.run.get("seconds", {}).get(entry.meta["table"], (-1, 0))
        return rows if second == entry.meta["inserted_at"] else 0

    def acknowledge(self, entry: Entry, run: Mapping[str, Any] | None = None) -> None:
        """Note that the server has a record: it is never sent again. run: what is open at the server from now on.

        A beginning is on the disk when this returns: were it repeated later, it would remove rows.
        """
        with self.changed:
            if run is not None:
                self.state.run = dict(run)
            elif entry.kind is Kind.BLOCK:
                self.counters.add("acknowledged", entry.meta["rows"])
                self._count_second(entry)
            self._done(entry, sync=self._durable and entry.kind is Kind.BEGIN)

    def pass_by_run(self) -> None:
        """Send no more of the run that is open at the server: it is somebody else's now."""
        with self.changed:
            self.state.run["skip"] = True
            self.save()

    def lose(self, entry: Entry, what: str) -> None:
        """Give a block up: what is refused or damaged."""
        with self.changed:
            self.give_up(entry.number, entry.meta, what, what)
            self._done(entry)

    def give_up(self, number: int, meta: Mapping[str, Any], what: str, cause: str) -> None:
        """Count a block as lost; the caller holds the lock and removes it."""
        self.recent.forget(number)
        if self.is_superseded(meta):
            what = "superseded"
        else:
            self.state.lose(meta["table"], cause, meta["rows"], meta["life"])
            self._lost.setdefault(meta["life"], Counter())[meta["table"], cause] += meta["rows"]
        self.counters.add(what, meta["rows"])

    def gave_up(self, life: str) -> bool:
        """Whether rows of an attempt were given up, by this process or an earlier one."""
        with self.changed:
            return self.state.is_lossy(life)

    def lost_of(self, life: str) -> dict[tuple[str, str], int]:
        """Return the rows of an attempt that this process gave up, by table and cause."""
        with self.changed:
            return dict(self._lost.get(life, {}))

    def waiting(self) -> Waiting:
        """Return what has not been acknowledged yet."""
        with self.changed:
            oldest = [e.meta["at_s"] for lane in Lane
                      if (e := self.lanes[lane].first(self.state.done[lane])) is not None]
            age_s = time.time() - min(oldest) if oldest else 0.0
            return Waiting(*self.counters.waiting(), self.bytes, max(0.0, age_s))

    @property
    def idle(self) -> bool:
        """Whether everything is acknowledged."""
        with self.changed:
            return all(self.lanes[lane].first(self.state.done[lane]) is None for lane in Lane)

    @property
    def bytes(self) -> int:
        """What the records take on disk."""
        return sum(lane.bytes for lane in self.lanes)

    @property
    def protected(self) -> int:
        """Number of the record that is being sent, or was when the process died: it must not be given up."""
        return self._taken if self._taken >= 0 else self.state.sending

    def save(self, *, sync: bool = False) -> None:
        """Write down how far everything is; the caller holds the lock."""
        self._file.save(sync=sync)

    def clear(self) -> None:
        """Give up everything that waits, also what is in doubt."""
        with self.changed:
            drop_all(self)
            self.state.run, self.state.lossy, self.state.sending, self._taken = {}, [], -1, -1
            self.save(sync=True)
            self.changed.notify_all()

    def close(self) -> None:
        """Give the folder free; what waits in it stays."""
        with self.changed:
            for lane in Lane:
                self.lanes[lane].drop_used(self.state.done[lane])
                self.lanes[lane].close()
            with suppress(OSError):
                self.save(sync=self._durable)
            self._file.close()
            self.place.release()

    def _write(self, new: _New, patient: Callable[[], bool], may_shed: bool) -> str:
        """Write a record, making room as long as there is none: "" when it is there, else why no room can be made."""
        # the end of a run is a few hundred bytes, and must not be missing because the spool is full
        limit = self.settings.max_bytes - len(new.record) if new.kind is not Kind.FINISH else float("inf")
        full = "full"
        while True:
            with self.changed:
                if full == "disk_full" or self.bytes > limit:
                    if patient() and not self.idle:
                        self.changed.wait(0.2)
                    elif not may_shed or not make_room(self, new.lane, full):
                        return full
                if full == "full" and self.bytes > limit:
                    continue
            full = self._written(new)
            if not full:
                return ""

    def _written(self, new: _New) -> str:
        """Write a record where there should be room: "" when it is there, else why there was none."""
        durable = self.settings.fsync == "block" or (new.lane is Lane.CONTROL and self._durable)
        try:
            with self.changed:
                segment = self.lanes[new.lane].open_segment(new.number, self.settings.file_bytes, sync=self._durable)
                segment.write(new.record)
            if durable:
                segment.sync()
        except OSError as error:
            if error.errno in _NO_SPACE:
                return "disk_full"
            raise StoreError(f"the spool cannot be written ({error.strerror})", where=str(self.place.path),
                             remedy="look after the disk, or name another with path in [spool]") from error
        with self.changed:
            segment.publish(len(new.record))
            if new.kind is Kind.BLOCK:
                self.counters.add("spooled", new.meta["rows"])
        return ""

    def _choice(self) -> Entry | None:
        first = [self.lanes[lane].first(self.state.done[lane]) for lane in Lane]
        in_doubt = next((e for e in first if e is not None and e.number == self.protected), None)
        if in_doubt is not None:
            return in_doubt
        control = first[Lane.CONTROL]
        for entry in first[1:]:
            if entry is not None and (control is None or entry.number < control.number):
                return entry
        return control

    def _passed_by(self, entry: Entry) -> str:
        """Why a block needs not be sent: "" where it must."""
        if entry.kind is not Kind.BLOCK:
            return ""
        run = self.state.run
        if run.get("skip") and (run["run_id"], run["life"]) == (entry.run_id, entry.life):
            return "present"
        return "superseded" if self.is_superseded(entry.meta) else ""

    def is_superseded(self, meta: Mapping[str, Any]) -> bool:
        """Whether a later attempt of the same run has begun, at whose beginning the server removes these rows."""
        return self._lives.get(meta["run_id"], meta["life"]) != meta["life"]

    def _done(self, entry: Entry, *, sync: bool = False) -> None:
        self.state.done[entry.lane] = entry.number
        self.state.sending = self._taken = -1
        if entry.kind is Kind.BEGIN and self._lives.get(entry.run_id) == entry.life:
            del self._lives[entry.run_id]
        if entry.kind is Kind.FINISH:
            self._forget_losses(entry)
        self.recent.forget(entry.number)
        self.save(sync=sync)
        self.lanes[entry.lane].first(entry.number)
        self.changed.notify_all()

    def _forget_losses(self, end: Entry) -> None:
        """A run is closed: that it lacked rows is known to the server now."""
        others = any(self.lanes[Lane.CONTROL].waiting(end.number))
        self.state.lossy = [life for life in self.state.lossy if life != end.life] if others else []

    def _count_second(self, entry: Entry) -> None:
        seconds = self.state.run.setdefault("seconds", {})
        seconds[entry.meta["table"]] = [entry.meta["inserted_at"], self.earlier_rows(entry) + entry.meta["rows"]]

    def _find(self) -> None:
        """Take into account what was here already."""
        for lane in self.lanes:
            for _, entry in lane.waiting(self.state.done[lane.lane]):
                if entry.kind is Kind.BLOCK:
                    self.counters.add("found", entry.meta["rows"])
                elif entry.kind is Kind.BEGIN:
                    self._lives[entry.run_id] = entry.life

    def _close_left_run(self) -> None:
        """Close the run that the last process was writing when it died."""
        run_id, life, started_at = left_open(self.lanes, self.state)
        if run_id:
            now = time.time()
            with suppress(StoreError):  # a full disk: it is closed when the spool is opened next
                self.append(Kind.FINISH, {"run_id": run_id, "life": life, "at_s": now, "handed": {},
                                          "record": {"status": "interrupted", "started_at": started_at,
                                                     "finished_at": time_text(datetime.now(UTC))}}, may_shed=False)

"""What a spool holds, read from outside, also while another process owns it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from columns.errors import StoreError
from storage.spool.place import MARKER, marked_target, refused
from storage.spool.record import Kind, Lane
from storage.spool.segment import Segment
from storage.spool.state import StateFile


@dataclass(frozen=True)
class SpoolStatus:
    """server: whom it is for. waiting: (blocks, rows) by table. runs: run id -> "open" or "closed", of those in it.

    bytes: taken on disk. oldest_s: age of the oldest record. lost: rows given up by table and cause. torn: records that
    a crash cut off.
    """

    server: str
    waiting: dict[str, tuple[int, int]]
    runs: dict[str, str]
    bytes: int
    oldest_s: float
    lost: dict[str, dict[str, int]]
    torn: int
    torn_bytes: int

    @property
    def rows(self) -> int:
        """Rows that wait, of all tables."""
        return sum(rows for _, rows in self.waiting.values())


def read_status(path: Path | str) -> SpoolStatus:
    """Return what the spool in a folder holds; nothing is changed. StoreError where there is none."""
    path = Path(path).absolute()
    if not (path / MARKER).exists():
        raise StoreError("there is no spool here", where=str(path),
                         remedy="a replay into a server makes one; name the right folder with --spool")
    try:
        server = marked_target(path)
        file = StateFile(path, writable=False)
        file.close()
        return _status(path, server, file)
    except OSError as error:
        raise refused(path, error) from error


def _status(path: Path, server: str, file: StateFile) -> SpoolStatus:
    state, oldest, size = file.state, time.time(), 0
    waiting: dict[str, tuple[int, int]] = {}
    runs = {str(state.run["run_id"]): "open"} if state.run else {}
    for name in sorted(path.glob("*.seg")):
        try:
            segment = Segment.opened(name, writable=False)
        except FileNotFoundError:
            continue  # its owner has sent it in the meantime
        if segment is None:
            continue
        size += segment.size
        segment.recover(bodies=False)
        for entry in segment.entries():
            if entry.number <= state.done[segment.lane]:
                continue
            oldest = min(oldest, entry.meta["at_s"])
            if entry.kind is Kind.BLOCK:
                blocks, rows = waiting.get(entry.meta["table"], (0, 0))
                waiting[entry.meta["table"]] = (blocks + 1, rows + entry.meta["rows"])
            if segment.lane is Lane.CONTROL or entry.run_id not in runs:
                runs[entry.run_id] = "closed" if entry.kind is Kind.FINISH else "open"
        segment.close()
    return SpoolStatus(server, waiting, runs, size, max(0.0, time.time() - oldest), state.lost, state.torn,
                       state.torn_bytes)

"""One lane of the spool: its files in order, where the next record goes, and which record is first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from storage.spool.record import Entry, Lane
from storage.spool.segment import Segment


class LaneFiles:
    """The files of one lane, oldest first. Not thread-safe: the spool's lock stands before it."""

    def __init__(self, folder: Path, lane: Lane, segments: list[Segment]) -> None:
        self.folder, self.lane, self.segments = folder, lane, segments
        self._first: Entry | None = None

    @property
    def bytes(self) -> int:
        """What the files take on disk."""
        return sum(s.size for s in self.segments)

    def open_segment(self, number: int, file_bytes: int, *, sync: bool) -> Segment:
        """Return the file that the next record goes to, beginning one when the last is full."""
        last = self.segments[-1] if self.segments else None
        if last is not None and not last.sealed and last.size >= file_bytes:
            if sync:
                last.sync()
            last.sealed = True
        if last is None or last.sealed:
            self.segments.append(Segment.create(self.folder, self.lane, number))
            if sync:
                sync_folder(self.folder)
        return self.segments[-1]

    def first(self, done: int) -> Entry | None:
        """Return the first record after number done; files that are used up by then are removed."""
        if self._first is not None and self._first.number > done:
            return self._first
        self._first = None
        while self.segments:
            segment = self.segments[0]
            entry = segment.entry_at(segment.read_at) if segment.read_at < segment.size else None
            if entry is not None and entry.number > done:
                self._first = entry
                return entry
            if entry is not None:
                segment.read_at = entry.end
            elif segment.sealed:
                self.segments.pop(0).remove()
            else:
                return None
        return None

    def waiting(self, done: int) -> Iterator[tuple[Segment, Entry]]:
        """Yield every record after number done with its file, from oldest to newest."""
        for segment in self.segments:
            for entry in segment.entries(segment.read_at):
                if entry.number > done:
                    yield segment, entry

    def drop(self, segment: Segment) -> None:
        """Remove a file with all that is in it."""
        self.segments.remove(segment)
        self._first = None
        segment.remove()

    def drop_used(self, done: int) -> None:
        """Remove every file without a record after number done, also the one that is being written."""
        while self.segments and self.first(done) is None:
            self.segments.pop(0).remove()

    def close(self) -> None:
        """Give the files free."""
        for segment in self.segments:
            segment.close()


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)

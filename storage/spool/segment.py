"""The files of the spool: each holds records of one lane, is only appended to, and is removed whole."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from storage.spool.record import HEADER_BYTES, Entry, Lane, decode_entry, decode_header

_NAME = re.compile(r"([0-9])-([0-9a-f]{16})\.seg")


class Segment:
    """One file. size is what of it is whole; read_at is where its first unacknowledged record begins."""

    def __init__(self, path: Path, lane: Lane, first: int, file: int, size: int = 0, *, writable: bool = True) -> None:
        self.path, self.lane, self.first = path, lane, first
        self.size, self.read_at, self.sealed, self.last = size, 0, False, first - 1
        self._file, self._writable = file, writable

    @classmethod
    def create(cls, folder: Path, lane: Lane, first: int) -> Segment:
        """Begin a file; its name tells its lane and the number of its first record."""
        path = folder / f"{lane.value}-{first:016x}.seg"
        return cls(path, lane, first, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    @classmethod
    def opened(cls, path: Path, *, writable: bool = True) -> Segment | None:
        """Open a file that is there already, or return None where its name is not one of ours."""
        found = _NAME.fullmatch(path.name)
        if found is None or int(found[1]) > max(Lane):
            return None
        file = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        segment = cls(path, Lane(int(found[1])), int(found[2], 16), file, os.fstat(file).st_size,
                      writable=writable)
        segment.sealed = True
        return segment

    def write(self, record: bytes) -> None:
        """Write a record behind the end, whole or not at all; it counts from publish() on.

        OSError (disk full) leaves the file as it was.
        """
        written = 0
        try:
            while written < len(record):
                written += os.pwrite(self._file, memoryview(record)[written:], self.size + written)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise

    def publish(self, record_bytes: int) -> None:
        """Count what was written behind the end."""
        self.size += record_bytes

    def sync(self) -> None:
        """Wait until the file is on the disk."""
        getattr(os, "fdatasync", os.fsync)(self._file)

    def entry_at(self, offset: int) -> Entry | None:
        """Return the record at an offset, or None where there is no whole one."""
        header = decode_header(os.pread(self._file, HEADER_BYTES, offset))
        if header is None:
            return None
        entry = decode_entry(header, os.pread(self._file, header.meta_bytes, offset + HEADER_BYTES), offset)
        return entry if entry is not None and entry.end <= self.size and entry.lane is self.lane else None

    def body(self, entry: Entry) -> bytes | None:
        """Return the body of a record, or None where it is damaged."""
        body = os.pread(self._file, entry.end - entry.body_at, entry.body_at)
        return body if len(body) == entry.end - entry.body_at and zlib.crc32(body) == entry.body_crc else None

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """Yield the records from an offset on, up to the first that is not whole."""
        while start < self.size and (entry := self.entry_at(start)) is not None:
            yield entry
            start = entry.end

    def recover(self, *, bodies: bool) -> int:
        """Take as size what is whole, and return how many bytes behind it are not; bodies: check them also."""
        whole = 0
        for entry in self.entries():
            if bodies and self.body(entry) is None:
                break
            whole, self.last = entry.end, entry.number
        torn, self.size = self.size - whole, whole
        if torn and self._writable:
            os.ftruncate(self._file, whole)
        return torn

    def close(self) -> None:
        """Give the file free."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        """Remove the file."""
        self.close()
        self.path.unlink(missing_ok=True)

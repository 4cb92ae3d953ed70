"""Where the bytes of a capture come from: a mapped file, in place, or a stream through a moving window."""

from __future__ import annotations

import mmap
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from columns.errors import CaptureError
from sensor.capture.compressed import Fault, codec_of, unpack
from sensor.capture.counts import Count
from sensor.frames import read_only

WINDOW_BYTES = 8 * 2**20
PASSING_BYTES = 2 * 2**20
"""A window that passes over a file: so small that its bytes are still in a near cache when they are looked at."""
_PIECE_BYTES = 2**20
_RELEASE_BYTES = 32 * 2**20
_AHEAD_BYTES = 64 * 2**20
_MADV_POPULATE_READ = 22  # Linux 5.14: map a stretch of pages at once rather than fault by fault (a third of the time)


# All windows: buffer is what can be walked now, base the place of buffer[0] within the capture.


class MappedWindow:
    """A regular file, mapped whole: frames are views into it and nothing is copied.

    Its size is taken once, and looked at again before each block: what a file that shrinks has lost is then a
    truncation. Only pages that vanish while a block is in use cannot be caught (the system ends the process).
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._released, self._present = descriptor, 0, 0
        self._map = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        if hasattr(mmap, "MADV_SEQUENTIAL"):
            self._map.madvise(mmap.MADV_SEQUENTIAL)
        self.buffer, self.base, self.bytes_total = read_only(self._map), 0, size
        self.faults: list[Fault] = []

    def settle(self, position: int) -> None:
        """Let go of pages well before ``position`` (they come back when touched), and notice a file that shrank."""
        if position - self._released > _RELEASE_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            upto = position // mmap.PAGESIZE * mmap.PAGESIZE
            self._map.madvise(mmap.MADV_DONTNEED, self._released, upto - self._released)
            self._released = upto
        size = os.fstat(self._descriptor).st_size
        if size < self.buffer.size:
            self.buffer = self.buffer[:size]
            self.faults.append(Fault(Count.INPUT_TRUNCATED, "the file became shorter while it was read"))
        self._map_ahead(position)

    def _map_ahead(self, position: int) -> None:
        """Bring in the pages that come next; where the system cannot, each comes when it is touched."""
        if position + _AHEAD_BYTES // 2 <= self._present or self._present >= self.buffer.size:
            return
        start = max(self._present, position // mmap.PAGESIZE * mmap.PAGESIZE)
        self._present = min(start + _AHEAD_BYTES, self.buffer.size)
        with suppress(OSError, ValueError):
            self._map.madvise(_MADV_POPULATE_READ, start, self._present - start)

    def refill(self, position: int, needed: int) -> bool:
        """Return False: all there is has been in the window from the start."""
        return False

    def bytes_read(self, position: int) -> int:
        """Return how much of the file lies before ``position``."""
        return position

    def close(self) -> None:
        """Close the file; blocks that are still in use keep the map."""
        os.close(self._descriptor)
        self._map, self.buffer = None, read_only(b"")


class PassingWindow:
    """A regular file, copied piece by piece into one buffer; with each refill what stood there is gone.

    Where nobody needs a frame any more once the next block is asked for, this takes half the time of mapping the file
    and letting go of it (0005). Its size is taken once; a file that shrinks is a truncation.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._room = descriptor, np.empty(0, np.uint8)
        self._read = self.base = 0
        self.buffer, self.bytes_total = read_only(b""), size
        self.faults: list[Fault] = []

    def settle(self, position: int) -> None:
        """Do nothing: a window holds no more than it must."""

    def refill(self, position: int, needed: int) -> bool:
        """Move the window to begin at ``position``; return False when nothing could be added."""
        kept, room, size = self.buffer.size - position, self._room, max(PASSING_BYTES, needed)
        if room.size < size:
            self._room = room = np.empty(size, np.uint8)
        room[:kept] = self.buffer[position:]
        added = self._copy(memoryview(room)[kept : kept + min(self.bytes_total - self._read, room.size - kept)])
        self.base += position
        self.buffer = room[: kept + added]
        self.buffer.flags.writeable = False
        return added > 0

    def _copy(self, room: memoryview) -> int:
        """Fill the room from the file as far as that goes; return the bytes copied."""
        done = 0
        while done < len(room):
            try:
                size = os.preadv(self._descriptor, [room[done:]], self._read)
            except OSError as error:
                self._stop(Count.READ_ERROR, f"the input cannot be read any further ({error.strerror})")
                break
            if size == 0:
                self._stop(Count.INPUT_TRUNCATED, "the file became shorter while it was read")
                break
            done, self._read = done + size, self._read + size
        return done

    def _stop(self, cause: Count, message: str) -> None:
        self.faults.append(Fault(cause, message))
        self._read = self.bytes_total  # nothing more is asked of it

    def bytes_read(self, position: int) -> int:
        """Return how much of the file lies before ``position``."""
        return self.base + position

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class StreamedWindow:
    """Data that comes piece by piece: each refill is a new buffer, so that blocks stay valid."""

    def __init__(self, source: Source, pieces: Iterator[bytes], faults: list[Fault], waits: Callable[[], bool]) -> None:
        self._source, self._pieces, self._waits = source, pieces, waits
        self.buffer, self.base, self.bytes_total, self.faults = read_only(b""), 0, source.size, faults

    def settle(self, position: int) -> None:
        """Do nothing: a window holds no more than it must."""

    def refill(self, position: int, needed: int) -> bool:
        """Move the window to begin at ``position``; return False when nothing could be added.

        It grows to WINDOW_BYTES or ``needed`` bytes, whichever is more, but does not wait for more than is needed.
        """
        parts = [self.buffer[position:].tobytes()]
        size = kept = len(parts[0])
        while size < max(WINDOW_BYTES, needed) and not (size >= needed and self._waits()):
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(piece)
            size += len(piece)
        self.buffer = read_only(b"".join(parts))
        self.base += position
        return size > kept

    def bytes_read(self, position: int) -> int:
        """Return how much of the input was read, as it is stored."""
        return self._source.bytes_read

    def close(self) -> None:
        """Close the input."""
        self._source.close()


class Source:
    """Bytes of a descriptor in order, some of which may be looked at before they are taken."""

    def __init__(self, descriptor: int, size: int, faults: list[Fault]) -> None:
        self._descriptor, self._faults = descriptor, faults
        self._ready, self._taken = b"", 0  # what was read, and how much of that was handed out
        self.size, self.bytes_read = size, 0

    def read(self, count: int) -> bytes:
        """Return up to ``count`` bytes, b"" at the end; a read error is a fault and ends the input."""
        if self._taken == len(self._ready):
            self._ready, self._taken = self._more(), 0
        data = self._ready[self._taken:self._taken + count]
        self._taken += len(data)
        return data

    def peek(self, count: int) -> bytes:
        """Return the next bytes, fewer than ``count`` only at the end, without taking them."""
        while len(self._ready) - self._taken < count and (data := self._more()):
            self._ready, self._taken = self._ready[self._taken:] + data, 0
        return self._ready[self._taken:self._taken + count]

    def _more(self) -> bytes:
        try:
            data = os.read(self._descriptor, _PIECE_BYTES)
        except OSError as error:
            self._faults.append(Fault(Count.READ_ERROR, f"the input cannot be read any further ({error.strerror})"))
            return b""
        self.bytes_read += len(data)
        return data

    def waits(self) -> bool:
        """Return True when the next read would have to wait for the writer."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return self._taken == len(self._ready) and not poll.poll(0)

    def close(self) -> None:
        """Close the descriptor, but never standard input."""
        if self._descriptor != 0:
            os.close(self._descriptor)


Window = MappedWindow | PassingWindow | StreamedWindow


def open_window(path: Path | str, passing: bool = False) -> Window:
    """Return the bytes of a capture, unpacked where they are compressed; "-" is standard input.

    Compression is recognised by the first bytes, never by the name. passing: nobody needs bytes that the window has
    moved away from. Raise CaptureError when there is nothing to read.
    """
    descriptor = _open(path)
    try:
        return _window(descriptor, passing)
    except BaseException:
        if descriptor != 0:
            os.close(descriptor)
        raise


def _window(descriptor: int, passing: bool) -> Window:
    status, faults = os.fstat(descriptor), []
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    source = Source(descriptor, size, faults)
    codec = codec_of(source.peek(4))
    if codec:
        return StreamedWindow(source, unpack(source.read, codec, faults), faults, lambda: False)
    if size and descriptor != 0:
        if passing and hasattr(os, "preadv"):
            return PassingWindow(descriptor, size)
        try:
            return MappedWindow(descriptor, size)
        except (OSError, ValueError):  # a file system without maps, or a file that shrank just now
            pass
    return StreamedWindow(source, iter(lambda: source.read(_PIECE_BYTES), b""), faults, source.waits)


def _open(path: Path | str) -> int:
    name = str(path)
    if name == "-":
        if sys.stdin is None:
            raise CaptureError("is closed", where="standard input", expected="a capture piped or redirected into it")
        return 0
    try:
        descriptor = os.open(name, os.O_RDONLY)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CaptureError(
            f"cannot be opened ({reason})", where=name, expected="a readable capture file",
            remedy=_OPEN_REMEDIES.get(type(error), "check the path"),
        ) from error
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CaptureError(
            "is a directory", where=name, expected="a capture file", remedy=f"name the captures in it: {name}/*.pcap"
        )
    return descriptor


_OPEN_REMEDIES = {
    FileNotFoundError: "check the spelling of the path",
    PermissionError: "give yourself the right to read it",
}


def head_of(window: Window, count: int) -> np.ndarray:
    """Return the first ``count`` bytes of a window that has not moved yet, fewer when there are no more."""
    while window.buffer.size < count and window.refill(0, count):
        pass
    return window.buffer[:count]

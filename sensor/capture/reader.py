"""open_capture: from a file to blocks of frames, with everything that was refused counted and said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from columns.errors import CaptureError
from sensor.capture.counts import REASONS, REFUSALS, Count
from sensor.capture.foreign import EXPECTED, refusal
from sensor.capture.pcap import HEADER_BYTES, is_pcap, read_layout, walk_pcap
from sensor.capture.pcapng import (
    SECTION_HEADER_BYTES,
    empty_interfaces,
    is_pcapng,
    section_order,
    walk_pcapng,
)
from sensor.capture.walk import (
    BASE,
    CAUSE,
    NEED_MORE,
    NEEDED,
    POSITION,
    STATE_SIZE,
    STATUS,
    STOPPED,
    Records,
    empty_records,
    refuse,
)
from sensor.capture.windows import Window, head_of, open_window
from sensor.frames import FrameBlock, read_only

_SPAN_BYTES = 32 * 2**20  # a block reaches no further: what a portion costs is shared by many rows (0005)
_MIN_RECORD_BYTES = 16
_HEAD_BYTES = 4096


def open_capture(path: Path | str, *, first_packet: int = 1, passing: bool = False) -> Capture:
    """Open a pcap or pcapng file, plain or in gzip or Zstandard, or "-" for standard input.

    first_packet is the number of its first frame within the run. passing: a block may go when the next one is asked
    for, which is quicker. Raise CaptureError when it cannot be read or is no capture; after a good header nothing is
    raised: damage is counted, and what was read before it is kept.
    """
    window = open_window(path, passing)
    try:
        return Capture(window, "standard input" if str(path) == "-" else str(path), first_packet, passing)
    except BaseException:
        window.close()
        raise


class Capture:
    """An open capture; use it as a context manager.

    counters: see Count. Blocks stay valid after the next one was asked for, and after close, unless it is passing.
    """

    def __init__(self, window: Window, name: str, first_packet: int, passing: bool = False) -> None:
        self._window, self._first_packet, self._passing = window, first_packet, passing
        self._records = empty_records(0)
        self._ended = self._closed = False
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._counts = np.zeros(len(Count), np.int64)
        self._first = np.full((len(Count), 2), -1, np.int64)
        self._notes: list[str] = []
        head = head_of(window, SECTION_HEADER_BYTES).tobytes()
        if is_pcap(head):
            self._open_pcap(head, name)
        elif is_pcapng(head):
            self._open_pcapng(head, name)
        else:
            raise refusal(head_of(window, _HEAD_BYTES).tobytes(), name, [f.message for f in window.faults])

    def _open_pcap(self, head: bytes, name: str) -> None:
        _need(head, HEADER_BYTES, "pcap", name)
        self.format, self._walk, self._layout = "pcap", walk_pcap, read_layout(head)
        self._state[POSITION] = HEADER_BYTES

    def _open_pcapng(self, head: bytes, name: str) -> None:
        _need(head, SECTION_HEADER_BYTES, "pcapng", name)
        if section_order(read_only(head), 0) < 0:
            raise CaptureError(
                "begins like pcapng, but its byte order or version is unknown", where=name,
                expected="pcapng 1.x", remedy="convert it with editcap -F pcapng IN OUT",
            )
        self.format, self._walk, self._layout = "pcapng", walk_pcapng, empty_interfaces()

    def blocks(self, max_frames: int) -> Iterator[FrameBlock]:
        """Yield the frames in the order of the file, 1 to ``max_frames`` in a block.

        A block ends early where a window of streamed data ends, or after 32 MiB. All buffers are read-only uint8
        arrays of one type. Frames are numbered as they are yielded; refused records have no number.
        """
        if max_frames < 1:
            raise ValueError(f"max_frames is {max_frames}, expected at least 1")
        while not self._ended:
            block = self._next_block(max_frames)
            if block is not None:
                yield block

    def _next_block(self, max_frames: int) -> FrameBlock | None:
        window, state = self._window, self._state
        if state[STATUS] == NEED_MORE:
            self._go_on()
            if self._ended:
                return None
        position = int(state[POSITION])
        window.settle(position)
        out = self._room(min(max_frames, max(window.buffer.size - position, 0) // _MIN_RECORD_BYTES + 1))
        number = self._first_packet + int(self._counts[Count.FRAMES])
        filled = self._walk(window.buffer, self._layout, position + _SPAN_BYTES, state, self._counts, self._first, out)
        block = _block(window.buffer, out, filled, number) if filled else None
        if state[STATUS] == STOPPED:
            place = state[BASE] + state[POSITION]
            self._end(f"reading stopped {_after(self._counts[Count.FRAMES], place)}: {REASONS[Count(state[CAUSE])]}")
        return block

    def _room(self, frames: int) -> Records:
        """Return room for so many frames: where blocks are passing, the same each time."""
        if not self._passing:
            return empty_records(frames)
        if self._records.offset.size < frames:
            self._records = empty_records(frames)
        return Records(*[column[:frames] for column in self._records])

    def _go_on(self) -> None:
        """Ask the window for more, or end the capture."""
        state, window = self._state, self._window
        place = int(state[BASE] + state[POSITION])
        more = window.refill(int(state[POSITION]), int(state[NEEDED]))
        state[BASE], state[POSITION] = window.base, place - window.base
        if more:
            return
        if state[POSITION] < window.buffer.size:
            refuse(int(Count.TRUNCATED_RECORD), int(state[POSITION]), 0, state, self._counts, self._first)
            self._end(f"truncated {_after(self._counts[Count.FRAMES], place)}: the last record is not whole")
        else:
            self._end()

    def _end(self, note: str = "") -> None:
        self._ended = True
        if note:
            self._notes.append(note)

    @property
    def counters(self) -> dict[str, int]:
        """Return all counters by name; ``records_found == frames`` + those of REFUSALS."""
        counters = {c.name.lower(): int(self._counts[c]) for c in Count}
        for fault in self._window.faults:
            counters[fault.count.name.lower()] += 1
        return counters

    @property
    def refused(self) -> dict[str, int]:
        """Return the causes of refusal that occurred."""
        return {cause: count for cause, count in self.counters.items() if cause in REFUSALS and count}

    @property
    def notes(self) -> list[str]:
        """Return lines for people: where reading ended early, and where each refusal was met first."""
        notes = self._notes + [fault.message for fault in self._window.faults]
        for cause in Count:
            frames, place = self._first[cause]
            if frames >= 0 and cause != Count.TRUNCATED_RECORD:
                count = int(self._counts[cause])
                notes.append(f"{cause.name.lower()}: {count} refused, the first {_after(frames, place)}")
        return notes

    @property
    def bytes_read(self) -> int:
        """Return how much of the input was read, as it is stored (compressed size)."""
        return self._window.bytes_read(int(self._state[POSITION]))

    @property
    def bytes_total(self) -> int:
        """Return the size of the input as it is stored, 0 when it is not known (a pipe)."""
        return self._window.bytes_total

    def close(self) -> None:
        """Close the input; blocks in use stay valid."""
        if not self._closed:
            self._ended = self._closed = True
            self._window.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _after(frames: int, place: int) -> str:
    return f"after packet {int(frames)} at byte {int(place)}"


def _need(head: bytes, size: int, form: str, name: str) -> None:
    if len(head) < size:
        raise CaptureError(
            f"ends within the {form} header, after {len(head)} of {size} bytes", where=name, expected=EXPECTED,
            remedy="copy or capture it again",
        )


def _block(buffer: np.ndarray, out: Records, filled: int, first_packet: int) -> FrameBlock:
    return FrameBlock(buffer, *(column[:filled] for column in out), first_packet)

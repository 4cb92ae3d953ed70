"""Decoder: FrameBlocks in, Packets out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from columns import PACKET, Packets, slice_rows
from columns.codes import REFUSED_FROM, Status, labels_of
from sensor.decode.fragment_table import OVERLAPS, finish_fragments, new_fragment_table
from sensor.decode.rows import (
    ARENA_RESERVE,
    ARENA_USED,
    CHECKSUM_MODE,
    CHECKSUMS_BAD,
    CHECKSUMS_SEEN,
    CLOCK_NS,
    CLOCK_RESET_NS,
    CLOCK_RESETS,
    IGNORE,
    PLACES,
    ROWS_PER_FRAME,
    STATE_FIELDS,
    TCP_ONLY,
    UNDECIDED,
    VALIDATE,
    decode_frames,
)
from sensor.decode.settings import DecodeSettings
from sensor.frames import FrameBlock

_MODES = {"auto": UNDECIDED, "validate": VALIDATE, "ignore": IGNORE}
_ARENA_BYTES = ARENA_RESERVE + (1 << 20)
_COLUMNS = {"offset": np.int64, "captured_bytes": np.uint32, "wire_bytes": np.uint32, "ts_ns": np.int64,
            "link_type": np.uint16, "interface": np.uint16}


class Decoder:
    """Turns frames into packets: link layers, IP, tunnels, fragments, transport headers and checksums.

    Hostile input never raises: what cannot be decoded is a row with the cause as its status, and is counted.
    The result does not depend on how the frames are divided into blocks.
    """

    def __init__(self, settings: DecodeSettings | None = None) -> None:
        self.settings = settings = settings or DecodeSettings()
        self._rows = PACKET.empty(settings.rows_per_batch + ROWS_PER_FRAME)
        self._arena = np.zeros(_ARENA_BYTES, np.uint8)
        self._arena_view = self._arena.view()
        self._arena_view.flags.writeable = False
        self._table = new_fragment_table(
            settings.fragment_datagrams, settings.fragment_bytes, settings.fragment_timeout_s * 1_000_000_000)
        self._counts = np.zeros((2, 256), np.int64)  # by inner packet or not, and status
        self._state = np.zeros(STATE_FIELDS, np.int64)
        self._state[CLOCK_NS] = np.iinfo(np.int64).min >> 1
        self._state[CLOCK_RESET_NS] = settings.clock_reset_s * 1_000_000_000
        self._state[CHECKSUM_MODE] = _MODES[settings.checksums]
        self._state[TCP_ONLY] = settings.refuse_by == "tcp"
        self._frames_in = 0

    def decode(self, block: FrameBlock) -> Iterator[tuple[Packets, tuple[np.ndarray, np.ndarray]]]:
        """Yield the packets of a block in portions: (packets, (block.buffer, arena)).

        ``payload_offset`` counts in the buffer of the pair that ``packets.buffer`` names; the arena holds reassembled
        datagrams. Packets and arena are used again: they are good until the next portion is asked for, and a consumer
        that keeps them copies them (``columns.take_rows``). Rows in order of frames; a frame's inner packets follow
        it. A row inside another (tunnel_depth > 0) has frames = 0, and as captured_bytes and wire_bytes the bytes its
        carrier holds for it. A held fragment is a row with frames = 1, and its frame counts again in the row that
        completes the datagram: skip FRAGMENT_HELD when adding up. Columns that do not apply are 0.

        Raises ValueError for a block whose columns are not as FrameBlock says: that is a caller's mistake.
        """
        block = self._taken(block)
        frame = 0
        while frame < block.offset.size:
            frame, rows = self._fill(block, frame, 0, True)
            yield slice_rows(self._rows, 0, rows), (block.buffer, self._arena_view)

    def decode_passing(self, blocks: Iterable[FrameBlock], rows_per_portion: int) -> Iterator[Packets]:
        """Yield the packets of many blocks in portions of at least so many rows, for who looks at no bytes.

        Rows are as ``decode`` yields them, but a block need not last once the next one is asked for, and the columns
        of PLACES, which say where bytes stand and in which turn, are 0: that saves a tenth of the time.
        """
        for name in PLACES:
            getattr(self._rows, name)[:] = 0
        rows = 0
        most = min(rows_per_portion, self.settings.rows_per_batch)
        for each in blocks:
            block, frame = self._taken(each), 0
            while frame < block.offset.size:
                frame, rows = self._fill(block, frame, rows, False)
                if rows >= most:
                    yield slice_rows(self._rows, 0, rows)
                    rows = 0
        if rows:
            yield slice_rows(self._rows, 0, rows)

    def _taken(self, block: FrameBlock) -> FrameBlock:
        self._frames_in += block.offset.size
        return _checked_block(block)

    def _fill(self, block: FrameBlock, frame: int, rows: int, places: bool) -> tuple[int, int]:
        """Decode frames from one on into rows behind those filled; return the next frame and the rows filled then."""
        self._state[ARENA_USED] = 0
        return decode_frames(block, frame, self._rows, rows, places, self._arena_view, self._arena, self._table,
                             self._counts, self._state)

    def finish(self) -> None:
        """End of input: fragments that still wait for others become refused frames (fragment_incomplete)."""
        finish_fragments(self._table, self._counts)

    @property
    def counters(self) -> dict[str, int]:
        """Frames in, processed and refused by cause: frames_in = processed + fragment_held + the causes.

        fragment_held is left out where it is 0, as it always is after finish(); so is a cause that did not occur.
        """
        frames = self._counts[0]
        held = int(frames[Status.FRAGMENT_HELD])
        counters = {"frames_in": self._frames_in, "processed": int(frames[:REFUSED_FROM].sum()) - held}
        if held:
            counters["fragment_held"] = held
        return counters | self._by_label(frames, REFUSED_FROM)

    @property
    def details(self) -> dict[str, int]:
        """Counts that are not part of the conservation: kinds of processed frames, inner packets, fragments."""
        outer, inner = self._counts
        return {
            **self._by_label(outer[:REFUSED_FROM], Status.ARP), "inner_packets": int(inner.sum()),
            **{f"inner_{label}": count for label, count in self._by_label(inner, Status.ARP).items()},
            "fragment_conflicts": int(self._table.state[OVERLAPS]),
            "checksums_sampled": int(self._state[CHECKSUMS_SEEN]),
            "checksums_sampled_bad": int(self._state[CHECKSUMS_BAD]), "clock_resets": int(self._state[CLOCK_RESETS]),
        }

    @property
    def notes(self) -> list[str]:
        """What a reader of the result should know, in whole lines."""
        if self.settings.checksums != "auto":
            return []
        seen, bad = int(self._state[CHECKSUMS_SEEN]), int(self._state[CHECKSUMS_BAD])
        said = {IGNORE: "checksums are ignored from there on (offloading)",
                VALIDATE: "packets with bad checksums are refused from there on",
                UNDECIDED: "too few to decide, so bad ones were used"}[int(self._state[CHECKSUM_MODE])]
        return [f"checksums: {bad} of the first {seen} verifiable frames were bad; {said}"]

    @staticmethod
    def _by_label(counts: np.ndarray, start: int) -> dict[str, int]:
        labels = labels_of(Status)
        return {labels[s]: int(counts[s]) for s in labels if start <= s < counts.size and counts[s]}


def _checked_block(block: FrameBlock) -> FrameBlock:
    """Return the block with arrays of exactly one type each, so that there is one compiled kernel."""
    buffer = block.buffer
    if buffer.dtype != np.uint8 or buffer.ndim != 1 or not buffer.flags.c_contiguous:
        raise ValueError("FrameBlock.buffer must be a contiguous array of uint8")
    if buffer.flags.writeable:
        buffer = buffer.view()
        buffer.flags.writeable = False
    columns: dict[str, Any] = {}
    for name, dtype in _COLUMNS.items():
        column = getattr(block, name)
        if column.dtype != dtype or column.shape != block.offset.shape:
            raise ValueError(f"FrameBlock.{name} must be {np.dtype(dtype)}[{block.offset.size}]")
        columns[name] = column if column.flags.writeable and column.flags.c_contiguous else column.copy()
    if block.offset.size and (
        int(block.offset.min()) < 0 or int((block.offset + block.captured_bytes).max()) > buffer.size
    ):
        raise ValueError("a frame of the FrameBlock stands outside its buffer")
    return FrameBlock(buffer=buffer, first_packet=int(block.first_packet), **columns)

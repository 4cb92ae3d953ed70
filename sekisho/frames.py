"""Frames of all captures of a replay, one after another as one stream; the report is kept up to date."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sekisho.report import CaptureRead, Progress, ReplayReport
from sekisho.traffic import Traffic
from sensor.capture import open_capture
from sensor.frames import FrameBlock


def frames_of(captures: Sequence[Path | str], batch: int, report: ReplayReport, traffic: Traffic,
              progress: Callable[[Progress], None] | None, *, passing: bool = False) -> Iterator[FrameBlock]:
    """Yield the frames of all captures in blocks of at most batch, numbering the packets through.

    passing: a block is needed only until the next one is asked for.
    """
    total, done = _total_bytes(captures), 0
    counters = report.counters.setdefault("capture", {})
    for path in captures:
        with open_capture(path, first_packet=report.packets + 1, passing=passing) as capture:
            read = CaptureRead(str(path), report.packets + 1)
            report.captures.append(read)
            try:
                for block in capture.blocks(batch):
                    _count(block, read, report)
                    traffic.largest_bytes = max(traffic.largest_bytes, int(block.wire_bytes.max(initial=0)))
                    yield block
                    if progress:
                        progress(Progress(done + capture.bytes_read, total, report.packets, report.alerts))
            finally:
                done += capture.bytes_read
                report.notes += capture.notes
                for cause, count in capture.counters.items():
                    counters[cause] = counters.get(cause, 0) + count


def _count(block: FrameBlock, read: CaptureRead, report: ReplayReport) -> None:
    frames, wire_bytes = block.offset.size, int(block.wire_bytes.sum(dtype=np.int64))
    if not report.packets:
        report.first_ns = int(block.ts_ns[0])
    read.packets, read.bytes = read.packets + frames, read.bytes + wire_bytes
    report.packets, report.bytes = report.packets + frames, report.bytes + wire_bytes


def _total_bytes(captures: Sequence[Path | str]) -> int:
    """Return the size of all captures, or 0 where one is a pipe and nobody can know."""
    sizes = [os.stat(path).st_size if os.path.isfile(path) else 0 for path in captures]
    return sum(sizes) if all(sizes) else 0

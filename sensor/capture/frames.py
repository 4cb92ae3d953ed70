"""Single frames out of a capture, by number: evidence for people, off the hot path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sensor.capture.reader import open_capture
from sensor.frames import FrameBlock

_BATCH = 16_384


class Frame(NamedTuple):
    """One frame with its bytes; packet_number counts from first_packet of its capture."""

    packet_number: int
    ts_ns: int
    data: bytes
    wire_bytes: int
    link_type: int
    interface: int


def frames_of(block: FrameBlock, indices: Iterable[int] | None = None) -> Iterator[Frame]:
    """Yield the frames of a block, or those at ``indices``, with copies of their bytes."""
    for i in range(block.offset.size) if indices is None else indices:
        begin = int(block.offset[i])
        yield Frame(
            block.first_packet + int(i), int(block.ts_ns[i]),
            block.buffer[begin:begin + int(block.captured_bytes[i])].tobytes(),
            int(block.wire_bytes[i]), int(block.link_type[i]), int(block.interface[i]),
        )


def frames_at(path: Path | str, packet_numbers: Iterable[int], *, first_packet: int = 1) -> list[Frame]:
    """Return the frames of a capture with these packet numbers, in rising order; numbers it does not have are left out.

    The capture is read from its beginning up to the last of them. Raise CaptureError as open_capture does.
    """
    wanted = np.unique(np.fromiter(packet_numbers, np.int64))
    frames: list[Frame] = []
    if not wanted.size:
        return frames
    with open_capture(path, first_packet=first_packet) as capture:
        for block in capture.blocks(_BATCH):
            end = block.first_packet + block.offset.size
            here = wanted[(wanted >= block.first_packet) & (wanted < end)]
            frames.extend(frames_of(block, here - block.first_packet))
            if end > wanted[-1]:
                break
    return frames

"""FrameBlock: frames in place, wherever they came from (a mapped capture file, later a ring of the kernel's)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class FrameBlock(NamedTuple):
    """A run of frames inside one buffer; frame i is ``buffer[offset[i] : offset[i] + captured_bytes[i]]``.

    buffer: uint8, read-only; offset: int64; captured_bytes, wire_bytes: uint32; ts_ns: int64 (ns since 1970, UTC);
    link_type, interface: uint16. first_packet is the number of frame 0 within the run, from 1.
    """

    buffer: np.ndarray
    offset: np.ndarray
    captured_bytes: np.ndarray
    wire_bytes: np.ndarray
    ts_ns: np.ndarray
    link_type: np.ndarray
    interface: np.ndarray
    first_packet: int


def read_only(data: bytes | bytearray | memoryview) -> np.ndarray:
    """Return bytes as a read-only uint8 array without copying; all frame buffers have this one type for kernels."""
    array = np.frombuffer(data, np.uint8)
    array.flags.writeable = False
    return array


def frame_block(
    frames: list[bytes], *, ts_ns: list[int] | None = None, link_type: int = 1,
    wire_bytes: list[int] | None = None, first_packet: int = 1,
) -> FrameBlock:
    """Return a FrameBlock of frames given as bytes; without ts_ns they are one millisecond apart from 1970 on."""
    sizes = np.array([len(f) for f in frames], np.uint32)
    offset = np.zeros(len(frames), np.int64)
    np.cumsum(sizes[:-1], out=offset[1:])
    return FrameBlock(
        read_only(b"".join(frames)), offset, sizes,
        sizes.copy() if wire_bytes is None else np.array(wire_bytes, np.uint32),
        np.arange(len(frames), dtype=np.int64) * 1_000_000 if ts_ns is None else np.array(ts_ns, np.int64),
        np.full(len(frames), link_type, np.uint16), np.zeros(len(frames), np.uint16), first_packet,
    )

"""The settings of the streams."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.errors import ConfigError
from columns.limits import check_limits, limit

OVERLAPS = ("first", "last")


@dataclass(frozen=True)
class StreamSettings:
    """How TCP streams are put together; ConfigError names a value out of range."""

    depth_kib: int = limit(
        1024, 1, 1 << 22, "KiB", "of each direction, this much is looked at; what comes after is only counted")
    held_kib: int = limit(
        256, 4, 1 << 16, "KiB",
        "out-of-order data that one direction may have waiting before the gap in front of it is given up")
    held_segments: int = limit(512, 4, 4096, "segments", "the same, in pieces of up to 2 KiB")
    memory_mib: int = limit(64, 1, 1 << 14, "MiB", "out-of-order data of all streams together")
    window_kib: int = limit(
        4096, 64, 1 << 20, "KiB", "data further ahead than this is no part of the conversation")
    midstream: bool = field(default=False, metadata={
        "meaning": "follow connections whose start was not seen, too"})
    overlap: str = field(default="first", metadata={
        "meaning": "which of two overlapping segments that both wait counts: first or last"})

    def __post_init__(self) -> None:
        check_limits(self, "streams")
        if self.overlap not in OVERLAPS:
            raise ConfigError(f"overlap is {self.overlap!r}", where="streams", expected="first or last")

"""The settings of the streams."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from columns.errors import ConfigError

OVERLAPS = ("first", "last")


@dataclass(frozen=True)
class StreamSettings:
    """How TCP streams are put together; ConfigError names a value out of range."""

    depth_kib: int = field(default=1024, metadata={
        "unit": "KiB", "range": (1, 1 << 22),
        "meaning": "of each direction, this much is looked at; what comes after is only counted"})
    held_kib: int = field(default=256, metadata={
        "unit": "KiB", "range": (4, 1 << 16),
        "meaning": "out-of-order data that one direction may have waiting before the gap in front of it is given up"})
    held_segments: int = field(default=512, metadata={
        "unit": "segments", "range": (4, 4096), "meaning": "the same, in pieces of up to 2 KiB"})
    memory_mib: int = field(default=64, metadata={
        "unit": "MiB", "range": (1, 1 << 14), "meaning": "out-of-order data of all streams together"})
    window_kib: int = field(default=4096, metadata={
        "unit": "KiB", "range": (64, 1 << 20),
        "meaning": "data further ahead than this is no part of the conversation"})
    midstream: bool = field(default=False, metadata={
        "meaning": "follow connections whose start was not seen, too"})
    overlap: str = field(default="first", metadata={
        "meaning": "which of two overlapping segments that both wait counts: first or last"})

    def __post_init__(self) -> None:
        for f in fields(self):
            value, where = getattr(self, f.name), f"[streams] {f.name}"
            if "range" in f.metadata:
                low, high = f.metadata["range"]
                if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                    raise ConfigError(f"{value!r} is out of range", where=where,
                                      expected=f"a whole number, {low} to {high}")
        if self.overlap not in OVERLAPS:
            raise ConfigError(f"{self.overlap!r} is unknown", where="[streams] overlap", expected="first or last")

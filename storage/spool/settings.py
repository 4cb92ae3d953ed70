"""How the spool behaves: where it lies, how large it may grow, how durable it is, how it waits for the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DEFAULT_SPOOL = "sekisho-spool"


@dataclass(frozen=True)
class SpoolSettings:
    """The spool between the sensor and a ClickHouse server; an embedded store needs none and ignores this section."""

    path: str = field(default="", metadata={
        "result": False,
        "meaning": "folder of the spool, relative to this file; empty is ./sekisho-spool; one process owns it"})
    max_bytes: int = field(default=1 << 30, metadata={
        "unit": "bytes", "range": (1 << 20, 1 << 44), "result": False,
        "meaning": "the most that the spool takes on disk; beyond it the oldest rows of the least important tables are "
        "given up, alerts last"})
    segment_bytes: int = field(default=8 << 20, metadata={
        "unit": "bytes", "range": (1 << 16, 1 << 30), "result": False,
        "meaning": "size at which a new file is begun; room is made by whole files, never more than an eighth of "
        "max_bytes at once"})
    fsync: Literal["block", "segment", "never"] = field(default="block", metadata={
        "result": False,
        "meaning": "block: every block is on the disk before it is sent; segment: every file when it is full; never: "
        "left to the system. A killed process loses nothing in any case, a power failure what was not written out"})
    when_full: Literal["auto", "wait", "shed"] = field(default="auto", metadata={
        "result": False,
        "meaning": "wait: the sensor waits for room; shed: rows are given up at once; auto: a replay waits as long as "
        "the server answers, a live sensor never waits"})
    wait_s: float = field(default=10.0, metadata={
        "unit": "s", "range": (0.0, 86_400.0), "result": False,
        "meaning": "how long the beginning and the end of a run wait for a server that does not answer, before the "
        "rest is left in the spool"})
    backoff_first_s: float = field(default=0.1, metadata={
        "unit": "s", "range": (0.001, 60.0), "result": False,
        "meaning": "longest pause before the first repetition; it doubles each time, and a random part of it is taken"})
    backoff_max_s: float = field(default=15.0, metadata={
        "unit": "s", "range": (0.01, 3600.0), "result": False,
        "meaning": "longest pause between two attempts to reach the server"})

    @property
    def folder(self) -> Path:
        """The folder as an absolute path."""
        return Path(self.path or DEFAULT_SPOOL).absolute()

    @property
    def file_bytes(self) -> int:
        """Size at which a new file is begun: segment_bytes, but small enough that shedding stays fine-grained."""
        return min(self.segment_bytes, self.max_bytes // 8)

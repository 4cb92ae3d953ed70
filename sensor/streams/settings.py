"""The settings of the streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from columns.errors import ConfigError
from columns.limits import limit, limited
from columns.networks import checked_networks, network_words

OVERLAPS = ("first", "last", "bsd", "linux", "old-linux", "solaris")
"""How hosts take segments that overlap, in the order of their numbers: see sensor/streams/overlaps.py."""


def _hosts(policy: str, who: str) -> Any:
    return field(default=(), metadata={"unit": "CIDR", "meaning": f"hosts that take overlapping segments as {who} "
                                       f"({policy}); the longest prefix that holds a receiver decides"})


@limited("streams")
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
        "meaning": f"which of two overlapping segments that both wait counts: {', '.join(OVERLAPS)}"})
    overlap_first: tuple[str, ...] = _hosts("first", "Windows Vista and later do")
    overlap_last: tuple[str, ...] = _hosts("last", "some network devices do")
    overlap_bsd: tuple[str, ...] = _hosts("bsd", "BSD, macOS and old Windows do")
    overlap_linux: tuple[str, ...] = _hosts("linux", "Linux does")
    overlap_old_linux: tuple[str, ...] = _hosts("old-linux", "Linux 2.2 did")
    overlap_solaris: tuple[str, ...] = _hosts("solaris", "Solaris and HP-UX 11 do")

    def __post_init__(self) -> None:
        if self.overlap not in OVERLAPS:
            raise ConfigError(f"overlap is {self.overlap!r}", where="streams", expected=f"one of {', '.join(OVERLAPS)}")
        seen: dict[str, str] = {}
        for policy in OVERLAPS:
            name = overlap_list(policy)
            where = f"[streams] {name}"
            networks = checked_networks(getattr(self, name), where)
            object.__setattr__(self, name, networks)
            for network in networks:
                if seen.setdefault(network, name) != name:
                    raise ConfigError(f"{network} is in {seen[network]}, too", where=where,
                                      expected="each network under one policy", remedy="take it out of one of the two")

    def overlaps_by_host(self) -> np.ndarray:
        """Return uint64[networks, 5], longest prefixes first: those of network_words, and the number of the policy."""
        rows = [np.append(words, np.uint64(number)) for number, policy in enumerate(OVERLAPS)
                for words in network_words(getattr(self, overlap_list(policy)))]
        longest_first = sorted(rows, key=lambda row: (int(row[0]) << 64 | int(row[1])), reverse=True)
        return np.array(longest_first, np.uint64).reshape(-1, 5)


def overlap_list(policy: str) -> str:
    """Return the name of the setting that lists the hosts of a policy."""
    return f"overlap_{policy.replace('-', '_')}"

"""Conditions on what rules remember, and what a rule that matched changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FlowBits:
    """op: isset, isnotset (any of names), set, unset, toggle (all of names)."""

    op: str
    names: tuple[str, ...]
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes bits rather than asks for them."""
        return self.op in ("set", "unset", "toggle")


@dataclass(frozen=True, slots=True)
class FlowInt:
    """op: isset, isnotset, = + - (effects), == != < <= > >= ; value a number or another variable."""

    name: str
    op: str
    value: int | str | None = None
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes the variable rather than asks for it."""
        return self.op in ("=", "+", "-")


@dataclass(frozen=True, slots=True)
class XBits:
    """op as of FlowBits; track: ip_src, ip_dst, ip_pair, tx; expire_s seconds after it was set."""

    op: str
    name: str
    track: str
    expire_s: int = 30
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes the bit rather than asks for it."""
        return self.op in ("set", "unset", "toggle")


@dataclass(frozen=True, slots=True)
class HostBits:
    """op as of FlowBits; track: src, dst, both."""

    op: str
    name: str
    track: str = "src"
    expire_s: int = 300
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes the bit rather than asks for it."""
        return self.op in ("set", "unset", "toggle")


@dataclass(frozen=True, slots=True)
class FlowVar:
    """A text variable of the flow or the packet (kind: flow, pkt), compared with a pattern."""

    kind: str
    name: str
    value: bytes
    scope: ClassVar[str] = "state"
    effect: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a rule that matched makes an alert. kind: limit, threshold, both, backoff; track: by_src, by_dst, by_both,
    by_rule, by_flow; count events in seconds; multiplier for backoff; unique_on "", src_port or dst_port."""

    kind: str
    track: str
    count: int
    seconds: int
    multiplier: int = 0
    unique_on: str = ""
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class DetectionFilter:
    """An alert only after count matches within seconds (the count + 1st and each later one)."""

    track: str
    count: int
    seconds: int
    unique_on: str = ""
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class Tag:
    """What is kept after an alert. kind: session, host; metric: packets, seconds, bytes; side "", src, dst."""

    kind: str
    count: int = 0
    metric: str = ""
    side: str = ""
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class Stored:
    """filestore, tls.store, bypass, config and others that change what is kept, not whether a rule matches."""

    what: str
    words: tuple[str, ...] = ()
    scope: ClassVar[str] = "state"

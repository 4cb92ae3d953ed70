"""The settings that all protocols share; what one protocol alone needs stands beside its parser."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from columns.errors import ConfigError


@dataclass(frozen=True)
class ProtocolSettings:
    """How conversations are recognised and followed; ConfigError names a value out of range."""

    conversations: int = field(default=65536, metadata={
        "unit": "conversations", "range": (16, 1 << 22),
        "meaning": "whose content is looked into at once; beyond that the oldest is followed no further"})
    undecided_bytes: int = field(default=4096, metadata={
        "unit": "bytes", "range": (64, 1 << 20),
        "meaning": "kept of a conversation until its protocol is known; what is not known by then is left alone"})
    undecided_datagrams: int = field(default=8, metadata={
        "unit": "datagrams", "range": (1, 1024), "meaning": "the same for UDP"})

    def __post_init__(self) -> None:
        for f in fields(self):
            value, (low, high) = getattr(self, f.name), f.metadata["range"]
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ConfigError(f"{value!r} is out of range", where=f"[protocols] {f.name}",
                                  expected=f"a whole number, {low} to {high}")

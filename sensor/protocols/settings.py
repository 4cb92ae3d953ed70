"""The settings that all protocols share; what one protocol alone needs stands beside its parser."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.app import AppProto
from columns.errors import ConfigError
from columns.limits import limit, limited


@limited("protocols")
@dataclass(frozen=True)
class ProtocolSettings:
    """How conversations are recognised and followed; ConfigError names a value out of range."""

    conversations: int = limit(
        65536, 16, 1 << 22, "conversations",
        "whose content is looked into at once; beyond that the oldest is followed no further")
    undecided_bytes: int = limit(
        4096, 64, 1 << 20, "bytes",
        "kept of a conversation until its protocol is known; what is not known by then is left alone")
    undecided_datagrams: int = limit(8, 1, 1024, "datagrams", "the same for UDP")
    off: tuple[str, ...] = field(default=(), metadata={
        "meaning": "protocols that are not looked for, by their names in app_proto"})
    recognised_only: tuple[str, ...] = field(default=(), metadata={
        "meaning": "protocols that are recognised, and whose conversations are not followed"})

    def __post_init__(self) -> None:
        for name in (*self.off, *self.recognised_only):
            if name.upper() not in AppProto.__members__ or name in ("unknown", "failed"):
                raise ConfigError(f"{name!r} is no protocol", where="protocols", expected="names such as snmp or http2")

"""The settings of SSH."""

from __future__ import annotations

from dataclasses import dataclass

from columns.limits import limit, limited


@limited("ssh")
@dataclass(frozen=True)
class SshSettings:
    """Limits of the SSH parser; a value outside its range raises UsageError."""

    banner_bytes: int = limit(256, 64, 65536, "bytes", "longest line of a banner")
    lines: int = limit(64, 1, 1024, "lines", "lines that a server may send before its banner")
    packet_bytes: int = limit(35000, 1024, 1 << 20, "bytes", "longest packet that is read before encryption")
    packets: int = limit(32, 4, 1024, "packets", "packets of one side that are read before encryption")

"""The settings of RDP."""

from __future__ import annotations

from dataclasses import dataclass

from columns.limits import limit, limited


@limited("rdp")
@dataclass(frozen=True)
class RdpSettings:
    """Limits of the RDP parser; a value outside its range raises UsageError."""

    packet_bytes: int = limit(16384, 1024, 65535, "bytes", "longest TPKT packet that is read")
    packets: int = limit(16, 4, 1024, "packets", "packets of one side in which the beginning is looked for")
    channels: int = limit(31, 1, 256, "channels", "virtual channels that a row lists")

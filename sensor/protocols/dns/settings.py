"""The settings of DNS."""

from __future__ import annotations

from dataclasses import dataclass

from columns.limits import limit, limited


@limited("dns")
@dataclass(frozen=True)
class DnsSettings:
    """Limits of the DNS parser; a value outside its range raises ConfigError."""

    text_bytes: int = limit(
        256 << 10, 4096, 16 << 20, "bytes",
        "of JSON made of one message; records beyond it are left out and the row says so")
    pending_requests: int = limit(
        512, 1, 65536, "requests", "of a flow that wait for their response; the oldest is forgotten first")

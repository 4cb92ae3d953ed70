"""The settings of TLS."""

from __future__ import annotations

from dataclasses import dataclass

from columns.limits import limit, limited


@limited("tls")
@dataclass(frozen=True)
class TlsSettings:
    """Limits of the TLS parser; a value outside its range raises UsageError."""

    message_bytes: int = limit(65536, 1024, 1 << 20, "bytes", "longest handshake message that is put together")
    certificates: int = limit(16, 1, 256, "certificates", "certificates of a chain that are read")
    listed: int = limit(512, 16, 32768, "numbers", "cipher suites, extensions and so on that a row lists")
    one_sided_bytes: int = limit(65536, 1024, 1 << 30, "bytes",
                                 "encrypted bytes of one side after which the silent other one is waited for no more")

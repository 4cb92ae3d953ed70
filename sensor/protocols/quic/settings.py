"""The settings of QUIC."""

from __future__ import annotations

from dataclasses import dataclass

from columns.limits import limit, limited


@limited("quic")
@dataclass(frozen=True)
class QuicSettings:
    """Limits of the QUIC parser; a value outside its range raises UsageError."""

    crypto_bytes: int = limit(32768, 1024, 1 << 20, "bytes", "beginning of a CRYPTO stream that is put together")
    crypto_pieces: int = limit(128, 1, 4096, "pieces", "pieces of a CRYPTO stream that wait for what comes before them")
    datagrams: int = limit(64, 4, 65536, "datagrams", "datagrams of a connection that are looked at for hellos")
    packets: int = limit(16, 1, 256, "packets", "packets of one datagram that are looked at")

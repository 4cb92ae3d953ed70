"""All protocols that are known, in the order in which they are asked."""

from __future__ import annotations

from sensor.protocols import dns, http, quic, tls
from sensor.protocols.parser import Wants

_ALL: tuple[Wants, ...] = (*tls.WANTS, *http.WANTS, *quic.WANTS, *dns.WANTS)

STREAM_WANTS = tuple(w for w in _ALL if hasattr(w.parser, "data"))
"""Protocols over TCP."""

DATAGRAM_WANTS = tuple(w for w in _ALL if hasattr(w.parser, "datagram"))
"""Protocols over UDP."""

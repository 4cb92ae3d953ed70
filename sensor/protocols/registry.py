"""All protocols that are known, in the order in which they are asked."""

from __future__ import annotations

from sensor.protocols import tls
from sensor.protocols.parser import Wants

STREAM_WANTS: tuple[Wants, ...] = (*tls.WANTS,)
DATAGRAM_WANTS: tuple[Wants, ...] = ()

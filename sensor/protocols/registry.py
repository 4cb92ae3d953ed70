"""All protocols that are known, in the order in which they are asked."""

from __future__ import annotations

from sensor.protocols.parser import Wants

STREAM_WANTS: tuple[Wants, ...] = ()
DATAGRAM_WANTS: tuple[Wants, ...] = ()

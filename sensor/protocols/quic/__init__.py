"""QUIC versions 1 and 2, late drafts, and the hello of Google's QUIC."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.quic import QUIC
from sensor.protocols.parser import FlowFacts, Opening, Wants
from sensor.protocols.quic.gquic import OPENS, google_version
from sensor.protocols.quic.packet import is_known
from sensor.protocols.quic.parser import QuicParser
from sensor.protocols.quic.settings import QuicSettings

_UDP, _LONGEST_ID = 17, 20


def probe(client: bytes, server: bytes, flow: FlowFacts) -> bool | None:
    """Ask for a long header of a known version, with connection ids of a possible length, or for Google's header."""
    if flow.proto != _UDP:
        return False
    head = client or server
    if not head:
        return None
    if client and google_version(client):
        return True
    if len(head) < 7 or head[0] & 0xC0 != 0xC0 or not is_known(int.from_bytes(head[1:5], "big")):
        return False
    return head[5] <= _LONGEST_ID and (len(head) <= 6 + head[5] or head[6 + head[5]] <= _LONGEST_ID)


_LONG = bytes(range(0xC0, 0x100))

WANTS: tuple[Wants, ...] = (Wants(AppProto.QUIC, QuicParser, probe, (QUIC,), Opening(OPENS, alone=_LONG)),)
"""How QUIC is recognised and followed."""

__all__ = ["WANTS", "QuicParser", "QuicSettings", "probe"]

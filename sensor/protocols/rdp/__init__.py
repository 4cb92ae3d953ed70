"""RDP: negotiation, and the client's data where it stands in clear."""

from __future__ import annotations

from collections.abc import Callable

from columns.app import AppProto
from columns.protocols.rdp import RDP
from sensor.protocols.parser import FlowFacts, Opening, Wants
from sensor.protocols.rdp.negotiation import is_answer, is_negotiation
from sensor.protocols.rdp.parser import RdpParser
from sensor.protocols.rdp.settings import RdpSettings

_TCP, _RDP_PORT = 6, 3389
_USER_DATA_AT = 11


def probe(client: bytes, server: bytes, flow: FlowFacts) -> bool | None:
    """Ask for an X.224 request (or its answer) with what RDP puts in; without that the port has to speak for it."""
    if flow.proto != _TCP:
        return False
    for head, code, ours in ((client, 0xE0, is_negotiation), (server, 0xD0, is_answer)):
        if head:
            return _connects(head, code, ours, flow.dst_port == _RDP_PORT)
    return None


def _connects(head: bytes, code: int, ours: Callable[[bytes], bool], hinted: bool) -> bool | None:
    if not b"\x03\0".startswith(head[:2]):
        return False
    if len(head) < _USER_DATA_AT:
        return None if len(head) < 6 or head[5] == code else False
    size, rest = head[2] << 8 | head[3], head[_USER_DATA_AT:]
    if head[5] != code or size < _USER_DATA_AT or head[4] != size - 5:
        return False
    if size == _USER_DATA_AT:
        return hinted
    if len(rest) < min(8, size - _USER_DATA_AT):
        return None
    return ours(rest)


WANTS: tuple[Wants, ...] = (Wants(AppProto.RDP, RdpParser, probe, (RDP,), Opening(b"\3", alone=b"\3")),)
"""How RDP is recognised and followed."""

__all__ = ["WANTS", "RdpParser", "RdpSettings", "probe"]

"""HTTP/2 in clear (RFC 9113), by its preface or after an upgrade: shown to those who inspect, its files told."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.fileinfo import FILEINFO
from sensor.protocols.http2.parser import PREFACE, Http2Parser
from sensor.protocols.parser import FlowFacts, Opening, Wants


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is HTTP/2: the client begins with the preface."""
    if flow.proto != 6:
        return False
    if not initiator:
        return None if not responder else False
    if initiator.startswith(PREFACE):
        return True
    return None if PREFACE.startswith(initiator) and len(initiator) < len(PREFACE) else False


WANTS: tuple[Wants, ...] = (Wants(AppProto.HTTP2, Http2Parser, probe, (FILEINFO,), Opening(PREFACE[:1], alone=b"")),)

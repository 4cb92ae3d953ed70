"""SMB 1, 2 and 3 over TCP, direct or within a NetBIOS session."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.smb import SMB
from sensor.protocols.parser import FlowFacts, Opening, Wants
from sensor.protocols.smb.parser import SmbParser
from sensor.protocols.smb.settings import SmbSettings

_MARKS = tuple(bytes((mark,)) + b"SMB" for mark in (0xFF, 0xFE, 0xFD, 0xFC))
_SESSION_REQUEST = b"\x81\x00\x00\x44\x20"  # two encoded names follow
_SESSION_RESPONSES = (b"\x82\x00\x00\x00", b"\x83\x00\x00\x01")


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is SMB: a message of any version, or a request for a NetBIOS session."""
    if flow.proto != 6:
        return False
    answers = [_begins(head) for head in (initiator, responder) if head]
    if any(answers):
        return True
    return None if not answers or None in answers else False


def _begins(head: bytes) -> bool | None:
    if head.startswith(_SESSION_REQUEST):
        return True
    if head[0] == 0x00:
        return head[4:8] in _MARKS if len(head) >= 8 else None
    if head.startswith(_SESSION_RESPONSES):
        return None  # what follows tells
    return None if _SESSION_REQUEST.startswith(head) or any(r.startswith(head) for r in _SESSION_RESPONSES) else False


_OPENS = bytes((0, *(mark[0] for mark in (_SESSION_REQUEST, *_SESSION_RESPONSES))))

WANTS: tuple[Wants, ...] = (
    Wants(AppProto.SMB, SmbParser, probe, (SMB, FILEINFO), Opening(_OPENS, _OPENS, either=True)),)

__all__ = ["WANTS", "SmbParser", "SmbSettings", "probe"]

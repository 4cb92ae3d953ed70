"""Is this TLS or SSL? By the first bytes alone, whatever the port."""

from __future__ import annotations

from sensor.protocols.parser import FlowFacts
from sensor.protocols.tls.records import ALERT, HANDSHAKE, LONGEST_RECORD

_TCP = 6


def probe(client: bytes, server: bytes, flow: FlowFacts) -> bool | None:
    """Ask for a hello (or an alert) on either side, within the bounds of the record layer."""
    if flow.proto != _TCP:
        return False
    asked = _record(client, 1, True) if client else None
    answered = _record(server, 2, False) if server else None
    if asked is False or answered is True:
        return asked is not False and answered is True
    return asked


def _record(head: bytes, hello: int, ssl2: bool) -> bool | None:
    if head[0] & 0x80:
        return _ssl2(head) if ssl2 else _ssl2_answer(head)
    if head[0] not in (HANDSHAKE, ALERT) or (len(head) > 1 and head[1] != 3) or (len(head) > 2 and head[2] > 4):
        return False
    if len(head) < 6:
        return None
    size = head[3] << 8 | head[4]
    if head[0] == ALERT:
        return size == 2 and head[5] in (1, 2)
    if not 0 < size <= LONGEST_RECORD or head[5] != hello:
        return False
    return head[6:7] in (b"", b"\0", b"\1")


def _ssl2(head: bytes) -> bool | None:
    """A CLIENT-HELLO of SSL 2.0: its lengths have to add up."""
    if len(head) < 3:
        return None
    if head[2] != 1 or (len(head) > 3 and head[3] not in (0, 3)):
        return False
    if len(head) < 11:
        return None
    size, version = (head[0] & 0x7F) << 8 | head[1], head[3] << 8 | head[4]
    specs, session, challenge = (int.from_bytes(head[i : i + 2], "big") for i in (5, 7, 9))
    adds_up = specs > 0 and specs % 3 == 0 and 9 + specs + session + challenge == size
    return adds_up and (version == 2 or version >> 8 == 3)


def _ssl2_answer(head: bytes) -> bool | None:
    if len(head) < 7:
        return None
    return head[2] == 4 and head[3] in (0, 1) and head[5:7] == b"\0\2"

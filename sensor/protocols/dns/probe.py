"""Whether first bytes are DNS: by the header and the first question; where a port says DNS, less must be seen."""

from __future__ import annotations

import re

from columns.protocols.dns_names import CLASSES, RECORD_TYPES
from sensor.protocols.dns.parser import LLMNR_PORT, MDNS_PORT, NETBIOS_PORT
from sensor.protocols.parser import FlowFacts

_TCP = 6
_PORTS = frozenset({53, MDNS_PORT, LLMNR_PORT, NETBIOS_PORT})
_HOST = re.compile(rb"[A-Za-z0-9_*\-=+/]*")
_MOST_QUESTIONS, _MOST_RECORDS = 64, 4096
_OPERATIONS = frozenset({0, 1, 2, 4, 5, 6})
_NETBIOS_OPERATIONS = frozenset({0, 5, 6, 7, 8, 9, 15})


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is DNS, see Wants."""
    hinted = flow.dst_port in _PORTS or flow.src_port in _PORTS
    netbios = NETBIOS_PORT in (flow.dst_port, flow.src_port)
    first = initiator or responder
    if flow.proto == _TCP:
        if len(first) < 14:
            return None if len(first) < 2 or first[0] << 8 | first[1] >= 12 else False
        if first[0] << 8 | first[1] < 12:
            return False
        first = first[2:]
    elif len(first) < 12:
        return False if first else None
    return _header(first, hinted, netbios) and _question(first, hinted)


def _header(head: bytes, hinted: bool, netbios: bool) -> bool:
    flags, counts = head[2] << 8 | head[3], [head[k] << 8 | head[k + 1] for k in (4, 6, 8, 10)]
    operation, response = flags >> 11 & 15, flags & 0x8000
    if hinted:
        known = _NETBIOS_OPERATIONS if netbios else _OPERATIONS
        return operation in known and counts[0] <= _MOST_QUESTIONS and max(counts) <= _MOST_RECORDS and any(counts)
    if operation or counts[0] != 1 or flags & 0x0040 or flags & 15 > 10:
        return False
    return max(counts) <= 256 if response else counts[1] == 0 and counts[2] == 0 and counts[3] <= 2


def _question(head: bytes, hinted: bool) -> bool:
    """Follow the labels of the first question as far as the bytes go."""
    if head[4] == 0 == head[5]:
        return hinted
    pos = 12
    while pos < len(head) and 0 < head[pos] <= 63:
        if not hinted and not _HOST.fullmatch(head, pos + 1, min(len(head), pos + 1 + head[pos])):
            return False
        pos += 1 + head[pos]
    if pos >= len(head) or hinted:
        return pos >= len(head) or head[pos] == 0 or head[pos] >= 0xC0
    if head[pos] or pos == 12 or pos + 5 > len(head):
        return False
    return (head[pos + 1] << 8 | head[pos + 2]) in RECORD_TYPES and (head[pos + 3] << 8 | head[pos + 4]) in CLASSES

"""Whether first bytes are DNS: by the header and the first question; where a port says DNS, less must be seen."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel, part
from columns.protocols.dns_names import CLASSES, RECORD_TYPES
from sensor.protocols.agreement import PROBE_BYTES
from sensor.protocols.dns.fields import number
from sensor.protocols.dns.parser import LLMNR_PORT, MDNS_PORT, NETBIOS_PORT
from sensor.protocols.parser import FlowFacts

_TCP = 6
_HEADER_BYTES, _FRAMED_BYTES, _PROBE_BYTES = 12, 14, np.int64(PROBE_BYTES)
_MOST_QUESTIONS, _MOST_RECORDS = 64, 4096
_OPERATIONS, _NETBIOS_OPERATIONS = (np.int64(sum(1 << operation for operation in known))
                                    for known in ((0, 1, 2, 4, 5, 6), (0, 5, 6, 7, 8, 9, 15)))
_HINTED, _NETBIOS = np.uint8(1), np.uint8(2)


def _table(size: int, known: bytes | dict[int, str]) -> np.ndarray:
    table = np.zeros(size, np.uint8)
    table[list(known)] = 1
    return table


_TYPES, _CLASSES = _table(max(RECORD_TYPES) + 1, RECORD_TYPES), _table(max(CLASSES) + 1, CLASSES)
_OF_HOSTS = _table(256, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_*-=+/")
_PORTS = _table(65536, dict.fromkeys((53, MDNS_PORT, LLMNR_PORT, NETBIOS_PORT), "")) * _HINTED
_PORTS[NETBIOS_PORT] |= _NETBIOS


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is DNS, see Wants."""
    first, start = initiator or responder, 0
    if flow.proto == _TCP:
        start = 2
        if len(first) < _FRAMED_BYTES:
            return None if len(first) < 2 or first[0] << 8 | first[1] >= _HEADER_BYTES else False
        if first[0] << 8 | first[1] < _HEADER_BYTES:
            return False
    elif len(first) < _HEADER_BYTES:
        return False if first else None
    ports = _PORTS[flow.src_port] | _PORTS[flow.dst_port]
    return bool(begins_dns(np.frombuffer(first, np.uint8), np.int64(start), np.int64(len(first)), ports))


def probe_all(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, src_ports: np.ndarray,
              dst_ports: np.ndarray) -> np.ndarray:
    """Tell of many flows over UDP whether they are DNS, by the first datagram data[starts[i]:stops[i]] of each."""
    found = np.zeros(starts.size, np.bool_)
    begin_dns(data, starts, stops, _PORTS[src_ports] | _PORTS[dst_ports], found)
    return found


@kernel
def begin_dns(data, starts, stops, ports, found):
    """See probe_all; uint8, int64, int64, uint8, bool. ports: _HINTED and _NETBIOS."""
    for i in range(starts.size):
        stop = min(stops[i], starts[i] + _PROBE_BYTES)
        found[i] = stop - starts[i] >= _HEADER_BYTES and begins_dns(data, starts[i], stop, ports[i])


@kernel
def begins_dns(data, start, stop, ports):
    """Tell whether data[start:stop], at least a header, begins a message."""
    hinted, flags = ports & _HINTED != 0, number(data, start + 2, 2)
    operation, questions, most = flags >> 11 & 15, number(data, start + 4, 2), np.int64(0)
    for k in range(4):
        most = max(most, number(data, start + 4 + 2 * k, 2))
    if hinted:
        known = _NETBIOS_OPERATIONS if ports & _NETBIOS else _OPERATIONS
        if not known >> operation & 1 or questions > _MOST_QUESTIONS or most > _MOST_RECORDS or most == 0:
            return False
        if questions == 0:
            return True
    elif operation or questions != 1 or flags & 0x0040 or flags & 15 > 10:
        return False
    elif flags & 0x8000:
        if most > 256:
            return False
    elif number(data, start + 6, 4) or number(data, start + 10, 2) > 2:
        return False
    return _question(data, start + 12, stop, hinted)


@part
def _question(data, pos, stop, hinted):
    """Follow the labels of the first question as far as the bytes go."""
    first = pos
    while pos < stop and 0 < data[pos] <= 63:
        after = pos + 1 + np.int64(data[pos])
        for i in range(pos + 1, min(stop, after)):
            if not hinted and not _OF_HOSTS[data[i]]:
                return False
        pos = after
    if pos >= stop or hinted:
        return pos >= stop or data[pos] == 0 or data[pos] >= 0xC0
    if data[pos] or pos == first or pos + 5 > stop:
        return False
    kind, class_ = number(data, pos + 1, 2), number(data, pos + 3, 2)
    return kind < _TYPES.size and _TYPES[kind] == 1 and class_ < _CLASSES.size and _CLASSES[class_] == 1

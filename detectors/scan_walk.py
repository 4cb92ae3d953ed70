"""The walk over packets and flow rows in their one true order: which of them are the outcome of a contact."""

from __future__ import annotations

import numpy as np

from columns.codes import FlowEvent, Outcome, Status
from columns.kernel import kernel, part
from detectors.scan_state import (
    CLOCK,
    FAILED,
    HALF_OPEN,
    N_FAILED,
    N_OUTCOMES,
    N_PERMITTED,
    N_SILENT,
    N_SUCCEEDED,
    SILENT,
    STARTED,
    SUCCEEDED,
)
from detectors.tables import in_networks, is_group, is_nobody

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_F_SYN, _F_RST, _F_ACK = 2, 4, 16
_QUOTED, _ATTEMPTED = int(Status.QUOTED), int(Outcome.ATTEMPTED)
_OPENED, _REFUSED, _ESTABLISHED = int(FlowEvent.OPENED), int(FlowEvent.REFUSED), int(FlowEvent.ESTABLISHED)
_GROUP_MAC = np.uint64(1 << 40)
BACK_NS = 60 * 1_000_000_000
"""A clock that falls back further than this was restarted (rows of ended flows may be up to a second behind)."""
_TRACEROUTE = 33434
_NOTHING = -1


@part
def is_judged(proto):
    """Return True for the protocols whose outcomes are known."""
    return proto == _TCP or proto == _UDP or proto == _ICMP or proto == _ICMP6


@part
def packet_outcome(status, proto, flags, event, to_server, icmp_type):
    """Return (outcome or -1, True if the sender of the packet is who asked)."""
    if event & _REFUSED:
        if event & _OPENED:
            return _NOTHING, False  # backscatter: a RST that nothing was seen to ask for
        return FAILED, status == _QUOTED or to_server
    if event & _ESTABLISHED:
        if (proto == _ICMP and icmp_type != 0 and icmp_type != 8) or (
                proto == _ICMP6 and icmp_type != 128 and icmp_type != 129):
            return _NOTHING, False
        return SUCCEEDED, to_server
    if event & _OPENED and proto == _TCP and not flags & (_F_SYN | _F_RST | _F_ACK):
        return FAILED, True  # NULL, FIN and Xmas probes: no stack opens a connection like that
    return _NOTHING, False


@part
def flow_outcome(proto, icmp_type, refused, toserver, toclient, flags_toserver, flags_toclient, age_ns, wait_ns):
    """Return the outcome that the row of a flow's first part shows, or -1: what its packets showed is not repeated."""
    if toserver == 0 or age_ns < wait_ns:
        return _NOTHING
    if proto == _TCP:
        if flags_toserver & (_F_SYN | _F_ACK) != _F_SYN:
            return _NOTHING
        if toclient == 0:
            return FAILED
        answer = _F_SYN | _F_ACK
        return HALF_OPEN if flags_toserver & _F_RST and flags_toclient & answer == answer else _NOTHING
    if toclient > 0 or refused:
        return _NOTHING
    if proto == _UDP:
        return SILENT
    asked = (proto == _ICMP and icmp_type == 8) or (proto == _ICMP6 and icmp_type == 128)
    return FAILED if asked else _NOTHING


@part
def take_contact(c, counts, clock, began_ns, src_hi, src_lo, dst_hi, dst_lo, proto, port, result, number, flow_id):
    """Fill the contact with an outcome; return False for one that says nothing of a scan."""
    if is_group(dst_hi, dst_lo) or is_nobody(src_hi, src_lo) or is_nobody(dst_hi, dst_lo):
        return False
    if result != SUCCEEDED and proto == _UDP and _TRACEROUTE <= port < _TRACEROUTE + 256:
        return False
    counts[N_OUTCOMES] += 1
    counts[N_SUCCEEDED if result == SUCCEEDED else N_SILENT if result == SILENT else N_FAILED] += 1
    c["clock"], c["began_ns"] = clock, began_ns
    c["src_hi"], c["src_lo"], c["dst_hi"], c["dst_lo"] = src_hi, src_lo, dst_hi, dst_lo
    c["proto"], c["port"] = proto, port if proto == _TCP or proto == _UDP else 0
    c["result"], c["packet_number"], c["flow_id"] = result, number, flow_id
    return True


@kernel
def gather_contacts(p, f, i, j, contacts, counts, scalars, wait_ns, permitted):
    """Take packets from i and flow rows from j on, a row before the packet it was written before.

    Return the next (i, j) and the number of contacts; (i, j) is less than all where contacts is full or the clock was
    restarted.
    """
    packets, flows, n = p.clock_ns.size, f.clock_ns.size, np.int64(0)
    while True:
        outcome, at_sender = _NOTHING, False
        while i < packets:
            if p.flow_event[i]:
                outcome, at_sender = packet_outcome(
                    p.status[i], p.proto[i], np.int64(p.tcp_flags[i]), np.int64(p.flow_event[i]), p.to_server[i] != 0,
                    p.icmp_type[i])
                if outcome >= 0:
                    break
            i += 1
        is_flow = j < flows and (i >= packets or f.emitted_before[j] <= p.packet_number[i])
        if n >= contacts.size or (not is_flow and i >= packets):
            return i, j, n
        clock = f.clock_ns[j] if is_flow else p.clock_ns[i]
        if not scalars[STARTED] or scalars[CLOCK] - clock > BACK_NS:
            return i, j, n
        scalars[CLOCK] = clock = max(clock, scalars[CLOCK])
        if is_flow:
            k, j = j, j + 1
            proto = np.int64(f.proto[k])
            if f.part[k] != 0 or f.dst_mac[k] & _GROUP_MAC or not is_judged(proto):
                continue
            outcome = flow_outcome(
                proto, f.icmp_type[k], proto == _UDP and f.outcome[k] == _ATTEMPTED, f.pkts_toserver[k],
                f.pkts_toclient[k], np.int64(f.tcp_flags_toserver[k]), np.int64(f.tcp_flags_toclient[k]),
                clock - f.ts_start_ns[k], wait_ns)
            began_ns, number, flow_id, port = f.ts_start_ns[k], f.first_packet[k], f.flow_id[k], np.int64(f.dst_port[k])
            src_hi, src_lo, dst_hi, dst_lo = f.src_ip_hi[k], f.src_ip_lo[k], f.dst_ip_hi[k], f.dst_ip_lo[k]
        else:
            k, i = i, i + 1
            proto = np.int64(p.proto[k])
            if p.dst_mac[k] & _GROUP_MAC or not is_judged(proto):
                continue
            began_ns, number, flow_id, port = clock, p.packet_number[k], p.flow_id[k], np.int64(p.dst_port[k])
            src_hi, src_lo, dst_hi, dst_lo = p.src_ip_hi[k], p.src_ip_lo[k], p.dst_ip_hi[k], p.dst_ip_lo[k]
            if not at_sender:
                src_hi, src_lo, dst_hi, dst_lo = dst_hi, dst_lo, src_hi, src_lo
                port = np.int64(p.src_port[k])
        if outcome < 0 or not take_contact(contacts[n], counts, clock, began_ns, src_hi, src_lo, dst_hi, dst_lo, proto,
                                           port, outcome, number, flow_id):
            continue
        if permitted.shape[0] and in_networks(permitted, src_hi, src_lo):
            counts[N_PERMITTED] += 1
            continue
        n += 1

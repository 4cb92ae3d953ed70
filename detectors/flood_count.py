"""The walk over packets: which of them speak of a flood, and at whose door they are counted."""

from __future__ import annotations

import numpy as np

from columns.codes import FlowEvent, Status
from columns.kernel import kernel, part
from detectors.flood_state import (
    ANSWERED,
    ANSWERED_WORDS,
    ASKED,
    ASKED_BYTES,
    CLOCK,
    COLUMNS,
    ENTERED,
    ERA,
    HOST,
    ICMP,
    MAX_WINDOW_S,
    N_EVICTED,
    N_PACKETS,
    N_UNTRACKED,
    N_UNWATCHED,
    ONE_WAY,
    ONE_WAY_BYTES,
    PREFIX,
    REGISTERS,
    REPLIES,
    SECOND,
    STARTED,
    STRAY,
    SYN,
    UDP,
    WATCHED,
)
from detectors.tables import (
    FREE,
    PINNED,
    USED,
    claim,
    find,
    hash_key,
    in_networks,
    is_group,
    sketch_add,
)

_SECOND_NS = 1_000_000_000
_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_OK = int(Status.OK)
_OPENED, _ANSWERED, _ESTABLISHED = int(FlowEvent.OPENED), int(FlowEvent.ANSWERED), int(FlowEvent.ESTABLISHED)
_F_SYN, _F_RST, _F_ACK = 2, 4, 16
_GROUP_MAC = np.uint64(1 << 40)
_ERA_S = 120
BACK_NS = 60 * _SECOND_NS  # a clock that falls back further than this was restarted
_NOTHING = -1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@kernel
def turn_second(scalars, answered, clock):
    """Move to the second of clock when nothing is watched; flows are known as answered for one to two eras."""
    scalars[CLOCK] = max(scalars[CLOCK], clock)
    scalars[SECOND] = scalars[CLOCK] // _SECOND_NS
    era = scalars[SECOND] // _ERA_S
    if era != scalars[ERA]:
        for n in range(ANSWERED_WORDS):
            answered[1, n] = answered[0, n] if era == scalars[ERA] + 1 else np.uint32(0)
            answered[0, n] = 0
        scalars[ERA] = era


@part
def place_of(proto, flags, event, to_server, answered):
    """Return (kind, column, True if counted at the sender) of a packet, or column -1 if it says nothing.

    answered: the flow has packets both ways, this one included.
    """
    if proto == _TCP:
        if flags & (_F_SYN | _F_ACK) == _F_SYN:
            return SYN, ONE_WAY, False
        if event & _ESTABLISHED:
            return SYN, ANSWERED, not to_server
        if event & _OPENED:
            return STRAY, ONE_WAY, False
        if event & _ANSWERED and not flags & (_F_SYN | _F_RST):
            return STRAY, ANSWERED, True
        return SYN, _NOTHING, False
    kind = UDP if proto == _UDP else ICMP
    if event & _ESTABLISHED:
        return kind, ANSWERED, True
    if not answered:
        return kind, ONE_WAY, False
    if to_server:
        return kind, ASKED, False
    return kind, REPLIES, True


@part
def forget_sources(r):
    """Start the sketch of sources and the votes for a source and a port afresh."""
    r["source_votes"], r["port_votes"], r["sketched"] = 0, 0, 0
    for n in range(REGISTERS):
        r["sketch"][n] = 0


@part
def vote(r, source_hi, source_lo, port, packets):
    """Vote for the majority source and port (Boyer and Moore 1981): votes / packets is at most their true share."""
    if r["source_lo"] == source_lo and r["source_hi"] == source_hi:
        r["source_votes"] += packets
    elif r["source_votes"] < packets:
        r["source_hi"], r["source_lo"], r["source_votes"] = source_hi, source_lo, packets - r["source_votes"]
    else:
        r["source_votes"] -= packets
    if r["port"] == port:
        r["port_votes"] += packets
    elif r["port_votes"] < packets:
        r["port"], r["port_votes"] = port, packets - r["port_votes"]
    else:
        r["port_votes"] -= packets
    r["sketched"] += packets


@part
def prefix_of(hi, lo):
    """Return the /24 of a mapped IPv4 address, or the /64 of an IPv6 address."""
    if hi == 0 and lo >> np.uint64(32) == 0xFFFF:
        return hi, lo & np.uint64(0xFFFFFFFFFFFFFF00)
    return hi, np.uint64(0)


@part
def roll(r, second, window):
    """Drop what has left the window of a meter now that its time is second."""
    first = max(r["second"], second - MAX_WINDOW_S) + 1
    for s in range(max(r["second"] - window + 1, r["born"]), second - window + 1):
        if s > r["second"]:
            break
        at = (s % MAX_WINDOW_S) * COLUMNS
        r["weight"] -= r["buckets"][at + ONE_WAY] + r["buckets"][at + ASKED]
        r["size"] -= r["buckets"][at + ONE_WAY_BYTES] + r["buckets"][at + ASKED_BYTES]
    for s in range(first, second + 1):
        for c in range(COLUMNS):
            r["buckets"][(s % MAX_WINDOW_S) * COLUMNS + c] = 0
    r["second"] = second


@part
def fill_meter(r, hi, lo, kind, level, clock):
    """Make an empty meter of a record."""
    r["k0"], r["k1"], r["k2"], r["k3"] = hi, lo, kind, level
    r["state"], r["stamp"], r["weight"], r["size"], r["second"] = USED, clock, 0, 0, clock // _SECOND_NS
    r["born"] = r["second"]
    forget_sources(r)
    for c in range(COLUMNS):
        r["buckets"][(r["second"] % MAX_WINDOW_S) * COLUMNS + c] = 0


@part
def count(r, column, clock, window, floor, packets, size, source_hi, source_lo, source_hash, port):
    """Count a packet at a destination; return True if it adds to the window total."""
    second = clock // _SECOND_NS
    if second > r["second"]:
        roll(r, second, window)
        if r["state"] != PINNED and 2 * r["weight"] < floor:
            forget_sources(r)
    at = (second % MAX_WINDOW_S) * COLUMNS + column
    r["buckets"][at] += packets
    if column != ONE_WAY and column != ASKED:
        return False
    if r["weight"] == 0:
        r["opened_ns"] = clock
    r["buckets"][at + 1] += size
    r["stamp"] = clock
    r["weight"] += packets
    r["size"] += size
    vote(r, source_hi, source_lo, port, packets)
    sketch_add(r, REGISTERS, source_hash)
    return True


@part
def enter_watch(meters, entered, scalars, counts, slot, number, flow_id):
    """Hand a meter over to the watch list; the packet that brought it there is its first evidence."""
    if scalars[WATCHED] >= entered.size:
        counts[N_UNWATCHED] += 1
        return
    entry = entered[scalars[ENTERED]]
    entry["slot"], entry["packet_number"], entry["flow_id"] = slot, number, flow_id
    meters[slot]["state"] = PINNED
    scalars[ENTERED] += 1
    scalars[WATCHED] += 1


@kernel
def count_packets(p, start, state, rules):
    """Take packets from start on; return the next one: less than all where the clock needs to be moved first."""
    table, answered, entered, scalars, counts = state
    meters = table.records
    watch_events, watch_bytes, salts, exempt = rules.watch_events, rules.watch_bytes, rules.salts, rules.exempt
    window, hosts, prefixes = rules.window, rules.hosts, rules.prefixes
    last, high = scalars[CLOCK], np.int64(0)  # latest event time; end of the second it lies in
    for i in range(start, p.clock_ns.size):
        clock = p.clock_ns[i]
        if clock >= high or last - clock > BACK_NS:
            scalars[CLOCK] = last
            if not scalars[STARTED] or last - clock > BACK_NS:
                return i
            if clock // _SECOND_NS > scalars[SECOND]:
                if scalars[WATCHED] > 0:
                    return i
                turn_second(scalars, answered, clock)
            high = (scalars[SECOND] + 1) * _SECOND_NS
        last = max(last, clock)
        proto = p.proto[i]
        event = np.int64(p.flow_event[i])
        flags = np.int64(p.tcp_flags[i])
        if proto == _TCP:
            if event == 0 and flags & (_F_SYN | _F_ACK) != _F_SYN:
                continue
        elif proto != _UDP and proto != _ICMP and proto != _ICMP6:
            continue
        if p.status[i] != _OK or p.ip_version[i] == 0:
            continue
        flow_id, to_server = p.flow_id[i], p.to_server[i] != 0
        two_way = False
        if proto != _TCP:
            if proto == _ICMP6 and 130 <= p.icmp_type[i] <= 137:
                continue  # multicast listener and neighbour discovery: the link's own housekeeping
            bit = np.int64((flow_id * _GOLDEN) >> np.uint64(32)) % (ANSWERED_WORDS * 32)
            mask = np.uint32(1 << (bit % 32))
            two_way = flow_id != 0 and (
                event & _ESTABLISHED != 0 or (answered[0, bit // 32] | answered[1, bit // 32]) & mask != 0)
            if two_way:
                answered[0, bit // 32] |= mask
        kind, column, at_sender = place_of(proto, flags, event, to_server, two_way)
        if column < 0:
            continue
        src_hi, src_lo, dst_hi, dst_lo = p.src_ip_hi[i], p.src_ip_lo[i], p.dst_ip_hi[i], p.dst_ip_lo[i]
        if is_group(dst_hi, dst_lo) or p.dst_mac[i] & _GROUP_MAC:
            continue
        hi, lo = (src_hi, src_lo) if at_sender else (dst_hi, dst_lo)
        if exempt.shape[0] and in_networks(exempt, hi, lo):
            continue
        counts[N_PACKETS] += 1
        port = np.int64(p.src_port[i]) if kind == UDP else (
            np.int64(p.icmp_type[i]) if kind == ICMP else np.int64(p.dst_port[i]))
        packets, size = max(np.int64(p.frames[i]), 1), np.int64(p.wire_bytes[i])
        source_hash = hash_key(salts, src_hi, src_lo, np.uint64(0), np.uint64(0))
        for level in range(HOST, PREFIX + 1):
            first, places = np.int64(0), hosts
            if level == PREFIX:
                hi, lo = prefix_of(hi, lo)
                first, places = hosts, prefixes
            k2, k3 = np.uint64(kind), np.uint64(level)
            h = hash_key(salts, hi, lo, k2, k3)
            slot = find(table, first, places, h, hi, lo, k2, k3)
            if slot < 0:
                if column != ONE_WAY and column != ASKED:
                    continue
                stale_before = last - window * _SECOND_NS
                slot = claim(table, first, places, h, stale_before)
                if slot < 0:
                    counts[N_UNTRACKED] += 1
                    continue
                if meters[slot]["state"] != FREE and meters[slot]["stamp"] >= stale_before:
                    counts[N_EVICTED + level] += 1
                fill_meter(meters[slot], hi, lo, k2, k3, last)
            r, floor = meters[slot], watch_events[level, kind]
            if count(r, column, last, window, floor, packets, size, src_hi, src_lo, source_hash, port) and (
                    r["state"] == USED and (r["weight"] >= floor or r["size"] >= watch_bytes[level, kind])):
                enter_watch(meters, entered, scalars, counts, slot, p.packet_number[i], flow_id)
    scalars[CLOCK] = last
    return p.clock_ns.size

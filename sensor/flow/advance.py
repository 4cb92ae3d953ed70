"""The walk over a batch: time moves on and flows end, then the packet joins its flow."""

from __future__ import annotations

import numpy as np

from columns.codes import EndReason, FlowEvent, Outcome, Status, TcpState
from columns.kernel import kernel, part
from columns.prefetch import prefetch
from sensor.flow import state as s
from sensor.flow.index import find, flow_tag, insert
from sensor.flow.rows import end_flow, report
from sensor.flow.track import (
    count_packet,
    ends_at_syn,
    icmp_counterpart,
    icmp_refuses,
    open_flow,
    opening_state,
    other_step,
    sent_by_responder,
    tcp_step,
)
from sensor.flow.wheel import idle_end, link, unlink

_CLOCK, _TICK, _LIVE, _HIGH_WATER, _FREE = s.CLOCK, s.TICK, s.LIVE, s.HIGH_WATER, s.FREE
_MASK, _DRAIN, _STARTED = s.MASK, s.DRAIN, s.STARTED
_N_PACKETS, _N_OPENED, _N_ROWS, _N_EVICTED = s.N_PACKETS, s.N_OPENED, s.N_ROWS, s.N_EVICTED
_N_RESETS, _N_QUOTED, _N_UNQUOTED = s.N_RESETS, s.N_QUOTED, s.N_UNQUOTED
_ACTIVE, _RESET_BEHIND, _VLAN_IN_KEY = s.ACTIVE, s.RESET_BEHIND, s.VLAN_IN_KEY
_SLOTS, _TICK_NS = s.WHEEL_SLOTS, s.TICK_NS
_TCP, _ICMP, _ICMP6 = 6, 1, 58
_OK, _QUOTED = int(Status.OK), int(Status.QUOTED)
_CLOSED, _RESET = int(TcpState.CLOSED), int(TcpState.RESET)
_OPENED, _REFUSED = int(FlowEvent.OPENED), int(FlowEvent.REFUSED)
_REPLIED = int(FlowEvent.ANSWERED | FlowEvent.REFUSED)
_ATTEMPTED = int(Outcome.ATTEMPTED)
# of one type, int64: a plain int would be a type of its own in each call, and compile the callee again
_BY_ACTIVE, _BY_IDLE = np.int64(EndReason.ACTIVE_TIMEOUT), np.int64(EndReason.IDLE_TIMEOUT)
_BY_FIN, _BY_RESET = np.int64(EndReason.TCP_FIN), np.int64(EndReason.TCP_RESET)
_BY_EVICTION = np.int64(EndReason.EVICTED)
_BY_CLOCK, _BY_REUSE = np.int64(EndReason.CLOCK_RESET), np.int64(EndReason.REUSED)
_BY_END = np.int64(EndReason.END_OF_INPUT)
_EVICTION_LOOKS = 8
_ZERO, _ONE = np.int64(0), np.int64(1)
_AHEAD, _NEAR = 24, 10  # packets
_SLOT_BITS = np.uint64(0xFFFFFFFF)
_RECORD_WORDS, _LINE_WORDS = s.RECORD_WORDS, s.LINE_WORDS


@part
def reason_of(r, otherwise):
    """Return why a flow is over: by its TCP state, else the reason given."""
    if r["proto"] == _TCP and r["tcp_state"] == _CLOSED:
        return _BY_FIN
    if r["proto"] == _TCP and r["tcp_state"] == _RESET:
        return _BY_RESET
    return otherwise


@part
def run_wheel(records, index, wheel, free, scalars, limits, target, rows, k, cap, number):
    """Judge every flow due up to the tick target; return (rows so far, True if all was done, False if rows is full)."""
    if target - scalars[_TICK] > _SLOTS:
        scalars[_TICK] = target - _SLOTS
    while True:
        tick = scalars[_TICK]
        now = tick * _TICK_NS
        while wheel[tick % _SLOTS] >= 0:
            if k >= cap:
                return k, False
            slot = np.int64(wheel[tick % _SLOTS])
            r = records[slot]
            if idle_end(r, limits) <= now:
                reason = reason_of(r, _BY_IDLE)
                k = end_flow(records, index, wheel, free, scalars, slot, rows, k, reason, number, now)
                continue
            if r["pkts_toserver"] + r["pkts_toclient"] > 0 and r["row_clock"] + limits[_ACTIVE] <= now:
                k = report(records, slot, rows, k, _BY_ACTIVE, number, now)
                scalars[_N_ROWS] += 1
            unlink(records, wheel, slot)
            link(records, wheel, tick, slot, limits)
        if tick >= target:
            return k, True
        scalars[_TICK] = tick + 1


@kernel
def drain(records, index, wheel, free, scalars, rows, k, cap, reason, number):
    """End every flow, in the order of their slots; return (rows so far, True if all was done)."""
    while scalars[_DRAIN] < scalars[_HIGH_WATER]:
        if k >= cap:
            return k, False
        slot = scalars[_DRAIN]
        if records[slot]["wheel_slot"] >= 0:
            records[slot]["input_ended"] = reason == _BY_END
            why = reason_of(records[slot], reason)
            k = end_flow(records, index, wheel, free, scalars, slot, rows, k, why, number, scalars[_CLOCK])
        scalars[_DRAIN] += 1
    scalars[_DRAIN] = 0
    return k, True


@part
def evict(records, index, wheel, free, scalars, limits, rows, k, number):
    """End the flow nearest to its end, as the wheel has it; return the rows so far."""
    tick = scalars[_TICK] + 1
    looks = 0
    while True:
        slot = np.int64(wheel[tick % _SLOTS])
        if slot < 0:
            tick += 1
            continue
        looks += 1
        if looks > _EVICTION_LOOKS or idle_end(records[slot], limits) // _TICK_NS + 1 <= tick:
            scalars[_N_EVICTED] += 1
            return end_flow(
                records, index, wheel, free, scalars, slot, rows, k, _BY_EVICTION, number, scalars[_CLOCK])
        unlink(records, wheel, slot)  # it was active since it was hung here
        link(records, wheel, scalars[_TICK], slot, limits)


@part
def take_slot(free, scalars):
    """Return a free slot: the one given back last, else one never used (the caller made sure that there is one)."""
    scalars[_LIVE] += 1
    if scalars[_FREE] > 0:
        scalars[_FREE] -= 1
        return np.int64(free[scalars[_FREE]])
    scalars[_HIGH_WATER] += 1
    return scalars[_HIGH_WATER] - 1


@part
def keep_time(records, index, wheel, free, scalars, limits, ts, rows, k, cap, number):
    """Move the event clock to a packet's time; return (rows so far, True if all that ends before it has ended)."""
    if not scalars[_STARTED]:
        scalars[_STARTED], scalars[_CLOCK], scalars[_TICK] = 1, ts, ts // _TICK_NS
    if scalars[_DRAIN] > 0 or ts < scalars[_CLOCK] - limits[_RESET_BEHIND]:
        k, done = drain(records, index, wheel, free, scalars, rows, k, cap, _BY_CLOCK, number)
        if not done:
            return k, False
        scalars[_N_RESETS] += 1
        scalars[_CLOCK], scalars[_TICK] = ts, ts // _TICK_NS
    clock = max(scalars[_CLOCK], ts)
    target = clock // _TICK_NS
    if target > scalars[_TICK] or wheel[scalars[_TICK] % _SLOTS] >= 0:
        k, done = run_wheel(records, index, wheel, free, scalars, limits, target, rows, k, cap, number)
        if not done:
            return k, False
    scalars[_CLOCK] = clock
    return k, True


@part
def key_ports(proto, src_port, dst_port, icmp_type, icmp_code):
    """Return (source port, destination port, one_way) as they stand in the flow key; ICMP as Community ID has it."""
    if proto == _ICMP or proto == _ICMP6:
        other = icmp_counterpart(proto, icmp_type)
        if other < 0:
            return icmp_type, icmp_code, _ONE
        return icmp_type, other, _ZERO
    return src_port, dst_port, _ZERO


@kernel
def tag_packets(p, start, stop, seed, vlan_in_key, tags):
    """Fill tags[start:stop] with the hash tags of the packets' flow keys."""
    for i in range(start, stop):
        proto = np.int64(p.proto[i])
        src_port, dst_port, _ = key_ports(
            proto, np.int64(p.src_port[i]), np.int64(p.dst_port[i]), np.int64(p.icmp_type[i]), np.int64(p.icmp_code[i]))
        vlan = np.int64(p.vlan[i]) if vlan_in_key else 0
        tags[i] = flow_tag(
            p.src_ip_hi[i], p.src_ip_lo[i], p.dst_ip_hi[i], p.dst_ip_lo[i], src_port, dst_port, proto, vlan, seed)


@kernel
def advance(p, tags, start, stop, state, limits, rows):
    """Take packets start..stop; return (next packet, rows written). Less than stop means that rows is full."""
    records, index, wheel, free, scalars = state.records, state.index, state.wheel, state.free, state.scalars
    words, mask, cap, k = state.words, scalars[_MASK], rows.size, np.int64(0)
    for i in range(start, stop):
        if i + _AHEAD < stop:  # the index entry of a packet to come, and the record of a nearer one: fetched meanwhile
            prefetch(index, np.int64(tags[i + _AHEAD]) & mask)
            near = np.int64(index[np.int64(tags[i + _NEAR]) & mask] & _SLOT_BITS) - 1
            prefetch(words, near * _RECORD_WORDS)
            prefetch(words, near * _RECORD_WORDS + _LINE_WORDS)
        number = np.int64(p.packet_number[i])
        if k + 2 > cap:
            return i, k
        ts = p.ts_ns[i]
        if (ts > scalars[_CLOCK] and ts // _TICK_NS == scalars[_TICK] and scalars[_DRAIN] == 0
                and wheel[scalars[_TICK] % _SLOTS] < 0):
            scalars[_CLOCK] = ts
        else:
            k, done = keep_time(records, index, wheel, free, scalars, limits, ts, rows, k, cap - 2, number)
            if not done:
                return i, k
        clock = scalars[_CLOCK]
        p.clock_ns[i] = clock
        p.flow_id[i], p.flow_slot[i], p.to_server[i], p.flow_event[i] = 0, -1, 0, 0
        status = p.status[i]
        if (status != _OK and status != _QUOTED) or p.ip_version[i] == 0:
            continue
        proto, flags, kind = np.int64(p.proto[i]), np.int64(p.tcp_flags[i]), np.int64(p.icmp_type[i])
        src_port, dst_port, one_way = key_ports(
            proto, np.int64(p.src_port[i]), np.int64(p.dst_port[i]), kind, np.int64(p.icmp_code[i]))
        vlan = np.int64(p.vlan[i]) if limits[_VLAN_IN_KEY] else 0
        src_hi, src_lo, dst_hi, dst_lo = p.src_ip_hi[i], p.src_ip_lo[i], p.dst_ip_hi[i], p.dst_ip_lo[i]
        tag = tags[i]
        slot, to_server = find(
            index, records, tag, mask, src_hi, src_lo, dst_hi, dst_lo,
            np.uint64(src_port), np.uint64(dst_port), np.uint64(proto), np.uint64(vlan))
        if status == _QUOTED:
            scalars[_N_QUOTED if slot >= 0 else _N_UNQUOTED] += 1
            if slot < 0 or i == 0:
                continue
            p.flow_id[i], p.flow_slot[i], p.to_server[i] = records[slot]["flow_id"], slot, to_server
            if to_server and not records[slot]["answered"] and icmp_refuses(
                    np.int64(p.proto[i - 1]), np.int64(p.icmp_type[i - 1]), np.int64(p.icmp_code[i - 1])):
                records[slot]["answered"], records[slot]["outcome"] = 1, _ATTEMPTED
                p.flow_event[i] = _REFUSED
            continue
        scalars[_N_PACKETS] += 1
        event = 0
        if slot >= 0 and proto == _TCP and ends_at_syn(records[slot], flags):
            reason = reason_of(records[slot], _BY_REUSE)
            k = end_flow(records, index, wheel, free, scalars, slot, rows, k, reason, number, clock)
            slot = np.int64(-1)
        if slot < 0:
            if scalars[_LIVE] >= records.size:
                k = evict(records, index, wheel, free, scalars, limits, rows, k, number)
            slot = take_slot(free, scalars)
            r = records[slot]
            swap, certainty = sent_by_responder(proto, flags, src_port, dst_port, kind, one_way, dst_hi, dst_lo)
            if src_lo == dst_lo and src_port == dst_port and src_hi == dst_hi:
                swap = False  # an end that talks to itself has one direction only (LAND)
            r["proto"], r["vlan"], r["one_way"], r["tag"], r["slot"] = proto, vlan, one_way, tag, slot
            r["tunnel"], r["tunnel_depth"], r["vlan_inner"] = p.tunnel[i], p.tunnel_depth[i], p.vlan_inner[i]
            r["icmp_type"], r["icmp_code"] = kind, p.icmp_code[i]
            if swap and proto != _TCP and one_way == 0 and (proto == _ICMP or proto == _ICMP6):
                r["icmp_type"] = dst_port  # the request that this reply answers
            r["tcp_state"] = opening_state(proto, flags, swap)
            open_flow(r, number, src_hi, src_lo, src_port, p.src_mac[i], dst_hi, dst_lo, dst_port, p.dst_mac[i],
                      swap, certainty)
            to_server = 0 if swap else 1
            insert(index, mask, tag, slot)
            scalars[_N_OPENED] += 1
            event = _OPENED
        r = records[slot]
        before = r["tcp_state"]
        payload_bytes = np.int64(p.payload_bytes[i])
        count_packet(r, to_server, np.int64(p.frames[i]), ts, clock, np.int64(p.wire_bytes[i]), payload_bytes,
                     p.fragment[i], p.ip_ttl[i], flags)
        if proto == _TCP:
            event |= tcp_step(r, flags, to_server, payload_bytes > 0)
        else:
            event |= other_step(r, to_server)
        if event & _REPLIED:
            r["reply_src_mac"], r["reply_dst_mac"] = p.src_mac[i], p.dst_mac[i]
            r["reply_icmp_type"], r["reply_icmp_code"] = kind, p.icmp_code[i]
        p.flow_id[i], p.flow_slot[i], p.to_server[i], p.flow_event[i] = r["flow_id"], slot, to_server, event
        if event & _OPENED:
            link(records, wheel, scalars[_TICK], slot, limits)
        elif r["tcp_state"] != before:  # its timeout is another one now
            unlink(records, wheel, slot)
            link(records, wheel, scalars[_TICK], slot, limits)
    return stop, k

"""Flows that ended or reached an active timeout: copied out as records on the walk, then turned into columns at once.

A record copy costs the walk one memcpy; forty column arrays would have to be passed down through every call.
"""

from __future__ import annotations

import numpy as np

from columns.codes import Certainty, Outcome, TcpState
from columns.kernel import kernel, part
from sensor.flow import state as s
from sensor.flow.index import remove
from sensor.flow.wheel import unlink

_MASK, _LIVE, _FREE, _ROWS = s.MASK, s.LIVE, s.FREE, s.N_ROWS
_TCP, _ICMP, _ICMP6 = 6, 1, 58
_SYN_SENT = int(TcpState.SYN_SENT)
_UNKNOWN, _ATTEMPTED = int(Outcome.UNKNOWN), int(Outcome.ATTEMPTED)
_GUESSED = int(Certainty.GUESSED)


@part
def outcome_of(r):
    """Return the outcome as it stands: an unanswered SYN or ICMP request was an attempt, other silence is unknown."""
    if r["outcome"] != _UNKNOWN or r["answered"]:
        return np.int64(r["outcome"])
    if r["proto"] == _TCP and r["tcp_state"] == _SYN_SENT:
        return _ATTEMPTED
    if (r["proto"] == _ICMP or r["proto"] == _ICMP6) and r["certainty"] != _GUESSED:
        return _ATTEMPTED
    return _UNKNOWN


@part
def report(records, slot, rows, k, reason, number, clock):
    """Copy a flow out as row k and start its next part, unless nothing happened since; return rows so far."""
    r = records[slot]
    if r["pkts_toserver"] + r["pkts_toclient"] == 0:
        return k
    r["end_reason"], r["emitted_before"], r["emitted_clock"] = reason, number, clock
    rows[k] = r
    r["part"] += 1
    r["pkts_toserver"], r["pkts_toclient"], r["bytes_toserver"], r["bytes_toclient"] = 0, 0, 0, 0
    r["payload_toserver"], r["payload_toclient"], r["fragments"] = 0, 0, 0
    r["flags_toserver"], r["flags_toclient"], r["ttl_toserver"], r["ttl_toclient"] = 0, 0, 0, 0
    return k + 1


@part
def end_flow(records, index, wheel, free, scalars, slot, rows, k, reason, number, clock):
    """Copy a flow's last row out and give its slot back; return rows so far."""
    after = report(records, slot, rows, k, reason, number, clock)
    scalars[_ROWS] += after - k
    r = records[slot]
    remove(index, scalars[_MASK], np.uint64(r["tag"]), slot)
    unlink(records, wheel, slot)
    r["wheel_slot"] = -1
    free[scalars[_FREE]] = slot
    scalars[_FREE] += 1
    scalars[_LIVE] -= 1
    return after


@kernel
def fill_columns(rows, count, out):
    """Turn count row records into columns of the FLOW table; labels of zones and verdicts start as 0."""
    for k in range(count):
        r = rows[k]
        ported = r["proto"] != _ICMP and r["proto"] != _ICMP6
        out.flow_id[k] = r["flow_id"]
        out.part[k] = r["part"]
        out.ts_start_ns[k] = r["row_start"]
        out.ts_end_ns[k] = r["row_end"]
        out.src_ip_hi[k] = r["src_hi"]
        out.src_ip_lo[k] = r["src_lo"]
        out.dst_ip_hi[k] = r["dst_hi"]
        out.dst_ip_lo[k] = r["dst_lo"]
        out.src_port[k] = r["src_port"] if ported else 0
        out.dst_port[k] = r["dst_port"] if ported else 0
        out.proto[k] = r["proto"]
        out.icmp_type[k] = r["icmp_type"]
        out.icmp_code[k] = r["icmp_code"]
        out.vlan[k] = r["vlan"]
        out.vlan_inner[k] = r["vlan_inner"]
        out.src_mac[k] = r["src_mac"]
        out.dst_mac[k] = r["dst_mac"]
        out.reply_src_mac[k] = r["reply_src_mac"]
        out.reply_dst_mac[k] = r["reply_dst_mac"]
        out.reply_icmp_type[k] = r["reply_icmp_type"]
        out.reply_icmp_code[k] = r["reply_icmp_code"]
        out.tunnel[k] = r["tunnel"]
        out.tunnel_depth[k] = r["tunnel_depth"]
        out.src_zone[k] = 0
        out.dst_zone[k] = 0
        out.pkts_toserver[k] = r["pkts_toserver"]
        out.pkts_toclient[k] = r["pkts_toclient"]
        out.bytes_toserver[k] = r["bytes_toserver"]
        out.bytes_toclient[k] = r["bytes_toclient"]
        out.payload_bytes_toserver[k] = r["payload_toserver"]
        out.payload_bytes_toclient[k] = r["payload_toclient"]
        out.fragments[k] = r["fragments"]
        out.tcp_flags_toserver[k] = r["flags_toserver"]
        out.tcp_flags_toclient[k] = r["flags_toclient"]
        out.tcp_state[k] = r["tcp_state"]
        out.ttl_toserver[k] = r["ttl_toserver"]
        out.ttl_toclient[k] = r["ttl_toclient"]
        out.direction_certainty[k] = r["certainty"]
        out.outcome[k] = outcome_of(r)
        out.end_reason[k] = r["end_reason"]
        out.input_ended[k] = r["input_ended"]
        out.verdict[k] = 0
        out.conduit[k] = 0
        out.first_packet[k] = r["first_packet"]
        out.emitted_before[k] = r["emitted_before"]
        out.app_proto[k] = 0
        out.first_app_proto[k] = 0
        out.transactions[k] = 0
        out.flow_slot[k] = r["slot"]
        out.clock_ns[k] = r["emitted_clock"]

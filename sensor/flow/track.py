"""What one packet does to its flow: who opened it, how far it came, how much it carried."""

from __future__ import annotations

import numpy as np

from columns.codes import Certainty, FlowEvent, Outcome, TcpState
from columns.kernel import part
from sensor.flow.index import endpoint_hash

_TCP, _ICMP, _ICMP6 = 6, 1, 58
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_ANSWERED, _REFUSED, _ESTABLISHED_EVENT = int(FlowEvent.ANSWERED), int(FlowEvent.REFUSED), int(FlowEvent.ESTABLISHED)
_NONE, _SYN_SENT, _SYN_RECEIVED = int(TcpState.NONE), int(TcpState.SYN_SENT), int(TcpState.SYN_RECEIVED)
_ESTABLISHED, _CLOSING, _CLOSED = int(TcpState.ESTABLISHED), int(TcpState.CLOSING), int(TcpState.CLOSED)
_RESET, _MIDSTREAM = int(TcpState.RESET), int(TcpState.MIDSTREAM)
_GUESSED, _BIFLOW, _SYN_SEEN = int(Certainty.GUESSED), int(Certainty.BIFLOW), int(Certainty.SYN_SEEN)
_ATTEMPTED, _CAME_ABOUT = int(Outcome.ATTEMPTED), int(Outcome.ESTABLISHED)
_ONE_SIDED = int(TcpState.ONE_SIDED)
_CLIENT, _SERVER, _CLIENT_PAYLOAD, _SERVER_PAYLOAD = 1, 2, 4, 8  # bits of RECORD.seen
_BOTH, _BOTH_PAYLOAD = 3, 12
_WELL_KNOWN = 1024
_ENIP = 44_818  # EtherNet/IP: the one service whose registered port lies among those that clients take
_MAPPED, _LAST_32 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)  # ::ffff:0:0/96
_CLASS_D, _MULTICAST_6 = np.uint64(0xE), np.uint64(0xFF)
_ID_SEED = np.uint64(0x5E6B1540)
_ID_BITS = np.uint64((1 << 53) - 1)


@part
def icmp_counterpart(proto, kind):
    """Return the ICMP type that answers a type, or -1 for a type that has no answer (as Community ID v1 pairs them)."""
    if proto == _ICMP:
        if kind == 8 or kind == 0:
            return 8 - kind
        if kind == 13 or kind == 15 or kind == 17:
            return kind + 1
        if kind == 14 or kind == 16 or kind == 18:
            return kind - 1
        if kind == 10 or kind == 9:
            return 19 - kind
        return -1
    if kind == 128 or kind == 133 or kind == 135 or kind == 139 or kind == 144:
        return kind + 1
    if kind == 129 or kind == 134 or kind == 136 or kind == 140 or kind == 145:
        return kind - 1
    if kind == 130 or kind == 131:
        return 261 - kind
    return -1


@part
def asks(proto, kind):
    """Return True if an ICMP type is the request of its pair."""
    if proto == _ICMP:
        return kind == 8 or kind == 13 or kind == 15 or kind == 17 or kind == 10
    return kind == 128 or kind == 133 or kind == 135 or kind == 130 or kind == 139 or kind == 144


@part
def to_many(dst_hi, dst_lo):
    """Return True for an address that nobody sends from: multicast, or the broadcast of IPv4."""
    if dst_hi == 0 and dst_lo >> np.uint64(32) == _MAPPED:
        return (dst_lo & _LAST_32) >> np.uint64(28) == _CLASS_D or dst_lo & _LAST_32 == _LAST_32
    return dst_hi >> np.uint64(56) == _MULTICAST_6


@part
def sent_by_responder(proto, flags, src_port, dst_port, icmp_type, one_way, dst_hi, dst_lo):
    """Return (True if the first packet seen came from the responder, certainty of that)."""
    if proto == _TCP and flags & _SYN:
        return (flags & _ACK) != 0, _SYN_SEEN
    if proto == _ICMP or proto == _ICMP6:
        return one_way == 0 and not asks(proto, icmp_type), _GUESSED if one_way else _BIFLOW
    if proto == _TCP and (src_port == _ENIP) != (dst_port == _ENIP):
        return src_port == _ENIP, _GUESSED
    if proto == _TCP:
        return src_port < dst_port, _GUESSED
    return src_port < _WELL_KNOWN and dst_port >= _WELL_KNOWN and not to_many(dst_hi, dst_lo), _GUESSED


@part
def open_flow(r, number, src_hi, src_lo, src_port, src_mac, dst_hi, dst_lo, dst_port, dst_mac, swap, certainty):
    """Start a record: its ends (swapped if the first packet came from the responder), its id, all counts at zero."""
    if swap:
        r["src_hi"], r["src_lo"], r["src_port"], r["src_mac"] = dst_hi, dst_lo, dst_port, dst_mac
        r["dst_hi"], r["dst_lo"], r["dst_port"], r["dst_mac"] = src_hi, src_lo, src_port, src_mac
    else:
        r["src_hi"], r["src_lo"], r["src_port"], r["src_mac"] = src_hi, src_lo, src_port, src_mac
        r["dst_hi"], r["dst_lo"], r["dst_port"], r["dst_mac"] = dst_hi, dst_lo, dst_port, dst_mac
    # the id must not depend on the seed of the index: it is the same in every run
    mixed = endpoint_hash(src_hi ^ dst_hi, src_lo ^ dst_lo, src_port ^ dst_port, _ID_SEED)
    r["flow_id"] = (endpoint_hash(mixed, np.uint64(number), r["proto"], _ID_SEED) & _ID_BITS) | np.uint64(1)
    r["first_packet"], r["part"], r["certainty"] = number, 0, certainty
    r["outcome"], r["fins"], r["seen"], r["answered"] = 0, 0, 0, 0
    r["reply_src_mac"], r["reply_dst_mac"], r["reply_icmp_type"], r["reply_icmp_code"] = 0, 0, 0, 0
    r["input_ended"] = 0
    r["pkts_toserver"], r["pkts_toclient"], r["bytes_toserver"], r["bytes_toclient"] = 0, 0, 0, 0
    r["payload_toserver"], r["payload_toclient"], r["fragments"] = 0, 0, 0
    r["flags_toserver"], r["flags_toclient"], r["ttl_toserver"], r["ttl_toclient"] = 0, 0, 0, 0


@part
def opening_state(proto, flags, swap):
    """Return the TCP state that the first packet of a flow leaves it in."""
    if proto != _TCP:
        return _NONE
    if not flags & _SYN:
        return _MIDSTREAM
    return _SYN_RECEIVED if swap else _SYN_SENT


@part
def count_packet(r, to_server, frames, ts, clock, wire_bytes, payload_bytes, fragment, ttl, flags):
    """Add a packet to the present row of its flow."""
    packets = max(frames, 1)
    if r["pkts_toserver"] + r["pkts_toclient"] == 0:
        r["row_start"], r["row_end"], r["row_clock"] = ts, ts, clock
    r["row_start"] = min(r["row_start"], ts)
    r["row_end"] = max(r["row_end"], ts)
    r["last_clock"] = clock
    if fragment:
        r["fragments"] += packets
    if to_server:
        r["pkts_toserver"] += packets
        r["bytes_toserver"] += wire_bytes
        r["payload_toserver"] += payload_bytes
        r["flags_toserver"] |= flags
        if ttl < r["ttl_toserver"] or r["ttl_toserver"] == 0:
            r["ttl_toserver"] = ttl
    else:
        r["pkts_toclient"] += packets
        r["bytes_toclient"] += wire_bytes
        r["payload_toclient"] += payload_bytes
        r["flags_toclient"] |= flags
        if ttl < r["ttl_toclient"] or r["ttl_toclient"] == 0:
            r["ttl_toclient"] = ttl


@part
def came_about(r):
    """Mark the communication as established; return the event bit the first time."""
    if r["outcome"] == _CAME_ABOUT:
        return 0
    r["outcome"] = _CAME_ABOUT
    return _ESTABLISHED_EVENT


@part
def see(r, to_server, has_payload):
    """Note which ends were seen to send, and with payload; return True for the responder's first packet."""
    r["seen"] |= (_CLIENT | (_CLIENT_PAYLOAD if has_payload else 0)) if to_server else (
        _SERVER | (_SERVER_PAYLOAD if has_payload else 0))
    if to_server or r["answered"]:
        return False
    r["answered"] = 1
    return True


@part
def tcp_reset(r, to_server):
    """Take a RST: a refusal if it answers a SYN (or a probe with neither SYN nor ACK); return FlowEvent bits."""
    state = r["tcp_state"]
    probe = state == _SYN_SENT or (state == _MIDSTREAM and not r["flags_toserver"] & _ACK)
    if state != _CLOSED:
        r["tcp_state"] = _RESET
    if to_server or r["answered"] or not probe or not r["seen"] & _CLIENT:
        return 0
    r["answered"] = 1
    r["outcome"] = _ATTEMPTED
    return _REFUSED


@part
def tcp_step(r, flags, to_server, has_payload):
    """Move a TCP flow on by one packet (RFC 9293, as seen from between the two hosts); return FlowEvent bits."""
    if flags & _RST:
        return tcp_reset(r, to_server)
    event = _ANSWERED if see(r, to_server, has_payload) else 0
    state, syn, ack = r["tcp_state"], flags & _SYN, flags & _ACK
    if state == _SYN_SENT:
        if not to_server and syn and ack:
            r["tcp_state"] = _SYN_RECEIVED
        elif to_server and ack and not syn and not r["answered"]:
            r["tcp_state"] = _ONE_SIDED
    elif state == _SYN_RECEIVED and not syn:
        if to_server and ack:
            r["tcp_state"] = _ESTABLISHED
            event |= came_about(r)
        elif not to_server and not r["seen"] & _CLIENT:
            r["tcp_state"] = _ONE_SIDED
    elif state == _ONE_SIDED and r["seen"] & _BOTH == _BOTH:
        r["tcp_state"] = _ESTABLISHED
        event |= came_about(r)
    if r["seen"] & _BOTH_PAYLOAD == _BOTH_PAYLOAD:
        event |= came_about(r)
    if flags & _FIN:
        r["fins"] |= 1 if to_server else 2
        r["tcp_state"] = _CLOSED if r["fins"] == 3 else _CLOSING
    return event


@part
def other_step(r, to_server):
    """Move a flow without connections on by one packet; return FlowEvent bits."""
    first_answer = see(r, to_server, False)
    event = _ANSWERED if first_answer else 0
    if r["seen"] == _BOTH:
        if first_answer and r["certainty"] == _GUESSED:
            r["certainty"] = _BIFLOW
        event |= came_about(r)
    return event


@part
def ends_at_syn(r, flags):
    """Return True if a fresh SYN means that the flow of this 5-tuple is over."""
    if flags & (_SYN | _ACK | _RST) != _SYN:
        return False
    state = r["tcp_state"]
    return state == _CLOSED or state == _RESET or state == _CLOSING or state == _MIDSTREAM or state == _ONE_SIDED


@part
def icmp_refuses(proto, kind, code):
    """Return True for an ICMP error that says the destination will not be reached (not fragmentation needed)."""
    if proto == _ICMP:
        return kind == 3 and code != 4
    return proto == _ICMP6 and kind == 1

"""Seeded traffic of a fictional city: conversations drawn from a mix of services, expanded into frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.frames import ACK, FIN, ICMP, ICMP6, PSH, RST, SYN, TCP, UDP, FlowColumns, FrameColumns, frame_bytes
from benchmarks.pool import Pool

_MSS = 1448  # an Ethernet frame of 1514 bytes less IPv4, TCP and the timestamp option
_RESPONSE_SEGMENTS = 48  # then the client asks again on the same connection
_LONGEST_BODY = 4000  # packets
_REPLY, _BULK, _UPLOAD, _TALK = range(4)


class Service(NamedTuple):
    """A kind of conversation: its share of flows, endpoints, and the shape of its body."""

    weight: float
    proto: int
    port: int
    client: str  # first address of the clients
    clients: int
    server: str
    servers: int
    vlan: int
    body: int  # _REPLY, _BULK, _UPLOAD or _TALK


# Every row but the last keeps to the conduits of the example policy: a benchmark of quiet traffic, not of alerts.
SERVICES = (
    Service(0.300, UDP, 53, "10.30.16.0", 6000, "198.51.100.53", 2, 0, _REPLY),
    Service(0.060, UDP, 53, "10.20.16.0", 3000, "100.64.0.53", 2, 120, _REPLY),
    Service(0.020, UDP, 123, "10.30.16.0", 6000, "198.51.100.123", 1, 0, _REPLY),
    Service(0.010, ICMP, 0, "10.30.16.0", 500, "10.30.2.10", 20, 0, _TALK),
    Service(0.330, TCP, 8080, "10.30.16.0", 6000, "198.51.100.8", 6, 0, _BULK),
    Service(0.080, TCP, 443, "10.20.16.0", 3000, "100.64.4.20", 40, 120, _BULK),
    Service(0.040, TCP, 443, "198.51.100.80", 12, "203.0.113.4", 4, 131, _BULK),
    Service(0.040, TCP, 445, "10.30.16.0", 6000, "10.30.2.40", 12, 0, _UPLOAD),
    Service(0.030, TCP, 3389, "10.20.16.0", 3000, "10.30.8.10", 200, 120, _TALK),
    Service(0.020, TCP, 25, "10.20.1.25", 1, "100.64.1.25", 8, 120, _UPLOAD),
    Service(0.0696, UDP, 443, "10.30.16.0", 6000, "10.30.3.10", 40, 0, _BULK),
    Service(0.0004, TCP, 443, "10.20.16.0", 40, "192.0.2.10", 40, 120, _BULK),
)


def city_mix(
    rng: np.random.Generator, pool: Pool, count: int, window_us: int, ipv6_share: float
) -> tuple[FlowColumns, FrameColumns]:
    """Return count conversations that start within the window, and their frames cut where the window ends."""
    weight = np.array([s.weight for s in SERVICES])
    service = rng.choice(len(SERVICES), count, p=weight / weight.sum())
    flows = _flows(rng, service, rng.random(count) < ipv6_share)
    body = np.array([s.body for s in SERVICES])[service]
    frames = expand(rng, pool, flows, body, rng.integers(0, window_us, count))
    keep = frames.ts_us < window_us
    return flows, FrameColumns(*[column[keep] for column in frames])


def _flows(rng: np.random.Generator, service: np.ndarray, ipv6: np.ndarray) -> FlowColumns:
    n = service.size
    table = {f: np.array([getattr(s, f) for s in SERVICES])[service] for f in ("proto", "port", "clients", "servers")}
    client = np.array([address_number(s.client) for s in SERVICES])[service] + rng.integers(0, table["clients"])
    server = np.array([address_number(s.server) for s in SERVICES])[service] + rng.integers(0, table["servers"])
    proto = np.where(ipv6 & (table["proto"] == ICMP), ICMP6, table["proto"]).astype(np.uint8)
    return FlowColumns(
        version=np.where(ipv6, 6, 4).astype(np.uint8),
        proto=proto,
        src_ip=address_bytes(client, ipv6),
        dst_ip=address_bytes(server, ipv6),
        src_mac=mac_bytes(client),
        dst_mac=mac_bytes(server),
        src_port=1024 + rng.permutation(n) * 64511 // max(n, 1),
        dst_port=table["port"].astype(np.int64),
        vlan=np.array([s.vlan for s in SERVICES], np.int64)[service],
    )


def address_number(text: str) -> int:
    """Return an IPv4 address as a number."""
    a, b, c, d = (int(x) for x in text.split("."))
    return a << 24 | b << 16 | c << 8 | d


def address_bytes(number: np.ndarray, ipv6: np.ndarray) -> np.ndarray:
    """Return addresses, uint8[n, 16]: IPv4 in the first 4 bytes, or the same host under 2001:db8::/32."""
    host = number.astype(">u4").view(np.uint8).reshape(-1, 4)
    out = np.zeros((number.size, 16), np.uint8)
    out[:, :4] = host
    prefix = np.frombuffer(bytes.fromhex("20010db8"), np.uint8)
    out[ipv6, :4], out[ipv6, 4:6], out[ipv6, 12:] = prefix, host[ipv6, :2], host[ipv6]
    return out


def mac_bytes(number: np.ndarray) -> np.ndarray:
    """Return a locally administered MAC address per host, uint8[n, 6]."""
    out = np.zeros((number.size, 6), np.uint8)
    out[:, 0] = 2
    out[:, 2:] = number.astype(">u4").view(np.uint8).reshape(-1, 4)
    return out


def expand(
    rng: np.random.Generator, pool: Pool, flows: FlowColumns, body_kind: np.ndarray, start_us: np.ndarray
) -> FrameColumns:
    """Return the frames of every flow: handshake, request, body, farewell, in order within the flow."""
    tcp = flows.proto == TCP
    chance = rng.random(tcp.size)
    silent, refused = tcp & (chance < 0.015), tcp & (chance > 0.99)
    body = _body_packets(rng, body_kind)
    farewell = np.where(tcp, rng.choice(np.array([3, 3, 3, 3, 3, 3, 3, 1, 1, 0]), tcp.size), 0)
    count = np.where(tcp, 3, 0) + 1 + body + farewell
    count = np.where(silent, 3, np.where(refused, 2, count))
    flow = np.repeat(np.arange(tcp.size), count)
    position = np.arange(flow.size) - np.repeat(np.cumsum(count) - count, count)
    shape = _shape(rng, flows, flow, position, body[flow], farewell[flow], body_kind[flow])
    shape = _failures(shape, flow, position, silent, refused)
    backward, flags, payload, at, gap = _filled(rng, pool, flows, flow, shape)
    ts = start_us[flow] + _within_flow(gap, count)
    seq, ack = _sequence(rng, flow, count, backward, flags, payload)
    seq = np.where(tcp[flow], seq, position // 2)  # an echo reply repeats the number of its request
    options = np.where(tcp[flow], np.where(flags & SYN, 20, 12), 0)
    length = frame_bytes(flows, flow, options, payload)
    return FrameColumns(ts, flow, backward, flags, seq, ack, options, payload, at, length)


def _body_packets(rng: np.random.Generator, kind: np.ndarray) -> np.ndarray:
    """Heavy-tailed: most bodies are a few packets, a few are thousands (Pareto, alpha 1.15)."""
    tail = 2 * (1 - rng.random(kind.size)) ** (-1 / 1.15)
    packets = np.minimum(tail, _LONGEST_BODY).astype(np.int64)
    return np.where(kind == _REPLY, 1, np.where(kind == _TALK, packets + 6, packets))


class Shape(NamedTuple):
    """What each frame is, before its bytes are chosen."""

    backward: np.ndarray
    flags: np.ndarray
    size: np.ndarray  # payload: bytes, or -1 for a request taken from the pool
    gap_us: np.ndarray  # since the frame before it in the flow


def _shape(rng, flows, flow, position, body, farewell, kind) -> Shape:
    """Give each position in a flow its direction, flags, size and distance in time."""
    tcp = flows.proto[flow] == TCP
    shake = np.where(tcp, 3, 0)
    step = position - shake - 1  # -1 request, 0.. body, then farewell
    in_body, in_end = (step >= 0) & (step < body), step >= body
    rtt = rng.lognormal(np.log(12_000), 0.8, flows.proto.size)[flow]
    ask = in_body & (kind != _REPLY) & (step % _RESPONSE_SEGMENTS == _RESPONSE_SEGMENTS - 1)
    bulk_ack = in_body & (kind <= _UPLOAD) & (kind >= _BULK) & (step % 3 == 1)
    talk_back = (kind == _TALK) & (step % 2 == 1)
    toward_client = in_body & ~ask & ((kind == _TALK) & ~talk_back | (kind != _TALK) & ~bulk_ack)
    toward_client = np.where((kind == _UPLOAD) & in_body, ~toward_client, toward_client)
    backward = toward_client | ((position == 1) & tcp) | (in_end & (step == body + 1) & (farewell == 3))
    flags = np.where(position == 0, SYN, np.where(position == 1, SYN | ACK, ACK))
    flags = np.where(step == -1, PSH | ACK, flags)
    flags = np.where(in_end & (step < body + 2), np.where(farewell == 1, RST | ACK, FIN | ACK), flags)
    noise = rng.random(flow.size)
    size = np.where(ask | (step == -1), -1, 0)
    last = (step == body - 1) | (step % _RESPONSE_SEGMENTS == _RESPONSE_SEGMENTS - 2)
    size = np.where(in_body & ~ask & ~bulk_ack, np.where(last, 1 + noise * _MSS, _MSS), size)
    size = np.where(in_body & (kind == _TALK), np.where(talk_back, 24 + 60 * noise, 60 + 900 * noise**3), size)
    size = np.where((kind == _REPLY) & in_body, -2, size).astype(np.int64)
    gap = -np.log1p(-rng.random(flow.size)) * np.where(kind == _TALK, 60_000, 250)
    gap += np.where((step == 0) | (step % 12 == 11) | ((position == 1) & tcp), rtt, 0)
    gap += np.where(ask | (in_end & (step == body)), noise * 6_000_000, 0)  # thinking, keep-alive
    return Shape(backward, np.where(tcp, flags, 0), size, np.where(position == 0, 0, gap))


def _failures(shape: Shape, flow, position, silent, refused) -> Shape:
    """Turn some TCP flows into three unanswered SYNs and some into a SYN answered by a reset."""
    quiet, reset = silent[flow], refused[flow] & (position == 1)
    failed = quiet | refused[flow]
    return Shape(
        np.where(quiet, False, shape.backward),
        np.where(quiet, SYN, np.where(reset, RST | ACK, shape.flags)),
        np.where(failed, 0, shape.size),
        np.where(quiet & (position > 0), 1_000_000 * position, shape.gap_us),
    )


def _filled(rng, pool: Pool, flows: FlowColumns, flow, shape: Shape):
    """Choose payload bytes: a request or DNS message from the pool, or a slice of its random part."""
    n = flow.size
    name = rng.integers(0, pool.queries.shape[0], flows.proto.size)[flow]
    size, at = shape.size.copy(), rng.integers(0, pool.random_bytes - 2048, n)
    dns = (flows.dst_port[flow] == 53) & (size < 0)
    for chosen, table in (
        (dns & (size == -1), pool.queries),
        (dns & (size == -2), pool.answers),
        (~dns & (size == -1) & (flows.proto[flow] == TCP), pool.requests),
    ):
        at[chosen], size[chosen] = table[name[chosen]].T
    size[size < 0] = 48  # NTP, ICMP echo, first datagram of a UDP stream
    size = np.where((flows.version[flow] == 6) | (flows.proto[flow] == UDP), np.minimum(size, 1250), size)
    return shape.backward.astype(np.uint8), shape.flags.astype(np.uint8), size, at, shape.gap_us


def _within_flow(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the running sum within each flow, int64; flows are contiguous runs of count rows."""
    total = np.cumsum(values.astype(np.int64))
    first = np.cumsum(count) - count
    return total - np.repeat(total[first] - values[first].astype(np.int64), count)


def _sequence(rng, flow, count, backward, flags, payload):
    """Return TCP sequence and acknowledgement numbers that follow from the bytes each side has sent."""
    used = payload + ((flags & (SYN | FIN)) > 0)
    retry = (flags == SYN) & (np.arange(flow.size) > np.repeat(np.cumsum(count) - count, count))
    used = np.where(retry, 0, used)
    sent = [_within_flow(np.where(backward == side, used, 0), count) for side in (0, 1)]
    isn = rng.integers(0, 1 << 32, (2, count.size))
    own = np.where(backward == 1, sent[1], sent[0]) - used - retry
    seq = np.where(backward == 1, isn[1][flow], isn[0][flow]) + own
    ack = np.where(backward == 1, isn[0][flow] + sent[0], isn[1][flow] + sent[1])
    return seq & 0xFFFFFFFF, np.where(flags & ACK, ack & 0xFFFFFFFF, 0)

"""ICMP tunnels (scenario 22): echo messages that carry what ping does not."""

from __future__ import annotations

import hashlib

import numpy as np

from columns import Flows, Packets
from columns.codes import Outcome, Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.rows import packet_ends
from detectors.leaks.thin import Thinner, mixed

ICMP_TUNNEL = Leak(
    901221, "Tunnel in ICMP echo", "ICMPエコーによるトンネル", "Policy Violation", Severity.HIGH,
    Property.CONFIDENTIALITY, "T1095", "６(3)", "leak-icmp-tunnel", scenario=22,
    evidence="between two zones, `echo_odd` echo messages of more than `echo_bytes` whose content varies (asked by a "
             "host of ours), or replies that differ from their request",
    blind="a tunnel that keeps to 64 bytes and answers with the same bytes; needs payload")
_MOST_BYTES, _WINDOW_NS = 1500, 600 * 10**9


class _Echoes:
    """What is known of the echo messages of two hosts."""

    __slots__ = ("contents", "differ", "last_ns", "odd", "requests")

    def __init__(self) -> None:
        self.odd = self.differ = self.last_ns = 0
        self.contents: set[bytes] = set()
        self.requests: dict[int, bytes] = {}


class IcmpTunnel(LeakDetector):
    """Compares the payload of echo messages between zones: size, change from one to the next, reply with request."""

    name = "icmp_tunnel"
    signatures = (ICMP_TUNNEL,)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.thinner_ = Thinner(5000)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Echo requests and replies between zones."""
        if not said.buffers:
            return
        icmp, kind = packets.proto, packets.icmp_type
        echo = ((icmp == 1) & ((kind == 8) | (kind == 0))) | ((icmp == 58) & ((kind == 128) | (kind == 129)))
        rows = np.flatnonzero(echo & (packets.status == 0))
        if not rows.size:
            return
        src = self.policy.zone_of(packets.src_ip_hi[rows], packets.src_ip_lo[rows])
        dst = self.policy.zone_of(packets.dst_ip_hi[rows], packets.dst_ip_lo[rows])
        rows = rows[(src != dst) & (src != 0) & (dst != 0)]
        rows = rows[self.thinner_.keep(mixed(packets.packet_number[rows]), packets.ts_ns[rows])]
        if rows.size:
            data = [_content(packets, said, row) for row in rows.tolist()]
            self.at_packets(rows, self._echo, packet_ends(self.policy, packets, rows), data,
                            packets.payload_bytes[rows].tolist(), np.isin(packets.icmp_type[rows], (0, 129)).tolist(),
                            packets.ts_ns[rows].tolist())

    def _echo(self, ends: Ends, content: tuple[int, bytes], size: int, reply: bool, ts_ns: int) -> None:
        asker, asked = (ends.dst, ends.src) if reply else (ends.src, ends.dst)
        known = self.memory("pairs").get((asker, asked), _Echoes)
        if ts_ns - known.last_ns > _WINDOW_NS:
            known.__init__()
        known.last_ns = ts_ns
        number, digest = content
        if reply:
            before = known.requests.pop(number, None)
            known.differ += before is not None and before != digest
        else:
            known.requests[number] = digest
            if len(known.requests) > 64:
                del known.requests[next(iter(known.requests))]
        if size > self.settings.echo_bytes:
            known.odd += 1
            if len(known.contents) < 32:
                known.contents.add(digest)
        varied = known.odd if len(known.contents) >= min(self.settings.echo_odd, 32) else 0
        ours = self.ground.internal[ends.dst_zone if reply else ends.src_zone]  # a flood from outside varies, too
        score, most = max(varied if ours else 0, known.differ), self.settings.echo_odd
        if score < most:
            return
        if reply:
            ends = ends._replace(src=ends.dst, dst=ends.src, src_zone=ends.dst_zone, dst_zone=ends.src_zone)
        self.tell(ICMP_TUNNEL, (asker, asked), ends,
                  f"{self.en(ends.src, ends.src_zone)} and {self.en(ends.dst, ends.dst_zone)}: "
                  f"{known.odd} echo messages over {self.settings.echo_bytes} bytes, {len(known.contents)} contents, "
                  f"{known.differ} replies unlike their request",
                  f"{self.ja(ends.src, ends.src_zone)}と{self.ja(ends.dst, ends.dst_zone)}："
                  f"{self.settings.echo_bytes}バイト超のエコー{known.odd}件、内容{len(known.contents)}種、要求と異なる応答"
                  f"{known.differ}件", ts_ns, outcome=int(Outcome.ESTABLISHED if reply else Outcome.UNKNOWN),
                  certainty=1, measured=float(score), threshold=float(most), measure="odd echo messages")


def _content(packets: Packets, said: Said, row: int) -> tuple[int, bytes]:
    """Return (identifier and sequence number, digest of the payload) of an echo message."""
    start, size = int(packets.payload_offset[row]), min(int(packets.payload_captured_bytes[row]), _MOST_BYTES)
    data = bytes(said.buffers[packets.buffer[row]][start - 4 : start + size])
    return int.from_bytes(data[:4], "big"), hashlib.blake2b(data[4:], digest_size=8).digest()

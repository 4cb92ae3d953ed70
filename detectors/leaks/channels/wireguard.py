"""WireGuard by its handshake (scenario 10), whatever the port."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import permitted
from detectors.leaks.leak import Leak
from detectors.leaks.rows import packet_ends
from detectors.leaks.thin import Thinner, mixed
from zones import FlowKeys, judge

WIREGUARD = Leak(
    901103, "WireGuard handshake between zones", "系をまたぐWireGuardのハンドシェイク", "Policy "
                                                                           "Violation", Severity.HIGH,
    Property.CONFIDENTIALITY, "T1572", "６(3)", "leak-tunnel", scenario=10, by_itself=True,
    evidence="a UDP datagram of 148 bytes that begins 01 00 00 00, answered by one of 92 bytes that begins 02 00 00 00 "
             "(then established), not permitted by a conduit",
    blind="obfuscated WireGuard; needs payload")
_INITIATION, _RESPONSE = 148, 92


class WireGuard(LeakDetector):
    """Looks at datagrams of exactly the two sizes of a handshake."""

    name = "wireguard"
    signatures = (WIREGUARD,)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.thinner_ = Thinner(500)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Datagrams of the size of an initiation or a response."""
        if not said.buffers:
            return
        size = packets.payload_bytes
        rows = np.flatnonzero((packets.proto == 17) & ((size == _INITIATION) | (size == _RESPONSE)))
        if not rows.size:
            return
        rows = rows[packets.payload_captured_bytes[rows] >= 4]
        kind = np.array([_kind(packets, said, row) for row in rows.tolist()], np.uint8)
        rows, kind = rows[kind != 0], kind[kind != 0]
        key = mixed(packets.flow_id[rows], kind)
        kept = self.thinner_.keep(key, packets.ts_ns[rows])
        rows, kind = rows[kept], kind[kept]
        if rows.size:
            keys = _keys(packets, rows)
            barred = ~permitted(judge(self.policy, keys))
            ends = packet_ends(self.policy, packets, rows)
            self.at_packets(rows, self._handshake, ends, kind.tolist(), barred.tolist(), packets.ts_ns[rows].tolist())

    def _handshake(self, ends: Ends, kind: int, barred: bool, ts_ns: int) -> None:
        if kind == 2:
            asked = self.memory("initiations").seen((ends.dst, ends.src, ends.dst_port, ends.src_port))
            if asked is None:
                return
            ends, barred = asked
        else:
            self.memory("initiations").get((ends.src, ends.dst, ends.src_port, ends.dst_port), lambda: (ends, barred))
        if not barred or ends.src_zone == ends.dst_zone:
            return
        self.tell(WIREGUARD, (ends.src, ends.dst), ends,
                  f"WireGuard handshake of {self.en(ends.src, ends.src_zone)} with "
                  f"{self.en(ends.dst, ends.dst_zone)} at udp/{ends.dst_port}",
                  f"{self.ja(ends.src, ends.src_zone)}と{self.ja(ends.dst, ends.dst_zone)}の"
                  f"udp/{ends.dst_port}でWireGuardのハンドシェイク", ts_ns,
                  outcome=2 if kind == 2 else 0, certainty=1, measure="handshakes")


def _kind(packets: Packets, said: Said, row: int) -> int:
    start = int(packets.payload_offset[row])
    head = bytes(said.buffers[packets.buffer[row]][start : start + 4])
    wanted = 1 if packets.payload_bytes[row] == _INITIATION else 2
    return wanted if head == bytes((wanted, 0, 0, 0)) else 0


def _keys(packets: Packets, rows: np.ndarray) -> FlowKeys:
    nothing = np.zeros(rows.size, np.uint64)
    return FlowKeys(packets.src_ip_hi[rows], packets.src_ip_lo[rows], packets.dst_ip_hi[rows], packets.dst_ip_lo[rows],
                    packets.src_port[rows], packets.dst_port[rows], packets.proto[rows], nothing.astype(np.uint8),
                    packets.ts_ns[rows], nothing.astype(np.uint8), nothing, nothing.astype(np.uint8),
                    np.full(rows.size, -1, np.int32))

"""Route leaks (scenario 3) and router advertisements (scenario 9): who says what lies where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from columns import Flows, Packets
from columns.address import MAPPED_LO
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import zone_of
from detectors.leaks.leak import Leak
from detectors.leaks.rows import packet_ends
from detectors.leaks.segments.advertised import advertised
from detectors.leaks.text import host
from detectors.leaks.thin import Thinner, mixed

FOREIGN_ROUTE = Leak(
    901031, "Route to a zone to which no conduit leads", "許可通信のない系への経路広告", "Misconfiguration",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1599", "３(2)", "leak-route", scenario=3, by_itself=True,
    evidence="OSPF, RIP or BGP advertises a prefix of a zone that no conduit joins with the sender's; a default route "
             "counts as the Internet",
    blind="IS-IS and EIGRP; authenticated OSPF is read, encrypted routing is not; only BGP messages that begin a "
          "segment; needs payload")
REDIRECT = Leak(
    901032, "ICMP redirect to a gateway of another zone", "別の系のゲートウェイへ誘導するICMPリダイレクト", "Intrusion",
    Severity.HIGH, Property.INTEGRITY, "T1557", "３(1)", "leak-route", scenario=3, by_itself=True,
    evidence="ICMP type 5 or ICMPv6 type 137 whose new gateway is in another zone than the host, or in none",
    blind="a redirect to a gateway in the host's own zone is not told; needs payload")
FOREIGN_RA = Leak(
    901092, "IPv6 router advertisement where none belongs", "想定外のIPv6ルータ広告", "Misconfiguration", Severity.HIGH,
    Property.INTEGRITY, "T1557", "６(3)", "leak-ipv6", scenario=9, by_itself=True,
    evidence="ICMPv6 type 134 on the VLAN of a zone without IPv6 prefixes, or with a prefix that is not the zone's",
    blind="needs VLAN ids in the policy; a false router that announces the zone's own prefix is not told; needs "
          "payload")
_ICMP, _ICMPV6, _OSPF, _UDP, _TCP = 1, 58, 89, 17, 6


class Routes(LeakDetector):
    """Reads routing messages, redirects and router advertisements."""

    name = "routes"
    signatures = (FOREIGN_ROUTE, REDIRECT, FOREIGN_RA)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.thinner_ = Thinner(500)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Packets of routing protocols, redirects, advertisements."""
        if not said.buffers:
            return
        rows = np.flatnonzero(_routing(packets))
        if not rows.size:
            return
        size = packets.payload_captured_bytes[rows]
        key = mixed(packets.src_ip_hi[rows], packets.src_ip_lo[rows], packets.proto[rows], packets.icmp_type[rows],
                    size, packets.vlan[rows])
        rows = rows[self.thinner_.keep(key, packets.ts_ns[rows])]
        ends = packet_ends(self.policy, packets, rows)
        data = [_message(packets, said.buffers, row) for row in rows.tolist()]
        self.at_packets(rows, self._message, ends, packets.icmp_type[rows].tolist(), data, packets.ts_ns[rows].tolist())

    def _message(self, ends: Ends, icmp_type: int, data: bytes, ts_ns: int) -> None:
        if ends.proto in (_ICMP, _ICMPV6):
            if icmp_type == 134:
                self._router(ends, data, ts_ns)
            else:
                self._redirect(ends, data, ts_ns)
            return
        here = int(self.ground.vlan_zone[ends.vlan]) or ends.src_zone
        if not here:
            return
        for protocol, address, bits in advertised(ends.proto, ends.dst_port, data):
            zone = self.ground.external if bits == 0 else zone_of(self.policy, address)
            joined = self.ground.joined
            if zone and zone != here and not joined[here, zone] and not joined[zone, here]:
                self._route(ends, protocol, (address, bits), (here, zone), ts_ns)

    def _route(self, ends: Ends, protocol: str, prefix: tuple[int, int], zones: tuple[int, int], ts_ns: int) -> None:
        names, net = self.policy.zone_names, f"{host(prefix[0])}/{prefix[1]}"
        here, zone = zones
        self.tell(FOREIGN_ROUTE, (ends.src, here, zone), ends._replace(src_zone=here, dst=prefix[0], dst_zone=zone),
                  f"{protocol} of {host(ends.src)} in {names[here]} advertises {net} ({names[zone]}), to which no "
                  "conduit "
                  f"leads",
                  f"{names[here]}の{host(ends.src)}が{protocol}で{net}（{names[zone]}）を広告。"
                  "両系の間に許可通信はない", ts_ns)

    def _redirect(self, ends: Ends, data: bytes, ts_ns: int) -> None:
        """The gateway stands in bytes 4 to 8 of the message (RFC 792), in 8 to 24 of ICMPv6 (RFC 4861)."""
        if ends.proto == _ICMP:
            gateway = MAPPED_LO | int.from_bytes(data[4:8], "big") if len(data) >= 8 else 0
        else:
            gateway = int.from_bytes(data[8:24], "big") if len(data) >= 24 else 0
        if not gateway or gateway >> 118 == 0x3FA:  # fe80::/10 says nothing of a zone
            return
        zone = zone_of(self.policy, gateway)
        if ends.dst_zone and zone != ends.dst_zone:
            self.tell(REDIRECT, (ends.dst, gateway), ends._replace(src=gateway, src_zone=zone),
                      f"{host(ends.src)} tells {self.en(ends.dst, ends.dst_zone)} to send by "
                      f"{self.en(gateway, zone)}",
                      f"{host(ends.src)}が{self.ja(ends.dst, ends.dst_zone)}に"
                      f"{self.ja(gateway, zone)}経由を指示", ts_ns)

    def _router(self, ends: Ends, data: bytes, ts_ns: int) -> None:
        """Options follow 16 bytes; a prefix information option is type 3 (RFC 4861, 4.6.2)."""
        here = int(self.ground.vlan_zone[ends.vlan])
        if not here:
            return
        prefixes, at = [], 16
        while at + 2 <= len(data) and data[at + 1]:
            if data[at] == 3 and at + 32 <= len(data):
                prefixes.append(int.from_bytes(data[at + 16 : at + 32], "big"))
            at += 8 * data[at + 1]
        foreign = [p for p in prefixes[:8] if zone_of(self.policy, p) != here]
        if self.ground.has_ipv6[here] and not foreign:
            return
        name = self.policy.zone_names[here]
        what = f"prefix {host(foreign[0])}" if foreign else "no prefix"
        what_ja = f"プレフィックス{host(foreign[0])}" if foreign else "プレフィックスなし"
        reason = "the zone has no IPv6" if not self.ground.has_ipv6[here] else "it is not the zone's"
        reason_ja = "この系にIPv6はない" if not self.ground.has_ipv6[here] else "この系のものではない"
        self.tell(FOREIGN_RA, (ends.src, ends.vlan), ends._replace(src_zone=here, dst=0, dst_zone=here),
                  f"router advertisement of {host(ends.src)} on VLAN {ends.vlan} ({name}) with {what}: {reason}",
                  f"VLAN {ends.vlan}（{name}）で{host(ends.src)}のルータ広告（{what_ja}）：{reason_ja}", ts_ns)


def _routing(packets: Packets) -> np.ndarray:
    proto, port = packets.proto, packets.dst_port
    udp = (proto == _UDP) & ((port == 520) | (port == 521))
    bgp = (proto == _TCP) & ((port == 179) | (packets.src_port == 179)) & (packets.payload_captured_bytes > 18)
    redirect = ((proto == _ICMP) & (packets.icmp_type == 5)) | (
        (proto == _ICMPV6) & ((packets.icmp_type == 137) | (packets.icmp_type == 134)))
    return ((proto == _OSPF) | udp | bgp | redirect) & (packets.status == 0) & (packets.tunnel_depth == 0)


def _message(packets: Packets, buffers: Sequence[np.ndarray], row: int) -> bytes:
    """Return a message from its first byte; of ICMP that is 8 before the payload."""
    start, size = int(packets.payload_offset[row]), min(int(packets.payload_captured_bytes[row]), 1500)
    head = 8 if packets.proto[row] in (_ICMP, _ICMPV6) else 0
    return bytes(buffers[packets.buffer[row]][start - head : start + size])

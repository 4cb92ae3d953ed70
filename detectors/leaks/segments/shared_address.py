"""Address translation and access points inside a zone (scenario 5): several hosts behind one address."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from columns import Flows, Packets
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import zone_of_text
from detectors.leaks.leak import Leak
from detectors.leaks.rows import opened_ends, said_rows
from detectors.leaks.text import printable
from detectors.leaks.thin import Thinner, mixed

TTL_BELOW = Leak(
    901051, "Host one router further away than its neighbours", "隣接端末よりTTLが1小さい端末（無断NAT・AP）",
    "Misconfiguration", Severity.MEDIUM, Property.INTEGRITY, "T1200", "６(4)", "leak-rogue-nat", scenario=5,
    by_itself=True,
    evidence="the TTL of the host's SYN is one less than that of its neighbours (same zone and VLAN, at least `peers` "
             "hosts, four of five of them alike)",
    blind="a bridging access point, or one that restores the TTL; hosts that stand behind a router of ours are told")
TWO_CLOCKS = Leak(
    901052, "Several TCP clocks behind one address", "一つのアドレスに複数のTCPタイムスタンプ時計（無断NAT・AP）",
    "Misconfiguration", Severity.MEDIUM, Property.INTEGRITY, "T1200", "６(4)", "leak-rogue-nat", scenario=5,
    by_itself=True,
    evidence="TCP timestamps in SYNs from one address to the same host follow one clock, then another, then the first "
             "again within ten minutes",
    blind="Windows clients send no timestamps by default; hosts behind the NAT that call different servers are not "
          "compared (Linux has a clock for each pair of addresses); needs payload")
FOREIGN_DHCP = Leak(
    901053, "DHCP offer that does not belong to the zone", "系に属さないDHCP応答（無断DHCPサーバー）",
    "Misconfiguration", Severity.HIGH, Property.INTEGRITY, "T1557.003", "６(4)", "leak-rogue-nat", scenario=5,
    by_itself=True,
    evidence="DHCP offer or acknowledgement whose address or server is in no zone, or not in that of the VLAN",
    blind="a false server that hands out the zone's own addresses; unicast renewals on other wires; needs payload")
_SYN_ONLY, _WINDOW_NS, _CLOCKS, _RATES = 2, 600 * 10**9, 4, (1000, 250, 100)
_HEADS = (40, 32, 44, 36, 28, 24, 48, 52, 56, 60, 20)


_AWAY = [next(first for first in (64, 128, 255) if ttl <= first) - ttl for ttl in range(256)]


class _Neighbours:
    """The hosts of one zone and VLAN by how many routers they are away: how many in all, and where most of them are."""

    __slots__ = ("hosts", "total", "usual")

    def __init__(self) -> None:
        self.hosts: dict[int, int] = {}
        self.total, self.usual = 0, 0

    def add(self, away: int, by: int) -> None:
        """Add hosts at a distance, or take them away."""
        self.hosts[away] = self.hosts.get(away, 0) + by
        self.total += by
        self.usual = max(self.hosts, key=lambda d: (self.hosts[d], -d))


class SharedAddress(LeakDetector):
    """Compares TTLs with those of neighbours and TCP timestamps with clocks, and looks at what DHCP hands out."""

    name = "shared_address"
    signatures = (TTL_BELOW, TWO_CLOCKS, FOREIGN_DHCP)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.thinner_ = Thinner(1000)
        self.groups_, self.hosts_ = self.memory("groups"), self.memory("hosts", self._gone)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """SYNs of internal hosts, and DHCP."""
        self._syns(packets, said)
        for one, ts_ns, number, values in said_rows(said, "dhcp", "dhcp_type", "assigned_ip", "server_ip", "relay_ip"):
            if values[0] in ("offer", "ack"):
                self.at_said([number], self._handed_out, [(one, ts_ns, *values[1:])])

    def _syns(self, packets: Packets, said: Said) -> None:
        rows = self.seen.openings
        rows = rows[(packets.proto[rows] == 6) & (packets.tcp_flags[rows] & 0x17 == _SYN_ONLY)
                    & (packets.tunnel_depth[rows] == 0) & (packets.status[rows] == 0)]
        if not rows.size:
            return
        zone = self.policy.zone_of(packets.src_ip_hi[rows], packets.src_ip_lo[rows])
        inside = self.ground.internal[zone]
        rows, zone = rows[inside], zone[inside]
        key = mixed(packets.src_ip_hi[rows], packets.src_ip_lo[rows], packets.dst_ip_hi[rows],
                    packets.dst_ip_lo[rows], packets.ip_ttl[rows])
        kept = self.thinner_.keep(key, packets.ts_ns[rows] // 10)  # once in ten seconds
        rows = rows[kept]
        self.at_packets(rows, self._ttl, rows.tolist(), zone[kept].tolist(), packets.vlan[rows].tolist(),
                        packets.src_ip_hi[rows].tolist(), packets.src_ip_lo[rows].tolist(),
                        packets.ip_ttl[rows].tolist())
        if said.buffers:
            stamps = np.array([timestamp_of_syn(packets, said.buffers, row) for row in rows.tolist()], np.int64)
            rows, stamps = rows[stamps >= 0], stamps[stamps >= 0]
            self.at_packets(rows, self._stamp, opened_ends(self.policy, packets, rows)[0], stamps.tolist(),
                            packets.ts_ns[rows].tolist())

    def _ttl(self, row: int, zone: int, vlan: int, hi: int, lo: int, ttl: int) -> None:
        away = _AWAY[ttl]
        group = self.groups_.get((zone, vlan), _Neighbours)
        hosts, key = self.hosts_, (zone, vlan, hi << 64 | lo)
        before = hosts.seen(key)
        if before != away:
            if before is not None:
                hosts.drop(key)
                self._gone(key, before)
            hosts.get(key, lambda: away)
            group.add(away, 1)
        if away == group.usual + 1 and group.total > self.settings.peers and (
                group.hosts[group.usual] >= 0.8 * group.total):
            ends = Ends(key[2], src_zone=zone, proto=6, vlan=vlan, flow_id=int(self._packets.flow_id[row]))
            self._below(ends, int(self._packets.ts_ns[row]), ttl, group.hosts[group.usual], group.total)

    def _below(self, ends: Ends, ts_ns: int, ttl: int, alike: int, total: int) -> None:
        self.tell(TTL_BELOW, (ends.src,), ends,
                  f"TTL {ttl} of {self.en(ends.src, ends.src_zone)} is one below that of {alike} of {total} neighbours",
                  f"{self.ja(ends.src, ends.src_zone)}のTTL {ttl}は隣接{total}台中{alike}台より1小さい",
                  ts_ns, measured=float(ttl), threshold=float(ttl + 1), measure="TTL")

    def _gone(self, key: tuple[int, int, int], away: int) -> None:
        group = self.groups_.seen(key[:2])
        if group is not None and group.hosts.get(away):
            group.add(away, -1)

    def _stamp(self, ends: Ends, stamp: int, ts_ns: int) -> None:
        """A clock is (time, value) when it was last read; it fits if it went on at one of the usual rates."""
        clocks = self.memory("clocks").get((ends.src, ends.dst), list)
        clocks[:] = [c for c in clocks if ts_ns - c[0] <= _WINDOW_NS]
        for place, (then_ns, value, _) in enumerate(clocks):
            if _goes_on(ts_ns - then_ns, (stamp - value) & 0xFFFFFFFF):
                returns = place != len(clocks) - 1
                clocks.append((ts_ns, stamp, clocks.pop(place)[2] + 1))
                if returns:
                    self.tell(TWO_CLOCKS, (ends.src,), ends._replace(src_port=0),
                              f"TCP timestamps of {self.en(ends.src, ends.src_zone)} follow {len(clocks)} "
                              f"clocks by turns",
                              f"{self.ja(ends.src, ends.src_zone)}のTCPタイムスタンプが{len(clocks)}個の時計を"
                              f"交互に示す", ts_ns, measured=float(len(clocks)), measure="clocks")
                return
        clocks.append((ts_ns, stamp, 1))
        del clocks[:-_CLOCKS]

    def _handed_out(self, ends: Ends, ts_ns: int, assigned: str, server: str, relay: str) -> None:
        here = int(self.ground.vlan_zone[ends.vlan])
        given, by = zone_of_text(self.policy, assigned), zone_of_text(self.policy, server)
        relayed = relay not in ("", "0.0.0.0")
        wrong = (here and given != here) or not given or (server and not by) or (here and by != here and not relayed)
        if not wrong or assigned in ("", "0.0.0.0"):
            return
        names = self.policy.zone_names
        where = f"VLAN {ends.vlan} ({names[here]})" if here else "this wire"
        where_ja = f"VLAN {ends.vlan}（{names[here]}）" if here else "この回線"
        self.tell(FOREIGN_DHCP, (server or ends.src, ends.vlan), ends._replace(dst=0, dst_zone=here, src_zone=by),
                  f"DHCP server {printable(server) or 'without name'} ({names[by]}) hands out {printable(assigned)} "
                  f"({names[given]}) on {where}",
                  f"{where_ja}でDHCPサーバー{printable(server)}（{names[by]}）"
                  f"が{printable(assigned)}（{names[given]}）を配布", ts_ns)


def _goes_on(passed_ns: int, ticks: int) -> bool:
    for rate in _RATES:
        expected = passed_ns * rate / 1e9
        if abs(ticks - expected) <= 0.02 * expected + 0.5 * rate:
            return True
    return False


def timestamp_of_syn(packets: Packets, buffers: Sequence[np.ndarray], row: int) -> int:
    """Return TSval of a SYN's timestamp option (RFC 7323), or -1. The header ends where the payload begins."""
    end = int(packets.payload_offset[row])
    data = bytes(buffers[packets.buffer[row]][max(end - 60, 0) : end])
    ports = int(packets.src_port[row]).to_bytes(2, "big") + int(packets.dst_port[row]).to_bytes(2, "big")
    for size in _HEADS:
        head = data[-size:]
        if len(head) == size and head[:4] == ports and head[12] >> 4 == size // 4:
            return _option(head[20:])
    return -1


def _option(options: bytes) -> int:
    at = 0
    while at < len(options) and options[at]:
        if options[at] == 1:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < 2:
            return -1
        if options[at] == 8 and size == 10 and at + 10 <= len(options):
            return int.from_bytes(options[at + 2 : at + 6], "big")
        at += size
    return -1

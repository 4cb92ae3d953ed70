"""VLAN and trunk leaks (scenario 2): a VLAN of another zone on this tap, link-local senders of another zone."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.address import mac_text
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.segments.sightings import Sighting, Sightings
from detectors.leaks.text import host
from detectors.leaks.thin import Thinner, mixed

FOREIGN_VLAN = Leak(
    901021, "VLAN of another zone on this wire", "観測点に属さない系のVLAN", "Misconfiguration", Severity.HIGH,
    Property.CONFIDENTIALITY, "T1599", "３(2)", "leak-segment", scenario=2, by_itself=True,
    evidence="802.1Q VLAN id of a zone that the sensor does not expect",
    blind="needs a sensor with `expects` and VLAN ids in the policy; a tap that strips tags shows none")
FOREIGN_NEIGHBOUR = Leak(
    901022, "Link-local sender of another zone on this segment", "このセグメントに別の系の装置（ARP・STP・LLDP等）",
    "Misconfiguration", Severity.HIGH, Property.CONFIDENTIALITY, "T1599", "３(2)", "leak-segment", scenario=2,
    by_itself=True,
    evidence="sender of ARP, DHCP, mDNS, VRRP, HSRP, OSPF, LLDP or spanning tree whose zone is not that of the VLAN "
             "tag, or that the sensor does not expect",
    blind="spanning tree is told by the VLAN id in the bridge identifier only; without VLAN ids or a sensor in the "
          "policy nothing is known of a segment; needs payload for ARP, LLDP and spanning tree")


class ForeignSegment(LeakDetector):
    """Finds VLANs and link-local senders of zones that have nothing to do on a segment."""

    name = "foreign_segment"
    signatures = (FOREIGN_VLAN, FOREIGN_NEIGHBOUR)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.sightings_, self.thinner_ = Sightings(), Thinner()

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """VLAN ids, and senders of what stays on a segment."""
        expected = self.ground.expected_vlan
        if expected is not None:
            rows = np.flatnonzero(~expected[packets.vlan] & (self.ground.vlan_zone[packets.vlan] != 0))
            rows = rows[self.thinner_.keep(mixed(packets.vlan[rows], packets.src_mac[rows]), packets.ts_ns[rows])]
            self.at_packets(rows, self._vlan, packets.vlan[rows].tolist(), packets.src_mac[rows].tolist(),
                            packets.ts_ns[rows].tolist())
        seen = self.sightings_.of(packets, said.buffers)
        if seen:
            rows = np.array([s.row for s in seen])
            zones = self._zones(seen)
            self.at_packets(rows, self._sender, seen, zones, packets.vlan[rows].tolist(), packets.ts_ns[rows].tolist())

    def _zones(self, seen: list[Sighting]) -> list[int]:
        hi = np.array([s.address >> 64 for s in seen], np.uint64)
        lo = np.array([s.address & 0xFFFFFFFFFFFFFFFF for s in seen], np.uint64)
        told = [int(self.ground.vlan_zone[s.names_vlan]) for s in seen]
        return [t or z for t, z in zip(told, self.policy.zone_of(hi, lo).tolist(), strict=True)]

    def _vlan(self, vlan: int, mac: int, ts_ns: int) -> None:
        zone = int(self.ground.vlan_zone[vlan])
        name = self.policy.zone_names[zone]
        self.tell(FOREIGN_VLAN, (vlan,), Ends(vlan=vlan, src_zone=zone),
                  f"VLAN {vlan} ({name}) at sensor {self.sensor}, which does not expect it; first sender "
                  f"{mac_text(mac)}",
                  f"観測点{self.sensor}に、想定外のVLAN {vlan}（{name}）。最初の送信元{mac_text(mac)}", ts_ns)

    def _sender(self, seen: Sighting, zone: int, vlan: int, ts_ns: int) -> None:
        ground = self.ground
        here = int(ground.vlan_zone[vlan]) if vlan else 0
        if not zone or zone == ground.external:
            return
        if here:
            wrong = zone != here
        else:
            wrong = ground.expected is not None and not ground.expected[zone]
        if not wrong:
            return
        names = self.policy.zone_names
        who = host(seen.address) if seen.address else f"a bridge of VLAN {seen.names_vlan}"
        who_ja = host(seen.address) if seen.address else f"VLAN {seen.names_vlan}のブリッジ"
        where = f"VLAN {vlan} ({names[here]})" if here else f"the wire of sensor {self.sensor}"
        where_ja = f"VLAN {vlan}（{names[here]}）" if here else f"観測点{self.sensor}の回線"
        mac = mac_text(seen.mac)
        self.tell(FOREIGN_NEIGHBOUR, (seen.mac, zone, vlan),
                  Ends(seen.address, src_zone=zone, dst_zone=here, vlan=vlan),
                  f"{seen.protocol} of {who} ({names[zone]}, {mac}) on {where}",
                  f"{where_ja}に{names[zone]}の{who_ja}（{mac}）の{seen.protocol}", ts_ns)

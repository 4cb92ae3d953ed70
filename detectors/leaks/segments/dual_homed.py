"""Dual-homed hosts (scenario 1): the same name or MAC address in two zones within minutes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from columns import Flows, Packets, text_equals, text_filled
from columns.address import mac_text
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import address_of, halves, zone_of_text
from detectors.leaks.leak import Leak
from detectors.leaks.rows import said_rows
from detectors.leaks.segments.sightings import Sightings
from detectors.leaks.text import host, printable
from detectors.leaks.thin import Thinner, mixed

SAME_NAME = Leak(
    901011, "Same host name or client id in two zones", "同一ホスト名・DHCP識別子が二つの系に存在（二重接続）",
    "Misconfiguration", Severity.HIGH, Property.CONFIDENTIALITY, "T1599", "６(4)", "leak-dual-homed", scenario=1,
    by_itself=True,
    evidence="DHCP host name or client id, NTLMSSP workstation, RDP client name, mDNS or NetBIOS name in two internal "
             "zones within `identity_window_s`",
    blind="a host that names itself differently, or says nothing, on its other interface; virtual machines cloned with "
          "their name are told, too")
SAME_MAC = Leak(
    901012, "Same MAC address in two zones", "同一MACアドレスが二つの系に存在", "Misconfiguration", Severity.MEDIUM,
    Property.CONFIDENTIALITY, "T1599", "６(4)", "leak-dual-homed", scenario=1, by_itself=True,
    evidence="the sender of ARP claims addresses of two internal zones within `identity_window_s`; virtual router "
             "addresses (VRRP, HSRP, GLBP) and MAC addresses that pass on packets of several hosts are none",
    blind="docking stations moved between rooms are told; a router is known as one only after it has passed on packets "
          "of four hosts; needs payload")
_VIRTUAL = (
    (0x00005E0001, 8), (0x00005E0002, 8), (0x00000C07AC, 8), (0x0007B400, 16), (0x00000C9FF, 12), (0x000573A00, 12))
_NAMELESS = frozenset({"localhost", "android", "iphone", "ipad", "desktop", "laptop", "windows", "workstation", "host",
                       "unknown", "null", "none", "default", "linux", "debian", "ubuntu", "raspberrypi", "openwrt"})
_FORWARDS, _SHORTEST, _REGISTRATION = 4, 3, 5


class DualHomed(LeakDetector):
    """Remembers which host names and MAC addresses were seen in which zones, and when."""

    name = "dual_homed"
    signatures = (SAME_NAME, SAME_MAC)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.sightings_, self.passing_ = Sightings(), (Thinner(500), Thinner(500))
        self.forwards_ = np.zeros(1 << 18, bool)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Names in what was said, senders of ARP, and who passes packets on."""
        if said.buffers:
            self._addresses(packets, said)
        self._names(said)

    def _addresses(self, packets: Packets, said: Said) -> None:
        first = self.seen.openings
        first = first[(packets.tunnel_depth[first] == 0) & (packets.src_mac[first] != 0)]
        for thinner, names in zip(self.passing_, (("src_mac", "src_ip_hi", "src_ip_lo"),
                                                  ("dst_mac", "dst_ip_hi", "dst_ip_lo")), strict=True):
            fresh = first[~self.forwards_[_slot(getattr(packets, names[0])[first])]]
            columns = [getattr(packets, name)[fresh] for name in names]
            kept = thinner.keep(mixed(*columns), packets.ts_ns[fresh] // 60)  # once a minute
            self.at_packets(fresh[kept], self._passed_on, *[column[kept].tolist() for column in columns])
        seen = [s for s in self.sightings_.of(packets, said.buffers) if s.protocol == "ARP"]
        if seen:
            rows = np.array([s.row for s in seen])
            self.at_packets(rows, self._mac, [s.mac for s in seen], [s.address for s in seen],
                            packets.vlan[rows].tolist(), packets.ts_ns[rows].tolist())

    def _names(self, said: Said) -> None:
        for ends, ts_ns, number, (assigned, requested, name, client) in said_rows(
                said, "dhcp", "assigned_ip", "requested_ip", "hostname", "client_id"):
            ends = ends._replace(src=address_of(assigned) or address_of(requested))
            zone = zone_of_text(self.policy, assigned) or zone_of_text(self.policy, requested) or int(
                self.ground.vlan_zone[ends.vlan])
            self.at_said([number] * 2, self._name, [("DHCP host name", name, ends, zone, ts_ns),
                                                    ("DHCP client id", client, ends, zone, ts_ns)])
        for table, column, kind in (("smb", "ntlmssp_host", "NTLMSSP workstation"),
                                    ("rdp", "client_name", "RDP client name")):
            self._as_sender(kind, said_rows(said, table, column, where=lambda batch, column=column: text_filled(
                getattr(batch, column), _SHORTEST)))
        self._as_sender("mDNS name", said_rows(said, "dns", "answers", where=_announces), _own_name)
        self._as_sender("NetBIOS name", said_rows(said, "dns", "rrname", where=_registers),
                        lambda name: name.split("<")[0])

    def _as_sender(self, kind: str, rows: Iterable[tuple[Ends, int, int, tuple[str]]],
                   name_in: Callable[[str], str] = str) -> None:
        """Take the names that senders give themselves."""
        found = [(number, (kind, name_in(text), ends, ends.src_zone, ts_ns)) for ends, ts_ns, number, (text,) in rows]
        self.at_said([number for number, _ in found], self._name, [what for _, what in found])

    def _passed_on(self, mac: int, hi: int, lo: int) -> None:
        known = self.memory("macs").get(mac, set)
        if len(known) < _FORWARDS:
            known.add(hi << 64 | lo)
        else:
            self.forwards_[_slot(np.uint64(mac))] = True  # known for good: its packets are not looked at any more

    def _mac(self, mac: int, address: int, vlan: int, ts_ns: int) -> None:
        if any(mac >> bits == prefix for prefix, bits in _VIRTUAL) or mac >> 40 & 1:
            return
        if len(self.memory("macs").seen(mac) or ()) >= _FORWARDS:
            return
        zone = int(self.policy.zone_of(*halves(address))[0])
        self._sighted(SAME_MAC, "MAC address", mac_text(mac), Ends(address, src_zone=zone, vlan=vlan), zone, ts_ns)

    def _name(self, kind: str, name: str, ends: Ends, zone: int, ts_ns: int) -> None:
        name = name.strip().lower().rstrip(".").removesuffix(".local")
        if len(name) < _SHORTEST or name in _NAMELESS:
            return
        value = name if ":" in name else name.split(".")[0]
        self._sighted(SAME_NAME, kind, value, ends._replace(src_zone=zone, dst=0, dst_zone=0), zone, ts_ns)

    def _sighted(self, leak: Leak, kind: str, value: str, ends: Ends, zone: int, ts_ns: int) -> None:
        if not self.ground.internal[zone]:
            return
        family = "client id" if kind.endswith("client id") else "MAC" if leak is SAME_MAC else "name"
        places = self.memory("identities").get((family, value), dict)
        for other, (when, where, by) in places.items():
            if other != zone and ts_ns - when <= self.settings.identity_window_s * 10**9:
                self._tell_both(leak, (kind, by), value, ends, (other, where), zone, ts_ns)
        places[zone] = (ts_ns, ends, kind)

    def _tell_both(self, leak: Leak, kinds: tuple[str, str], value: str, ends: Ends, before: tuple[int, Ends],
                   zone: int, ts_ns: int) -> None:
        names, shown = self.policy.zone_names, printable(value, 40)
        here, there = _place(ends), _place(before[1])
        kind = kinds[0] if kinds[0] == kinds[1] else f"{kinds[0]} and {kinds[1]}"
        window = self.settings.identity_window_s
        self.tell(leak, (value, *sorted((zone, before[0]))), ends._replace(dst=before[1].src, dst_zone=before[0]),
                  f"{kind} {shown} in {names[zone]} ({here}) and {names[before[0]]} ({there}) "
                  f"within {window} s",
                  f"{kind} {shown}が{window}秒以内に{names[zone]}（{here}）と{names[before[0]]}"
                  f"（{there}）の両方に出現", ts_ns)


def _announces(batch: Any) -> np.ndarray:
    """Return which rows of DNS are multicast answers."""
    return text_equals(batch.variant, "mdns") & text_equals(batch.message_type, "response")


def _registers(batch: Any) -> np.ndarray:
    """Return which rows of DNS register a NetBIOS name."""
    return text_equals(batch.variant, "nbns") & (batch.opcode == _REGISTRATION)


def _slot(mac: np.ndarray | np.uint64) -> np.ndarray | np.int64:
    return ((mac ^ mac >> np.uint64(18)) & np.uint64((1 << 18) - 1)).astype(np.int64)


def _place(ends: Ends) -> str:
    return host(ends.src) if ends.src else f"VLAN {ends.vlan}"


def _own_name(answers: str) -> str:
    """Return the host name of a multicast DNS announcement: of its first address record, or ""."""
    try:
        records = json.loads(answers) if answers else []
    except ValueError:
        return ""
    return next((str(r.get("rrname", "")) for r in records if r.get("rrtype") in ("A", "AAAA")), "")


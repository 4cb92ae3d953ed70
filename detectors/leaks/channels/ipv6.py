"""IPv6 where there is none (scenario 9): transition addresses, and IPv6 in a zone without it."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.text import host
from detectors.leaks.thin import Thinner, mixed

TRANSITION = Leak(
    901091, "IPv6 transition address", "IPv6移行技術のアドレス（Teredo・6to4・ISATAP）", "Misconfiguration",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1572", "６(3)", "leak-ipv6", scenario=9, by_itself=True,
    evidence="an address in 2001::/32 (Teredo), 2002::/16 (6to4), 192.88.99.0/24, or with ::5efe: (ISATAP), also "
             "inside "
             "a tunnel; protocol 41 and udp/3544 themselves are 900111 and 900114",
    blind="tunnels that hide their addresses")
NO_IPV6_HERE = Leak(
    901093, "IPv6 in a zone without IPv6", "IPv6のない系でのIPv6通信", "Misconfiguration", Severity.MEDIUM,
    Property.CONFIDENTIALITY, "T1599", "６(3)", "leak-ipv6", scenario=9, by_itself=True,
    evidence="a flow over IPv6 on the VLAN of a zone without IPv6 prefixes; link-local and multicast do not count",
    blind="needs VLAN ids in the policy")
_KINDS = ("", "Teredo", "6to4", "6to4 relay", "ISATAP")


class Ipv6(LeakDetector):
    """Looks at the addresses of flows that open."""

    name = "ipv6"
    signatures = (TRANSITION, NO_IPV6_HERE)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.thinners_ = (Thinner(), Thinner())

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Openings with such an address, or on such a VLAN."""
        rows = self.seen.openings
        if rows.size:
            self._addresses(packets, rows)
            self._plain_ones(packets, rows[packets.ip_version[rows] == 6])

    def _addresses(self, packets: Packets, rows: np.ndarray) -> None:
        keys = self.seen.keys
        kind = np.maximum(_transition(keys.src_ip_hi, keys.src_ip_lo), _transition(keys.dst_ip_hi, keys.dst_ip_lo))
        chosen = self._once_a_second(packets, rows, np.flatnonzero(kind), 0)
        self.at_openings(rows[chosen], self._address, kind[chosen].tolist())

    def _plain_ones(self, packets: Packets, rows: np.ndarray) -> None:
        here = self.ground.vlan_zone[packets.vlan[rows]]
        bare = np.flatnonzero((here != 0) & ~self.ground.has_ipv6[here] & (packets.tunnel_depth[rows] == 0))
        hi = packets.src_ip_hi[rows[bare]]
        routed = (hi >> np.uint64(54) != 0x3FA) & (hi != 0) & (packets.dst_ip_hi[rows[bare]] >> np.uint64(56) != 0xFF)
        chosen = self._once_a_second(packets, rows, bare[routed], 1)
        self.at_openings(rows[chosen], self._plain, here[chosen].tolist())

    def _once_a_second(self, packets: Packets, rows: np.ndarray, chosen: np.ndarray, which: int) -> np.ndarray:
        """Return what is looked at: of one source one opening a second."""
        some = rows[chosen]
        key = mixed(packets.src_ip_hi[some], packets.src_ip_lo[some])
        return chosen[self.thinners_[which].keep(key, packets.ts_ns[some])]

    def _address(self, ends: Ends, certainty: int, ts_ns: int, kind: int) -> None:
        name = _KINDS[kind]
        self.tell_flow(TRANSITION, (ends.src, kind), ends, lambda: (
            f"{self.en(ends.src, ends.src_zone)} to "
            f"{self.en(ends.dst, ends.dst_zone)}: "
            f"{name} address",
            f"{self.ja(ends.src, ends.src_zone)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}："
            f"{name}のアドレス"),
            ts_ns, certainty=certainty)

    def _plain(self, ends: Ends, certainty: int, ts_ns: int, here: int) -> None:
        name = self.policy.zone_names[here]
        self.tell_flow(NO_IPV6_HERE, (ends.src,), ends._replace(src_zone=ends.src_zone or here), lambda: (
            f"{host(ends.src)} on VLAN {ends.vlan} ({name}, which has no IPv6) to "
            f"{self.en(ends.dst, ends.dst_zone)}",
            f"VLAN {ends.vlan}（IPv6のない{name}）の{host(ends.src)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}へ"),
            ts_ns, certainty=certainty)


def _transition(hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
    """Return the kind of each address by its number in _KINDS."""
    kind = np.where(lo >> np.uint64(8) == 0xFFFF_C05863, np.uint8(3), np.uint8(0))
    six = np.flatnonzero(hi)
    if six.size:
        hi, lo = hi[six], lo[six]
        of_six = np.zeros(six.size, np.uint8)
        of_six[hi >> np.uint64(32) == 0x20010000] = 1
        of_six[hi >> np.uint64(48) == 0x2002] = 2
        of_six[lo >> np.uint64(32) & np.uint64(0xFDFFFFFF) == 0x00005EFE] = 4
        kind[six] = of_six
    return kind

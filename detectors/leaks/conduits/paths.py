"""Paths that avoid what stands between: the security cloud (13), the mail gateway (16), our own monitors (32)."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Certainty, Outcome, Property, Severity, Verdict
from columns.networks import network_words
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.lists import port_set
from detectors.leaks.rows import ends_of
from detectors.leaks.text import service
from zones import FlowKeys, Judgement

PAST_CLOUD = Leak(
    901131, "Internet path that avoids the security cloud", "セキュリティクラウドを経由しないインターネット通信",
    "Policy Violation", Severity.MEDIUM, Property.CONFIDENTIALITY, "T1090", "６(3)③", "leak-proxy-bypass", scenario=13,
    evidence="an established flow from a zone on the Internet side straight to the external zone, where the policy "
             "leads that zone's traffic through a closed one and no conduit to the outside",
    blind="a path that does not pass a sensor")
PAST_GATEWAY = Leak(
    901161, "Mail that skips the gateway", "無害化ゲートウェイを経由しないメール", "Policy Violation", Severity.HIGH,
    Property.INTEGRITY, "T1566", "６(3)②", "leak-mail-path", scenario=16,
    evidence="SMTP or submission (tcp/25, 465, 587) between the Internet side and a better protected zone, without a "
             "gateway at either end",
    blind="mail on other ports")
MONITOR = Leak(
    901321, "The monitor itself opens a connection into a zone", "監視基盤から系への接続開始", "Policy Violation",
    Severity.HIGH, Property.INTEGRITY, "T1599", "６(7)", "leak-monitor", scenario=32,
    evidence="a SYN, or the first packet of another protocol, from an address of `monitors` or of the monitoring zone "
             "into another zone, without a conduit",
    blind="a capture interface that transmits on the wire it watches shows only if another sensor sees that wire")
_MAIL_PORTS = port_set(25, 465, 587)


class Paths(LeakDetector):
    """Looks at who speaks with whom past what the policy puts between them."""

    name = "paths"
    signatures = (PAST_CLOUD, PAST_GATEWAY, MONITOR)

    def prepare(self) -> None:
        """Zones whose way out leads through a closed zone; the addresses of monitors."""
        ground, zones = self.ground, self.policy.zones
        closed = np.array([False, *(z.kind == "closed" for z in zones)])
        through = (ground.joined & (closed & ground.outside)[None, :]).any(axis=1)
        self._through = ground.internal & ground.outside & through & ~ground.joined[:, ground.external]
        self._monitors = network_words(self.settings.monitors)
        self._soc = np.array([False, *(z.name in ("soc", "monitoring", "monitor") for z in zones)])

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Openings past the gateway or by a monitor; flows that became established past the security cloud."""
        rows = self.seen.openings
        if rows.size:
            keys, found = self.seen.keys, self.seen.judgement
            self._mail(rows, keys, found)
            self._monitor(rows, keys, found)
        self._past_cloud(packets, flows)

    def _mail(self, rows: np.ndarray, keys: FlowKeys, found: Judgement) -> None:
        mail = np.flatnonzero(self.seen.crosses & _MAIL_PORTS[keys.dst_port])
        ground, a, b = self.ground, found.src_zone[mail], found.dst_zone[mail]
        sides = (ground.inner[a] & ground.outside[b]) | (ground.outside[a] & ground.inner[b])
        chosen = mail[sides & (keys.proto[mail] == 6) & (found.verdict[mail] != int(Verdict.PERMITTED))]
        self.at_openings(rows[chosen], self._skips, found.verdict[chosen].tolist())

    def _skips(self, ends: Ends, certainty: int, ts_ns: int, verdict: int) -> None:
        by = service(ends.proto, ends.dst_port)
        self.tell_flow(PAST_GATEWAY, (ends.src, ends.dst, ends.dst_port), ends, lambda: (
            f"mail of {self.en(ends.src, ends.src_zone)} to "
            f"{self.en(ends.dst, ends.dst_zone)} by {by} without the gateway",
            f"{self.ja(ends.src, ends.src_zone)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}へのメール（{by}）がゲートウェイを経由しない"),
            ts_ns, certainty=certainty, verdict=verdict, measure="flows")

    def _monitor(self, rows: np.ndarray, keys: FlowKeys, found: Judgement) -> None:
        ours = self._ours(keys, found)
        if not ours.any():
            return
        sure = (keys.certainty == int(Certainty.SYN_SEEN)) | ((keys.proto != 6) & (keys.src_port >= 1024))
        opens = ours & sure & (found.dst_zone != found.src_zone) & (found.dst_zone != 0)
        opens &= (found.verdict != int(Verdict.PERMITTED)) & (found.verdict != int(Verdict.NOT_JUDGED))
        chosen = np.flatnonzero(opens)
        self.at_openings(rows[chosen], self._opens, found.verdict[chosen].tolist())

    def _ours(self, keys: FlowKeys, found: Judgement) -> np.ndarray:
        if not self.settings.monitors:
            return self._soc[found.src_zone]
        ours = np.zeros(found.src_zone.size, bool)
        for mask_hi, mask_lo, hi, lo in self._monitors:
            ours |= (keys.src_ip_hi & mask_hi == hi) & (keys.src_ip_lo & mask_lo == lo)
        return ours

    def _opens(self, ends: Ends, certainty: int, ts_ns: int, verdict: int) -> None:
        by = service(ends.proto, ends.dst_port)
        self.tell_flow(MONITOR, (ends.src, ends.dst, ends.proto, ends.dst_port), ends, lambda: (
            f"monitor {self.en(ends.src, ends.src_zone)} opens {by} to "
            f"{self.en(ends.dst, ends.dst_zone)}",
            f"監視基盤{self.ja(ends.src, ends.src_zone)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}へ{by}の接続開始"),
            ts_ns, certainty=certainty, verdict=verdict, measure="flows")

    def _past_cloud(self, packets: Packets, flows: Flows) -> None:
        """One alert per host. Flow rows know outcome and verdict; they come when the flow ends or has gone on long."""
        past = self._through[flows.src_zone] & (flows.dst_zone == self.ground.external)
        past = np.flatnonzero(past & (flows.verdict == int(Verdict.NO_CONDUIT)))
        if not past.size:
            return
        fits = (flows.part[past] == 0) & (flows.outcome[past] == int(Outcome.ESTABLISHED))
        fits &= (flows.tunnel_depth[past] == 0) & (flows.direction_certainty[past] != int(Certainty.GUESSED))
        chosen = past[fits]
        if chosen.size:
            self.at_flows(flows, chosen, self._avoids, ends_of(flows, chosen), flows.ts_start_ns[chosen].tolist(),
                          flows.direction_certainty[chosen].tolist())

    def _avoids(self, ends: Ends, ts_ns: int, certainty: int) -> None:
        by = service(ends.proto, ends.dst_port)
        self.tell(PAST_CLOUD, (ends.src,), ends,
                  f"{self.en(ends.src, ends.src_zone)} reaches "
                  f"{self.en(ends.dst, ends.dst_zone)} "
                  f"by {by} without the security cloud",
                  f"{self.ja(ends.src, ends.src_zone)}がセキュリティクラウドを経由せず"
                  f"{self.ja(ends.dst, ends.dst_zone)}と{by}で通信", ts_ns,
                  outcome=int(Outcome.ESTABLISHED), certainty=certainty, verdict=int(Verdict.NO_CONDUIT),
                  measure="flows")

"""Services that must not pass between zones, by port and protocol: scenarios 10, 11, 14, 27, 28 and 29."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Certainty, Property, Severity, Verdict
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.text import service
from zones import FlowKeys, Judgement

TUNNEL = Leak(
    901102, "VPN or tunnel protocol between zones", "系をまたぐVPN・トンネルプロトコル", "Policy Violation",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1572", "６(3)", "leak-tunnel", scenario=10,
    evidence="IP protocol or port of the list `tunnels` between two zones, not permitted by a conduit",
    blind="a tunnel on another port, above all one on tcp/443")
REMOTE_ACCESS = Leak(
    901112, "Remote-access tool between zones", "系をまたぐ遠隔操作ツール", "Policy Violation", Severity.HIGH,
    Property.INTEGRITY, "T1219", "３(2)", "leak-remote-access", scenario=11,
    evidence="port of the list `remote_access` between two zones, not permitted by a conduit",
    blind="tools that use tcp/443 are told by name alone")
SIDE_CHANNEL = Leak(
    901141, "File or USB channel beside a screen transfer", "画面転送に付帯するファイル・USBチャネル", "Policy "
                                                                                     "Violation",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1048", "２(13)", "leak-side-channel", scenario=14,
    evidence="port of the list `side_channels` between two zones: not permitted, or permitted by a conduit of "
             "`screen-transfer`",
    blind="file channels inside the screen transfer itself (clipboard, drives in RDP over TLS) show by volume only: "
          "`max_up_mb_per_hour` of the conduit")
DELIVERY = Leak(
    901272, "Updates shared between zones", "系をまたぐ更新プログラムの共有（配信の最適化）", "Misconfiguration",
    Severity.MEDIUM, Property.CONFIDENTIALITY, "", "６(6)", "leak-updates", scenario=27,
    evidence="port of the list `updates` (tcp/7680) between two zones, not permitted by a conduit",
    blind="sharing through a server in the Internet")
DIRECTORY = Leak(
    901281, "Directory or file sharing between zones", "系をまたぐディレクトリ・ファイル共有", "Policy Violation",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1021.002", "２(12)", "leak-directory", scenario=28,
    evidence="port of the list `directory_services` (SMB, RPC, Kerberos, LDAP, WinRM, NetBIOS, LLMNR) between two "
             "zones, not permitted by a conduit",
    blind="SMB over QUIC and other ports")
SHARED = Leak(
    901291, "Hypervisor, storage or backup between zones", "系をまたぐ仮想基盤・ストレージ・バックアップ",
    "Misconfiguration", Severity.HIGH, Property.CONFIDENTIALITY, "T1039", "２(12)", "leak-shared-storage", scenario=29,
    evidence="port of the list `shared_storage` between two zones, not permitted by a conduit",
    blind="Fibre Channel, and whatever the hypervisor moves inside itself")
DRIFT = Leak(
    901301, "Permitted host uses a port beyond its conduit", "許可済みホストによる許可外ポートの利用", "Policy "
                                                                                    "Violation",
    Severity.HIGH, Property.INTEGRITY, "T1078", "６(8)", "leak-drift", scenario=30,
    evidence="a flow that a conduit with named hosts on both sides would permit but for its service",
    blind="another use of the same port; hours are judged by the verdict out_of_hours")
_LISTED = (("tunnels", TUNNEL), ("remote_access", REMOTE_ACCESS), ("side_channels", SIDE_CHANNEL),
           ("updates", DELIVERY), ("directory_services", DIRECTORY), ("shared_storage", SHARED))
_EPHEMERAL, _SERVICE_DIFFERS = 32768, 4
_RAISES = np.ones(max(Verdict) + 1, bool)
_RAISES[[Verdict.NOT_JUDGED, Verdict.PERMITTED, Verdict.EXPIRED_CONDUIT, Verdict.OUT_OF_HOURS,
         Verdict.PERMITTED_EXCESS]] = False


class ListedServices(LeakDetector):
    """Looks at the service of each flow that opens between two zones; one alert per ends, service and list."""

    name = "listed_services"
    signatures = (TUNNEL, REMOTE_ACCESS, SIDE_CHANNEL, DELIVERY, DIRECTORY, SHARED, DRIFT)

    def prepare(self) -> None:
        """Conduits by number: whether they carry a screen transfer, whether they name hosts on both sides."""
        conduits = self.policy.conduits
        self._screen = np.array([False, *(c.sanitization == "screen-transfer" for c in conduits)])
        self._named = np.array([False, *(bool(c.from_hosts and c.to_hosts) for c in conduits)])

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Openings of listed services between zones, and those that are near a conduit but for the service."""
        if not self.seen.openings.size:
            return
        found = self.seen.judgement
        some = np.flatnonzero(self.seen.crosses & (_RAISES[found.verdict] | self._screen[found.conduit]))
        if some.size:
            self._services(self.seen.openings[some], FlowKeys(*[column[some] for column in self.seen.keys]),
                           Judgement(*[column[some] for column in found]))

    def _services(self, rows: np.ndarray, keys: FlowKeys, found: Judgement) -> None:
        guessed = keys.certainty != int(Certainty.SYN_SEEN)
        asks = (keys.src_port >= 1024) | (keys.src_port == keys.dst_port)
        likely = ~guessed | ((keys.dst_port < _EPHEMERAL) & asks)
        raises = _RAISES[found.verdict]
        for number, (name, leak) in enumerate(_LISTED):
            entry = self.lists[name].of_ports(keys.proto, keys.dst_port)
            if name == "tunnels":
                entry = np.where(entry == 0, self.lists[name].of_protocols(keys.proto), entry)
            told = likely if leak is SIDE_CHANNEL else likely & raises
            self._chosen(rows, (entry != 0) & told, number, entry, found)
        drift = (found.verdict == int(Verdict.NO_CONDUIT)) & (found.differs == _SERVICE_DIFFERS)
        drift &= self._named[found.conduit] & ~guessed
        self._chosen(rows, drift, -1, found.conduit, found)

    def _chosen(self, rows: np.ndarray, mask: np.ndarray, number: int, entry: np.ndarray, found: object) -> None:
        chosen = np.flatnonzero(mask)
        if chosen.size:
            self.at_openings(rows[chosen], self._listed if number >= 0 else self._drift, entry[chosen].tolist(),
                             found.verdict[chosen].tolist(), found.conduit[chosen].tolist(), [number] * chosen.size)

    def _listed(self, ends: Ends, certainty: int, ts_ns: int, entry: int, verdict: int, conduit: int,
                number: int) -> None:
        name, leak = _LISTED[number]
        known = self.lists[name]
        what, by = known.entry(entry).name, service(ends.proto, ends.dst_port)
        self.tell_flow(leak, (ends.src, ends.dst, ends.proto, ends.dst_port), ends, lambda: (
            f"{self.en(ends.src, ends.src_zone)} to "
            f"{self.en(ends.dst, ends.dst_zone)} "
            f"by {by}: {what} (list of {known.date})",
            f"{self.ja(ends.src, ends.src_zone)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}へ{by}：{what}（{known.date}版リスト）"),
            ts_ns, certainty=certainty, verdict=verdict, conduit=conduit, measure="flows")

    def _drift(self, ends: Ends, certainty: int, ts_ns: int, conduit: int, verdict: int, _: int, __: int) -> None:
        name, by = self.policy.conduit_names[conduit], service(ends.proto, ends.dst_port)
        services = ", ".join(self.policy.conduits[conduit - 1].services)
        self.tell_flow(DRIFT, (ends.src, ends.dst, ends.proto, ends.dst_port), ends, lambda: (
            f"{self.en(ends.src, ends.src_zone)} to "
            f"{self.en(ends.dst, ends.dst_zone)} "
            f"by {by}, conduit {name} permits {services}",
            f"{self.ja(ends.src, ends.src_zone)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}へ{by}、許可通信{name}は{services}のみ"),
            ts_ns, certainty=certainty, verdict=verdict, conduit=conduit, measure="flows")

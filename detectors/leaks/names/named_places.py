"""Names that tell of a leak: internal names outside, storage, remote access, tunnels, resolvers, update servers."""

from __future__ import annotations

from typing import Any

import numpy as np

from columns import Flows, Packets
from columns.codes import Outcome, Property, Severity, Verdict
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.leak import Leak
from detectors.leaks.memory import by_name
from detectors.leaks.names.asked import Asked, asked, plain
from detectors.leaks.text import printable

INTERNAL_NAME = Leak(
    901071, "Internal name asked for outside", "内部名称の外部への問い合わせ（名前解決の漏れ）", "Misconfiguration",
    Severity.MEDIUM, Property.CONFIDENTIALITY, "T1590.002", "２(10)", "leak-name", scenario=7, by_itself=True,
    evidence="DNS question, SNI or HTTP host towards the Internet side that ends in a name of the list "
             "`internal_names` "
             "or of `internal_domains`, or has no dot",
    blind="encrypted DNS and encrypted ClientHello; a directory's domain is known only if `internal_domains` names it")
REMOTE_ACCESS_NAME = Leak(
    901111, "Remote-access tool: name of its service", "遠隔操作ツールのサービスへの接続", "Policy Violation",
    Severity.HIGH, Property.INTEGRITY, "T1219", "３(2)", "leak-remote-access", scenario=11,
    evidence="SNI or host (also in CONNECT) of a service in the list `remote_access`",
    blind="tools on a server of one's own, other names, encrypted ClientHello")
TUNNEL_NAME = Leak(
    901101, "VPN or tunnel: name of its service", "VPN・トンネルサービスへの接続", "Policy Violation", Severity.HIGH,
    Property.CONFIDENTIALITY, "T1572", "６(3)", "leak-tunnel", scenario=10,
    evidence="SNI or host (also in CONNECT) of a service in the list `tunnels`",
    blind="a tunnel to a server of one's own looks like any TLS connection")
RESOLVER = Leak(
    901121, "Encrypted DNS past our resolvers", "暗号化DNS（DoH・DoT）による自組織リゾルバの迂回", "Policy Violation",
    Severity.MEDIUM, Property.CONFIDENTIALITY, "T1071.004", "６(3)③", "leak-proxy-bypass", scenario=12,
    evidence="SNI or host of a resolver in the list `resolvers`, also in CONNECT",
    blind="resolvers that are not on the list, or share a name with other services")
STORAGE = Leak(
    901241, "Storage or transfer site outside", "外部ストレージ・ファイル転送サイトの利用", "Policy Violation",
    Severity.MEDIUM, Property.CONFIDENTIALITY, "T1567.002", "３(2)", "leak-storage", scenario=24,
    evidence="SNI or host (also in CONNECT) of a site in the list `storage_sites`, unless the conduit names it in "
             "`sni`",
    blind="sites that are not on the list, encrypted ClientHello; whether something was stored is told by volume only")
UPDATES = Leak(
    901271, "Updates fetched directly from outside", "更新プログラム・定義ファイルの外部直接取得", "Misconfiguration",
    Severity.MEDIUM, Property.INTEGRITY, "", "６(6)", "leak-updates", scenario=27,
    evidence="DNS question, SNI or host of a name in the list `updates`, from a zone that is better protected than the "
             "Internet side, towards the Internet side",
    blind="products that are not on the list; encrypted ClientHello")
_LISTS = (("remote_access", REMOTE_ACCESS_NAME), ("tunnels", TUNNEL_NAME), ("resolvers", RESOLVER),
          ("storage_sites", STORAGE), ("updates", UPDATES))


class NamedPlaces(LeakDetector):
    """Compares each name that is asked for with the lists; one alert per initiator and entry of a list."""

    name = "named_places"
    signatures = (INTERNAL_NAME, REMOTE_ACCESS_NAME, TUNNEL_NAME, RESOLVER, STORAGE, UPDATES)

    def prepare(self) -> None:
        """Names are looked up once: most are asked for again and again."""
        self._entries = by_name(self._entries_of)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Names asked for by an internal host towards the Internet side."""
        found = list(asked(self.policy, said, self._leaves, self._entries))
        self.at_said([a.number for a in found], self._asked, [(a,) for a in found])

    def _leaves(self, batch: Any) -> np.ndarray:
        ground, src, dst = self.ground, batch.src_zone, batch.dst_zone
        return ground.internal[src] & (src != dst) & ground.outside[dst]

    def _entries_of(self, name: str) -> tuple[tuple[Leak, str, str], ...]:
        """Return (what it would be a leak of, entry, list) of a name; that of an internal name comes first."""
        name = plain(name)
        internal = self._internal(name)
        found = [(leak, self.lists[listed].of_name(name), listed) for listed, leak in _LISTS]
        return tuple(one for one in [(INTERNAL_NAME, internal, "internal_names"), *found] if one[1])

    def _asked(self, a: Asked) -> None:
        named = self._named_by_conduit(a)
        for leak, entry, listed in self._entries(a.name):
            if leak is not INTERNAL_NAME:
                if named or (a.kind == "DNS" and leak is not UPDATES):
                    continue  # a look-up alone may come of a link in a mail or a page
                if leak is UPDATES and not self.ground.inner[a.ends.src_zone]:
                    continue
            self._tell(leak, a, entry, listed)

    def _internal(self, name: str) -> str:
        entry = self.lists["internal_names"].of_name(name)
        if entry:
            return entry
        for domain in self.settings.internal_domains:
            if name == domain or name.endswith("." + domain):
                return "internal_domains"
        first = name.split(".", 1)[0]
        if self.lists["internal_names"].of_name(first) and first in ("wpad", "isatap"):
            return f"{first} of a domain"
        bare = "." not in name and ":" not in name and not name.isdigit() and name != "localhost" and len(name) > 1
        return "name without a dot" if bare else ""

    def _named_by_conduit(self, a: Asked) -> bool:
        """Return whether the conduit of the flow lists this name."""
        if a.verdict != Verdict.PERMITTED or not a.conduit:
            return False
        return any(_fits(a.name, pattern) for pattern in self.policy.conduits[a.conduit - 1].sni)

    def _tell(self, leak: Leak, a: Asked, entry: str, name: str) -> None:
        shown, ends, date = printable(a.name, 60), a.ends, self.lists[name].date
        self.tell(leak, (ends.src, entry), ends,
                  f"{self.en(ends.src, ends.src_zone)} asks for {shown} by {a.kind} at "
                  f"{self.en(ends.dst, ends.dst_zone)}: {entry} (list of {date})",
                  f"{self.ja(ends.src, ends.src_zone)}が{self.ja(ends.dst, ends.dst_zone)}に"
                  f"{a.kind}で{shown}を要求：{entry}（{date}版リスト）",
                  a.ts_ns, outcome=int(Outcome.UNKNOWN if a.kind == "DNS" else Outcome.ESTABLISHED),
                  certainty=1, verdict=a.verdict, conduit=a.conduit)


def _fits(name: str, pattern: str) -> bool:
    pattern = pattern.lower().replace("<", "").replace(">", "")
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern

"""What headers give away (scenario 8), and CONNECT that leads elsewhere (scenario 12)."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any

import numpy as np

from columns import Flows, Packets, text_equals, text_filled
from columns.codes import Outcome, Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import zone_of_text
from detectors.leaks.leak import Leak
from detectors.leaks.memory import by_name
from detectors.leaks.rows import said_rows
from detectors.leaks.text import host, printable

IN_HEADER = Leak(
    901081, "Internal address or host in a header that leaves", "ヘッダーによる内部アドレス・ホスト名の流出",
    "Misconfiguration", Severity.LOW, Property.CONFIDENTIALITY, "T1592", "３(2)", "leak-header", scenario=8,
    by_itself=True,
    evidence="Received or X-Originating-IP of a mail, Referer or X-Forwarded-For of a request, towards the Internet "
             "side, with an address of an internal zone or a private one, or a name of `internal_names` or "
             "`internal_domains`",
    blind="mail over STARTTLS and requests over TLS; other headers; names that no list knows")
CONNECT_ELSEWHERE = Leak(
    901122, "CONNECT to one host, TLS for another", "CONNECT先とSNIの不一致（プロキシの迂回）", "Policy Violation",
    Severity.MEDIUM, Property.INTEGRITY, "T1090.004", "６(3)③", "leak-proxy-bypass", scenario=12,
    evidence="the host of CONNECT is not in the same domain as the SNI inside that connection",
    blind="no SNI, encrypted ClientHello, CONNECT to an address")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|\b[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}\b")
_PRIVATE = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
_WORD = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MOST_CHARACTERS = 4000


class GivenAway(LeakDetector):
    """Reads headers that leave towards the Internet side, and compares CONNECT with what follows."""

    name = "given_away"
    signatures = (IN_HEADER, CONNECT_ELSEWHERE)

    def prepare(self) -> None:
        """Headers are looked into once: many are the same."""
        self._inside = by_name(self._inside_of)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Mails, requests, and handshakes inside CONNECT."""
        for ends, ts_ns, number, (received, origin) in said_rows(
                said, "smtp", "received", "x_originating_ip", where=self._leaves):
            headers = [("Received", line) for line in _lines(received)] + [("X-Originating-IP", origin)]
            self.at_said([number], self._headers, [(ends, ts_ns, headers)])
        for ends, ts_ns, number, (method, name, referer, forwarded) in said_rows(
                said, "http", "http_method", "hostname", "http_refer", "xff", where=self._asks_outside):
            if self._inside(referer) or self._inside(forwarded):
                self.at_said([number], self._headers, [(ends, ts_ns, [("Referer", referer),
                                                                     ("X-Forwarded-For", forwarded)])])
            if method == "CONNECT":
                self.at_said([number], self._connects, [(ends.flow_id, name)])
        for ends, ts_ns, number, (name,) in said_rows(said, "tls", "sni", where=_within_another):
            self.at_said([number], self._hello, [(ends, ts_ns, name.lower())])

    def _leaves(self, batch: Any) -> np.ndarray:
        ground, src, dst = self.ground, batch.src_zone, batch.dst_zone
        return ground.internal[src] & ground.outside[dst] & ~ground.internal[dst]

    def _asks_outside(self, batch: Any) -> np.ndarray:
        """Return which requests that leave have a header to look at, or are for a connection."""
        return self._leaves(batch) & (
            text_filled(batch.http_refer) | text_filled(batch.xff) | text_equals(batch.http_method, "CONNECT"))

    def _headers(self, ends: Ends, ts_ns: int, headers: list[tuple[str, str]]) -> None:
        for name, value in headers:
            found = self._inside(value)
            if found:
                self.tell(IN_HEADER, (ends.src, name), ends,
                          f"{name} of {self.en(ends.src, ends.src_zone)} to "
                          f"{self.en(ends.dst, ends.dst_zone)} names {printable(found, 60)}",
                          f"{self.ja(ends.src, ends.src_zone)}から"
                          f"{self.ja(ends.dst, ends.dst_zone)}への{name}に{printable(found, 60)}",
                          ts_ns, outcome=int(Outcome.ESTABLISHED), certainty=1)

    def _inside_of(self, value: str) -> str:
        """Return the first internal address or name in a header, or ""."""
        value = value[:_MOST_CHARACTERS]
        for text in _ADDRESS.findall(value):
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                continue
            private = any(address in net for net in _PRIVATE if net.version == address.version)
            if private or self.ground.inner[zone_of_text(self.policy, text)]:
                return text
        for word in _WORD.findall(value):
            name = word.lower()
            if self.lists["internal_names"].of_name(name) or any(
                    name == d or name.endswith("." + d) for d in self.settings.internal_domains):
                return word
        return ""

    def _connects(self, flow_id: int, name: str) -> None:
        self.memory("connects").get(flow_id, lambda: name.lower().rstrip("."))

    def _hello(self, ends: Ends, ts_ns: int, name: str) -> None:
        meant = self.memory("connects").seen(ends.flow_id)
        self.memory("connects").drop(ends.flow_id)
        if not meant or ":" in meant or meant.replace(".", "").isdigit() or _domain(meant) == _domain(name):
            return
        self.tell(CONNECT_ELSEWHERE, (ends.src, meant, name), ends,
                  f"{self.en(ends.src, ends.src_zone)} asks {host(ends.dst)} for "
                  f"{printable(meant, 60)}:443 "
                  f"and then greets {printable(name, 60)}",
                  f"{self.ja(ends.src, ends.src_zone)}が{host(ends.dst)}に{printable(meant, 60)}:443への"
                  f"CONNECTを求め、SNIは{printable(name, 60)}", ts_ns, outcome=int(Outcome.ESTABLISHED), certainty=1)


def _within_another(batch: Any) -> np.ndarray:
    """Return which handshakes name a server inside a connection that began with another protocol."""
    return text_filled(batch.sni) & text_filled(batch.from_proto)


def _lines(text: str) -> list[str]:
    try:
        return [str(line) for line in json.loads(text)][:50] if text else []
    except ValueError:
        return []


def _domain(name: str) -> str:
    """Return what stands for the owner of a name: its last two labels, three where the second is short (co.jp)."""
    labels = name.split(".")
    short = len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2
    return ".".join(labels[-3 if short else -2 :])

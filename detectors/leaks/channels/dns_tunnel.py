"""DNS tunnels (scenario 21): many long, unlike names below one domain."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import Any

import numpy as np

from columns import Flows, Packets, text_equals
from columns.codes import Outcome, Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.memory import by_name
from detectors.leaks.rows import said_rows
from detectors.leaks.text import printable

DNS_TUNNEL = Leak(
    901211, "Tunnel in DNS names", "DNSの問い合わせ名によるトンネル", "Policy Violation", Severity.HIGH,
    Property.CONFIDENTIALITY, "T1071.004", "６(3)", "leak-dns-tunnel", scenario=21, by_itself=True,
    evidence="one host asks for at least `dns_names` distinct names below one domain within `dns_window_s`, long "
             "(`dns_label_bytes`) and of high entropy (`dns_bits`); half that length where half of the questions are "
             "for TXT, NULL, CNAME, MX, SRV or private types",
    blind="slow tunnels (fewer names in the window), encrypted DNS; domains of the list `lookup_services` are left "
          "out; "
          "needs payload")
_CARRIERS = frozenset({"TXT", "NULL", "CNAME", "MX", "SRV", "KEY", "65399", "65305", "10"})


class _Domain:
    """Names that one host asked for below one domain in the present window."""

    __slots__ = ("bits", "carriers", "length", "names", "since_ns")

    def __init__(self) -> None:
        self.names: set[int] = set()
        self.since_ns, self.length, self.bits, self.carriers = 0, 0, 0.0, 0


class DnsTunnel(LeakDetector):
    """Counts distinct names by host and domain in windows that begin with the first of them."""

    name = "dns_tunnel"
    signatures = (DNS_TUNNEL,)

    def prepare(self) -> None:
        """Names are taken apart once: most are asked for again and again."""
        self._parts = by_name(self._parts_of)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Questions of internal hosts."""
        rows = said_rows(said, "dns", "rrname", "rrtype", where=self._asks)
        found = [(number, (ends, ts_ns, *parts, rrtype)) for ends, ts_ns, number, (name, rrtype) in rows
                 if (parts := self._parts(name)) is not None]
        self.at_said([number for number, _ in found], self._question, [what for _, what in found])

    def _asks(self, batch: Any) -> np.ndarray:
        """Return which rows are questions of internal hosts."""
        return (self.ground.internal[batch.src_zone] & text_equals(batch.variant, "dns")
                & text_equals(batch.message_type, "request"))

    def _parts_of(self, name: str) -> tuple[str, int, int, float] | None:
        """Return (domain, hash, length and bits a character of what a name has below it), None if it is left out."""
        if name.count(".") < 2:
            return None
        name = name.lower().rstrip(".")
        below, domain = _split(name)
        if not below or self.lists["lookup_services"].of_name(name):
            return None
        return domain, _hash_of(below), len(below), _entropy(below)

    def _question(self, ends: Ends, ts_ns: int, domain: str, mark: int, length: int, bits: float,
                  rrtype: str) -> None:
        settings = self.settings
        known = self.memory("domains").get((ends.src, domain), _Domain)
        if ts_ns - known.since_ns > settings.dns_window_s * 10**9:
            known.__init__()
            known.since_ns = ts_ns
        if mark in known.names:
            return
        if len(known.names) < 4096:
            known.names.add(mark)
        known.length += length
        known.bits += bits
        known.carriers += rrtype in _CARRIERS
        count = len(known.names)
        if count < settings.dns_names:
            return
        mean_length, mean_bits = known.length / count, known.bits / count
        carries = known.carriers >= count / 2
        if mean_length < settings.dns_label_bytes / (2 if carries else 1) or mean_bits < settings.dns_bits:
            return
        self.tell(DNS_TUNNEL, (ends.src, domain), ends,
                  f"{self.en(ends.src, ends.src_zone)} asked "
                  f"{self.en(ends.dst, ends.dst_zone)} for "
                  f"{count} names below {printable(domain, 60)} within {settings.dns_window_s} s: {mean_length:.0f} "
                  "bytes and "
                  f"{mean_bits:.1f} bits a character on average, {known.carriers} for TXT, NULL and the like",
                  f"{self.ja(ends.src, ends.src_zone)}が{self.ja(ends.dst, ends.dst_zone)}に"
                  f"{settings.dns_window_s}秒以内に{printable(domain, 60)}配下の{count}個の名前を問い合わせ："
                  f"平均{mean_length:.0f}バイト、"
                  f"1文字{mean_bits:.1f}ビット、"
                  f"TXT・NULL等{known.carriers}件", ts_ns, outcome=int(Outcome.UNKNOWN), certainty=1,
                  measured=float(count), threshold=float(settings.dns_names), measure="distinct names")


def _split(name: str) -> tuple[str, str]:
    """Return what stands below a domain, and the domain: two labels, three where the second is short (co.jp)."""
    labels = name.split(".")
    take = 3 if len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2 else 2
    return "".join(labels[:-take]), ".".join(labels[-take:])


def _entropy(text: str) -> float:
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


def _hash_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")

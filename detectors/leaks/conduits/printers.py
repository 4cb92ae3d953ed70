"""Multifunction printers in two zones (scenario 26)."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Certainty, Property, Severity, Verdict
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.lists import port_set
from detectors.leaks.text import service

SHARED_PRINTER = Leak(
    901261, "Printer used from two zones", "二つの系から利用される複合機", "Misconfiguration", Severity.MEDIUM,
    Property.CONFIDENTIALITY, "T1599", "６(3)", "leak-printer", scenario=26,
    evidence="SYNs to a port of the list `printing` of one host from two internal zones within a day",
    blind="a printer with an address in each zone: compare MAC addresses and names (901011, 901012); stored jobs and "
          "the telephone line of a fax")
SCANS_ACROSS = Leak(
    901262, "Printer sends scans to another zone", "複合機から別の系へのスキャン送信", "Misconfiguration",
    Severity.HIGH, Property.CONFIDENTIALITY, "T1048", "６(3)", "leak-printer", scenario=26,
    evidence="a host that was printed to opens SMB, FTP or mail to another zone, not permitted by a conduit",
    blind="a printer that nobody printed to while this was watching")
_SCANS = port_set(21, 25, 139, 445, 465, 587)
_DAY_NS = 86400 * 10**9


class Printers(LeakDetector):
    """Remembers who printed where, and looks at what printers open."""

    name = "printers"
    signatures = (SHARED_PRINTER, SCANS_ACROSS)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """SYNs to printing ports, and to where scans go."""
        rows = self.seen.openings
        if not rows.size:
            return
        keys, found, internal = self.seen.keys, self.seen.judgement, self.ground.internal
        syn = keys.certainty == int(Certainty.SYN_SEEN)  # TCP alone
        prints = np.flatnonzero(syn & internal[found.src_zone] & internal[found.dst_zone])
        prints = prints[self.lists["printing"].of_ports(keys.proto[prints], keys.dst_port[prints]) != 0]
        self.at_openings(rows[prints], self._prints)
        if prints.size or len(self.memory("printers")):
            scans = self.seen.crosses & syn & _SCANS[keys.dst_port]
            scans = np.flatnonzero(scans & (found.verdict != int(Verdict.PERMITTED)))
            self.at_openings(rows[scans], self._scans, found.verdict[scans].tolist())

    def _prints(self, ends: Ends, certainty: int, ts_ns: int) -> None:
        zones = self.memory("printers").get(ends.dst, dict)
        zones[ends.src_zone] = (ts_ns, ends.src)
        others = [(z, src) for z, (when, src) in zones.items() if z != ends.src_zone and ts_ns - when <= _DAY_NS]
        if not others:
            return
        zone, src = others[0]
        by = service(ends.proto, ends.dst_port)
        self.tell_flow(SHARED_PRINTER, (ends.dst,), ends, lambda: (
            f"{self.en(ends.dst, ends.dst_zone)} is printed to at {by} by "
            f"{self.en(ends.src, ends.src_zone)} and by {self.en(src, zone)}",
            f"{self.ja(ends.dst, ends.dst_zone)}の{by}を{self.ja(ends.src, ends.src_zone)}"
            f"と{self.ja(src, zone)}が利用"),
            ts_ns, certainty=certainty, measure="flows")

    def _scans(self, ends: Ends, certainty: int, ts_ns: int, verdict: int) -> None:
        if self.memory("printers").seen(ends.src) is None:
            return
        by = service(ends.proto, ends.dst_port)
        self.tell_flow(SCANS_ACROSS, (ends.src, ends.dst, ends.dst_port), ends, lambda: (
            f"printer {self.en(ends.src, ends.src_zone)} opens {by} to "
            f"{self.en(ends.dst, ends.dst_zone)}",
            f"複合機{self.ja(ends.src, ends.src_zone)}から"
            f"{self.ja(ends.dst, ends.dst_zone)}へ{by}"),
            ts_ns, certainty=certainty, verdict=verdict, measure="flows")

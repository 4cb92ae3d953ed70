"""Tethering (scenario 6): stray sources from the default ranges of telephones and shared connections."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import halves
from detectors.leaks.leak import Leak
from detectors.leaks.text import host

TETHERING = Leak(
    901061, "Source from a tethering range", "テザリングの既定アドレスからの通信", "Policy Violation", Severity.MEDIUM,
    Property.CONFIDENTIALITY, "T1011", "３(2)", "leak-tethering", scenario=6, by_itself=True,
    evidence="a flow is opened from an address in no zone that lies in a range of the list `tethering`",
    blind="the cellular side is invisible: what goes out over the telephone is never seen here, only strays of the "
          "host's other interface; recall is low")


class Tethering(LeakDetector):
    """Looks at the sources of flows that open."""

    name = "tethering"
    signatures = (TETHERING,)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Sources of the list that are in no zone."""
        rows = self.seen.openings
        if not rows.size:
            return
        found = self.seen.judgement
        rows = rows[(found.src_zone == 0) | (found.dst_zone == 0)]
        if not rows.size:
            return
        hi, lo = packets.src_ip_hi[rows], packets.src_ip_lo[rows]
        entry = self.lists["tethering"].of_networks(hi, lo)
        stray = (entry != 0) & (self.policy.zone_of(hi, lo) == 0) & (packets.tunnel_depth[rows] == 0)
        chosen = np.flatnonzero(stray)
        self.at_openings(rows[chosen], self._stray, entry[chosen].tolist())

    def _stray(self, ends: Ends, certainty: int, ts_ns: int, entry: int) -> None:
        if self.lists["tethering"].of_networks(*halves(ends.src))[0] == 0:
            return  # a reply: the address of the list answers
        known = self.lists["tethering"]
        name = known.entry(entry).name
        self.tell_flow(TETHERING, (ends.src,), ends, lambda: (
            f"{host(ends.src)}, of the range of {name} (list of {known.date}), to "
            f"{self.en(ends.dst, ends.dst_zone)}",
            f"{host(ends.src)}（{name}の範囲、{known.date}版リスト）"
            f"から{self.ja(ends.dst, ends.dst_zone)}へ"),
            ts_ns, certainty=certainty)



"""Stepping stones (scenario 20): somebody works through a host of ours into a better protected zone."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets
from columns.codes import Outcome, Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.channels import stone_kernel as kernels
from detectors.leaks.ground import zone_of
from detectors.leaks.leak import Leak

STEPPING_STONE = Leak(
    901201, "Stepping stone between zones", "系をまたぐ踏み台接続", "Intrusion", Severity.HIGH, Property.INTEGRITY,
    "T1021", "３(1)", "leak-stepping-stone", scenario=20,
    evidence="pauses of two TCP connections end together (Zhang and Paxson 2000: OFF after `idle_ms`, within "
             "`resume_ms`, "
             "`shared_in_row` in a row through a common host, else `apart_in_row`, `coincidence_share` of all), and "
             "the "
             "chain leads from a less protected zone into a better protected one",
    blind="chains that add delay or chaff; file transfers without pauses; connections of one second; two sensors with "
          "different clocks; screen transfers that are driven from the better protected side are left out")
_ROWS, _MARKS = 1024, 1 << 20


class SteppingStone(LeakDetector):
    """Compares the pauses of all TCP connections; what fulfils the conditions is judged by its zones."""

    name = "stepping_stone"
    signatures = (STEPPING_STONE,)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        s = self.settings
        self.marks_ = np.zeros(_MARKS, np.uint8)
        self.stones_ = np.zeros(s.stone_flows, kernels.STONE)
        self.clocks_ = np.zeros(s.stone_flows, kernels.CLOCK)
        self.pairs_ = np.zeros(s.stone_pairs, kernels.PAIR)
        self.ring_ = np.zeros(256, kernels.RESUMED)
        self.numbers_ = np.zeros(kernels.NUMBERS, np.int64)
        self.found_ = np.zeros(_ROWS, kernels.FOUND)
        self.limits_ = np.array([s.idle_ms * 10**6, s.resume_ms * 10**6, s.shared_in_row, s.apart_in_row], np.int64)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Every packet, in the kernel."""
        rows, legs, row, opening = self.seen.openings, self._legs(), 0, 0
        columns = kernels.StonePackets(*[getattr(packets, name) for name in kernels.StonePackets._fields])
        while row < packets.proto.size:
            row, opening, n = kernels.step(
                columns, row, rows, legs, opening, self.marks_, self.stones_, self.clocks_, self.pairs_, self.ring_,
                self.limits_, float(self.settings.coincidence_share), self.numbers_, self.found_)
            if n:
                found = self.found_[:n].copy()
                self.at_packets(found["index"], self._pair, list(found), packets.ts_ns[found["index"]].tolist())

    def _legs(self) -> np.ndarray:
        """Return which of the flows that open may be a leg: from some zone to an internal one."""
        if not self.seen.openings.size:
            return np.zeros(0, bool)
        keys, found = self.seen.keys, self.seen.judgement
        return (found.src_zone != 0) & self.ground.internal[found.dst_zone] & (keys.proto == 6)

    def _pair(self, pair: np.void, ts_ns: int) -> None:
        """Of the two connections the one whose responder (or whose zone) the other starts from is the first leg."""
        one, two = self._ends(pair["first"]), self._ends(pair["second"])
        if two.dst == one.src:
            one, two = two, one
        shared = one.dst == two.src
        ranks = self.policy.ranks
        if not shared and (ranks[two.dst_zone] < ranks[one.dst_zone] or two.src_zone != one.dst_zone):
            one, two = two, one
        if not shared and two.src_zone != one.dst_zone:
            return  # two connections that only happen to lie beside one another
        zones = (one.src_zone, two.dst_zone)
        if zones[0] == zones[1] or not self.ground.internal[zones[1]] or ranks[zones[1]] <= ranks[zones[0]]:
            return
        if not self.ground.internal[one.dst_zone]:
            return
        if one.src_zone == 0:
            return
        by = "through" if shared else "by way of"
        middle, middle_ja = (self.en(one.dst, one.dst_zone), self.ja(one.dst, one.dst_zone))
        numbers = f"{pair['total']} of {pair['idles']} pauses end together, {pair['row']} in a row"
        numbers_ja = f"休止{pair['idles']}回中{pair['total']}回が同時に再開、連続{pair['row']}回"
        self.tell(STEPPING_STONE, (one.src, one.dst, two.src, two.dst),
                  two._replace(src=one.src, src_zone=one.src_zone, src_port=one.src_port),
                  f"{self.en(one.src, one.src_zone)} {by} {middle} to "
                  f"{self.en(two.dst, two.dst_zone)}: {numbers}",
                  f"{self.ja(one.src, one.src_zone)}から{middle_ja}を経て"
                  f"{self.ja(two.dst, two.dst_zone)}へ：{numbers_ja}", ts_ns,
                  outcome=int(Outcome.ESTABLISHED), certainty=1, measured=float(pair["row"]),
                  threshold=float(self.limits_[kernels.SHARED_ROW if shared else kernels.APART_ROW]),
                  measure="pauses in a row")

    def _ends(self, stone: np.void) -> Ends:
        src = int(stone["src_hi"]) << 64 | int(stone["src_lo"])
        dst = int(stone["dst_hi"]) << 64 | int(stone["dst_lo"])
        return Ends(src, dst, zone_of(self.policy, src), zone_of(self.policy, dst), int(stone["src_port"]),
                    int(stone["dst_port"]), 6, int(stone["vlan"]), int(stone["flow_id"]))

    def counters(self) -> dict[str, int]:
        """Return what was compared and what the tables gave up."""
        names = {"evicted_connections": kernels.EVICTED_FLOWS, "evicted_pairs": kernels.EVICTED_PAIRS,
                 "pauses_not_compared": kernels.SKIPPED, "pauses": kernels.RESUMES,
                 "coincidences": kernels.COINCIDENCES}
        return {**super().counters(), **{name: int(self.numbers_[place]) for name, place in names.items()}}

"""Volumes: uploads (scenario 24), relays through a host (20), conduits above their usual hour (31)."""

from __future__ import annotations

from collections import deque

import numpy as np

from columns import Flows, Packets
from columns.codes import EndReason, Outcome, Property, Severity, Verdict
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.rows import ends_of
from detectors.leaks.text import service

UPLOAD = Leak(
    901242, "Lopsided upload to the Internet side", "インターネット側への大量アップロード", "Policy Violation",
    Severity.MEDIUM, Property.CONFIDENTIALITY, "T1048", "３(2)", "leak-storage", scenario=24,
    evidence="one flow sends at least `upload_mb` to the Internet side, and `upload_ratio` times what it gets; four "
             "times as much where a conduit permits it; conduits between named hosts are left out",
    blind="many small uploads; slow ones; uploads over a conduit between named hosts (mail)")
RELAY = Leak(
    901202, "Data passed on through a host to a less protected zone", "端末を中継した低位の系へのデータ転送（踏み台）",
    "Policy Violation", Severity.HIGH, Property.CONFIDENTIALITY, "T1090.001", "３(1)", "leak-stepping-stone",
    scenario=20,
    evidence="a host takes in at least `relay_kb` from one zone and gives out the same volume (within "
             "`relay_share`) to "
             "another within `relay_wait_s`; the three zones differ, the last is on the Internet side and less "
             "protected than the first",
    blind="data that is compressed, split, or kept longer in between; gateways and hosts that are not ours are left "
          "out")
_LEGS = 16


class _Leg:
    """Data that moved from one host to another."""

    __slots__ = ("bytes", "end_ns", "ends", "far", "far_zone", "start_ns")

    def __init__(self, ends: Ends, far: int, far_zone: int, size: int, start_ns: int, end_ns: int) -> None:
        self.ends, self.far, self.far_zone, self.bytes = ends, far, far_zone, size
        self.start_ns, self.end_ns = start_ns, end_ns


class Volumes(LeakDetector):
    """Goes by flow rows: what a flow carried is known when it ends, or every five minutes."""

    name = "volumes"
    signatures = (UPLOAD, RELAY)

    def prepare(self) -> None:
        """Thresholds in bytes; conduits between named hosts."""
        self._upload, self._relay = self.settings.upload_mb * 1e6, self.settings.relay_kb * 1e3
        self._named = np.array([False, *(bool(c.from_hosts and c.to_hosts) for c in self.policy.conduits)])

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Flow rows between zones that reach a threshold, or a fair part of it where the flow has other rows."""
        if not flows.flow_id.size:
            return
        a, b = flows.src_zone, flows.dst_zone
        up, down = flows.payload_bytes_toserver, flows.payload_bytes_toclient
        over = flows.end_reason != int(EndReason.ACTIVE_TIMEOUT)
        whole, least = over & (flows.part == 0), min(self._upload, self._relay)
        fair = np.maximum(up, down) >= np.where(whole, least, least / 64)
        rows = np.flatnonzero((a != b) & (a != 0) & (b != 0) & fair & (flows.tunnel_depth == 0))
        if rows.size:
            self.at_flows(flows, rows, self._flow, ends_of(flows, rows), up[rows].tolist(), down[rows].tolist(),
                          flows.ts_start_ns[rows].tolist(), flows.ts_end_ns[rows].tolist(), over[rows].tolist(),
                          flows.verdict[rows].tolist(), flows.conduit[rows].tolist(),
                          flows.direction_certainty[rows].tolist())

    def _flow(self, ends: Ends, up: int, down: int, start_ns: int, end_ns: int, over: bool, verdict: int, conduit: int,
              certainty: int) -> None:
        parts = self.memory("flows")
        before = parts.seen(ends.flow_id)
        if before is not None:
            up, down, start_ns = up + before[0], down + before[1], before[2]
            parts.drop(ends.flow_id)
        if not over:
            parts.get(ends.flow_id, lambda: (up, down, start_ns))
        self._uploads(ends, up, down, end_ns, verdict, conduit, certainty)
        if over or (before is None and max(up, down) >= self._relay):
            self._legs(ends, up, down, start_ns, end_ns)

    def _uploads(self, ends: Ends, up: int, down: int, ts_ns: int, verdict: int, conduit: int, certainty: int) -> None:
        ground, fits = self.ground, verdict == Verdict.PERMITTED
        leaves = ground.outside[ends.dst_zone] and not ground.internal[ends.dst_zone]
        least = self._upload * (4 if fits else 1)
        if not (leaves and ground.internal[ends.src_zone]) or up < max(least, self.settings.upload_ratio * down):
            return
        if fits and self._named[conduit]:
            return
        ratio = up / max(down, 1)
        self.tell(UPLOAD, (ends.src, ends.dst, ends.dst_port), ends,
                  f"{self.en(ends.src, ends.src_zone)} sent {up / 1e6:.1f} MB to "
                  f"{self.en(ends.dst, ends.dst_zone)} by {service(ends.proto, ends.dst_port)}, "
                  f"{ratio:.0f} times "
                  f"what it got",
                  f"{self.ja(ends.src, ends.src_zone)}が{self.ja(ends.dst, ends.dst_zone)}へ"
                  f"{service(ends.proto, ends.dst_port)}で{up / 1e6:.1f} MBを送信（受信の{ratio:.0f}倍）", ts_ns,
                  outcome=int(Outcome.ESTABLISHED), certainty=certainty, verdict=verdict, conduit=conduit,
                  measured=float(up), threshold=float(least), measure="bytes sent")

    def _legs(self, ends: Ends, up: int, down: int, start_ns: int, end_ns: int) -> None:
        """Both directions of a flow: data of its initiator to its responder, and back."""
        for size, src, src_zone, dst, dst_zone in ((up, ends.src, ends.src_zone, ends.dst, ends.dst_zone),
                                                   (down, ends.dst, ends.dst_zone, ends.src, ends.src_zone)):
            if size < self._relay:
                continue
            came = _Leg(ends, src, src_zone, size, start_ns, end_ns)
            went = _Leg(ends, dst, dst_zone, size, start_ns, end_ns)
            if self._may_pass_on(dst_zone):
                hosts = self.memory("hosts").get(dst, lambda: (deque(maxlen=_LEGS), deque(maxlen=_LEGS)))
                for other in hosts[1]:
                    self._compare(dst, dst_zone, came, other, end_ns)
                hosts[0].append(came)
            if self._may_pass_on(src_zone):
                hosts = self.memory("hosts").get(src, lambda: (deque(maxlen=_LEGS), deque(maxlen=_LEGS)))
                for other in hosts[0]:
                    self._compare(src, src_zone, other, went, end_ns)
                hosts[1].append(went)

    def _may_pass_on(self, zone: int) -> bool:
        return bool(self.ground.internal[zone] and not self.ground.gateway[zone])

    def _compare(self, middle: int, zone: int, came: _Leg, went: _Leg, ts_ns: int) -> None:
        wait_ns, ranks = self.settings.relay_wait_s * 10**9, self.policy.ranks
        if len({came.far_zone, zone, went.far_zone}) < 3 or not self.ground.outside[went.far_zone]:
            return
        if ranks[came.far_zone] <= ranks[went.far_zone] or came.ends.flow_id == went.ends.flow_id:
            return
        if went.end_ns < came.start_ns or went.start_ns > came.end_ns + wait_ns:
            return
        most = max(came.bytes, went.bytes)
        if abs(came.bytes - went.bytes) > self.settings.relay_share * most:
            return
        gap_s = (went.start_ns - came.start_ns) / 1e9
        self.tell(RELAY, (came.far, middle, went.far),
                  went.ends._replace(src=came.far, src_zone=came.far_zone, dst=went.far, dst_zone=went.far_zone),
                  f"{self.en(middle, zone)} got {came.bytes / 1e3:.0f} kB from "
                  f"{self.en(came.far, came.far_zone)} and {gap_s:.1f} s later gave "
                  f"{went.bytes / 1e3:.0f} kB to "
                  f"{self.en(went.far, went.far_zone)}",
                  f"{self.ja(middle, zone)}が{self.ja(came.far, came.far_zone)}から"
                  f"{came.bytes / 1e3:.0f} kBを受け、"
                  f"{gap_s:.1f}秒後に{self.ja(went.far, went.far_zone)}へ"
                  f"{went.bytes / 1e3:.0f} kBを送信", ts_ns, outcome=int(Outcome.ESTABLISHED), certainty=1,
                  measured=float(went.bytes), threshold=float(self._relay), measure="bytes passed on")

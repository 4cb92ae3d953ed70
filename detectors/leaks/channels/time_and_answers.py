"""NTP that is no time, and answers that nobody asked for (scenario 23)."""

from __future__ import annotations

import numpy as np

from columns import Flows, Packets, text_values
from columns.codes import Property, Severity, Verdict
from columns.networks import network_words
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.ground import judged
from detectors.leaks.leak import Leak
from detectors.leaks.lists import port_set
from detectors.leaks.rows import ends_of, packet_ends
from detectors.leaks.thin import Thinner, mixed

TIME_SERVER = Leak(
    901231, "Unapproved time server", "未承認の時刻サーバー", "Misconfiguration", Severity.MEDIUM, Property.INTEGRITY,
    "", "６(7)", "leak-ntp", scenario=23, by_itself=True,
    evidence="an NTP client asks a server in another zone to which no conduit leads, and that `time_servers` does "
             "not name",
    blind="servers in the host's own zone; needs payload")
NO_TIME = Leak(
    901232, "NTP that carries no time", "時刻以外を運ぶNTP（モード6・7、長さ異常）", "Policy Violation", Severity.HIGH,
    Property.AVAILABILITY, "T1498.002", "３(1)", "leak-ntp", scenario=23, by_itself=True,
    evidence="NTP mode 6 (control) or 7 (private, monlist) between zones, or a message of another length than 48 bytes "
             "with or without authentication (68, 72)",
    blind="data hidden in the fields of a message of 48 bytes; needs payload")
UNASKED = Leak(
    901233, "Answers that nobody asked for", "要求のない応答（リフレクション）", "Intrusion", Severity.MEDIUM,
    Property.AVAILABILITY, "T1498.002", "３(1)", "leak-ntp", scenario=23, by_itself=True,
    evidence="in `strays` different seconds a host gets UDP from port 53, 123, 389, 1900 or 11211 that opens the flow, "
             "and never asked that service",
    blind="where a tap sees one direction only every answer looks so: keep such a wire out of this; short floods are "
          "told as floods")
_REFLECTORS = port_set(53, 123, 389, 1900, 11211)
_LENGTHS = frozenset({48, 68, 72})
_WINDOW_NS = 600 * 10**9
_NEVER = np.int64(-(1 << 62))


class TimeAndAnswers(LeakDetector):
    """Looks at NTP between zones, and counts seconds with stray answers by host and service."""

    name = "time_and_answers"
    signatures = (TIME_SERVER, NO_TIME, UNASKED)

    def prepare(self) -> None:
        """Approved servers."""
        self._approved = network_words(self.settings.time_servers)

    def reset(self) -> None:
        """Forget everything learned."""
        super().reset()
        self.thinner_, self.asked_ = Thinner(), np.full(1 << 16, _NEVER)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Messages of NTP; openings from and to reflecting services."""
        self._ntp(said)
        rows = self.seen.openings
        rows = rows[(packets.proto[rows] == 17) & (packets.tunnel_depth[rows] == 0)]
        if not rows.size:
            return
        asks = rows[_REFLECTORS[packets.dst_port[rows]]]
        strays = rows[_REFLECTORS[packets.src_port[rows]] & (packets.dst_port[rows] >= 1024)]
        if not strays.size:
            if asks.size:
                slot = self._slot(packets.src_ip_hi[asks], packets.src_ip_lo[asks], packets.dst_port[asks])
                np.maximum.at(self.asked_, slot, packets.ts_ns[asks])
            return
        strays = strays[~self._asked(packets, asks, strays)]
        if not strays.size:
            return
        key = mixed(packets.dst_ip_hi[strays], packets.dst_ip_lo[strays], packets.src_port[strays])
        strays = strays[self.thinner_.keep(key, packets.ts_ns[strays])]
        self.at_packets(strays, self._stray, packet_ends(self.policy, packets, strays), packets.ts_ns[strays].tolist())

    def _ntp(self, said: Said) -> None:
        for table, batch in said.rows:
            if table.name != "ntp":
                continue
            found = judged(self.policy, batch)
            approved = np.zeros(batch.ts_ns.size, bool)
            for mask_hi, mask_lo, hi, lo in self._approved:
                approved |= (batch.dst_ip_hi & mask_hi == hi) & (batch.dst_ip_lo & mask_lo == lo)
            crosses = (found.src_zone != found.dst_zone) & (found.src_zone != 0) & (found.dst_zone != 0)
            barred = crosses & ~approved & (found.verdict == int(Verdict.NO_CONDUIT))
            for k, (ends, mode) in enumerate(zip(ends_of(batch), text_values(batch.mode), strict=True)):
                if crosses[k]:
                    self.at_said([int(batch.packet_number[k])], self._time, [(
                        ends, int(batch.ts_ns[k]), mode, int(batch.message_bytes[k]), bool(barred[k]))])

    def _time(self, ends: Ends, ts_ns: int, mode: str, size: int, barred: bool) -> None:
        whose = f"{self.en(ends.src, ends.src_zone)} to {self.en(ends.dst, ends.dst_zone)}"
        whose_ja = f"{self.ja(ends.src, ends.src_zone)}から{self.ja(ends.dst, ends.dst_zone)}へ"
        if mode in ("control", "private") or (mode in ("client", "server") and size not in _LENGTHS):
            self.tell(NO_TIME, (ends.src, ends.dst), ends, f"{whose}: NTP mode {mode}, {size} bytes",
                      f"{whose_ja}NTPモード{mode}、{size}バイト", ts_ns, certainty=1, measure="messages")
        elif mode == "client" and barred and self.ground.internal[ends.src_zone]:
            self.tell(TIME_SERVER, (ends.src, ends.dst), ends, f"{whose}: asks the time of a server that no conduit "
                                                               "names, "
                      f"{size} bytes", f"{whose_ja}許可通信にないサーバーに時刻を要求（{size}バイト）"
                                       "", ts_ns, certainty=1,
                      measure="messages")

    def _asked(self, packets: Packets, asks: np.ndarray, strays: np.ndarray) -> np.ndarray:
        """Return for each stray answer whether its receiver had asked that service in the minutes before.

        The times of questions stand in a table by hash of host and service: two that share a place may hide a stray.
        """
        slot = np.concatenate([
            self._slot(packets.src_ip_hi[asks], packets.src_ip_lo[asks], packets.dst_port[asks]),
            self._slot(packets.dst_ip_hi[strays], packets.dst_ip_lo[strays], packets.src_port[strays])])
        rows, asking = np.concatenate([asks, strays]), np.arange(slot.size) < asks.size
        order = np.lexsort((rows, slot))
        slots, times = slot[order], np.where(asking[order], packets.ts_ns[rows[order]], _NEVER)
        first = np.concatenate([[True], slots[1:] != slots[:-1]]) if slots.size else np.zeros(0, bool)
        times[first] = np.maximum(times[first], self.asked_[slots[first]])
        latest = _latest(times, first)
        last = np.concatenate([first[1:], [True]]) if slots.size else first
        self.asked_[slots[last]] = latest[last]
        answer = np.empty(slot.size, bool)
        answer[order] = packets.ts_ns[rows[order]] - latest < _WINDOW_NS
        return answer[asks.size :]

    def _slot(self, hi: np.ndarray, lo: np.ndarray, port: np.ndarray) -> np.ndarray:
        return (mixed(hi, lo, port) >> np.uint64(3)).astype(np.int64) % self.asked_.size

    def forget(self) -> None:
        """The event clock was set back: forget who asked."""
        super().forget()
        self.asked_[:] = _NEVER

    def _stray(self, ends: Ends, ts_ns: int) -> None:
        if not self.ground.internal[ends.dst_zone]:
            return
        known = self.memory("strays").get((ends.dst, ends.src_port), lambda: [0, 0])
        known[0] = known[0] + 1 if ts_ns - known[1] < _WINDOW_NS else 1
        known[1] = ts_ns
        if known[0] >= self.settings.strays:
            self.tell(UNASKED, (ends.dst, ends.src_port), ends,
                      f"in {known[0]} seconds {self.en(ends.dst, ends.dst_zone)} got answers from "
                      f"udp/{ends.src_port} without asking, the last from "
                      f"{self.en(ends.src, ends.src_zone)}",
                      f"{self.ja(ends.dst, ends.dst_zone)}に要求なしのudp/{ends.src_port}応答が{known[0]}秒分。"
                      f"最後は{self.ja(ends.src, ends.src_zone)}から", ts_ns,
                      measured=float(known[0]), threshold=float(self.settings.strays), measure="seconds")


def _latest(times: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the running maximum of times within each group; first: where a group begins."""
    by_time = np.argsort(times, kind="stable")
    rank = np.empty(times.size, np.int64)
    rank[by_time] = np.arange(times.size)
    base = (np.cumsum(first) - 1) * times.size  # ranks of one group are above those of all groups before it
    return times[by_time[np.maximum.accumulate(rank + base) - base]]

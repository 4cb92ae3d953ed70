"""Scans: host sweeps and port scans by sequential hypothesis testing, slow scans by distinct services not reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from columns import Alerts, Flows, Packets, rows_in
from columns.codes import Certainty, Outcome
from columns.errors import ConfigError
from columns.networks import network_words
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alert_id, alert_row, alerts_of
from detectors.scan_episode import end_quiet
from detectors.scan_judge import judge_contacts
from detectors.scan_state import (
    ACTIVE,
    CLOCK,
    CONTACT,
    CONTACTS_AT_ONCE,
    COUNTS,
    DEADLINE,
    N_RESETS,
    NEVER,
    PORTS,
    STARTED,
    TOLD,
    ScanFlows,
    ScanPackets,
    ScanRules,
    ScanState,
    new_state,
)
from detectors.scan_walk import gather_contacts
from detectors.scan_words import MEASURES, SIGNATURES, source_text, target_text, value_of, why
from detectors.settings import check_settings, network_list, require_power_of_two, setting
from detectors.tables import FREE, salts_of

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class ScanSettings:
    """Parameters and limits of the scan detector; ConfigError names a value out of range."""

    benign_success: float = setting(
        0.8, unit="probability", low=0.01, high=0.99, meaning="a first contact of an honest source succeeds (theta 0)")
    scanner_success: float = setting(
        0.2, unit="probability", low=0.01, high=0.99, meaning="a first contact of a scanner succeeds (theta 1)")
    false_alarm: float = setting(
        0.01, unit="probability", low=1e-9, high=0.5, meaning="an honest source is taken for a scanner (alpha)")
    detection: float = setting(
        0.99, unit="probability", low=0.5, high=0.999999, meaning="a scanner is found out (beta)")
    min_hosts: int = setting(5, unit="hosts", low=1, high=32, meaning="failed first contacts before a sweep is told")
    min_ports: int = setting(
        10, unit="services", low=1, high=32, meaning="failed services of one host before a port scan is told")
    slow_targets: int = setting(
        30, unit="services", low=2, high=4000, meaning="distinct services not reached in the long window")
    slow_silent_targets: int = setting(
        200, unit="services", low=2, high=4000,
        meaning="the same for UDP services that only stay silent, as many honest ones do")
    slow_share: float = setting(
        0.7, unit="share", low=0, high=1, meaning="of all services asked in the long window, not reached at least")
    slow_window_s: int = setting(86400, unit="s", low=60, high=2_592_000, meaning="the long window")
    quiet_s: int = setting(600, unit="s", low=1, high=86400, meaning="a scan ends after so long without a new target")
    slow_quiet_s: int = setting(21600, unit="s", low=1, high=2_592_000, meaning="the same for a slow scan")
    forget_s: int = setting(
        3600, unit="s", low=1, high=2_592_000, meaning="a test without any contact for so long begins anew")
    answer_wait_ms: int = setting(
        500, unit="ms", low=0, high=60_000, meaning="a flow younger than this at its end is not yet a failure")
    max_walks: int = setting(65536, unit="tests", low=8, high=1 << 24, meaning="tests kept at once, power of two")
    max_slow_sources: int = setting(
        16384, unit="sources", low=8, high=1 << 24, meaning="sources with failures kept at once, power of two")
    max_episodes: int = setting(2048, unit="scans", low=8, high=65536, meaning="scans told at once, power of two")
    scanners: tuple[str, ...] = network_list(meaning="permitted scanners and monitoring: never told")
    seed: int = setting(1, unit="number", low=0, high=(1 << 63) - 1, meaning="of the hash; change it to make it secret")

    def __post_init__(self) -> None:
        check_settings(self, "scan")
        require_power_of_two(self, "scan", "max_walks", "max_slow_sources", "max_episodes")
        if self.scanner_success >= self.benign_success:
            raise ConfigError(
                f"{self.scanner_success} is not below benign_success = {self.benign_success}",
                where="[scan] scanner_success", expected="scanners that succeed less often than honest sources",
                remedy="the defaults are 0.2 and 0.8")


def rules_of(settings: ScanSettings) -> ScanRules:
    """Return settings as the kernels take them (Jung et al. 2004, equations 2 to 4, in logarithms)."""
    s = settings
    return ScanRules(
        math.log((1 - s.scanner_success) / (1 - s.benign_success)), math.log(s.scanner_success / s.benign_success),
        math.log((1 - s.detection) / (1 - s.false_alarm)), math.log(s.detection / s.false_alarm),
        s.min_hosts, s.min_ports, float(s.slow_targets), float(s.slow_silent_targets), s.slow_share,
        s.slow_window_s * _SECOND_NS // 2, s.quiet_s * _SECOND_NS, s.slow_quiet_s * _SECOND_NS,
        s.forget_s * _SECOND_NS, s.answer_wait_ms * 1_000_000, salts_of(s.seed))


class ScanDetector:
    """Tells each scan as one alert per source (and target host of a port scan) that starts, grows, and ends.

    Outcomes of first contacts come from packets (refused, established, odd probes) and from the rows of flows that
    nobody answered. Contacts with multicast, broadcast and unspecified addresses are passed over, as are outcomes of
    traceroute ports. Rows of other protocols than TCP, UDP and ICMP say nothing here.
    """

    name = "scan"
    signatures = SIGNATURES

    def __init__(self, settings: ScanSettings | None = None) -> None:
        self.settings = settings or ScanSettings()
        self.reset()

    def reset(self) -> None:
        """Forget everything learned."""
        s = self.settings
        self.rules_: ScanRules = rules_of(s)
        self.permitted_ = network_words(s.scanners)
        self.contacts_ = np.zeros(CONTACTS_AT_ONCE, CONTACT)
        self.state_: ScanState = new_state(s.max_walks, s.max_slow_sources, s.max_episodes)

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and return the alerts they give rise to."""
        p = ScanPackets(*[getattr(packets, name) for name in ScanPackets._fields])
        f = ScanFlows(*[getattr(flows, name) for name in ScanFlows._fields])
        rows: list[dict[str, Any]] = []
        at, total = (0, 0), (rows_in(packets), rows_in(flows))
        with np.errstate(over="ignore"):
            while at != total:
                i, j, contacts = gather_contacts(
                    p, f, *at, self.contacts_, self.state_.counts, self.state_.scalars, self.rules_.wait_ns,
                    self.permitted_)
                rows += self._judge(contacts)
                at = i, j
                if contacts < self.contacts_.size and at != total:
                    is_flow = j < total[1] and (i >= total[0] or f.emitted_before[j] <= p.packet_number[i])
                    rows += self._restart(int(f.clock_ns[j] if is_flow else p.clock_ns[i]))
        return alerts_of(rows)

    def finish(self) -> Alerts:
        """End of input: end every episode."""
        return alerts_of(self._end_until(int(NEVER)))

    def counters(self) -> dict[str, int]:
        """Return outcomes seen by kind, state evicted, episodes told, and tests that ended in "benign"."""
        return {name: int(count) for name, count in zip(COUNTS, self.state_.counts, strict=True)} | {
            "active": int(self.state_.scalars[ACTIVE])}

    def _judge(self, contacts: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        at = 0
        while True:
            at = judge_contacts(self.contacts_, at, contacts, *self.state_, self.rules_)
            rows += self._take_told()
            if at == contacts:
                return rows
            rows += self._end_until(int(self.contacts_["clock"][at]))

    def _restart(self, clock: int) -> list[dict[str, Any]]:
        """Begin at a clock that is not a continuation: what is open ends, everything is forgotten."""
        rows, scalars = self._end_until(int(NEVER)), self.state_.scalars
        if scalars[STARTED]:  # else they are empty yet, and in memory that nobody has paid for
            self.state_.counts[N_RESETS] += 1
            for table in (self.state_.walks, self.state_.slows, self.state_.episodes):
                table.records["state"] = FREE
        scalars[STARTED], scalars[CLOCK], scalars[DEADLINE] = 1, clock, NEVER
        return rows

    def _end_until(self, until: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        rules, state, done = self.rules_, self.state_, False
        while not done:
            with np.errstate(over="ignore"):
                done = end_quiet(
                    state.episodes, state.told, state.scalars, until, rules.quiet_ns, rules.slow_quiet_ns)
            rows += self._take_told()
        return rows

    def _take_told(self) -> list[dict[str, Any]]:
        state = self.state_
        rows = [self._row(e) for e in state.told[: int(state.scalars[TOLD])]]
        state.scalars[TOLD] = 0
        return rows

    def _row(self, e: Any) -> dict[str, Any]:
        kind, signature = int(e["kind"]), SIGNATURES[int(e["kind"])]
        source, target, start_ns = source_text(e), target_text(e), int(e["start_ns"])
        english, japanese = why(e, self.settings.slow_window_s / 3600)
        return alert_row(
            self.name, signature,
            alert_id=alert_id(self.name, f"{signature.signature_id} {source} {target}", start_ns),
            revision=int(e["revision"]), state=int(e["what"]), ts_ns=int(e["ts_ns"]), start_ns=start_ns,
            end_ns=int(e["stamp"]), peak_ns=int(e["peak_ns"]), src_ip=int(e["k0"]) << 64 | int(e["k1"]),
            dst_ip=int(e["k2"]) << 64 | int(e["k3"]) if kind == PORTS else 0,
            dst_port=int(e["port"]) if kind != PORTS and int(e["port_count"]) == 1 else 0, proto=int(e["proto"]),
            flow_id=int(e["flow_id"]), packet_number=int(e["packet_number"]),
            direction_certainty=int(Certainty.SYN_SEEN if e["proto"] == 6 else Certainty.BIFLOW),
            outcome=int(Outcome.ESTABLISHED if e["established"] else Outcome.ATTEMPTED),
            measured=value_of(e, "measured"), peak=value_of(e, "peak"), threshold=value_of(e, "threshold"),
            measure=MEASURES[kind], events=int(e["weight"]), why=english, why_ja=japanese)

"""Floods: SYN, UDP, ICMP and stray TCP packets per destination, and per /24 (IPv4) or /64 (IPv6) of destinations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from columns import Alerts, Flows, Packets, rows_in
from columns.codes import AlertState, Certainty, Outcome
from columns.networks import network_words
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alert_id, alert_row, alerts_of
from detectors.flood_count import BACK_NS, count_packets, turn_second
from detectors.flood_state import (
    CLOCK,
    COUNTS,
    ERA,
    HOST,
    ICMP,
    KINDS,
    MAX_WINDOW_S,
    N_RESETS,
    SECOND,
    STARTED,
    STRAY,
    SYN,
    UDP,
    FloodPackets,
    FloodRules,
    new_state,
)
from detectors.flood_watch import MANY, MOSTLY, SECOND_NS, Limits, Watch, WatchList
from detectors.flood_words import SIGNATURES, measure_text, target_text, who_of, why
from detectors.settings import check_settings, network_list, require_power_of_two, setting
from detectors.tables import FREE, salts_of

_FOREVER = 1 << 62
_PROTO = {SYN: 6, UDP: 17, ICMP: 1, STRAY: 6}


@dataclass(frozen=True)
class FloodSettings:
    """Thresholds and limits of the flood detector; ConfigError names a value out of range."""

    syn_per_s: float = setting(200.0, unit="packets/s", low=1, high=1e9, meaning="SYNs to one host")
    half_open_share: float = setting(
        0.7, unit="share", low=0, high=1, meaning="of these SYNs, at least this share without a completed handshake")
    udp_per_s: float = setting(1000.0, unit="packets/s", low=1, high=1e9, meaning="unanswered UDP packets to one host")
    udp_mbit_per_s: float = setting(50.0, unit="Mbit/s", low=0.001, high=1e6, meaning="unanswered UDP to one host")
    icmp_per_s: float = setting(500.0, unit="packets/s", low=1, high=1e9, meaning="ICMP packets to one host")
    stray_per_s: float = setting(
        500.0, unit="packets/s", low=1, high=1e9, meaning="TCP packets to one host that belong to no connection")
    prefix_factor: float = setting(
        1.5, unit="factor", low=1, high=1000, meaning="the thresholds of a /24 or /64 are those of a host times this")
    host_share: float = setting(
        0.5, unit="share", low=0.01, high=1,
        meaning="a host with this share of its network's flood is told itself, not its network")
    window_s: int = setting(3, unit="s", low=1, high=MAX_WINDOW_S, meaning="length of the sliding window of the rates")
    start_windows: int = setting(
        2, unit="s", low=1, high=60, meaning="an attack starts when the rate is over its threshold at so many seconds")
    end_s: int = setting(
        10, unit="s", low=1, high=3600, meaning="it ends after so many seconds below half of its threshold")
    update_s: int = setting(60, unit="s", low=1, high=86400, meaning="while it goes on, it is told this often")
    max_hosts: int = setting(
        65536, unit="destinations", low=8, high=1 << 24, meaning="destinations metered at once, power of two")
    max_prefixes: int = setting(
        16384, unit="networks", low=8, high=1 << 24, meaning="/24 and /64 metered at once, power of two")
    max_attacks: int = setting(1024, unit="destinations", low=1, high=65536, meaning="destinations watched at once")
    exempt: tuple[str, ...] = network_list(
        meaning="receivers of one-way streams (cameras, syslog, flow records): not metered")
    seed: int = setting(1, unit="number", low=0, high=(1 << 63) - 1, meaning="of the hash; change it to make it secret")

    def __post_init__(self) -> None:
        check_settings(self, "flood")
        require_power_of_two(self, "flood", "max_hosts", "max_prefixes")


def limits_of(settings: FloodSettings) -> tuple[Limits, Limits]:
    """Return the thresholds of a host and of a network, by kind."""
    never = 1e18

    def limits(factor: float) -> Limits:
        packets = (settings.syn_per_s, settings.udp_per_s, settings.icmp_per_s, settings.stray_per_s)
        bits = (never, settings.udp_mbit_per_s * 1e6, never, never)
        return Limits(tuple(factor * p for p in packets), tuple(factor * b for b in bits), settings.half_open_share)

    return limits(1.0), limits(settings.prefix_factor)


def rules_of(settings: FloodSettings, limits: tuple[Limits, Limits]) -> FloodRules:
    """Return settings as the kernel takes them."""
    events = np.array([[p * settings.window_s for p in level.packets] for level in limits])
    size = np.array([[b * settings.window_s / 8 for b in level.bits] for level in limits])
    return FloodRules(
        np.ceil(events).astype(np.int64), np.ceil(np.minimum(size, 1e18)).astype(np.int64),
        salts_of(settings.seed), network_words(settings.exempt), settings.max_hosts, settings.max_prefixes,
        settings.window_s)


class FloodDetector:
    """Tells each flood as one alert that starts, is updated, and ends.

    A destination is metered per second; its rate is the mean of a sliding window of event time. Only packets that
    nobody answers count against UDP (see docs/detectors.md), SYNs count with the share that completed a handshake.
    Rows that are not processed IP packets (Status other than OK) are passed over.
    """

    name = "flood"
    signatures = SIGNATURES

    def __init__(self, settings: FloodSettings | None = None) -> None:
        self.settings = settings or FloodSettings()
        self.reset()

    def reset(self) -> None:
        """Forget everything learned."""
        s, limits = self.settings, limits_of(self.settings)
        self.rules_ = rules_of(s, limits)
        self.state_ = new_state(s.max_hosts, s.max_prefixes, s.max_attacks)
        self.watch_ = WatchList(self.state_, limits, s)

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next packets (flows say nothing here) and return the alerts they give rise to."""
        rows: list[dict[str, Any]] = []
        p = FloodPackets(*[getattr(packets, name) for name in FloodPackets._fields])
        at, total = 0, rows_in(packets)
        with np.errstate(over="ignore"):
            while (at := count_packets(p, at, self.state_, self.rules_)) < total:
                rows += self._move_clock(int(packets.clock_ns[at]))
        return alerts_of(rows)

    def finish(self) -> Alerts:
        """End of input: what follows is silence, in which every attack ends."""
        return alerts_of(self._told_until(_FOREVER))

    def _move_clock(self, clock: int) -> list[dict[str, Any]]:
        scalars = self.state_.scalars
        if scalars[STARTED] and int(scalars[CLOCK]) - clock <= BACK_NS:
            scalars[CLOCK] = max(int(scalars[CLOCK]), clock)
            rows = self._told_until(int(scalars[CLOCK]) // SECOND_NS)
            turn_second(scalars, self.state_.answered, clock)
            return rows
        rows = self._told_until(_FOREVER)
        if scalars[STARTED]:  # else they are empty yet, and in memory that nobody has paid for
            self.state_.counts[N_RESETS] += 1
            self.state_.meters.records["state"] = FREE
        scalars[STARTED], scalars[CLOCK], scalars[ERA] = 1, clock, -2  # an era that no clock has: forget all flows
        turn_second(scalars, self.state_.answered, clock)
        return rows

    def _told_until(self, until: int) -> list[dict[str, Any]]:
        """Judge each second before until as long as anything is watched; without packets it calms down and ends."""
        scalars, rows = self.state_.scalars, []
        self.watch_.take_entered()
        second = int(scalars[SECOND])
        while second < until and self.watch_.watches:
            ts_ns = min((second + 1) * SECOND_NS, int(scalars[CLOCK]))  # not later than the last event
            rows += [self._row(*told) for told in self.watch_.judge(second, ts_ns)]
            second += 1
        return rows

    def counters(self) -> dict[str, int]:
        """Return packets metered, meters evicted or refused by cause, attacks, and attacks told by another alert."""
        return {name: int(count) for name, count in zip(COUNTS, self.state_.counts, strict=True)} | {
            "attacks": self.watch_.attacks, "absorbed": self.watch_.absorbed}

    def _row(self, what: int, w: Watch, ts_ns: int) -> dict[str, Any]:
        signature = SIGNATURES[w.level * KINDS + w.kind]
        limits, window_s = self.watch_.limits[w.level], self.settings.window_s
        threshold = limits.bits[w.kind] if w.by_bits else limits.packets[w.kind]
        who = who_of(self.state_, w.slot)
        mapped = w.hi == 0 and w.lo >> 32 == 0xFFFF
        english, japanese = why(w, who, threshold, window_s, over=what == AlertState.ENDED)
        port = who.port if who.port_share >= MANY else 0
        return alert_row(
            self.name, signature,
            alert_id=alert_id(self.name, f"{signature.signature_id} {target_text(w)}", w.start_ns),
            revision=w.revision, state=what, ts_ns=ts_ns, start_ns=w.start_ns, end_ns=w.last_ns, peak_ns=w.peak_ns,
            src_ip=who.source if who.source_share >= MOSTLY else 0, dst_ip=w.hi << 64 | w.lo,
            dst_prefix_bits=128 if w.level == HOST else 120 if mapped else 64,
            src_port=port if w.kind == UDP else 0, dst_port=port if w.kind in (SYN, STRAY) else 0,
            proto=58 if w.kind == ICMP and not mapped else _PROTO[w.kind],
            flow_id=w.flow_id, packet_number=w.packet_number,
            direction_certainty=int(Certainty.SYN_SEEN if w.kind == SYN else Certainty.GUESSED),
            outcome=int(Outcome.UNKNOWN), measured=w.now, peak=w.peak, threshold=threshold,
            measure=measure_text(w, window_s), events=w.events, why=english, why_ja=japanese)

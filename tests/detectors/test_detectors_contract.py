"""What holds for every detector: nothing from nothing, the same again after reset, the same in whatever portions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import PACKET, rows_in
from detectors.chain import Chain
from detectors.contract import Detector
from detectors.flood import FloodDetector, FloodSettings
from detectors.leaks.all import LEAK_DETECTORS
from detectors.leaks.settings import LeakSettings
from detectors.mynumber import MyNumberDetector
from detectors.scan import ScanDetector, ScanSettings
from detectors.zone_evidence import ZoneEvidence
from detectors.zone_verdicts import ZoneVerdicts
from tests.support.traffic import (
    NO_FLOWS,
    SMALL_TABLE,
    START,
    Traffic,
    alerts_from,
    joined,
    random_cuts,
    rows_of,
    story,
)
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
FLOOD = FloodSettings(syn_per_s=5, udp_per_s=8, icmp_per_s=5, stray_per_s=5, end_s=4, max_hosts=1024,
                      max_prefixes=256)
SCAN = ScanSettings(min_hosts=3, min_ports=4, slow_targets=6, max_walks=4096, max_slow_sources=256, max_episodes=64)
LEAKS = LeakSettings(remembered=256, per_initiator=3, findings=16, stone_flows=256, stone_pairs=256, peers=2)
MAKERS: dict[str, Callable[[], Detector]] = {
    "scan": lambda: ScanDetector(SCAN),
    "flood": lambda: FloodDetector(FLOOD),
    "zone_verdicts": lambda: ZoneVerdicts(POLICY),
    "zone_evidence": lambda: ZoneEvidence(POLICY),
    "leaks": lambda: Chain([kind(POLICY, settings=LEAKS) for kind in LEAK_DETECTORS]),
    "mynumber": lambda: MyNumberDetector(POLICY),
    "chain": lambda: Chain([ScanDetector(SCAN), FloodDetector(FLOOD)]),
}
ALL = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
TOLD = [name for name in MAKERS if name not in ("zone_evidence", "mynumber")]  # the mixed traffic has none of theirs
LOUD = pytest.mark.parametrize("make", [MAKERS[name] for name in TOLD], ids=TOLD)
HOSTS = ["10.30.1.5", "10.30.1.6", "203.0.113.9", "198.51.100.7", "10.10.1.20"]


def mixed(seed: int, events: int = 220) -> Traffic:
    """Some of everything: connections, refusals, silence, floods, pings, UDP, errors, gaps of seconds and of hours."""
    rng, traffic, now = np.random.default_rng(seed), Traffic(), 0.0
    for k in range(events):
        now += float(rng.choice([0.001, 0.02, 0.3, 2.0, 700.0], p=[0.5, 0.3, 0.15, 0.045, 0.005]))
        src, dst = HOSTS[rng.integers(2)], HOSTS[rng.integers(2, 5)]
        sport, dport, kind = 20000 + k, int(rng.choice([22, 80, 443, 445, 3389, 8080])), rng.integers(8)
        if kind == 0:
            traffic.connection(now, src, sport, dst, dport)
        elif kind == 1:
            traffic.refused(now, src, sport, dst, int(rng.integers(1, 60)))
        elif kind == 2:
            traffic.tcp(now, src, sport, f"10.20.3.{rng.integers(1, 90)}", dport, 2)
        elif kind == 3:
            for n in range(12):
                traffic.tcp(now + n / 100, HOSTS[rng.integers(5)], 1024 + n, dst, 80, int(rng.choice([2, 2, 2, 16])))
        elif kind == 4:
            for n in range(15):
                traffic.udp(now + n / 200, src, 30000 + n, dst, 53)
        elif kind == 5:
            traffic.ping(now, src, dst)
            traffic.ping(now + 0.01, dst, src, reply=True)
        elif kind == 6:
            traffic.udp(now, src, sport, dst, 500)
            traffic.unreachable(now + 0.01, dst, src, sport, dst, 500, 17)
        else:
            traffic.udp(now, src, sport, dst, 123)
            traffic.udp(now + 0.02, dst, 123, src, sport)
    return traffic


@ALL
def test_nothing_comes_from_nothing(make: Callable[[], Detector]) -> None:
    detector = make()
    assert rows_in(detector.update(PACKET.empty(0), NO_FLOWS)) == 0
    assert rows_in(detector.finish()) == 0


@ALL
def test_one_ordinary_packet_alarms_nobody(make: Callable[[], Detector]) -> None:
    traffic = Traffic()
    traffic.udp(0, "10.30.1.5", 40000, "10.30.1.6", 53)
    assert alerts_from(make(), traffic.packets(), settings=SMALL_TABLE) == []


@ALL
def test_a_second_run_and_a_reset_detector_tell_the_same(make: Callable[[], Detector]) -> None:
    packets, detector = mixed(1).packets(), make()
    first = alerts_from(detector, packets, settings=SMALL_TABLE)
    detector.reset()
    again = alerts_from(detector, packets, settings=SMALL_TABLE)
    assert first == again == alerts_from(make(), packets, settings=SMALL_TABLE)


@ALL
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_same_in_whatever_portions(make: Callable[[], Detector], seed: int) -> None:
    packets = mixed(seed, 120).packets()
    whole = alerts_from(make(), packets, settings=SMALL_TABLE)
    cut = alerts_from(make(), packets, random_cuts(np.random.default_rng(seed), rows_in(packets)), SMALL_TABLE)
    key = [*whole[0]] if whole else []
    assert sorted(map(repr, (tuple(r[c] for c in key) for r in whole))) == sorted(
        map(repr, (tuple(r[c] for c in key) for r in cut)))


@ALL
def test_the_same_one_packet_at_a_time(make: Callable[[], Detector]) -> None:
    packets = mixed(3, 100).packets()
    rows = rows_in(packets)
    whole, single = (alerts_from(make(), packets, cuts, SMALL_TABLE) for cuts in ((), range(1, rows)))
    assert sorted(map(repr, whole)) == sorted(map(repr, single))


@LOUD
def test_the_mixed_traffic_is_told_of(make: Callable[[], Detector]) -> None:
    assert alerts_from(make(), mixed(1).packets(), settings=SMALL_TABLE)


@LOUD
def test_revisions_of_an_alert_count_up_and_time_does_not_run_back(make: Callable[[], Detector]) -> None:
    seen: dict[int, tuple[int, int]] = {}
    alerts = alerts_from(make(), mixed(4, 400).packets(), settings=SMALL_TABLE)
    for row in alerts:
        revision, ts_ns = seen.get(row["alert_id"], (0, 0))
        assert row["revision"] == revision + 1
        assert row["ts_ns"] >= ts_ns
        assert row["start_ns"] <= row["end_ns"]
        assert 0 < row["alert_id"] < 1 << 53
        seen[row["alert_id"]] = (row["revision"], row["ts_ns"])
    assert seen


@ALL
def test_each_alert_says_why_in_two_languages_with_numbers(make: Callable[[], Detector]) -> None:
    detector = make()
    known = {s.signature_id: s for s in detector.signatures}
    for row in alerts_from(detector, mixed(5, 300).packets(), settings=SMALL_TABLE):
        signature = known[row["signature_id"]]
        assert (row["signature"], row["signature_ja"]) == (signature.signature, signature.signature_ja)
        assert any(c.isdigit() for c in row["why"])
        assert any(c.isdigit() for c in row["why_ja"])
        assert any("\u3040" <= c <= "\u9fff" for c in row["why_ja"])
        assert row["why"].isascii() or "≥" in row["why"] or "/" in row["why"]


@LOUD
def test_counters_are_counts(make: Callable[[], Detector]) -> None:
    detector = make()
    alerts_from(detector, mixed(6).packets(), settings=SMALL_TABLE)
    counters = detector.counters()
    flat = [n for v in counters.values() for n in (v.values() if isinstance(v, dict) else [v])]
    assert all(type(n) is int and n >= 0 for n in flat)
    assert sum(flat) > 0


@pytest.mark.parametrize("name", ["scan", "flood"])
def test_what_goes_on_elsewhere_does_not_change_an_alert(name: str) -> None:
    here, there = mixed(7), mixed(8)
    for row in there.rows:  # the same kinds of traffic between hosts of another network
        row["src_ip"], row["dst_ip"] = row["src_ip"] ^ 0x00400000, row["dst_ip"] ^ 0x00400000
    last = max(row["ts_ns"] for row in here.rows + there.rows) / 1e9 - START / 1e9
    for traffic in (here, there):  # so that no flow is cut short by the end of input
        traffic.udp(last + 500, "10.99.0.1", 1, "10.99.0.2", 514)
    both = Traffic()
    both.rows = here.rows + there.rows
    apart = [row for t in (here, there) for row in alerts_from(MAKERS[name](), t.packets(), settings=SMALL_TABLE)]
    together = alerts_from(MAKERS[name](), both.packets(), settings=SMALL_TABLE)
    same = ("alert_id", "revision", "state", "measured", "peak", "events")
    assert story(apart, *same) == story(together, *same)
    assert apart


@ALL
def test_a_clock_that_is_set_back_ends_what_is_open(make: Callable[[], Detector]) -> None:
    traffic = mixed(9)
    late = Traffic()
    late.rows = [dict(row, ts_ns=row["ts_ns"] + 10**15) for row in traffic.rows]
    parts = [late.packets(), traffic.packets()]
    parts[1].packet_number[:] += rows_in(parts[0])
    detector, alerts = make(), []
    for packets in parts:
        for p, f in joined(packets, settings=SMALL_TABLE):
            alerts += rows_of(detector.update(p, f))
    alerts += rows_of(detector.finish())
    ids = [row["alert_id"] for row in alerts if row["revision"] == 1]
    assert len(ids) == len(set(ids))
    open_ids = {row["alert_id"] for row in alerts if row["state"] in (1, 2)}
    assert open_ids <= {row["alert_id"] for row in alerts if row["state"] == 3}

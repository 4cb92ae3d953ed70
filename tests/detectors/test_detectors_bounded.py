"""Bounded state: floods past the end of every table plateau, losses are counted, attacks are still found."""

from __future__ import annotations

import numpy as np

from columns import ALERT, rows_in
from detectors.chain import Chain, ChainSettings
from detectors.contract import Signature
from detectors.flood import FloodDetector, FloodSettings
from detectors.scan import ScanDetector, ScanSettings
from detectors.storm import StormControl
from detectors.tables import HEAD, USED, Tagged, salts_of, sketch_count
from tests.support.traffic import RST, START, SYN, TCP, UDP, alerts_from, low, many, merged, rows_of


def memory(detector: FloodDetector | ScanDetector) -> int:
    parts = [part for a in detector.state_ for part in (a if isinstance(a, Tagged) else (a,))]
    return sum(a.nbytes for a in parts)


def test_random_destinations_fill_the_flood_tables_and_an_attack_is_still_found() -> None:
    rng, rows = np.random.default_rng(3), 60_000
    noise = many(rows, per_s=10_000, proto=TCP, tcp_flags=SYN, src_port=rng.integers(1024, 65536, rows), dst_port=80,
                 src_ip_lo=low("198.51.100.1"),
                 dst_ip_lo=low("10.0.0.0") + rng.integers(0, 1 << 24, rows).astype(np.uint64))
    attack = many(3000, at=1, per_s=700, proto=TCP, tcp_flags=SYN, src_port=rng.integers(1024, 65536, 3000),
                  dst_port=443, src_ip_lo=low("198.18.0.0") + rng.integers(0, 9999, 3000).astype(np.uint64),
                  dst_ip_lo=low("203.0.113.5"))
    detector = FloodDetector(FloodSettings(max_hosts=1024, max_prefixes=256))
    before = memory(detector)
    alerts = alerts_from(detector, merged(noise, attack))
    hosts = [a for a in alerts if a["dst_ip"] & 0xFFFFFFFF == 0xCB007105]
    assert [a["state"] for a in hosts] == [1, 3]
    assert hosts[-1]["events"] > 2500
    assert memory(detector) == before
    assert detector.counters()["evicted_hosts"] > 50_000
    assert detector.counters()["evicted_prefixes"] > 10_000


def test_an_attack_under_watch_keeps_its_meter_whatever_comes_after() -> None:
    rng, rows = np.random.default_rng(9), 6000
    attack = many(3000, per_s=1500, proto=UDP, src_port=53, src_ip_lo=low("198.51.100.1"), dst_ip_lo=low("203.0.113.5"))
    noise = many(rows, at=2.5, per_s=400, proto=UDP, src_port=rng.integers(1024, 65536, rows),
                 src_ip_lo=low("198.51.100.2"), dst_ip_lo=low("10.0.0.0") + (np.arange(rows) % 200).astype(np.uint64))
    detector = FloodDetector(FloodSettings(max_hosts=8, max_prefixes=8))
    alerts = alerts_from(detector, merged(attack, noise))
    assert [(a["state"], a["events"], a["src_port"]) for a in alerts] == [(1, 3000, 53), (3, 3000, 53)]
    assert detector.counters()["evicted_hosts"] > 100


def test_the_window_total_of_a_meter_is_that_of_its_buckets() -> None:
    rng, rows = np.random.default_rng(5), 3000
    packets = many(rows, proto=UDP, src_port=rng.integers(1024, 65536, rows), src_ip_lo=low("198.51.100.1"),
                   dst_ip_lo=low("10.0.0.0") + rng.integers(0, 40, rows).astype(np.uint64))
    packets.ts_ns[:] = START + np.cumsum(rng.integers(0, 20_000_000, rows))
    for window in (1, 3, 8):
        detector = FloodDetector(FloodSettings(window_s=window, max_hosts=64, max_prefixes=8))
        alerts_from(detector, packets)
        meters = detector.state_.meters.records
        assert np.count_nonzero(meters["state"]) == 41
        for m in meters[meters["state"] != 0]:
            target = (packets.dst_ip_lo == m["k1"]) | (m["k3"] == 1)
            seconds = packets.ts_ns // 10**9
            assert m["weight"] == np.count_nonzero(target & (seconds > m["second"] - window))
            assert m["size"] == 60 * m["weight"]


def test_more_attacks_than_can_be_watched_are_counted() -> None:
    rows = 20_000
    packets = many(rows, per_s=5000, proto=UDP, src_port=np.arange(rows) % 60000 + 1024, src_ip_lo=low("198.51.100.1"),
                   dst_ip_lo=low("10.0.0.0") + (np.arange(rows) % 20 * 256).astype(np.uint64))
    detector = FloodDetector(FloodSettings(udp_per_s=100, max_attacks=8))
    starts = [a for a in alerts_from(detector, packets) if a["state"] == 1]
    assert 1 <= len(starts) <= 8
    assert detector.counters()["unwatched"] > 0


def test_forged_sources_fill_the_scan_tables_and_a_scanner_is_still_found() -> None:
    rng, rows = np.random.default_rng(4), 40_000
    forged = low("198.18.0.0") + rng.integers(0, 1 << 17, rows).astype(np.uint64)
    ports = rng.integers(1024, 65536, rows)
    syn = many(rows, per_s=4000, proto=TCP, tcp_flags=SYN, src_ip_lo=forged, src_port=ports,
               dst_ip_lo=low("203.0.113.5"), dst_port=443)
    rst = many(rows, at=0.0001, per_s=4000, proto=TCP, tcp_flags=RST, dst_ip_lo=forged, dst_port=ports,
               src_ip_lo=low("203.0.113.5"), src_port=443)
    asks = many(200, per_s=25, proto=TCP, tcp_flags=SYN, src_ip_lo=low("10.0.0.6"), src_port=np.arange(200) + 40000,
                dst_ip_lo=low("10.0.2.0") + np.arange(200).astype(np.uint64), dst_port=445)
    refusals = many(200, at=0.0001, per_s=25, proto=TCP, tcp_flags=RST, dst_ip_lo=low("10.0.0.6"),
                    dst_port=np.arange(200) + 40000, src_port=445,
                    src_ip_lo=low("10.0.2.0") + np.arange(200).astype(np.uint64))
    detector = ScanDetector(ScanSettings(max_walks=1024, max_slow_sources=256, max_episodes=64))
    before = memory(detector)
    alerts = alerts_from(detector, merged(syn, rst, asks, refusals))
    assert [a["state"] for a in alerts if a["src_ip"] & 0xFFFFFFFF == 0x0A000006] == [1, 2, 3]
    assert memory(detector) == before
    assert detector.counters()["evicted_walks"] > 10_000
    assert detector.counters()["evicted_slow"] > 10_000


def test_more_scans_than_can_be_told_end_the_quietest_and_say_so() -> None:
    sources, ports = 100, 12
    rows = sources * ports
    src = low("10.0.0.0") + np.repeat(np.arange(sources), ports).astype(np.uint64)
    number = np.tile(np.arange(ports), sources) + 1
    packets = merged(
        many(rows, per_s=100, proto=TCP, tcp_flags=SYN, src_ip_lo=src, src_port=4000, dst_ip_lo=low("10.9.0.1"),
             dst_port=number),
        many(rows, at=0.001, per_s=100, proto=TCP, tcp_flags=RST, dst_ip_lo=src, dst_port=4000,
             src_ip_lo=low("10.9.0.1"), src_port=number))
    detector = ScanDetector(ScanSettings(max_episodes=8))
    alerts = alerts_from(detector, packets)
    assert sum(a["state"] == 1 for a in alerts) == sum(a["state"] == 3 for a in alerts) == sources
    assert detector.counters()["evicted_episodes"] == sources - 8


def test_distinct_counts_are_within_their_error() -> None:
    rng = np.random.default_rng(6)
    for count in (1, 5, 50, 1000, 30_000):
        registers = np.zeros(1024, np.uint8)
        hashes = rng.integers(0, 1 << 64, count, dtype=np.uint64)
        for h in hashes.tolist():
            rank, rest = 1, h >> 24
            while rank < 40 and not rest & 1:
                rank, rest = rank + 1, rest >> 1
            registers[h & 1023] = max(registers[h & 1023], rank)
        assert abs(sketch_count(registers) - count) <= max(1, 0.13 * count)


def test_a_seed_changes_the_hash_and_nothing_else() -> None:
    assert salts_of(1) == salts_of(1) != salts_of(2)
    assert all(int(s) & 1 for s in salts_of(7))
    rows = 3000
    packets = many(rows, per_s=1000, proto=TCP, tcp_flags=SYN, src_port=np.arange(rows) + 1024, dst_port=80,
                   src_ip_lo=low("198.51.100.1"), dst_ip_lo=low("203.0.113.5"))
    one, two = (alerts_from(FloodDetector(FloodSettings(seed=s)), packets) for s in (1, 2))
    drop = ("why", "why_ja")  # the estimated number of sources may differ
    assert [{k: v for k, v in a.items() if k not in drop} for a in one] == [
        {k: v for k, v in a.items() if k not in drop} for a in two]
    assert one


SIGNATURE = Signature(900999, "x", "x", "x", 3, 1)  # type: ignore[arg-type]


def test_storm_control_forgets_no_count_when_it_forgets_ids() -> None:
    storm = StormControl("x", 2, 3)
    batch = ALERT.from_rows([
        {"alert_id": n, "revision": 1, "state": 1, "ts_ns": n, "detector": "x"} for n in range(1, 21)])
    passed = rows_of(storm.filter(batch))
    assert [a["alert_id"] for a in passed if a["detector"] == "x"] == [1, 2]
    assert (storm.held_back, storm.forgotten, len(storm.held_ids)) == (18, 15, 3)


def test_records_of_all_tables_begin_alike() -> None:
    for detector in (FloodDetector(), ScanDetector()):
        tables = [part for part in detector.state_ if isinstance(part, Tagged)]
        assert tables
        for table in tables:
            assert [table.records.dtype[name] for name, _ in HEAD] == [np.dtype(kind) for _, kind in HEAD]
            assert np.count_nonzero(table.records["state"] == USED) == 0
    assert rows_in(Chain([FloodDetector()], ChainSettings()).finish()) == 0

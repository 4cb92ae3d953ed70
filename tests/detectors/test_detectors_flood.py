"""Floods: what is told, what is not, and that the sliding window is the naive one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import Packets
from columns.address import address_int
from columns.codes import AlertState
from detectors.flood import FloodDetector, FloodSettings
from tests.support.traffic import ACK, SECOND, START, SYN, TCP, UDP, Traffic, alerts_from, low, many, merged

VICTIM = "203.0.113.5"
STARTED, ONGOING, ENDED = (int(s) for s in (AlertState.STARTED, AlertState.ONGOING, AlertState.ENDED))


def told(packets: Packets, **changes: Any) -> list[dict[str, Any]]:
    return alerts_from(FloodDetector(FloodSettings(**changes)), packets)


def spoofed(rows: int, seed: int = 1) -> dict[str, Any]:
    """Columns of random sources and source ports."""
    rng = np.random.default_rng(seed)
    return {"src_ip_lo": low("198.18.0.0") + rng.integers(0, 1 << 16, rows).astype(np.uint64),
            "src_port": rng.integers(1024, 65536, rows)}


def syn_flood(rows: int, per_s: float, **more: Any) -> Packets:
    return many(rows, per_s=per_s, proto=TCP, **{
        "tcp_flags": SYN, "dst_port": 443, "dst_ip_lo": low(VICTIM), **spoofed(rows), **more})


def udp_flood(rows: int, per_s: float, **more: Any) -> Packets:
    return many(rows, per_s=per_s, proto=UDP, **{
        "dst_port": 4444, "wire_bytes": 500, "dst_ip_lo": low(VICTIM), **spoofed(rows), **more})


def test_a_syn_flood_is_one_alert_with_start_peak_and_end() -> None:
    packets = merged(syn_flood(4000, 400, at=3.25), many(1, at=60, per_s=1, proto=UDP, dst_ip_lo=low("192.0.2.1")))
    alerts = told(packets)
    assert [(a["signature_id"], a["state"], a["revision"]) for a in alerts] == [
        (900301, STARTED, 1), (900301, ENDED, 2)]
    first, last = alerts
    assert first["alert_id"] == last["alert_id"]
    assert first["dst_ip"] == address_int(VICTIM)
    assert (first["src_ip"], first["dst_port"], first["dst_prefix_bits"]) == (0, 443, 128)
    assert first["start_ns"] == START + 3_250_000_000
    assert first["measured"] >= first["threshold"] == 200
    assert (last["events"], last["peak"]) == (4000, 400)
    assert last["end_ns"] == START + 13_247_500_000
    assert last["ts_ns"] == START + 24 * SECOND  # ten seconds of silence after the second in which it stopped
    assert "SYN" in first["why"]
    assert "443" in first["why_ja"]


def test_a_long_attack_is_told_each_minute_and_when_it_doubles() -> None:
    steady = syn_flood(150 * 300, 300)
    assert [a["state"] for a in told(steady)] == [STARTED, ONGOING, ONGOING, ENDED]
    rising = merged(syn_flood(3000, 300), syn_flood(9000, 1500, at=10))
    assert [a["state"] for a in told(rising)][:2] == [STARTED, ONGOING]


def test_two_attacks_on_one_host_are_two_alerts() -> None:
    packets = merged(syn_flood(2000, 500), syn_flood(2000, 500, at=100))
    alerts = told(packets)
    assert [a["state"] for a in alerts] == [STARTED, ENDED, STARTED, ENDED]
    assert alerts[0]["alert_id"] != alerts[2]["alert_id"]


def test_one_source_is_named() -> None:
    alerts = told(syn_flood(3000, 500, src_ip_lo=low("198.51.100.9")))
    assert {a["src_ip"] for a in alerts} == {address_int("198.51.100.9")}
    assert "198.51.100.9" in alerts[0]["why"]


@pytest.mark.parametrize(("port", "name"), [(53, "DNS"), (123, "NTP"), (389, "CLDAP"), (1900, "SSDP"),
                                            (11211, "memcached")])
def test_a_reflection_is_recognised_by_its_source_port(port: int, name: str) -> None:
    alerts = told(udp_flood(6000, 2000, src_port=port))
    assert alerts[0]["signature_id"] == 900302
    assert alerts[0]["src_port"] == port
    assert f"{name} reflection" in alerts[0]["why"]


def test_few_big_packets_are_told_by_their_bits() -> None:
    alerts = told(udp_flood(4000, 800, wire_bytes=9000))
    assert alerts[0]["measure"].startswith("unanswered UDP bit/s")
    assert alerts[-1]["peak"] == pytest.approx(800 * 9000 * 8)


def test_icmp_and_stray_tcp_floods() -> None:
    ping = many(4000, per_s=1000, proto=1, icmp_type=8, dst_ip_lo=low(VICTIM), src_ip_lo=spoofed(4000)["src_ip_lo"])
    assert told(ping)[0]["signature_id"] == 900303
    assert told(syn_flood(4000, 1000, tcp_flags=ACK))[0]["signature_id"] == 900304
    backscatter = told(syn_flood(4000, 1000, tcp_flags=SYN | ACK))
    assert backscatter[0]["signature_id"] == 900304


def test_carpet_bombing_is_told_as_the_network_and_not_host_by_host() -> None:
    rows = 12_000
    targets = low("203.0.113.0") + (np.arange(rows) * 37 % 256).astype(np.uint64)
    alerts = told(udp_flood(rows, 3000, dst_ip_lo=targets))
    assert [(a["signature_id"], a["state"]) for a in alerts] == [(900312, STARTED), (900312, ENDED)]
    assert (alerts[0]["dst_ip"], alerts[0]["dst_prefix_bits"]) == (address_int("203.0.113.0"), 120)
    assert "203.0.113.0/24" in alerts[0]["why"]


def test_hosts_that_share_an_attack_on_their_network_are_not_told_one_by_one() -> None:
    rows = 60_000
    targets = low("203.0.113.0") + (np.arange(rows) % 8).astype(np.uint64)
    alerts = told(udp_flood(rows, 9600, dst_ip_lo=targets))
    assert [(a["signature_id"], a["state"]) for a in alerts] == [(900312, STARTED), (900312, ENDED)]


def test_carpet_bombing_over_an_ipv6_network() -> None:
    rows = 12_000
    packets = many(rows, per_s=3000, proto=UDP, ip_version=6, src_ip_hi=0x20010DB8_00FF0000, dst_port=4444,
                   src_ip_lo=np.arange(rows), dst_ip_hi=0x20010DB8_00000007, dst_ip_lo=np.arange(rows))
    alerts = told(packets)
    assert [(a["signature_id"], a["dst_prefix_bits"]) for a in alerts] == [(900312, 64)] * 2
    assert "2001:db8:0:7::/64" in alerts[0]["why"]


def test_a_flood_of_one_host_is_not_told_as_its_network() -> None:
    rows = 12_000
    neighbours = low("203.0.113.0") + (np.arange(rows // 4) % 256).astype(np.uint64)
    packets = merged(udp_flood(rows, 6000), udp_flood(rows // 4, 1500, dst_ip_lo=neighbours))
    assert {a["signature_id"] for a in told(packets)} == {900302}


# --- what must stay silent

def speed_test(way: str) -> Traffic:
    """Ten seconds of QUIC at some 6,000 packets/s one way, with one acknowledgement for each twenty packets."""
    traffic = Traffic()
    client, server = ("10.0.0.5", 50000), ("198.51.100.7", 443)
    fast, slow = (server, client) if way == "down" else (client, server)
    traffic.udp(0, *client, *server, wire_bytes=1250)
    for n in range(40_000):
        at = 0.01 + n / 6000
        traffic.udp(at, *fast, *slow, wire_bytes=1250)
        if n % 20 == 19:
            traffic.udp(at + 1e-5, *slow, *fast, wire_bytes=80)
    return traffic


@pytest.mark.parametrize("way", ["down", "up"])
def test_a_speed_test_over_quic_is_no_flood(way: str) -> None:
    assert told(speed_test(way).packets()) == []


def test_a_video_call_and_busy_resolvers_are_no_flood() -> None:
    call = Traffic()
    for n in range(9000):
        call.udp(n / 900, "10.0.0.5", 50000, "10.0.0.6", 50002, wire_bytes=1100)
        call.udp(n / 900 + 1e-4, "10.0.0.6", 50002, "10.0.0.5", 50000, wire_bytes=1100)
    assert told(call.packets()) == []
    rows = 20_000
    rng = np.random.default_rng(2)
    clients, ports = low("10.1.0.0") + rng.integers(0, 4096, rows).astype(np.uint64), rng.integers(1024, 65536, rows)
    ask = many(rows, per_s=4000, proto=UDP, src_ip_lo=clients, src_port=ports, dst_ip_lo=low("10.0.0.53"),
               dst_port=53)
    answer = many(rows, at=0.004, per_s=4000, proto=UDP, dst_ip_lo=clients, dst_port=ports,
                  src_ip_lo=low("10.0.0.53"), src_port=53)
    assert told(merged(ask, answer)) == []


def test_a_busy_web_server_is_no_flood() -> None:
    rows = 8000
    clients, ports = spoofed(rows).values()
    columns = {"proto": TCP, "per_s": 1000.0}
    up = {"src_ip_lo": clients, "src_port": ports, "dst_ip_lo": low(VICTIM), "dst_port": 443}
    down = {"dst_ip_lo": clients, "dst_port": ports, "src_ip_lo": low(VICTIM), "src_port": 443}
    packets = merged(
        many(rows, tcp_flags=SYN, **columns, **up), many(rows, at=0.01, tcp_flags=SYN | ACK, **columns, **down),
        many(rows, at=0.02, tcp_flags=ACK, **columns, **up))
    assert told(packets) == []


def test_multicast_broadcast_and_exempt_receivers_are_not_metered() -> None:
    stream = {"src_ip_lo": low("10.0.0.9"), "src_port": 5004}
    assert told(udp_flood(9000, 3000, dst_ip_lo=low("239.1.2.3"), **stream)) == []
    assert told(udp_flood(9000, 3000, dst_mac=0x01005E000001, **stream)) == []
    assert told(udp_flood(9000, 3000, **stream))
    assert told(udp_flood(9000, 3000, **stream), exempt=("203.0.113.0/24",)) == []


def test_a_fast_scan_is_told_as_a_scan_and_not_as_a_flood() -> None:
    source = low("198.51.100.9")
    hosts = low("203.0.113.0") + (np.arange(9000) % 256).astype(np.uint64)
    assert told(syn_flood(9000, 3000, src_ip_lo=source, dst_ip_lo=hosts)) == []
    assert told(syn_flood(9000, 3000, src_ip_lo=source, dst_port=np.arange(9000) + 1)) == []
    assert told(syn_flood(9000, 3000, src_ip_lo=source))
    assert told(syn_flood(9000, 3000, dst_ip_lo=hosts))


def test_a_burst_below_the_window_total_is_no_flood() -> None:
    assert told(syn_flood(590, 5000)) == []
    assert told(syn_flood(700, 5000))


# --- the same window in plain Python

def naive_floods(times_ns: list[int], per_s: float, window: int, start: int, end: int) -> list[tuple[int, int, float]]:
    """(second of the start, second of the end, peak) of each flood, all counted anew for every second."""
    floods: list[tuple[int, int, float]] = []
    if not times_ns:
        return floods
    seconds = [t // SECOND for t in times_ns]
    hot = cool = 0
    began, peak = None, 0.0
    for e in range(min(seconds), max(seconds) + window + end + 2):
        rate = sum(e - window < s <= e for s in seconds) / window
        if began is None:
            hot = hot + 1 if rate >= per_s else 0
            if hot >= start:
                began, cool, peak = e, 0, rate
            continue
        peak = max(peak, rate)
        cool = 0 if seconds.count(e) >= per_s / 2 else cool + 1
        if cool >= end:
            floods.append((began, e, peak))
            began, hot = None, 0
    return floods


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60)), max_size=14), st.integers(4, 12),
       st.integers(1, 8), st.integers(1, 4), st.integers(8, 12))
def test_the_window_is_the_naive_one(
    bursts: list[tuple[int, int]], per_s: int, window: int, start: int, end: int,
) -> None:
    traffic, n = Traffic(), 0
    for second, count in bursts:
        for k in range(count):
            n += 1
            traffic.udp(second + k / 100, "198.51.100.9", 1024 + n, VICTIM, 4444)
    if not n:
        return
    packets = traffic.packets()
    alerts = told(packets, udp_per_s=per_s, window_s=window, start_windows=start, end_s=end, update_s=86400,
                  udp_mbit_per_s=1e6, prefix_factor=1000.0)
    ends = [a for a in alerts if a["state"] == ENDED]
    starts = [a for a in alerts if a["state"] == STARTED]
    naive = naive_floods(packets.ts_ns.tolist(), per_s, window, start, end)
    last = int(packets.ts_ns[-1])
    assert [(a["ts_ns"], b["ts_ns"], b["peak"]) for a, b in zip(starts, ends, strict=True)] == [
        (min((a + 1) * SECOND, last), min((b + 1) * SECOND, last), pytest.approx(peak)) for a, b, peak in naive]

"""Floods against the leak detectors: memories plateau, losses are counted, and a leak is still found."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from columns import FLOW, PACKET, rows_in
from columns.address import address_int
from columns.protocols import DHCP, DNS, HTTP, NTP, SMB, TLS
from columns.said import Said
from detectors.leaks.all import LEAK_DETECTORS
from detectors.leaks.base import LeakDetector
from detectors.leaks.channels.dns_tunnel import DnsTunnel
from detectors.leaks.channels.stepping_stone import SteppingStone
from detectors.leaks.conduits.volumes import Volumes
from detectors.leaks.memory import by_name
from detectors.leaks.names.given_away import GivenAway
from detectors.leaks.segments.dual_homed import DualHomed
from detectors.leaks.settings import LeakSettings
from tests.support.traffic import ACK, PSH, START, SYN, TCP, UDP, Traffic, alerts_from, low, many, merged, rows_of
from zones import EXAMPLE, label_ends, load_policy

POLICY = load_policy(EXAMPLE)
SMALL = LeakSettings(remembered=64, per_initiator=4, findings=16, stone_flows=64, stone_pairs=64)
NOTHING = PACKET.empty(0)
RNG = np.random.default_rng(11)


def hold(detector: LeakDetector) -> int:
    """Return how many entries a detector holds."""
    return sum(map(len, detector.memories_.values())) + len(detector.told_) + len(detector.book_.open)


def said(table: Any, rows: list[dict[str, Any]]) -> Said:
    base = {"ts_ns": START, "src_port": 50000, "proto": 17, "src_ip": address_int("10.30.2.44"),
            "dst_ip": address_int("198.51.100.53")}
    batch = table.from_rows([{**base, "flow_id": n + 1, "packet_number": n + 1, **row} for n, row in enumerate(rows)])
    label_ends(POLICY, batch)
    return Said([(table, batch)])


@pytest.mark.parametrize("kind", LEAK_DETECTORS, ids=lambda k: k.name)
def test_packets_of_random_hosts_fill_no_more_than_the_settings_say(kind):
    rows = 6000
    noise = many(rows, per_s=3000, proto=np.where(np.arange(rows) % 2, TCP, UDP), tcp_flags=SYN, ip_ttl=63,
                 src_port=np.where(np.arange(rows) % 3, 53, 50000),
                 dst_port=RNG.choice([445, 9100, 5938, 25, 53], rows),
                 src_ip_lo=low("10.20.0.0") + RNG.integers(0, 1 << 16, rows).astype(np.uint64), vlan=120,
                 dst_ip_lo=low("10.30.0.0") + RNG.integers(0, 1 << 16, rows).astype(np.uint64),
                 src_mac=RNG.integers(1, 1 << 40, rows), dst_mac=RNG.integers(1, 1 << 40, rows))
    detector = kind(POLICY, settings=SMALL)
    alerts_from(detector, noise)
    assert hold(detector) <= 64 * (len(detector.memories_) + 1)
    assert detector.counters()["alerts_open_peak"] <= 17 * len(kind.signatures)


@pytest.mark.parametrize(("kind", "table", "row"), [
    (DnsTunnel, DNS, lambda n: {"variant": "dns", "message_type": "request", "rrname": f"a{n}.d{n}.example"}),
    (DualHomed, DHCP, lambda n: {"hostname": f"host-{n}", "assigned_ip": "10.30.2.9", "dhcp_type": "ack"}),
    (DualHomed, SMB, lambda n: {"ntlmssp_host": f"host-{n}"}),
    (GivenAway, HTTP, lambda n: {"http_method": "CONNECT", "hostname": f"h{n}.example"}),
], ids=["dns", "dhcp", "smb", "connect"])
def test_rows_with_ever_new_names_evict_and_are_counted(kind, table, row):
    detector = kind(POLICY, settings=SMALL)
    for _ in range(2):
        detector.update(NOTHING, FLOW.empty(0), said(table, [row(n) for n in range(500)]))
    assert hold(detector) <= 64 * len(detector.memories_)
    assert sum(n for name, n in detector.counters().items() if name.startswith("evicted_")) >= 400


def test_a_tunnel_is_found_among_ever_new_domains():
    detector = DnsTunnel(POLICY, settings=SMALL)
    rows = []
    for n in range(600):
        label = hashlib.sha256(str(n).encode()).hexdigest()[:40]
        name = f"{label}.bad.example" if n % 6 == 0 else f"a{n}.d{n}.example"
        rows.append({"variant": "dns", "message_type": "request", "rrname": name, "ts_ns": START + n * 10**7})
    alerts = rows_of(detector.update(NOTHING, FLOW.empty(0), said(DNS, rows)))
    assert [a["signature_id"] for a in alerts[:1]] == [901211]


def test_relays_are_looked_for_in_the_last_movements_of_a_host_only():
    detector = Volumes(POLICY, settings=SMALL)
    flows = FLOW.from_rows([{
        "flow_id": n + 1, "ts_start_ns": START + n, "ts_end_ns": START + n, "src_ip": address_int("10.10.1.1"),
        "dst_ip": address_int("10.20.1.40"), "payload_bytes_toserver": 300_000 + n, "src_zone": 1, "dst_zone": 2,
        "proto": 6, "outcome": 2, "end_reason": 2, "emitted_before": n + 2, "clock_ns": START + n} for n in range(400)])
    detector.update(NOTHING, flows, Said())
    assert len(detector.memories_["hosts"].seen(address_int("10.20.1.40"))[0]) == 16


def chain(traffic: Traffic, at: float, legs: list[tuple[str, int, str]], turns: int, lag: float = 0.01) -> None:
    """Add connections along which keystrokes run one after another."""
    for n in range(turns):
        for k, (src, port, dst) in enumerate(legs):
            traffic.tcp(at + 1.1 * n + lag * k, src, port, dst, 22, ACK | PSH, payload_bytes=40, wire_bytes=94)
            traffic.tcp(at + 1.1 * n + lag * k + 0.003, dst, 22, src, port, ACK | PSH, payload_bytes=60, wire_bytes=114)


def test_a_stepping_stone_is_found_while_other_connections_come_and_go():
    traffic = Traffic()
    chain(traffic, 0, [("192.0.2.9", 40000, "10.20.1.5"), ("10.20.1.5", 40001, "10.10.0.10")], 12)
    rows = 4000
    noise = many(rows, per_s=300, proto=TCP, tcp_flags=ACK | PSH, payload_bytes=100,
                 src_port=RNG.integers(1024, 65536, rows),
                 src_ip_lo=low("10.30.0.0") + RNG.integers(0, 1 << 12, rows).astype(np.uint64),
                 dst_ip_lo=low("198.51.100.80"), dst_port=8080)
    detector = SteppingStone(POLICY, settings=LeakSettings(stone_flows=1 << 14))
    alerts = alerts_from(detector, merged(traffic.packets(), noise))
    assert {a["signature_id"] for a in alerts} == {901201}
    assert {(a["src_ip"] & 0xFFFFFFFF, a["dst_ip"] & 0xFFFFFFFF) for a in alerts} == {(0xC0000209, 0x0A0A000A)}


@pytest.mark.parametrize("legs", [
    [("192.0.2.9", 40000, "10.20.1.5"), ("192.0.2.9", 40001, "10.10.0.10")],  # one initiator
    [("10.20.1.5", 40000, "10.20.1.6"), ("10.20.1.6", 40001, "10.20.1.7")],  # within a zone
    [("10.10.1.5", 40000, "10.20.1.6"), ("10.20.1.6", 40001, "192.0.2.9")],  # outwards
], ids=["initiator", "zone", "outwards"])
def test_what_is_no_stepping_stone(legs):
    traffic = Traffic()
    chain(traffic, 0, legs, 12)
    assert alerts_from(SteppingStone(POLICY), traffic.packets()) == []


def test_a_lag_beyond_the_limit_is_no_coincidence():
    legs = [("192.0.2.9", 40000, "10.20.1.5"), ("10.20.1.5", 40001, "10.10.0.10")]
    near, far = Traffic(), Traffic()
    chain(near, 0, legs, 12, 0.07)
    chain(far, 0, legs, 12, 0.09)
    assert alerts_from(SteppingStone(POLICY), near.packets())
    assert alerts_from(SteppingStone(POLICY), far.packets()) == []


def test_tables_of_stepping_stones_are_of_one_size_and_count_what_gave_way():
    rows = 5000
    noise = many(rows, per_s=500, proto=TCP, tcp_flags=ACK | PSH, payload_bytes=9,
                 src_port=np.arange(rows) % 900 + 1024,
                 src_ip_lo=low("10.30.0.1") + np.arange(rows).astype(np.uint64) % np.uint64(900),
                 dst_ip_lo=low("10.20.1.5") + np.arange(rows).astype(np.uint64) % np.uint64(900), dst_port=22)
    detector = SteppingStone(POLICY, settings=SMALL)
    alerts_from(detector, noise)
    assert detector.stones_.size == detector.pairs_.size == 64
    assert detector.counters()["evicted_connections"] > 1000
    assert rows_in(detector.finish()) == 0


def test_messages_of_ntp_and_tls_without_zones_raise_nothing():
    for kind in LEAK_DETECTORS:
        detector = kind(POLICY, settings=SMALL)
        for table in (NTP, TLS, DNS, SMB, HTTP, DHCP):
            assert rows_in(detector.update(NOTHING, FLOW.empty(0), said(table, [
                {"src_ip": address_int("172.16.0.1"), "dst_ip": address_int("172.16.0.2")}] * 3))) == 0


def test_what_is_known_of_names_is_bounded_in_number_and_length():
    asked: list[str] = []
    look_up = by_name(lambda name: asked.append(name) or name.upper())
    long = "n" * 5000
    for name in ("one", "one", long, long):
        assert look_up(name) == name.upper()
    assert asked == ["one", long, long]
    for n in range(20_000):
        look_up(f"name {n}")
    assert look_up("one") == "ONE"
    assert asked[-1] == "one", "it gave way to later ones"

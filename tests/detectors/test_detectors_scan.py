"""Scans: what is told, what is not, and that the sequential test is the one of Jung et al. (2004)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.address import address_int
from columns.codes import AlertState, Outcome
from detectors.scan import ScanDetector, ScanSettings
from tests.support.traffic import ACK, FIN, PSH, RST, SMALL_TABLE, START, SYN, TCP, URG, Traffic, alerts_from, story

SWEEP, PORTS, SLOW = 900201, 900202, 900203
LIFE = ("signature_id", "state")
STARTED, ONGOING, ENDED = (int(s) for s in (AlertState.STARTED, AlertState.ONGOING, AlertState.ENDED))


def told(traffic: Traffic, **changes: Any) -> list[dict[str, Any]]:
    return alerts_from(ScanDetector(ScanSettings(**changes)), traffic.packets(), settings=SMALL_TABLE)


def test_a_port_scan_is_one_alert_that_starts_grows_and_ends() -> None:
    traffic = Traffic()
    for port in range(1, 121):
        traffic.refused(port * 0.02, "10.0.0.5", 40000 + port, "10.0.1.9", port)
    alerts = told(traffic)
    assert [(a["signature_id"], a["state"], a["revision"]) for a in alerts] == [
        (PORTS, STARTED, 1), (PORTS, ONGOING, 2), (PORTS, ENDED, 3)]
    first, grown, last = alerts
    assert len({a["alert_id"] for a in alerts}) == 1
    assert (first["src_ip"], first["dst_ip"]) == (address_int("10.0.0.5"), address_int("10.0.1.9"))
    assert (first["events"], grown["events"]) == (10, 100)
    assert first["threshold"] == pytest.approx(99)
    assert first["start_ns"] == START + 20_500_000
    assert 110 <= last["events"] <= 120  # from the 33rd target on, a few share their bit with another
    estimate = int(last["why"].split("about ")[1].split(" ")[0])
    assert 112 <= estimate <= 128
    assert last["outcome"] == Outcome.ATTEMPTED
    assert "10.0.1.9" in last["why"]


def test_a_port_that_answers_makes_the_scan_established_at_once() -> None:
    traffic = Traffic()
    for port in range(1, 41):
        if port == 22:
            traffic.connection(port, "10.0.0.5", 40000 + port, "10.0.1.9", port)
        else:
            traffic.refused(port, "10.0.0.5", 40000 + port, "10.0.1.9", port)
    alerts = told(traffic)
    assert [(a["state"], a["outcome"]) for a in alerts] == [
        (STARTED, Outcome.ATTEMPTED), (ONGOING, Outcome.ESTABLISHED), (ENDED, Outcome.ESTABLISHED)]
    assert "1 answered (22), 1 with a connection" in alerts[-1]["why"]


def test_a_half_open_scan_of_open_ports_is_a_scan() -> None:
    traffic = Traffic()
    for port in range(1, 31):
        traffic.tcp(port, "10.0.0.5", 40000 + port, "10.0.1.9", port, SYN)
        traffic.tcp(port + 0.001, "10.0.1.9", port, "10.0.0.5", 40000 + port, SYN | ACK)
        traffic.tcp(port + 0.002, "10.0.0.5", 40000 + port, "10.0.1.9", port, RST)
    traffic.udp(60, "10.9.9.9", 1, "10.9.9.8", 514)
    alerts = told(traffic)
    assert story(alerts, *LIFE)[0] == (PORTS, STARTED)
    assert "30 answered" in alerts[-1]["why"]
    assert alerts[-1]["outcome"] == Outcome.ATTEMPTED


@pytest.mark.parametrize("flags", [0, FIN, FIN | PSH | URG], ids=["null", "fin", "xmas"])
@pytest.mark.parametrize("answers", [True, False], ids=["closed", "silent"])
def test_probes_that_no_stack_sends_are_failures(flags: int, answers: bool) -> None:
    traffic = Traffic()
    for port in range(1, 31):
        traffic.tcp(port / 10, "10.0.0.5", 50000, "10.0.1.9", port, flags)
        if answers:
            traffic.tcp(port / 10 + 0.001, "10.0.1.9", port, "10.0.0.5", 50000, RST | ACK)
    assert story(told(traffic), *LIFE) == [(PORTS, STARTED), (PORTS, ENDED)]


@pytest.mark.parametrize("base", ["10.0.2.", "2001:db8:2::"])
def test_a_silent_sweep_is_one_alert(base: str) -> None:
    source = "10.0.0.6" if "." in base else "2001:db8::6"
    traffic = Traffic()
    for n in range(1, 201):
        traffic.tcp(n * 0.05, source, 40000 + n, f"{base}{n}", 445, SYN)
    traffic.tcp(200, "10.9.9.9", 1, "10.9.9.8", 25, SYN)
    alerts = told(traffic)
    assert story(alerts, *LIFE) == [(SWEEP, STARTED), (SWEEP, ONGOING), (SWEEP, ENDED)]
    assert {(a["src_ip"], a["dst_ip"], a["dst_port"]) for a in alerts} == {(address_int(source), 0, 445)}
    assert START < alerts[0]["start_ns"] < START + 10**9  # the first second of SYNs timed out together


def test_a_ping_sweep_and_a_sweep_that_routers_reject() -> None:
    traffic = Traffic()
    for n in range(1, 61):
        traffic.ping(n * 0.1, "10.0.0.6", f"10.0.2.{n}")
        traffic.tcp(n * 0.1, "10.0.0.7", 40000 + n, f"10.0.3.{n}", 23, SYN)
        traffic.unreachable(n * 0.1 + 0.01, "10.0.0.1", "10.0.0.7", 40000 + n, f"10.0.3.{n}", 23, TCP)
    traffic.udp(60, "10.9.9.9", 1, "10.9.9.8", 514)
    starts = [a for a in told(traffic) if a["state"] == STARTED]
    assert sorted((a["src_ip"] & 0xFF, a["signature_id"], a["proto"]) for a in starts) == [(6, SWEEP, 1), (7, SWEEP, 6)]
    assert "echo" in next(a["why"] for a in starts if a["proto"] == 1)


def test_a_udp_port_scan_by_its_unreachables() -> None:
    traffic = Traffic()
    for port in range(1, 400):  # refused is not silent: the rows of these flows must not count a second time
        traffic.udp(port, "10.0.0.5", 50000, "10.0.1.9", port)
        traffic.unreachable(port + 0.001, "10.0.1.9", "10.0.0.5", 50000, "10.0.1.9", port, 17)
    assert story(told(traffic), *LIFE) == [(PORTS, STARTED), (PORTS, ONGOING), (PORTS, ENDED)]


def test_a_scan_of_a_whole_block_is_not_told_host_by_host() -> None:
    traffic = Traffic()
    for n in range(40 * 30):
        traffic.refused(n * 0.01, "10.0.0.5", 1024 + n, f"10.0.2.{1 + n // 30}", 1 + n % 30)
    starts = [a["signature_id"] for a in told(traffic) if a["state"] == STARTED]
    assert starts.count(SWEEP) == 1
    assert starts.count(PORTS) <= 5


def test_a_slow_scan_is_told_by_its_distinct_services() -> None:
    traffic = Traffic()
    for n in range(45):  # one each half hour, each on another host and port: no sequential test ever has two targets
        traffic.tcp(n * 1800, "10.0.0.7", 40000 + n, f"10.0.3.{n + 1}", 1000 + n, SYN)
    alerts = told(traffic)
    assert story(alerts, *LIFE) == [(SLOW, STARTED), (SLOW, ENDED)]
    assert alerts[0]["threshold"] == 30
    assert 29.5 <= alerts[0]["measured"] <= 32
    assert alerts[0]["start_ns"] == START


def test_slower_than_the_window_is_not_told() -> None:
    traffic = Traffic()
    for n in range(60):
        traffic.tcp(n * 4000, "10.0.0.7", 40000 + n, f"10.0.3.{n + 1}", 1000 + n, SYN)
    assert told(traffic) == []


def test_silent_udp_counts_only_against_its_own_higher_limit() -> None:
    few, many = Traffic(), Traffic()
    for n in range(150):
        few.udp(n, "10.0.0.7", 40000, f"10.0.{n // 250}.{n % 250 + 1}", 514)
    for n in range(600):
        many.udp(n, "10.0.0.7", 40000, f"10.0.{n // 250}.{n % 250 + 1}", 161)
    assert told(few) == []
    alerts = told(many)
    assert story(alerts, "signature_id", "state")[0] == (SLOW, STARTED)
    assert alerts[0]["threshold"] == 200
    assert "UDP without any answer" in alerts[0]["why"]


def test_a_scan_that_begins_again_after_its_end_is_a_new_alert() -> None:
    traffic = Traffic()
    for start in (0, 2000):
        for port in range(1, 21):
            traffic.refused(start + port, "10.0.0.5", 40000 + port, "10.0.1.9", port)
    alerts = told(traffic)
    assert [a["state"] for a in alerts] == [STARTED, ENDED, STARTED, ENDED]
    assert alerts[0]["alert_id"] != alerts[2]["alert_id"]
    assert alerts[1]["ts_ns"] == alerts[1]["end_ns"] + 600 * 10**9


def test_permitted_scanners_are_not_told() -> None:
    traffic = Traffic()
    for port in range(1, 60):
        traffic.refused(port, "10.0.0.5", 40000 + port, "10.0.1.9", port)
    assert told(traffic)
    assert told(traffic, scanners=("10.0.0.0/29",)) == []


def benign_office(rng: np.random.Generator) -> Traffic:
    """Clients of a server farm, one of whose servers is down; a busy proxy; monitoring that is mostly answered."""
    traffic = Traffic()
    for n in range(400):
        traffic.connection(n * 0.2, "10.0.0.8", 10000 + n, f"198.51.100.{rng.integers(1, 200)}", 443)
        if rng.random() < 0.1:
            traffic.tcp(n * 0.2, "10.0.0.8", 20000 + n, f"203.0.113.{rng.integers(1, 30)}", 443, SYN)
        if n % 5 == 0:
            traffic.refused(n * 0.2, f"10.0.1.{n % 40 + 1}", 30000 + n, "10.0.2.2", 8443)
    for n in range(60):
        host = f"10.0.4.{n + 1}"
        traffic.ping(n, "10.0.0.9", host)
        if n % 6:
            traffic.ping(n + 0.01, host, "10.0.0.9", reply=True)
    return traffic


def test_an_office_at_work_is_not_told() -> None:
    for seed in range(4):
        assert told(benign_office(np.random.default_rng(seed))) == []


def test_dns_and_ntp_clients_with_failures_are_not_told() -> None:
    traffic = Traffic()
    for n in range(300):
        server = f"192.0.2.{n % 40 + 1}"
        traffic.udp(n, "10.0.0.53", 30000 + n, server, 53)
        if n % 40 > 12:
            traffic.udp(n + 0.02, server, 53, "10.0.0.53", 30000 + n)
        elif n % 40 < 4:
            traffic.unreachable(n + 0.02, server, "10.0.0.53", 30000 + n, server, 53, 17)
    assert told(traffic) == []


def test_peers_on_many_ports_that_are_often_gone_are_not_told() -> None:
    rng, traffic = np.random.default_rng(5), Traffic()
    for n in range(200):
        peer, port = f"203.0.{rng.integers(64, 128)}.{rng.integers(1, 255)}", int(rng.integers(10000, 60000))
        if rng.random() < 0.5:
            traffic.connection(n * 2, "10.0.0.20", 20000 + n, peer, port)
        else:
            traffic.tcp(n * 2, "10.0.0.20", 20000 + n, peer, port, SYN)
    assert told(traffic) == []


def test_an_outage_of_known_servers_is_no_sweep() -> None:
    traffic = Traffic()
    for n in range(30):
        traffic.connection(n * 10, "10.0.0.8", 10000 + n, f"10.0.5.{n % 10 + 1}", 445)
    for n in range(60):  # now all ten are down
        traffic.tcp(400 + n, "10.0.0.8", 20000 + n, f"10.0.5.{n % 10 + 1}", 445, SYN)
    assert told(traffic) == []


def test_multicast_broadcast_traceroute_and_backscatter_are_no_scan() -> None:
    traffic = Traffic()
    for n in range(300):
        traffic.udp(n, "10.0.0.3", 5353, f"224.0.{n // 200}.{n % 200}", 5353)
        traffic.udp(n, "10.0.0.3", 68, "255.255.255.255", 1000 + n)
        traffic.udp(n, "10.0.0.3", 500 + n, f"10.0.0.{n % 200 + 20}", 137, dst_mac=0xFFFFFFFFFFFF)
        traffic.tcp(n, f"198.51.100.{n % 250}", 80, "10.0.0.5", 1024 + n, RST | ACK)
    for n in range(60):
        traffic.udp(n, "10.0.0.4", 40000, "192.0.2.9", 33434 + n)
        traffic.unreachable(n + 0.1, "192.0.2.9", "10.0.0.4", 40000, "192.0.2.9", 33434 + n, 17)
    assert told(traffic) == []


def test_a_syn_that_had_no_time_for_an_answer_is_no_failure_yet() -> None:
    late, earlier = Traffic(), Traffic()
    for n in range(40):
        late.tcp(10 + n * 0.01, "10.0.0.6", 40000 + n, f"10.0.2.{n + 1}", 445, SYN)
        earlier.tcp(9 + n * 0.01, "10.0.0.6", 40000 + n, f"10.0.2.{n + 1}", 445, SYN)
    earlier.udp(10, "10.9.9.9", 1, "10.9.9.8", 514)
    assert told(late) == []
    assert [a["state"] for a in told(earlier)] == [STARTED, ENDED]


def test_one_way_captures_do_not_make_scanners_of_everyone() -> None:
    traffic = Traffic()
    for n in range(80):  # the answers take another way
        client, server = "10.0.0.8", f"198.51.100.{n + 1}"
        traffic.tcp(n, client, 10000 + n, server, 443, SYN)
        traffic.tcp(n + 0.02, client, 10000 + n, server, 443, ACK)
        traffic.tcp(n + 0.03, client, 10000 + n, server, 443, ACK | PSH, payload_bytes=300)
    assert told(traffic) == []


# --- the same test in plain Python

Contact = tuple[int, int, int, bool]


def naive_starts(contacts: list[Contact], min_hosts: int, min_ports: int) -> list[tuple[int, int, int, int]]:
    """The starts of sweeps and port scans, as (signature, source, target or 0, failures): one set per test."""
    up, down = math.log(0.8 / 0.2), math.log(0.2 / 0.8)
    upper, lower = math.log(0.99 / 0.01), math.log(0.01 / 0.99)
    walks: dict[tuple[Any, ...], list[Any]] = {}
    told_of: set[tuple[int, int, int]] = set()
    starts = []
    for src, dst, port, success in contacts:
        sweeping = (SWEEP, src, 0) in told_of  # as it stands before this contact
        for sid, key, target, least, about in (
                (SWEEP, ("s", src, port), dst, min_hosts, 0), (PORTS, ("p", src, dst), port, min_ports, dst)):
            if sid == PORTS and key not in walks and (success or sweeping):
                continue
            walk = walks.setdefault(key, [0.0, 0, set(), False])
            if target in walk[2]:
                continue
            walk[2].add(target)
            walk[0] += down if success else up
            walk[1] += not success
            if not walk[3] and walk[0] <= lower:
                walk[0], walk[1] = 0.0, 0
            if walk[3] or success or walk[0] < upper or walk[1] < least or (sid == PORTS and sweeping):
                continue
            walk[3] = True
            if (sid, src, about) not in told_of:
                told_of.add((sid, src, about))
                starts.append((sid, src, about, walk[1]))
    return starts


def contacts(ports: int) -> st.SearchStrategy[list[Contact]]:
    """Contacts in runs: some sources have luck for a while, and then none."""
    runs = st.lists(st.tuples(st.booleans(), st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 24), st.integers(1, ports)), max_size=25)), max_size=6)
    return runs.map(lambda runs: [(*contact, lucky) for lucky, run in runs for contact in run])


def test_one_long_story_has_everything_the_walk_can_do() -> None:
    lucky = [(0, host, 1, True) for host in range(6)]
    unlucky = [(0, host, 1, False) for host in range(6, 15)]
    ports = [(0, 20, port, False) for port in range(2, 6)]
    block = [(1, 20, port, False) for port in (1, 2)] + [(1, host, 1, False) for host in range(21, 24)] + [
        (1, 20, port, False) for port in (3, 4, 5)]
    for story_of in (lucky + unlucky, lucky + ports, block, lucky[:3] + unlucky + lucky):
        check_walk(story_of, 4, 4)


@settings(max_examples=80, deadline=None)
@given(contacts(2) | contacts(8), st.integers(3, 6), st.integers(3, 5))
def test_the_walk_is_the_naive_one(contacts: list[Contact], min_hosts: int, min_ports: int) -> None:
    check_walk(contacts, min_hosts, min_ports)


def check_walk(contacts: list[Contact], min_hosts: int, min_ports: int) -> None:
    traffic, base = Traffic(), address_int("10.0.0.0")
    for n, (src, dst, port, success) in enumerate(contacts):
        add = traffic.connection if success else traffic.refused
        add(n * 0.1, f"10.0.0.{src}", 10000 + n, f"10.0.1.{dst}", port)
    if not contacts:
        return
    found = [(a["signature_id"], a["src_ip"] - base, a["dst_ip"] - base - 256 if a["dst_ip"] else 0, a["events"])
             for a in told(traffic, min_hosts=min_hosts, min_ports=min_ports, slow_targets=4000)
             if a["revision"] == 1]
    assert sorted(found) == sorted(naive_starts(contacts, min_hosts, min_ports))

"""The flow table against its plain-Python oracle, in any portions, at its bounds, and by example."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW, PACKET, concat_rows, rows_in, slice_rows, take_rows
from columns.address import MAPPED_LO, address_int
from columns.codes import Certainty, EndReason, FlowEvent, Outcome, Status, TcpState, Tunnel
from columns.errors import ConfigError
from sensor.flow import FlowSettings, FlowTable
from tests.support.flow_oracle import FlowOracle

SECOND = 1_000_000_000
QUICK = FlowSettings(half_open_timeout_s=3, tcp_timeout_s=20, closing_timeout_s=5, closed_timeout_s=1,
                     unanswered_timeout_s=4, answered_timeout_s=6, active_timeout_s=12, clock_reset_s=60)
A, B = address_int("192.0.2.1"), address_int("198.51.100.7")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"


def packet(ts_s: float = 0.0, src=A, dst=B, sport=40000, dport=443, flags=ACK, proto=6, **more):
    return {"ts_ns": int(ts_s * SECOND), "status": Status.OK, "ip_version": 4, "proto": proto, "src_ip": src,
            "dst_ip": dst, "src_port": sport, "dst_port": dport, "tcp_flags": flags if proto == 6 else 0,
            "frames": 1, "wire_bytes": 60, "ip_ttl": 64} | more


def reply(ts_s: float, **more):
    return packet(ts_s, src=B, dst=A, sport=443, dport=40000, **more)


def numbered(rows):
    return [r | {"packet_number": i + 1} for i, r in enumerate(rows)]


def run(rows, table=None, cuts=(), finish=True):
    """Return (packets with the columns that the table filled, all flow rows) for packets cut at some places."""
    packets = PACKET.from_rows(numbered(rows))
    table = table or FlowTable(QUICK)
    written = [FLOW.empty(0)]
    edges = [0, *sorted(c for c in cuts if c < len(rows)), len(rows)]
    for first, last in itertools.pairwise(edges):
        for _, _, flows in table.update(slice_rows(packets, first, last)):
            written.append(take_rows(flows, np.arange(rows_in(flows))))
    if finish:
        written += [take_rows(f, np.arange(rows_in(f))) for f in table.finish()]
    return packets, concat_rows(written)


def as_dicts(flows):
    columns = {c.name: ((flows._asdict()[f"{c.name}_hi"].astype(object) << 64) | flows._asdict()[f"{c.name}_lo"])
               if c.dtype == "ip" else flows._asdict()[c.name] for c in FLOW.columns}
    return [{name: int(values[i]) for name, values in columns.items()} for i in range(rows_in(flows))]


def one(flows):
    rows = as_dicts(flows)
    assert len(rows) == 1, rows
    return rows[0]


hosts = st.sampled_from([A, B, address_int("2001:db8::1"), address_int("192.0.2.9"),
                         address_int("255.255.255.255"), address_int("224.0.0.251"), address_int("ff02::fb")])
ports = st.sampled_from([53, 80, 443, 40000, 40001, 44818])
packet_rows = st.builds(
    packet, src=hosts, dst=hosts, sport=ports, dport=ports, proto=st.sampled_from([6, 6, 6, 17, 1, 58, 47]),
    flags=st.sampled_from([SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK, 0, FIN]),
    payload_bytes=st.sampled_from([0, 10]), icmp_type=st.sampled_from([0, 3, 8, 128, 129, 1, 11]),
    icmp_code=st.sampled_from([0, 3, 4]), vlan=st.sampled_from([0, 0, 7]), ip_ttl=st.sampled_from([1, 64, 255]),
    fragment=st.sampled_from([0, 0, 2]), frames=st.sampled_from([0, 1, 3]),
    src_mac=st.sampled_from([0, 1, 2]), dst_mac=st.sampled_from([0, 1, 3]),
    status=st.sampled_from([Status.OK] * 8 + [Status.ARP, Status.TCP_TRUNCATED]))
steps_ns = st.sampled_from([0, 1, 1000, SECOND // 3, SECOND, 2 * SECOND + 1, 5 * SECOND, 13 * SECOND, 25 * SECOND,
                            -SECOND // 2, -10 * SECOND, -100 * SECOND])


@st.composite
def traffic(draw):
    """Packets of few endpoints, so that they meet in flows; time mostly goes on, sometimes back or far ahead."""
    rows, ts = [], 1_000 * SECOND
    for row in draw(st.lists(packet_rows, max_size=60)):
        ts += draw(steps_ns)
        rows.append(row | {"ts_ns": ts})
        error = row["proto"] in (1, 58) and row["icmp_type"] in (3, 1) and row["status"] == Status.OK
        if error:  # and the packet that it quotes
            quote = draw(packet_rows)
            rows.append(quote | {"ts_ns": ts, "status": Status.QUOTED, "tunnel": Tunnel.ICMP_QUOTE, "frames": 0})
    return rows


COMPARED = ("src_ip", "dst_ip", "src_port", "dst_port", "proto", "part", "ts_start_ns", "ts_end_ns", "pkts_toserver",
            "pkts_toclient", "bytes_toserver", "bytes_toclient", "payload_bytes_toserver", "payload_bytes_toclient",
            "tcp_flags_toserver", "tcp_flags_toclient", "ttl_toserver", "ttl_toclient", "fragments", "tcp_state",
            "direction_certainty", "outcome", "end_reason", "first_packet", "emitted_before", "input_ended",
            "reply_src_mac", "reply_dst_mac", "reply_icmp_type", "reply_icmp_code")


@settings(max_examples=20 if PLAIN else 300, deadline=None)
@given(traffic())
def test_equals_the_oracle(rows):
    packets, flows = run(rows)
    oracle = FlowOracle(QUICK)
    before = None
    for row in numbered(rows):
        oracle.packet(row, before)
        before = row
    oracle.finish(len(rows) + 1 if rows else 1)
    ours = sorted(tuple(r[c] for c in COMPARED) for r in as_dicts(flows))
    theirs = sorted(tuple(int(r[c]) for c in COMPARED) for r in oracle.rows)
    assert ours == theirs
    assert list(zip(packets.to_server.tolist(), packets.flow_event.tolist(), strict=True)) == oracle.events


@settings(max_examples=10 if PLAIN else 100, deadline=None)
@given(traffic(), st.lists(st.integers(1, 120), max_size=8))
def test_portions_do_not_matter(rows, cuts):
    cuts = [c for c in cuts if c >= len(rows) or rows[c]["status"] != Status.QUOTED]  # of one frame
    packets, flows = run(rows)
    cut_packets, cut_flows = run(rows, cuts=cuts)
    assert as_dicts(flows) == as_dicts(cut_flows)
    for name in ("clock_ns", "flow_id", "to_server", "flow_event"):
        assert np.array_equal(getattr(packets, name), getattr(cut_packets, name)), name


def test_plain_python_gives_the_same():
    """The kernels without the compiler: the same module, run in a process with the JIT off."""
    here = Path(__file__)
    names = "equals_the_oracle or portions_do_not or handshake"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(here), "-k", names],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, cwd=here.parents[2], check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_handshake_data_and_close_make_one_flow():
    rows = [packet(0, flags=SYN), reply(0.1, flags=SYN | ACK), packet(0.2),
            packet(0.3, flags=ACK | PSH, payload_bytes=100), reply(0.4, flags=ACK | PSH, payload_bytes=900),
            packet(0.5, flags=FIN | ACK), reply(0.6, flags=FIN | ACK), packet(0.7)]
    packets, flows = run(rows)
    row = one(flows)
    assert (row["pkts_toserver"], row["pkts_toclient"]) == (5, 3)
    assert (row["payload_bytes_toserver"], row["payload_bytes_toclient"]) == (100, 900)
    assert row["tcp_state"] == TcpState.CLOSED
    assert row["end_reason"] == EndReason.TCP_FIN
    assert row["direction_certainty"] == Certainty.SYN_SEEN
    assert row["outcome"] == Outcome.ESTABLISHED
    assert packets.flow_event.tolist() == [
        FlowEvent.OPENED, FlowEvent.ANSWERED, FlowEvent.ESTABLISHED, 0, 0, 0, 0, 0]
    assert set(packets.flow_id.tolist()) == {row["flow_id"]}
    assert row["flow_id"] < 1 << 53


@pytest.mark.parametrize(("rows", "outcome", "certainty", "state"), [
    ([packet(0, flags=SYN), packet(1, flags=SYN)], Outcome.ATTEMPTED, Certainty.SYN_SEEN, TcpState.SYN_SENT),
    ([packet(0, flags=SYN), reply(1, flags=RST | ACK)], Outcome.ATTEMPTED, Certainty.SYN_SEEN, TcpState.RESET),
    ([reply(0, flags=SYN | ACK), packet(1)], Outcome.ESTABLISHED, Certainty.SYN_SEEN, TcpState.ESTABLISHED),
    ([packet(0, flags=SYN), packet(1), packet(2, payload_bytes=9)],
     Outcome.UNKNOWN, Certainty.SYN_SEEN, TcpState.ONE_SIDED),
    ([packet(0, payload_bytes=9)], Outcome.UNKNOWN, Certainty.GUESSED, TcpState.MIDSTREAM),
    ([packet(0, payload_bytes=9), reply(1, payload_bytes=9)],
     Outcome.ESTABLISHED, Certainty.GUESSED, TcpState.MIDSTREAM),
    ([packet(0, proto=17)], Outcome.UNKNOWN, Certainty.GUESSED, TcpState.NONE),
    ([packet(0, proto=17), reply(1, proto=17)], Outcome.ESTABLISHED, Certainty.BIFLOW, TcpState.NONE),
])
def test_outcome_and_certainty(rows, outcome, certainty, state):
    row = one(run(rows)[1])
    assert (row["outcome"], row["direction_certainty"], row["tcp_state"]) == (outcome, certainty, state)
    assert (row["src_ip"], row["dst_port"]) == (A, 443)


def test_an_icmp_error_refuses_the_flow_it_quotes():
    icmp = {"proto": 1, "icmp_type": 3, "icmp_code": 13, "src": B, "dst": A}
    rows = [packet(0, proto=17), packet(0.1, **icmp),
            packet(0.1, proto=17, status=Status.QUOTED, tunnel=Tunnel.ICMP_QUOTE, frames=0)]
    packets, flows = run(rows)
    udp = next(r for r in as_dicts(flows) if r["proto"] == 17)
    assert udp["outcome"] == Outcome.ATTEMPTED
    assert udp["pkts_toserver"] == 1
    assert packets.flow_event.tolist() == [FlowEvent.OPENED, FlowEvent.OPENED, FlowEvent.REFUSED]
    assert packets.flow_id[2] == udp["flow_id"]


def test_a_reset_that_nobody_asked_for_refuses_nothing():
    packets, flows = run([packet(0, src=B, dst=A, sport=443, dport=40000, flags=RST)])
    assert packets.flow_event.tolist() == [FlowEvent.OPENED]
    assert one(flows)["outcome"] == Outcome.UNKNOWN


def test_a_long_flow_writes_a_row_per_active_timeout():
    rows = [packet(t, payload_bytes=1) for t in range(40)]
    written = as_dicts(run(rows)[1])
    assert [r["part"] for r in written] == [0, 1, 2, 3]
    assert [r["end_reason"] for r in written][:3] == [EndReason.ACTIVE_TIMEOUT] * 3
    assert len({r["flow_id"] for r in written}) == 1
    assert sum(r["pkts_toserver"] for r in written) == 40
    for earlier, later in itertools.pairwise(written):
        assert earlier["ts_end_ns"] < later["ts_start_ns"]


def test_vlan_keeps_flows_apart_unless_told_not_to():
    rows = [packet(0, vlan=10), packet(0.1, vlan=20)]
    assert rows_in(run(rows)[1]) == 2
    assert rows_in(run(rows, FlowTable(FlowSettings(vlan_in_key=False)))[1]) == 1


def test_the_clock_restarts_when_time_falls_far_back():
    rows = [packet(1000), packet(100, sport=1), packet(101, sport=2)]
    packets, flows = run(rows)
    assert packets.clock_ns.tolist() == [1000 * SECOND, 100 * SECOND, 101 * SECOND]
    assert next(r["end_reason"] for r in as_dicts(flows)) == EndReason.CLOCK_RESET


def test_a_jump_of_years_ends_what_was_live():
    rows = [packet(0), packet(0.5, sport=5), packet(10**9, sport=9)]
    written = as_dicts(run(rows)[1])
    assert [r["emitted_before"] for r in written] == [3, 3, 4]


@pytest.mark.parametrize("cap", [16, 300])
def test_flood_is_bounded_and_conserves_packets(cap):
    rng = np.random.default_rng(7)
    rows = [packet(i / 1000, src=MAPPED_LO | int(rng.integers(1 << 32)), flags=SYN) for i in range(3000)]
    table = FlowTable(FlowSettings(max_flows=cap))
    _, flows = run(rows, table, cuts=(100, 1000))
    counters = table.counters()
    assert counters["live_peak"] == cap
    assert counters["evicted"] == 3000 - cap
    assert int(flows.pkts_toserver.sum()) == 3000
    assert np.count_nonzero(flows.end_reason == EndReason.EVICTED) == 3000 - cap


def test_flood_gives_the_same_rows_in_any_portions():
    rng = np.random.default_rng(8)
    rows = [packet(i / 500, src=MAPPED_LO | int(rng.integers(400)), flags=SYN) for i in range(1500)]
    small = FlowSettings(max_flows=50)
    whole = as_dicts(run(rows, FlowTable(small))[1])
    assert whole == as_dicts(run(rows, FlowTable(small), cuts=range(1, 1500, 7))[1])


def test_an_established_flow_outlives_a_flood_of_half_open_ones():
    talk = [packet(0, flags=SYN), reply(0.1, flags=SYN | ACK), packet(0.2, payload_bytes=5)]
    flood = [packet(1 + i / 1000, src=MAPPED_LO | i, flags=SYN) for i in range(1, 2000)]
    rows = [*talk, *flood, packet(3.5, payload_bytes=5)]
    row = [r for r in as_dicts(run(rows, FlowTable(FlowSettings(max_flows=64)))[1]) if r["first_packet"] == 1]
    assert len(row) == 1
    assert row[0]["payload_bytes_toserver"] == 10


def test_more_rows_than_one_portion_holds_come_in_several():
    rows = [packet(i / 10_000, src=MAPPED_LO | i, flags=SYN) for i in range(40_000)] + [packet(100)]
    table = FlowTable(FlowSettings())
    packets = PACKET.from_rows(numbered(rows))
    spans = [(start, stop, rows_in(flows)) for start, stop, flows in table.update(packets)]
    assert sum(n for _, _, n in spans) == 40_000
    assert len(spans) > 2
    assert [s[0] for s in spans[1:]] == [s[1] for s in spans[:-1]]


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="half_open_timeout_s"):
        FlowSettings(half_open_timeout_s=0)

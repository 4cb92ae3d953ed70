"""Coverage: what a sensor looked at, against a naive account of every minute and pair."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW, PACKET, slice_rows
from columns.address import address_int
from columns.codes import Coverage, CoverageCause, Status, TcpState
from columns.errors import PolicyError
from tests.support.policies import TODAY, company, toml_text
from zones import coverage as module
from zones import judge_flows
from zones.coverage import MINUTE_NS, CoverageLog
from zones.loading import examine
from zones.policy import build_policy

C, W = Coverage, CoverageCause
ZERO = 29_000_000  # a minute since 1970


def company_policy():
    document = company()
    document["sensor"] = {"core": {"expects": ["office", "net"]}}
    draft, _ = examine(toml_text(document).encode(), today=TODAY)
    return build_policy(draft, "", ())


POLICY = company_policy()
HOSTS = {"office": "10.1.0.1", "plant": "10.2.0.1", "net": "192.0.2.1"}


def packets_of(*rows):
    """Packets: minute, how many, of these refused."""
    return PACKET.from_rows([
        {"ts_ns": (ZERO + minute) * MINUTE_NS + k, "status": int(Status.CHECKSUM_BAD if k < refused else Status.OK)}
        for minute, count, refused in rows for k in range(count)])


def flows_of(*rows):
    """Flow rows: from, to, first minute, last minute, packets each way, TCP state."""
    flows = FLOW.from_rows([
        {"flow_id": k + 1, "src_ip": address_int(HOSTS[a]), "dst_ip": address_int(HOSTS[b]), "dst_port": 443,
         "proto": 6, "ts_start_ns": (ZERO + first) * MINUTE_NS, "ts_end_ns": (ZERO + last) * MINUTE_NS,
         "pkts_toserver": up, "pkts_toclient": down, "tcp_state": int(state)}
        for k, (a, b, first, last, up, down, state) in enumerate(rows)])
    judge_flows(POLICY, flows)
    return flows


def minutes_of(log):
    """What is noted, minute by minute: {(source, target): {minute: (state, cause)}}, and the flows of each pair."""
    rows, names, found, flows = log.rows(), POLICY.zone_names, {}, {}
    for k in range(rows.minutes.size):
        pair = (names[rows.src_zone[k]], names[rows.dst_zone[k]])
        first, until = int(rows.ts_from_ns[k]) // MINUTE_NS - ZERO, int(rows.ts_until_ns[k]) // MINUTE_NS - ZERO
        assert rows.minutes[k] == until - first > 0
        held = found.setdefault(pair, {})
        for minute in range(first, until):
            assert minute not in held, "a minute is noted twice"
            held[minute] = (C(rows.state[k]), W(rows.cause[k]))
        flows[pair] = flows.get(pair, 0) + int(rows.flows[k])
    return found, flows


SEEN, SILENT, NOBODY = (C.OBSERVED, W.NONE), (C.NOT_OBSERVED, W.SILENCE), (C.NOT_OBSERVED, W.NO_SENSOR)
LOSSY, ONE_SIDED = (C.PARTLY, W.DROPS), (C.PARTLY, W.ONE_SIDED)


def test_a_pair_is_observed_where_the_sensor_expects_both_and_the_wire_is_not_silent():
    log = CoverageLog(POLICY, "core")
    log.see(packets_of((0, 3, 0), (1, 200, 2), (4, 100, 0)), FLOW.none)
    found, flows = minutes_of(log)
    assert found["office", "net"] == {0: SEEN, 1: LOSSY, 2: SILENT, 3: SILENT, 4: SEEN}
    assert set(found["office", "plant"].values()) == {NOBODY}
    assert set(found) == {(a, b) for a in HOSTS for b in HOSTS if a != b}
    assert sum(flows.values()) == 0


def test_one_side_of_a_conversation_is_half_an_observation():
    log = CoverageLog(POLICY, "core")
    log.see(packets_of(*((m, 1, 0) for m in range(6))), flows_of(
        ("office", "net", 0, 0, 3, 3, TcpState.CLOSED), ("office", "net", 1, 3, 9, 0, TcpState.ONE_SIDED),
        ("office", "net", 3, 3, 1, 0, TcpState.SYN_SENT), ("net", "office", 2, 2, 4, 4, TcpState.CLOSED)))
    found, flows = minutes_of(log)
    assert found["office", "net"] == {0: SEEN, 1: ONE_SIDED, 2: SEEN, 3: ONE_SIDED, 4: SEEN, 5: SEEN}
    assert found["net", "office"] == found["office", "net"]
    assert (flows["office", "net"], flows["net", "office"]) == (3, 1)


def test_a_pair_that_was_seen_is_observed_whatever_is_expected():
    for sensor in ("core", ""):
        log = CoverageLog(POLICY, sensor)
        log.see(packets_of((0, 1, 0), (1, 1, 0)), flows_of(("plant", "net", 0, 0, 1, 1, TcpState.CLOSED)))
        found = minutes_of(log)[0]
        assert found["plant", "net"] == {0: SEEN, 1: SEEN}
        assert found["office", "net"][0] == (SEEN if sensor else NOBODY)


def test_lost_frames_make_everything_partly_observed():
    log = CoverageLog(POLICY, "core")
    log.see(packets_of((0, 5, 0)), FLOW.none)
    log.lose()
    assert minutes_of(log)[0]["office", "net"] == {0: LOSSY}


def test_nothing_seen_is_nothing_noted_and_an_unknown_sensor_is_an_error():
    assert CoverageLog(POLICY, "core").rows().minutes.size == 0
    with pytest.raises(PolicyError, match="nowhere"):
        CoverageLog(POLICY, "nowhere")


def test_minutes_beyond_the_memory_are_counted_and_never_claimed(monkeypatch):
    monkeypatch.setattr(module, "MOST_MINUTES", 3)
    monkeypatch.setattr(module, "MOST_PAIR_MINUTES", 2)
    log = CoverageLog(POLICY, "core")
    log.see(packets_of(*((2 * m, 1, 0) for m in range(8))), flows_of(
        *(("office", "net", m, m, 1, 1, TcpState.CLOSED) for m in range(5))))
    assert log.counters()["minutes_untold"] == 5 + 3 + 3
    assert {state for state, _ in minutes_of(log)[0]["office", "net"].values()} <= {C.PARTLY, C.NOT_OBSERVED}


def test_a_capture_from_1970_to_2262_is_one_silence():
    log = CoverageLog(POLICY, "core")
    log.see(PACKET.from_rows([{"ts_ns": 0}, {"ts_ns": np.iinfo(np.int64).max}]), FLOW.none)
    rows = log.rows()
    assert rows.minutes.size == 3 * 2 + 4
    assert rows.ts_from_ns.min() == 0


PACKETS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 120), st.integers(0, 2)), min_size=1, max_size=12)
FLOWS = st.lists(st.tuples(
    st.sampled_from(list(HOSTS)), st.sampled_from(list(HOSTS)), st.integers(0, 12), st.integers(0, 3),
    st.sampled_from([(3, 3, TcpState.CLOSED), (3, 0, TcpState.ONE_SIDED), (1, 0, TcpState.SYN_SENT)])), max_size=12)


@settings(max_examples=80, deadline=None)
@given(PACKETS, FLOWS, st.sampled_from(["core", ""]), st.integers(0, 12), st.sampled_from([0, 1 << 20]))
def test_coverage_agrees_with_a_naive_account_in_any_portions(packets, flows, sensor, cut, spread):
    packet_rows = packets_of(*packets)
    flow_rows = flows_of(*((a, b, first, first + long, *rest) for a, b, first, long, rest in flows))
    log, at = CoverageLog(POLICY, sensor), min(cut, len(flows))
    middle = packet_rows.ts_ns.size // 2
    with mock.patch.object(module, "_SPREAD", spread):  # 0: counted as if the minutes were far apart
        log.see(slice_rows(packet_rows, 0, middle), slice_rows(flow_rows, 0, at))
        log.see(slice_rows(packet_rows, middle, packet_rows.ts_ns.size), slice_rows(flow_rows, at, len(flows)))
    found, counts = minutes_of(log)
    frames, bad = {}, {}
    for minute, count, refused in packets:
        frames[minute] = frames.get(minute, 0) + count
        bad[minute] = bad.get(minute, 0) + min(refused, count)
    for (a, b), minutes in found.items():
        mine = [f for f in flows if {f[0], f[1]} == {a, b}]
        seen = any(f[4][2] != TcpState.SYN_SENT for f in mine) or bool(mine)
        looked = seen or (sensor and "plant" not in (a, b))
        assert set(minutes) == set(range(min(frames), max(frames) + 1))
        for minute, what in minutes.items():
            there = {f[4][2] for f in mine if f[2] <= minute <= f[2] + f[3]} - {TcpState.SYN_SENT}
            expected = NOBODY if not looked else SILENT if minute not in frames else (
                LOSSY if bad[minute] and bad[minute] >= 0.01 * frames[minute] else
                ONE_SIDED if there == {TcpState.ONE_SIDED} else SEEN)
            assert what == expected, (a, b, minute)
        inside = [f for f in mine if (f[0], f[1]) == (a, b) and f[2] <= max(frames)]
        assert counts[a, b] == len(inside)

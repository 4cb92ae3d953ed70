"""Alerts of the zone detectors over a stream of packets and flow rows, in whatever portions it comes."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from columns import FLOW, PACKET, rows_in
from columns.codes import AlertState, Certainty, EndReason, FlowEvent, Outcome, Severity, Status, Verdict
from columns.errors import ConfigError, PolicyError
from detectors.contract import Detector
from detectors.findings import FindingSettings
from detectors.zone_evidence import ZoneEvidence
from detectors.zone_signatures import BY_CODE
from detectors.zone_verdicts import ZoneVerdicts
from tests.support.policies import TODAY
from tests.support.zone_stream import SECOND, START_NS, Stream, alert_dicts, run
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE, today=TODAY)
LEAK = ("10.10.1.5", "203.0.113.80")


def verdicts(stream, cuts=None, **limits):
    return run(ZoneVerdicts(POLICY, FindingSettings(**limits)), stream, cuts)


def briefly(rows):
    return [(r["signature_id"], r["revision"], AlertState(r["state"]).name, Severity(r["severity"]).name,
             Outcome(r["outcome"]).name) for r in rows]


def test_a_leak_is_told_at_its_first_packet_escalates_and_ends_with_its_totals():
    stream = Stream()
    leak = stream.open(*LEAK)
    stream.wait(0.1)
    stream.establish(leak)
    stream.wait(5)
    stream.row(leak, Outcome.ESTABLISHED, packets=12, size=5000)
    first, second, last = rows = verdicts(stream)
    assert briefly(rows) == [
        (900101, 1, "STARTED", "HIGH", "UNKNOWN"), (900101, 2, "ONGOING", "CRITICAL", "ESTABLISHED"),
        (900101, 3, "ENDED", "CRITICAL", "ESTABLISHED"),
    ]
    assert len({r["alert_id"] for r in rows}) == 1
    assert first["ts_ns"] == START_NS
    assert second["ts_ns"] == START_NS + SECOND // 10
    assert last["ts_ns"] == last["end_ns"] - 5 * SECOND + SECOND // 10 or last["end_ns"] == START_NS + int(5.1 * SECOND)
    assert (last["events"], last["measured"]) == (1, 1.0)
    assert "packets: 12, bytes: 10000" in last["why"]
    assert (last["src_zone"], last["dst_zone"], last["dst_port"], last["proto"]) == ("mynumber", "internet", 443, 6)
    assert (last["verdict"], last["direction_certainty"]) == (Verdict.NO_CONDUIT, Certainty.SYN_SEEN)
    assert last["policy_digest"] == POLICY.digest
    assert "マイナンバー" not in last["signature_ja"]
    assert "203.0.113.80" in last["why_ja"]


def test_a_refused_attempt_is_high_at_most_and_stays_one_alert():
    stream = Stream()
    for _ in range(5):
        attempt = stream.open(*LEAK)
        stream.refuse(attempt)
        stream.wait(1)
        stream.row(attempt, Outcome.ATTEMPTED)
    rows = verdicts(stream)
    assert briefly(rows) == [(900101, 1, "STARTED", "HIGH", "UNKNOWN"), (900101, 2, "ENDED", "HIGH", "ATTEMPTED")]
    assert rows[-1]["events"] == 5


def test_an_icmp_error_about_an_attempt_makes_it_refused():
    stream = Stream()
    attempt = stream.open(*LEAK, 53, proto=17)
    stream.packet(attempt, FlowEvent.REFUSED, status=Status.QUOTED)
    assert briefly(verdicts(stream))[-1] == (900101, 2, "ENDED", "HIGH", "ATTEMPTED")


def test_a_guessed_direction_is_never_critical():
    stream = Stream()
    midstream = stream.open(*LEAK, flags=16)
    stream.packet(midstream, FlowEvent.ANSWERED | FlowEvent.ESTABLISHED, reply=True)
    stream.row(midstream, Outcome.ESTABLISHED)
    rows = verdicts(stream)
    assert {r["severity"] for r in rows} == {Severity.HIGH}
    assert {r["direction_certainty"] for r in rows} == {Certainty.GUESSED}


def test_a_flow_first_seen_from_its_responder_is_judged_from_its_initiator():
    stream = Stream()
    flow = {"flow_id": 77, "src": LEAK[0], "dst": LEAK[1], "src_port": 5, "dst_port": 443, "proto": 6,
            "src_mac": 1, "dst_mac": 2}
    stream.packet(flow, FlowEvent.OPENED, reply=True, flags=18)
    [first, _] = verdicts(stream)
    assert (first["src_zone"], first["dst_zone"], first["dst_port"]) == ("mynumber", "internet", 443)
    assert first["direction_certainty"] == Certainty.SYN_SEEN


EACH = {
    900101: ("10.20.1.5", "10.30.1.1", 445), 900102: ("10.30.8.9", "10.20.1.5", 3389),
    900103: ("10.20.2.10", "100.64.9.10", 8530), 900104: ("10.20.7.10", "100.64.7.20", 22),
    900105: ("10.30.1.1", "192.168.7.7", 80), 900121: ("192.168.7.7", "203.0.113.80", 80),
}


OF_ROWS = {900106, 900107, 900108, 900109}
"""Signatures that need more than the first packet of a flow; see test_zones_contents."""


@pytest.mark.parametrize("signature", EACH)
def test_each_signature_has_a_case(signature):
    stream = Stream()
    stream.open(*EACH[signature])
    rows = verdicts(stream)
    assert {r["signature_id"] for r in rows} == {signature}
    assert {r["policy_digest"] for r in rows} == {POLICY.digest}


def test_every_signature_is_tested_and_complete():
    assert set(EACH) | OF_ROWS == {s.signature_id for s in ZoneVerdicts.signatures}
    known = [s for s in BY_CODE if s]
    assert {s.signature_id for s in known} == {
        s.signature_id for d in (ZoneVerdicts, ZoneEvidence) for s in d.signatures}
    for signature in known:
        assert signature.signature
        assert signature.signature_ja
        assert signature.clause
        assert signature.runbook


def test_what_is_permitted_or_stays_inside_raises_nothing():
    stream = Stream()
    for src, dst, port, proto in (
        ("10.20.1.5", "10.30.8.9", 3389, 6), ("10.30.1.1", "198.51.100.80", 8080, 6),
        ("10.20.1.5", "10.20.1.6", 445, 6),
        ("10.20.1.5", "224.0.0.251", 5353, 17), ("10.20.1.5", "255.255.255.255", 67, 17),
        ("fe80::1", "ff02::fb", 5353, 17),
    ):
        flow = stream.open(src, dst, port, proto=proto)
        stream.establish(flow)
        stream.row(flow, Outcome.ESTABLISHED)
    assert verdicts(stream) == []


def test_a_flow_of_which_only_rows_are_seen_is_told_too():
    stream = Stream()
    flow = stream.open(*LEAK, event=0)
    stream.row(flow, Outcome.ESTABLISHED, reason=EndReason.ACTIVE_TIMEOUT)
    stream.wait(300)
    stream.row(flow, Outcome.ESTABLISHED, part=1, start=stream.clock_ns)
    rows = verdicts(stream)
    assert briefly(rows) == [(900101, 1, "STARTED", "CRITICAL", "ESTABLISHED"),
                             (900101, 2, "ENDED", "CRITICAL", "ESTABLISHED")]
    assert rows[-1]["events"] == 1


def test_a_quiet_gap_ends_an_alert_and_what_comes_after_is_another():
    stream = Stream()
    for pause in (600, 600.001, 0):
        stream.row(stream.open(*LEAK), Outcome.ATTEMPTED)
        stream.wait(pause)
    rows = verdicts(stream)
    assert [(r["state"], r["events"]) for r in rows] == [
        (AlertState.STARTED, 1), (AlertState.ENDED, 2), (AlertState.STARTED, 1), (AlertState.ENDED, 1)]
    assert rows[0]["alert_id"] == rows[1]["alert_id"] != rows[2]["alert_id"] == rows[3]["alert_id"]
    assert rows[1]["ts_ns"] == START_NS + 1200 * SECOND


def test_an_alert_stays_open_as_long_as_one_of_its_flows():
    stream = Stream()
    flow = stream.open(*LEAK)
    stream.establish(flow)
    stream.wait(3000)
    stream.row(flow, Outcome.ESTABLISHED)
    rows = verdicts(stream)
    assert [r["state"] for r in rows] == [AlertState.STARTED, AlertState.ONGOING, AlertState.ENDED]
    assert len({r["alert_id"] for r in rows}) == 1


def test_a_clock_set_back_ends_everything_before_it_goes_on():
    stream = Stream()
    stream.open(*LEAK)
    stream.wait(-7200)
    stream.open(*LEAK)
    states = [r["state"] for r in verdicts(stream)]
    assert states == [AlertState.STARTED, AlertState.ENDED, AlertState.STARTED, AlertState.ENDED]


def test_a_storm_of_one_initiator_ends_in_one_summarising_alert():
    stream = Stream()
    for i in range(400):
        stream.open("10.10.1.5", f"203.0.113.{i % 200 + 20}", 1 + i)
        stream.wait(0.01)
    rows = verdicts(stream)
    singles = {r["alert_id"] for r in rows if r["dst_port"]}
    many = [r for r in rows if not r["dst_port"]]
    assert len(singles) == 50
    assert len({r["alert_id"] for r in many}) == 1
    assert [r["events"] for r in many] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 350]
    assert many[-1]["src_ip_lo"] & 0xFFFFFFFF == 0x0A0A0105
    assert (many[-1]["dst_ip_hi"], many[-1]["dst_ip_lo"]) == (0, 0)
    assert many[-1]["state"] == AlertState.ENDED


def test_a_summarising_alert_escalates_when_one_of_its_flows_is_established():
    stream = Stream()
    for i in range(60):
        stream.open("10.10.1.5", f"203.0.113.{i + 20}")
    flow = stream.open("10.10.1.5", "192.0.2.77")
    stream.establish(flow)
    many = [r for r in verdicts(stream) if not r["dst_port"]]
    assert Severity.CRITICAL not in {r["severity"] for r in many[:1]}
    assert (many[-1]["severity"], many[-1]["outcome"]) == (Severity.CRITICAL, Outcome.ESTABLISHED)


def test_a_flood_from_many_initiators_is_bounded_and_counted():
    detector = ZoneVerdicts(POLICY, FindingSettings(findings=1024, flows=1024))
    rng, rows, total = np.random.default_rng(3), [], 60_000
    for start in range(0, total, 20_000):
        packets = PACKET.empty(20_000)
        packets.packet_number[:] = np.arange(start + 1, start + 20_001)
        packets.ts_ns[:] = packets.clock_ns[:] = START_NS + packets.packet_number.astype(np.int64) * 1000
        packets.src_ip_lo[:] = 0xFFFF2D000000 + rng.integers(0, 1 << 24, 20_000)
        packets.dst_ip_lo[:] = 0xFFFF0A1E0000 + rng.integers(0, 1 << 16, 20_000)
        packets.dst_port[:] = rng.integers(1, 65536, 20_000)
        packets.flow_id[:] = rng.integers(1, 1 << 52, 20_000) * 2 + 1
        packets.proto[:], packets.tcp_flags[:], packets.to_server[:] = 6, 2, 1
        packets.flow_event[:] = FlowEvent.OPENED
        rows += alert_dicts(detector.update(packets, FLOW.empty(0)))
        assert detector.counters()["findings_open"] <= 1024
    before_finish = len(rows)
    rows += alert_dicts(detector.finish())
    assert before_finish < 200
    by_level = Counter(("pair" if r["src_ip_lo"] == 0 else "one") for r in rows if r["revision"] == 1)
    assert by_level == {"one": 50, "pair": 1}
    ended = [r for r in rows if r["state"] == AlertState.ENDED]
    assert sum(r["events"] for r in ended) == total
    counters = detector.counters()
    assert counters["events_summarised"] == total - 50
    assert counters["flows_unfollowed"] > 0
    assert counters["events_dropped"] == 0
    assert counters["opened_no_conduit"] == total


def test_with_a_full_table_new_initiators_join_the_alert_of_their_zones():
    stream = Stream()
    for i in range(300):
        stream.open(f"192.0.2.{i % 250 + 1}", f"10.30.0.{i % 200 + 1}", 1000 + i)
    detector = ZoneVerdicts(POLICY, FindingSettings(findings=64, per_zone_pair=10_000, per_initiator=10_000))
    rows = run(detector, stream)
    assert detector.counters()["findings_peak"] <= 64
    assert sum(r["events"] for r in rows if r["state"] == AlertState.ENDED) == 300


def mixed(seed):
    """A stream of all that can happen, with repeats, pauses, a clock set back and inner rows of tunnels."""
    rng, stream, live = np.random.default_rng(seed), Stream(), []
    hosts = ["10.10.1.5", "10.10.1.6", "10.20.1.5", "10.20.2.10", "10.30.8.9", "192.168.7.7", "203.0.113.80",
             "192.0.2.9", "100.64.9.10", "2001:db8:30::5", "2001:db8:ffff::1"]
    for _ in range(120):
        step = rng.integers(0, 10)
        if step < 5 or not live:
            src, dst = rng.choice(hosts, 2, replace=False)
            proto = int(rng.choice([6, 6, 6, 17, 41, 47]))
            port = int(rng.choice([443, 3389, 8530, 3544])) if proto in (6, 17) else 0
            live.append(stream.open(str(src), str(dst), port, proto=proto, flags=int(rng.choice([2, 2, 16])),
                                    tunnel_depth=int(rng.integers(0, 6) == 0)))
        elif step < 7:
            stream.establish(live[rng.integers(len(live))])
        elif step < 8:
            stream.refuse(live[rng.integers(len(live))])
        else:
            flow = live.pop(rng.integers(len(live)))
            reason = EndReason.TCP_FIN if rng.integers(2) else EndReason.ACTIVE_TIMEOUT
            stream.row(flow, int(rng.integers(0, 3)), reason=reason)
        stream.wait(float(rng.choice([0, 0.5, 30, 250, 700])))
        if rng.integers(0, 60) == 0:
            stream.wait(-9000)
            live.append(stream.open(*(str(h) for h in rng.choice(hosts, 2, replace=False))))  # a packet sets it back
    return stream


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.lists(st.integers(0, 200), max_size=12), st.booleans())
@example(7604, [], True)
def test_portions_do_not_change_the_alerts(seed, cuts, small):
    limits = FindingSettings(findings=64, flows=64, per_initiator=2, per_zone_pair=2) if small else FindingSettings()
    stream = mixed(seed)
    cuts = [c for c in cuts if c <= len(stream.packets)]
    for make in (ZoneVerdicts, lambda p, s: ZoneEvidence(p, s, sensor="s-edge")):
        whole = run(make(POLICY, limits), stream)
        parts = run(make(POLICY, limits), stream, cuts)
        each = run(make(POLICY, limits), stream, list(range(1, len(stream.packets))))
        def key(row):
            return row["alert_id"], row["revision"]
        assert sorted(whole, key=key) == sorted(parts, key=key) == sorted(each, key=key)
        assert len({key(r) for r in whole}) == len(whole)
        ended = Counter(r["alert_id"] for r in whole if r["state"] == AlertState.ENDED)
        assert ended == Counter({r["alert_id"] for r in whole})


DETECTORS = {"verdicts": ZoneVerdicts(POLICY), "evidence": ZoneEvidence(POLICY),
             "evidence with a sensor": ZoneEvidence(POLICY, sensor="s-edge")}


@pytest.mark.parametrize("name", DETECTORS)
def test_contract(name):
    detector = DETECTORS[name]
    assert isinstance(detector, Detector)
    detector.reset()
    assert rows_in(detector.update(PACKET.empty(0), FLOW.empty(0))) == 0
    assert rows_in(detector.finish()) == 0
    stream = mixed(5)
    first = run(detector, stream)
    detector.reset()
    assert run(detector, stream) == first
    assert first
    assert {r["signature_id"] for r in first} <= {s.signature_id for s in detector.signatures}
    assert all(isinstance(v, int) for v in detector.counters().values())


# --- zone evidence


@pytest.mark.parametrize(("proto", "port", "signature"),
                         [(41, 0, 900111), (4, 0, 900112), (47, 0, 900113), (17, 3544, 900114)])
def test_a_tunnel_out_of_an_internal_zone(proto, port, signature):
    stream = Stream()
    stream.open("10.20.1.5", "192.0.2.1", port, proto=proto)
    rows = run(ZoneEvidence(POLICY), stream)
    assert {(r["signature_id"], r["severity"]) for r in rows} == {(signature, Severity.HIGH)}


@pytest.mark.parametrize(("src", "dst", "proto", "port"), [
    ("10.20.1.5", "10.20.1.6", 41, 0), ("198.51.100.1", "192.0.2.1", 41, 0), ("10.20.1.5", "192.0.2.1", 6, 3544),
    ("10.20.1.5", "192.0.2.1", 17, 443), ("10.20.1.5", "224.0.0.1", 41, 0),
])
def test_what_is_no_tunnel_out_of_an_internal_zone(src, dst, proto, port):
    stream = Stream()
    stream.open(src, dst, port, proto=proto)
    assert run(ZoneEvidence(POLICY), stream) == []


def test_a_sensor_tells_addresses_that_have_no_place_on_its_wire():
    stream = Stream()
    flow = stream.open("10.20.1.5", "10.30.8.9", 3389)
    stream.establish(flow)
    assert run(ZoneEvidence(POLICY), stream) == []
    assert run(ZoneEvidence(POLICY, sensor="s-split"), stream) == []
    rows = run(ZoneEvidence(POLICY, sensor="s-edge"), stream)
    told = {(r["signature_id"], r["src_zone"], r["verdict"]) for r in rows}
    assert told == {(900122, "lgwan", Verdict.WRONG_SEGMENT)}
    with pytest.raises(PolicyError, match=r"s-nowhere.*s-edge"):
        ZoneEvidence(POLICY, sensor="s-nowhere")


def test_settings_out_of_range_are_refused():
    for wrong in ({"quiet_s": 0}, {"findings": 100}, {"flows": 1000}, {"per_initiator": 0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            FindingSettings(**wrong)

"""EVE events: Suricata's names, types and forms; JSON whatever the rows hold."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import ALERT, FLOW, SENSOR_HEALTH, TABLES
from columns.address import address_int
from columns.app import AppProto
from columns.codes import AlertState, Certainty, EndReason, Outcome, Severity, TcpState, Verdict
from columns.community_id import community_ids
from columns.eve import flow_lines, stats_lines
from columns.eve_alerts import alert_lines
from tests.support.rows import VOCABULARIES, city_flows, extreme_batch

SECOND = 1_000_000_000
START = 1_795_428_000 * SECOND + 123_456_789
TCP = {"flow_id": 77, "part": 1, "ts_start_ns": START, "ts_end_ns": START + 90 * SECOND, "src_port": 40000,
       "dst_port": 443, "src_ip": address_int("192.0.2.1"), "dst_ip": address_int("198.51.100.7"), "proto": 6,
       "vlan": 10, "vlan_inner": 20, "src_mac": 0x0200000000AB, "pkts_toserver": 5, "bytes_toserver": 2**63 + 5,
       "tcp_flags_toserver": 0x1B, "tcp_flags_toclient": 0x52, "tcp_state": TcpState.CLOSED,
       "ttl_toserver": 64, "direction_certainty": Certainty.SYN_SEEN, "outcome": Outcome.ESTABLISHED,
       "end_reason": EndReason.TCP_FIN, "verdict": Verdict.NO_CONDUIT, "src_zone": 1, "dst_zone": 3, "conduit": 0,
       "first_packet": 9, "clock_ns": START + 92 * SECOND}


def events(text):
    assert text.endswith("\n")
    return [json.loads(line) for line in text[:-1].split("\n")]


def flow_event(**changes):
    (event,) = events(flow_lines(FLOW.from_rows([TCP | changes]), VOCABULARIES))
    return event


def test_tcp_flow_has_suricatas_fields():
    event = flow_event()
    assert event["timestamp"] == "2026-11-23T10:01:32.123456+0000"
    assert {k: event[k] for k in ("event_type", "flow_id", "src_ip", "src_port", "dest_ip", "dest_port", "proto")} == {
        "event_type": "flow", "flow_id": 77, "src_ip": "192.0.2.1", "src_port": 40000, "dest_ip": "198.51.100.7",
        "dest_port": 443, "proto": "TCP"}
    assert event["vlan"] == [10, 20]
    assert event["ether"] == {"src_macs": ["02:00:00:00:00:ab"]}
    assert event["ip_v"] == 4
    assert event["flow"] == {
        "pkts_toserver": 5, "pkts_toclient": 0, "bytes_toserver": 2**63 + 5, "bytes_toclient": 0,
        "start": "2026-11-23T10:00:00.123456+0000", "end": "2026-11-23T10:01:30.123456+0000", "age": 90,
        "state": "closed", "reason": "timeout", "alerted": False, "min_ttl_toserver": 64}
    assert event["tcp"] == {
        "tcp_flags": "5b", "tcp_flags_ts": "1b", "tcp_flags_tc": "52", "syn": True, "fin": True, "psh": True,
        "ack": True, "ecn": True, "state": "closed"}
    assert event["community_id"] == community_ids(FLOW.from_rows([TCP]))[0]
    assert "icmp_type" not in event
    assert "in_iface" not in event


def test_our_fields_stand_under_sekisho():
    assert flow_event()["sekisho"] == {
        "part": 1, "tunnel": "none", "tunnel_depth": 0, "src_zone": "mynumber", "dst_zone": "internet",
        "payload_bytes_toserver": 0, "payload_bytes_toclient": 0, "fragments": 0, "direction_certainty": "syn_seen",
        "outcome": "established", "verdict": "no_conduit", "first_packet": 9, "end_reason": "tcp_fin",
        "tcp_state": "closed"}
    assert flow_event(conduit=2)["sekisho"]["conduit"] == "virtual-desktop"


def test_icmp_flow_has_type_and_code_but_no_ports_and_no_tcp():
    event = flow_event(proto=1, icmp_type=8, vlan=0, vlan_inner=0, src_mac=0, tcp_state=0)
    assert (event["icmp_type"], event["icmp_code"], event["proto"]) == (8, 0, "ICMP")
    assert not {"src_port", "dest_port", "tcp", "vlan", "ether"} & set(event)


def test_an_answer_by_another_way_shows_both_mac_addresses():
    event = flow_event(dst_mac=0xB, reply_src_mac=0xC, reply_dst_mac=0x0200000000AB)
    assert event["ether"] == {"src_macs": ["02:00:00:00:00:ab"],
                              "dest_macs": ["00:00:00:00:00:0b", "00:00:00:00:00:0c"]}


def test_icmp_shows_the_answer_where_there_was_one():
    asked = {"proto": 1, "icmp_type": 8, "tcp_state": 0}
    assert "response_icmp_type" not in flow_event(**asked)
    answered = flow_event(**asked, pkts_toclient=1, reply_icmp_type=0, reply_icmp_code=0)
    assert (answered["response_icmp_type"], answered["response_icmp_code"]) == (0, 0)


def test_what_the_end_of_input_ended_was_shut_down():
    assert flow_event(input_ended=1)["flow"]["reason"] == "shutdown"


def test_age_counts_whole_seconds_of_the_clock():
    assert flow_event(ts_end_ns=START + SECOND - 1)["flow"]["age"] == 1


def test_protocol_at_first_and_transactions():
    event = flow_event(app_proto=AppProto.TLS, first_app_proto=AppProto.SMTP, transactions=3)
    assert (event["app_proto"], event["app_proto_orig"], event["flow"]["tx_cnt"]) == ("tls", "smtp", 3)
    assert flow_event(app_proto=AppProto.FTP_DATA)["app_proto"] == "ftp-data"


def test_port_zero_of_tcp_is_a_port():
    assert flow_event(src_port=0)["src_port"] == 0


@pytest.mark.parametrize(("changes", "state"), [
    ({"outcome": Outcome.ATTEMPTED, "tcp_state": TcpState.SYN_SENT}, "new"),
    ({"outcome": Outcome.ESTABLISHED, "tcp_state": TcpState.ESTABLISHED}, "established"),
    ({"outcome": Outcome.ATTEMPTED, "tcp_state": TcpState.RESET}, "closed"),
    ({"outcome": Outcome.ESTABLISHED, "proto": 17, "tcp_state": 0}, "established"),
    ({"outcome": Outcome.UNKNOWN, "proto": 17, "tcp_state": 0}, "new"),
])
def test_flow_state(changes, state):
    assert flow_event(**changes)["flow"]["state"] == state


@pytest.mark.parametrize(("reason", "word"), [
    (EndReason.IDLE_TIMEOUT, "timeout"), (EndReason.ACTIVE_TIMEOUT, "timeout"), (EndReason.TCP_RESET, "timeout"),
    (EndReason.EVICTED, "forced"), (EndReason.CLOCK_RESET, "forced"), (EndReason.END_OF_INPUT, "shutdown"),
])
def test_flow_reason_is_suricatas_and_ours_is_beside_it(reason, word):
    event = flow_event(end_reason=reason)
    assert (event["flow"]["reason"], event["sekisho"]["end_reason"]) == (word, reason.name.lower())


def test_every_code_has_a_word():
    for name, codes in (("tcp_state", TcpState), ("end_reason", EndReason), ("verdict", Verdict)):
        for code in codes:
            assert flow_event(**{name: code})["sekisho"][name] == code.name.lower()


def test_alert_has_suricatas_fields_and_ours():
    row = {"alert_id": 5, "revision": 2, "state": AlertState.ONGOING, "ts_ns": START, "start_ns": START,
           "end_ns": START, "detector": "scan", "gid": 9000, "signature_id": 12, "rev": 3, "signature": "a scan",
           "signature_ja": "スキャン", "category": "Detection of a Network Scan", "severity": Severity.HIGH,
           "src_ip": address_int("192.0.2.1"), "dst_ip": address_int("192.0.2.2"), "dst_prefix_bits": 128,
           "src_port": 4000, "dst_port": 22, "proto": 6, "flow_id": 9, "packet_number": 4, "measured": 12.5,
           "threshold": float("inf"), "why": "a\nb\"c"}
    (event,) = events(alert_lines(ALERT.from_rows([row]), sensor="edge"))
    assert event["alert"] == {"action": "allowed", "gid": 9000, "signature_id": 12, "rev": 3, "signature": "a scan",
                              "category": "Detection of a Network Scan", "severity": 2}
    assert (event["event_type"], event["pcap_cnt"], event["host"]) == ("alert", 4, "edge")
    assert event["community_id"] == community_ids(ALERT.from_rows([row]))[0]
    ours = event["sekisho"]
    assert (ours["state"], ours["measured"], ours["threshold"]) == ("ongoing", 12.5, None)
    assert (ours["why"], ours["signature_ja"]) == ("a\nb\"c", "スキャン")
    assert not {"peak", "technique", "conduit"} & set(ours)


@pytest.mark.parametrize("changes", [{"dst_prefix_bits": 120}, {"src_ip": 0}, {"dst_port": 0}, {"proto": 1}])
def test_alert_over_many_flows_has_no_community_id(changes):
    row = {"src_ip": 1, "dst_ip": 2, "src_port": 1, "dst_port": 2, "proto": 6, "dst_prefix_bits": 128}
    assert "community_id" in events(alert_lines(ALERT.from_rows([row])))[0]
    assert "community_id" not in events(alert_lines(ALERT.from_rows([row | changes])))[0]


def test_stats_are_one_event_per_time():
    rows = [{"ts_ns": START, "stage": "decode", "cause": "ipv4_truncated", "value": 3},
            {"ts_ns": START, "stage": "capture", "cause": "frames", "value": 2**64 - 1},
            {"ts_ns": START, "stage": "app_layer.flow", "cause": "tls", "value": 2},
            {"ts_ns": START + SECOND, "stage": "capture", "cause": "frames", "value": 1}]
    first, second = events(stats_lines(SENSOR_HEALTH.from_rows(rows)))
    assert first["stats"] == {"decode": {"ipv4_truncated": 3}, "capture": {"frames": 2**64 - 1},
                              "app_layer": {"flow": {"tls": 2}}}
    assert second["timestamp"] == "2026-11-23T10:00:01.123456+0000"


def test_no_rows_no_lines():
    assert flow_lines(FLOW.empty(0), VOCABULARIES) == alert_lines(ALERT.empty(0)) == ""
    assert stats_lines(SENSOR_HEALTH.empty(0)) == ""


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 30))
def test_random_bytes_are_json_lines(seed, rows):
    flows = events(flow_lines(extreme_batch(FLOW, rows, seed), VOCABULARIES))
    alerts = events(alert_lines(extreme_batch(ALERT, rows, seed)))
    assert len(flows) == len(alerts) == rows
    assert len(events(stats_lines(extreme_batch(SENSOR_HEALTH, rows, seed)))) == rows


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=30))
def test_text_survives_and_nothing_acts_on_a_terminal(text):
    line = alert_lines(ALERT.from_rows([{"why": text}]))
    assert events(line)[0]["sekisho"].get("why", "") == text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", line)


def test_bytes_that_are_not_utf8_become_replacement_characters():
    alerts = ALERT.from_rows([{"why": b"\xff\xfe\x00'\""}])
    assert events(alert_lines(alerts))[0]["sekisho"]["why"] == "\ufffd\ufffd\x00'\""


@pytest.mark.parametrize("rows", [1, 7, 300])
def test_lines_do_not_depend_on_the_batch(rows):
    flows = city_flows(300)
    whole = flow_lines(flows, VOCABULARIES)
    pieces = [flow_lines(FLOW.batch(*[a[i : i + rows] for a in flows]), VOCABULARIES) for i in range(0, 300, rows)]
    assert "".join(pieces) == whole


def test_every_eve_path_of_a_column_can_occur():
    """Column.eve is what the documentation promises."""
    flows, alerts = extreme_batch(FLOW, 400, 3), extreme_batch(ALERT, 50, 4)
    flows.proto[:] = np.resize([6, 1, 17], 400)
    flows.vlan[:], alerts.proto[:] = 5, 6
    seen = {"flow": flow_lines(flows, VOCABULARIES), "alert": alert_lines(alerts)}
    for table in (t for t in TABLES if t.name in seen):
        paths = set()
        for event in events(seen[table.name]):
            paths |= set(event) | {f"{k}.{n}" for k, v in event.items() if isinstance(v, dict) for n in v}
        assert {c.eve for c in table.columns if c.eve} <= paths

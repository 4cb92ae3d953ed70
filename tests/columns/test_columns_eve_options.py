"""What goes into EVE, and in which form: types, addresses, community_id, DNS of version 2, netflow."""

import json

import pytest

from columns import ALERT, FLOW
from columns.address import address_int
from columns.app import AppProto
from columns.community_id import community_ids
from columns.errors import ConfigError
from columns.eve import flow_lines
from columns.eve_alerts import alert_lines
from columns.eve_netflow import netflow_lines
from columns.eve_settings import DEFAULTS, EveSettings
from columns.eve_transactions import transaction_lines
from columns.protocols import DNS
from tests.support.rows import VOCABULARIES, city_flows, extreme_batch

SECOND = 1_000_000_000
FLOW_ROW = {"flow_id": 7, "ts_start_ns": SECOND, "ts_end_ns": 4 * SECOND, "clock_ns": 9 * SECOND, "src_port": 40000,
            "dst_port": 80, "src_ip": address_int("2001:db8::1"), "dst_ip": address_int("2001:db8::2"), "proto": 6,
            "src_mac": 0x0200000000AB, "dst_mac": 0x0200000000CD, "reply_src_mac": 0x0200000000EF,
            "reply_dst_mac": 0x0200000000AB, "pkts_toserver": 5, "bytes_toserver": 500, "pkts_toclient": 3,
            "bytes_toclient": 900, "tcp_flags_toserver": 0x1B, "tcp_flags_toclient": 0x12, "ttl_toserver": 64,
            "ttl_toclient": 50, "app_proto": AppProto.HTTP}
DNS_ROW = {"src_ip": address_int("192.0.2.1"), "dst_ip": address_int("192.0.2.53"), "src_port": 4000, "dst_port": 53,
           "proto": 17, "src_mac": 0x0200000000AB, "variant": "dns", "message_type": "request", "opcode": 0,
           "queries": json.dumps([{"rrname": "a.example", "rrtype": "A"}, {"rrname": "b.example", "rrtype": "MX"}])}
ANSWER = DNS_ROW | {"message_type": "response", "to_server": 0, "rcode": "NOERROR", "queries": json.dumps([
    {"rrname": "a.example", "rrtype": "A"}]), "answers": json.dumps([{"rrname": "a.example", "rrtype": "CNAME"}])}


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def dns(*rows, **options):
    return events(transaction_lines(DNS, DNS.from_rows(list(rows)), VOCABULARIES, options=EveSettings(**options)))


def test_a_flow_is_told_by_direction():
    there, back = events(netflow_lines(FLOW.from_rows([FLOW_ROW])))
    assert there["event_type"] == back["event_type"] == "netflow"
    assert (there["src_ip"], there["src_port"], there["dest_port"]) == ("2001:db8::1", 40000, 80)
    assert (back["src_ip"], back["src_port"], back["dest_port"]) == ("2001:db8::2", 80, 40000)
    assert there["netflow"] == {"pkts": 5, "bytes": 500, "age": 3, "min_ttl": 64,
                                "start": "1970-01-01T00:00:01.000000+0000", "end": "1970-01-01T00:00:04.000000+0000"}
    assert (back["netflow"]["pkts"], back["netflow"]["bytes"], back["netflow"]["min_ttl"]) == (3, 900, 50)
    assert there["tcp"] == {"tcp_flags": "1b", "syn": True, "fin": True, "psh": True, "ack": True}
    assert back["tcp"]["tcp_flags"] == "12"
    assert there["ether"] == {"src_macs": ["02:00:00:00:00:ab"], "dest_macs": ["02:00:00:00:00:cd"]}
    assert back["ether"]["src_macs"] == ["02:00:00:00:00:ef"]
    assert there["community_id"] == back["community_id"]
    assert there["app_proto"] == "http"
    one_way = events(netflow_lines(FLOW.from_rows([FLOW_ROW | {"pkts_toclient": 0}])))
    assert [e["src_port"] for e in one_way] == [40000]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_netflow_has_every_packet_of_every_flow_once(seed):
    flows = city_flows(50, seed)
    told = events(netflow_lines(flows))
    assert sum(e["netflow"]["pkts"] for e in told) == int(flows.pkts_toserver.sum() + flows.pkts_toclient.sum())
    assert all(json.dumps(e) for e in events(netflow_lines(extreme_batch(FLOW, 20, seed))))


def test_community_id_and_mac_addresses_can_be_left_out_and_seeded():
    flows = FLOW.from_rows([FLOW_ROW])
    plain, = events(flow_lines(flows, VOCABULARIES, options=EveSettings(community_id=False, ethernet=False)))
    assert not {"community_id", "ether"} & plain.keys()
    seeded, = events(flow_lines(flows, VOCABULARIES, options=EveSettings(community_id_seed=7)))
    assert seeded["community_id"] == community_ids(flows, 7)[0] != community_ids(flows)[0]
    assert "ether" not in dns(DNS_ROW, ethernet=False)[0]
    assert "ether" in dns(DNS_ROW)[0]


def test_ipv6_addresses_are_written_out_where_that_is_asked_for():
    full = EveSettings(ipv6_full=True)
    flow, = events(flow_lines(FLOW.from_rows([FLOW_ROW]), VOCABULARIES, options=full))
    assert flow["src_ip"] == "2001:0db8:0000:0000:0000:0000:0000:0001"
    context = {"tunnel": {"src_ip": "2001:db8::7", "dest_ip": "192.0.2.1"}, "flow": {"src_ip": "::1"}}
    alert, = events(alert_lines(ALERT.from_rows([{"src_ip": address_int("192.0.2.9"), "dst_ip": 1, "context":
                                                  json.dumps(context)}]), options=full))
    assert alert["tunnel"] == {"src_ip": "2001:0db8:0000:0000:0000:0000:0000:0007", "dest_ip": "192.0.2.1"}
    assert alert["flow"]["src_ip"].endswith(":0000:0001")
    assert (alert["src_ip"], alert["dest_ip"]) == ("192.0.2.9", "0000:0000:0000:0000:0000:0000:0000:0001")


def test_dns_of_version_2_has_an_event_for_each_question():
    got = [e["dns"] for e in dns(DNS_ROW, ANSWER, dns_version=2)]
    assert [(d["type"], d["rrname"], d["rrtype"]) for d in got] == [
        ("query", "a.example", "A"), ("query", "b.example", "MX"), ("answer", "a.example", "A")]
    assert [e["dns"]["type"] for e in dns(DNS_ROW, ANSWER)] == ["request", "response"]


@pytest.mark.parametrize(("options", "expected"), [
    ({"dns_requests": False}, ["response"]), ({"dns_responses": False}, ["request"]), ({"dns_types": ("mx",)}, [
        "request"]), ({"dns_types": ("cname",)}, ["response"]), ({"dns_types": ("a",)}, ["request", "response"]),
    ({"dns_types": ("txt",)}, []), ({"events": ("flow",)}, []), ({"events": ("dns",)}, ["request", "response"]),
])
def test_dns_is_chosen_by_way_and_type(options, expected):
    assert [e["dns"]["type"] for e in dns(DNS_ROW, ANSWER, **options)] == expected


def test_what_belongs_within_alert_is_there_and_the_rest_beside_it():
    row = {"src_ip": 1, "dst_ip": 2, "signature_id": 5, "references": '["https://example.org/"]',
           "context": json.dumps({"alert": {"action": "blocked", "xff": "192.0.2.1"}, "app_proto": "http"})}
    got, = events(alert_lines(ALERT.from_rows([row])))
    assert (got["alert"]["action"], got["alert"]["xff"], got["app_proto"]) == ("blocked", "192.0.2.1", "http")
    assert got["alert"]["references"] == ["https://example.org/"]
    got, = events(alert_lines(ALERT.from_rows([row | {"context": ""}]), options=EveSettings(references=False)))
    assert (got["alert"]["action"], "references" in got["alert"]) == ("allowed", False)


def test_types_that_are_written():
    assert DEFAULTS.writes("flow")
    assert not DEFAULTS.writes("netflow")
    assert not DEFAULTS.writes_netflow
    assert EveSettings(netflow=True).writes_netflow
    some = EveSettings(events=("alert", "netflow"))
    assert (some.writes("alert"), some.writes("flow"), some.writes_netflow) == (True, False, True)
    for wrong in ({"dns_version": 1}, {"community_id_seed": 1 << 16}, {"anomalies": ("odd",)}):
        with pytest.raises(ConfigError):
            EveSettings(**wrong)

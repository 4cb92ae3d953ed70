"""What becomes of the matches of one packet: order, passes, limits, verdicts, and what alerts show of the traffic."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from columns.errors import ConfigError
from detectors.signatures.detector import SignatureDetector
from detectors.signatures.engine.settings import SignatureSettings
from tests.support import frames as f
from tests.support.ruled import GET, HTTP, Sensor, rules_of, talk

_ADDRESS = int.from_bytes(bytes([203, 0, 113, 9]), "big") | 0xFFFF00000000
DROP_FIRST = ("drop", "pass", "reject", "alert")


def alerts(tmp_path: Path, frames: list[bytes], *rules: str, batch: int = 4096,
           **settings: Any) -> list[dict[str, Any]]:
    sensor = Sensor(SignatureDetector(rules_of(tmp_path, *rules), SignatureSettings(**settings)))
    sensor.take(frames, batch)
    sensor.end()
    return sensor.alerts


def sids(found: list[dict[str, Any]]) -> list[int]:
    return [a["sid"] for a in found]


UDP = [f.ethernet(f.ipv4(f.udp(b"some words\x00\xff", sport=4000, dport=9), src="10.0.0.1", dst="198.51.100.7"))]
PASS, ALERT, DROP = ('pass udp any any -> any any (content:"some"; sid:1;)',
                     'alert udp any any -> any any (content:"words"; sid:2;)',
                     'drop udp any any -> any any (content:"so"; sid:3;)')


def test_actions_come_in_their_order_and_a_pass_ends_what_comes_after_it(tmp_path):
    assert sids(alerts(tmp_path, UDP, PASS, ALERT, DROP)) == []
    assert sids(alerts(tmp_path, UDP, PASS, ALERT, DROP, action_order=DROP_FIRST)) == [3]
    assert sids(alerts(tmp_path, UDP, ALERT, DROP)) == [3, 2]
    assert sids(alerts(tmp_path, UDP, ALERT, DROP, action_order=("alert", "pass", "reject", "drop"))) == [2, 3]


@pytest.mark.parametrize("order", [("pass",), ("pass", "drop", "reject", "reject"), ("pass", "drop", "alert", "sdrop")])
def test_an_order_that_is_none_is_refused(order):
    with pytest.raises(ConfigError, match="action_order"):
        SignatureSettings(action_order=order)


def test_the_limit_of_a_packet_keeps_the_first_in_order(tmp_path):
    rules = [f'alert udp any any -> any any (content:"some"; priority:{9 - n}; sid:{n};)' for n in range(1, 6)]
    assert sids(alerts(tmp_path, UDP, *rules, alerts_per_packet=2)) == [5, 4]
    sensor = Sensor(SignatureDetector(rules_of(tmp_path, *rules), SignatureSettings(alerts_per_packet=2)))
    sensor.take(UDP)
    assert sensor.detector.counters()["over_packet_limit"] == 3
    assert sensor.detector.counters()["matches"] == 5


def test_an_inline_sensor_looks_at_nothing_after_a_drop_and_says_blocked(tmp_path):
    rules = ('drop http any any -> any any (http.uri; content:"/a/"; sid:1;)',
             'alert http any any -> any any (http.stat_code; content:"200"; sid:2;)')
    assert sids(alerts(tmp_path, talk(*HTTP), *rules)) == [1, 2]
    found = alerts(tmp_path, talk(*HTTP), *rules, inline=True)
    assert sids(found) == [1]
    assert found[0]["context"]["alert"] == {"action": "blocked"}
    assert found[0]["action"] == "drop"


def test_inline_windows_end_with_each_packet_and_see_what_was_before(tmp_path):
    rule = 'alert tcp any any -> any any (content:"probe/1.0"; sid:1;)'
    for pieces in ([1400], [7], [1]):
        late, = alerts(tmp_path, talk((True, GET), pieces=pieces), rule)
        found, = alerts(tmp_path, talk((True, GET), pieces=pieces), rule, inline=True)
        assert found["context"]["pkt_src"] == "wire/pcap"
        assert found["packet"] <= late["packet"]


@pytest.mark.parametrize("batch", [1, 3, 4096])
def test_connections_whose_start_was_not_seen_are_left_alone_where_the_policy_says_so(tmp_path, batch):
    rule = 'alert tcp any any -> any any (flags:A+; sid:1;)'
    whole, cut = talk(*HTTP), talk(*HTTP)[1:]
    assert alerts(tmp_path, cut, rule, batch=batch)
    for policy in ("pass-flow", "drop-flow"):
        assert not alerts(tmp_path, cut, rule, batch=batch, midstream_policy=policy)
        assert sids(alerts(tmp_path, whole, rule, batch=batch, midstream_policy=policy)) == sids(
            alerts(tmp_path, whole, rule, batch=batch))


@pytest.mark.parametrize(("heard", "midstream", "times"), [((0, 2, 3, 6), True, 0), ((2, 3, 6), True, 1),
                                                           ((2, 3, 6), False, 0)])
def test_a_connection_taken_up_in_its_middle_is_established_from_one_end(tmp_path, heard, midstream, times):
    rule = 'alert tcp any any -> any any (flow:established,to_server; dsize:>0; sid:1;)'
    frames = talk(*HTTP)
    sensor = Sensor(SignatureDetector(rules_of(tmp_path, rule), midstream=midstream))
    sensor.take([frames[k] for k in heard])  # those of the client alone
    sensor.end()
    assert len(sensor.alerts) == times


def test_verdicts_say_what_an_inline_sensor_would_do(tmp_path):
    def verdict(*rules: str, **more: Any) -> dict[str, Any]:
        return alerts(tmp_path, UDP, *rules, verdict=True, **more)[0]["context"]["verdict"]

    assert verdict(ALERT) == {"action": "alert"}
    assert verdict(ALERT, DROP) == {"action": "alert"}
    assert verdict(ALERT, DROP, inline=True) == {"action": "drop"}
    assert verdict('pass udp any any -> any any (alert; sid:4;)') == {"action": "pass"}
    assert verdict(ALERT, PASS, action_order=("alert", "pass", "drop", "reject")) == {"action": "pass"}
    assert verdict('rejectboth udp any any -> any any (sid:5;)') == {
        "action": "alert", "reject-target": "both", "reject_target": "both", "reject": ["icmp-prohib"]}


def test_alerts_show_payload_and_packet_where_that_is_asked_for(tmp_path):
    assert not {"payload", "payload_printable", "packet"} & alerts(tmp_path, UDP, ALERT)[0]["context"].keys()
    shown = alerts(tmp_path, UDP, ALERT, payload=True, payload_printable=True, packet=True)[0]["context"]
    assert base64.b64decode(shown["payload"]) == b"some words\x00\xff"
    assert (shown["payload_printable"], shown["stream"]) == ("some words..", 0)
    assert base64.b64decode(shown["packet"]) == UDP[0]
    short = alerts(tmp_path, UDP, ALERT, payload_printable=True, payload_bytes=4)[0]["context"]
    assert short["payload_printable"] == "some"
    rule = 'alert tcp any any -> any any (content:"probe/1"; sid:1;)'
    stream, = alerts(tmp_path, talk((True, GET), pieces=[9]), rule, payload_printable=True)
    assert stream["context"]["payload_printable"].replace("\r\n", "\n") == GET.decode().replace("\r\n", "\n")
    assert stream["context"]["stream"] == 1


@pytest.mark.parametrize("version", [4, 6])
def test_a_datagram_that_was_put_together_is_shown_as_one_packet(tmp_path, version):
    segment = f.udp(b"0123456789abcdef" * 4, sport=4000, dport=9)
    parts = (f.fragments_v4 if version == 4 else f.fragments_v6)(segment, [16, 40])
    whole = f.ethernet((f.ipv4 if version == 4 else f.ipv6)(segment, **({"ip_id": 1} if version == 4 else {})))
    rule = 'alert udp any any -> any any (content:"0123456789abcdef0123456789"; sid:1;)'
    found, = alerts(tmp_path, [f.ethernet(part) for part in parts], rule, packet=True)
    got = base64.b64decode(found["context"]["packet"])
    fixed = 14 if version == 6 else 24  # of IPv4: up to the identification, with its check sum it is compared below
    assert got[:fixed][:18] == whole[:fixed][:18]
    assert got[34 if version == 4 else 54 :] == whole[34 if version == 4 else 54 :]
    if version == 4:
        assert f.internet_checksum(got[14:34]) == 0


@pytest.mark.parametrize(("version", "protocol"), [(4, 0x21), (6, 0x57)])
def test_on_ppp_it_is_shown_behind_its_protocol(tmp_path, version, protocol):
    segment = f.udp(b"0123456789abcdef" * 4, sport=4000, dport=9)
    parts = (f.fragments_v4 if version == 4 else f.fragments_v6)(segment, [16, 40])
    rule = 'alert udp any any -> any any (content:"0123456789abcdef0123456789"; sid:1;)'
    sensor = Sensor(SignatureDetector(rules_of(tmp_path, rule), SignatureSettings(packet=True)))
    sensor.take([bytes([protocol]) + bytes(part) for part in parts], link_type=9)
    shown = base64.b64decode(sensor.alerts[0]["context"]["packet"])
    assert (shown[0], shown[1] >> 4) == (protocol, version)


@pytest.mark.parametrize(("header", "deployment", "expected"), [
    (b"203.0.113.9, 10.9.9.9", "forward", _ADDRESS), (b"10.9.9.9,203.0.113.9", "reverse", _ADDRESS),
    (b"203.0.113.9:4711", "reverse", _ADDRESS), (b"nobody", "reverse", None), (b"", "forward", None),
])
def test_the_client_behind_a_proxy(tmp_path, header, deployment, expected):
    said = talk((True, GET.replace(b"Cookie: k=v", b"x-forwarded-for: " + header)), (False, HTTP[1][1]))
    rule = 'alert http any any -> any any (file.data; content:"EVIL"; sid:1;)'
    found, = alerts(tmp_path, said, rule, xff="overwrite", xff_deployment=deployment)
    untouched, = alerts(tmp_path, said, rule)
    assert (found["dst"], found["src"]) == (expected or untouched["dst"], untouched["src"])
    beside, = alerts(tmp_path, said, rule, xff="extra-data", xff_deployment=deployment)
    assert beside["context"].get("alert") == ({"xff": "203.0.113.9"} if expected else None)
    assert beside["dst"] == untouched["dst"]


def test_bits_of_traffic_are_told_apart_from_the_others(tmp_path):
    found = alerts(tmp_path, talk(*HTTP), 'alert http any any -> any any (http.user_agent; content:"probe"; '
                   'flowbits:set,traffic/id/probe; flowbits:set,traffic/label/tool; flowbits:set,seen; sid:1;)')
    assert found[0]["context"]["traffic"] == {"id": ["probe"], "label": ["tool"]}
    assert found[0]["context"]["metadata"] == {"flowbits": ["seen"]}


def test_payload_that_is_no_part_of_a_stream_is_looked_at_by_packet(tmp_path):
    def segment(flags: int, seq: int, **ends: Any) -> bytes:
        return f.ethernet(f.ipv4(f.tcp(b"Hi all", seq=seq, flags=flags, **ends), src="10.0.0.1", dst="198.51.100.7"))

    rule = 'alert tcp any any -> any any (content:"Hi all"; sid:1;)'
    assert sids(alerts(tmp_path, [segment(2, 100), segment(24, 100)], rule)) == [1, 1]


NAMED = 'alert tcp any any -> any any (flow:to_server; pcre:"/user=(?P<flow_who>[a-z]+)/"; noalert; sid:1;)'
ASKED = 'alert tcp any any -> any any (flow:to_server; content:"again"; flowvar:who,{}; sid:2;)'


@pytest.mark.parametrize(("value", "there"), [("alice", True), ("lic", True), ("mal", False), ("|61|lice", True)])
@pytest.mark.parametrize("batch", [1, 4096])
def test_a_text_that_an_expression_captured_is_asked_for_later_in_the_flow(tmp_path, batch, value, there):
    frames = talk((True, b"user=alice"), (True, b"again"), (True, b"again"))
    found = sids(alerts(tmp_path, frames, NAMED, ASKED.format(value), batch=batch))
    assert (set(found), bool(found)) == ({2} if there else set(), there)
    other = talk((True, b"again"), client_port=40001)
    assert sids(alerts(tmp_path, frames[:4] + other, NAMED, ASKED.format(value), batch=batch)) == []


def test_a_text_of_a_packet_is_asked_for_in_that_packet_alone(tmp_path):
    rules = ('alert udp any any -> any any (pcre:"/some (?P<pkt_what>[a-z]+)/"; noalert; sid:1;)',
             'alert udp any any -> any any (content:"wor"; pktvar:what,word; sid:2;)')
    plain = f.ethernet(f.ipv4(f.udp(b"wor", sport=4000, dport=9), src="10.0.0.1", dst="198.51.100.7"))
    assert sids(alerts(tmp_path, [*UDP, plain], *rules)) == [2]
    assert sids(alerts(tmp_path, [plain], *rules)) == []


PLACED = ("isdataat:3", "isdataat:!4", "byte_test:1,&,64,2", "byte_test:1,!&,64,2", "byte_test:2,>,500,1",
          "byte_test:2,>,500,1,little", "byte_test:4,!=,0,0", "byte_test:2,=,3,0,bitmask 0x0ff0", "byte_test:1,^,5,3")


@pytest.mark.parametrize("test", PLACED)
def test_a_test_of_a_fixed_place_holds_of_each_payload_as_it_does_of_a_stream(tmp_path, test):
    # The same bytes are asked packet by packet where they are datagrams, all at once, and by a search in a stream.
    payloads = [bytes(k) for k in ([1], [0, 0, 0], [0, 3, 64, 5], [0xF0, 0x30, 1, 2, 9], [2, 0, 2, 191], [0, 48, 64])]
    rule = f'({test}; content:!"none"; sid:1;)'
    frames = [f.ethernet(f.ipv4(f.udp(data, sport=5000 + k, dport=9), src="10.0.0.1", dst="198.51.100.7"))
              for k, data in enumerate(payloads)]
    over_udp = f"alert udp any any -> any 9 {rule}"
    asked = [k for k, frame in enumerate(frames) if alerts(tmp_path, [frame], over_udp)]
    searched = [k for k, data in enumerate(payloads) if alerts(
        tmp_path, talk((True, data)), f"alert tcp any any -> any 80 (flow:to_server,only_stream; {rule[1:]}")]
    assert asked == searched
    assert 0 < len(asked) == len(alerts(tmp_path, frames, over_udp)) < len(payloads)


@pytest.mark.parametrize(("first", "wanted"), [
    ("urilen:5", []), ("urilen:>5", [1]), ('http.method; content:"POST"', []),
    ('http.method; content:"get"; nocase', [1]),
    ('http.uri; content:!"GET"', [1])])
def test_a_rule_that_no_filter_looks_for_holds_only_where_all_that_it_asks_does(tmp_path, first, wanted):
    rule = f'alert http any any -> any any (flow:to_server; {first}; http.uri; content:"/"; sid:1;)'
    assert sids(alerts(tmp_path, talk(*HTTP), rule)) == wanted
    assert sids(alerts(tmp_path, talk(*HTTP), rule.replace('content:"/"', 'content:"#"'))) == []

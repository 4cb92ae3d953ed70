"""Rules at work on conversations made here: each family of keywords has a case that alerts and one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from columns import ALERT, rows_in
from detectors.signatures.detector import SignatureDetector
from detectors.signatures.engine.settings import SignatureSettings
from tests.support.ruled import GET, HTTP, OK, Sensor, alerts_of, datagram, rules_of, talk

QUERY = bytes.fromhex("123401000001000000000000") + b"\3www\7example\3com\0" + bytes.fromhex("00010001")
ANSWER = bytes.fromhex("123481830001000000000000") + QUERY[12:]

CASES = [
    ('alert tcp any any -> any 80 (content:"probe/1.0"; sid:1;)', 1), ('alert tcp any any -> any 81 (sid:1;)', 0),
    ('alert tcp any any -> any 80 (flow:established,to_server; content:"EVIL"; sid:1;)', 0),
    ('alert tcp any any -> any any (flow:established,to_client; content:"EVIL"; sid:1;)', 1),
    ('alert tcp any any -> any any (flags:S; sid:1;)', 1), ('alert tcp any any -> any any (flags:S,12; sid:1;)', 1),
    ('alert tcp any any -> any any (flags:SA; sid:1;)', 1), ('alert tcp any any -> any any (flags:U+; sid:1;)', 0),
    (f'alert tcp any any -> any any (dsize:{len(GET)}; sid:1;)', 1),
    ('alert tcp any any -> any any (dsize:>1000; sid:1;)', 0),
    ('alert tcp 10.0.0.0/8 any -> !10.0.0.0/8 any (flags:S; sid:1;)', 1),
    ('alert tcp !10.0.0.0/8 any -> any any (flags:S; sid:1;)', 0),
    ('alert http any any -> any any (http.uri; content:"/a/A"; startswith; sid:1;)', 1),
    ('alert http any any -> any any (http.uri.raw; content:"/a/%41"; sid:1;)', 1),
    ('alert http any any -> any any (http.uri; content:"/b"; sid:1;)', 0),
    ('alert http any any -> any any (http.host; content:"www.example.com"; bsize:15; sid:1;)', 1),
    ('alert http any any -> any any (http.host.raw; content:"Www"; sid:1;)', 1),
    ('alert http any any -> any any (content:"probe"; http_user_agent; sid:1;)', 1),
    ('alert http any any -> any any (http.header; content:"Cookie"; sid:1;)', 0),
    ('alert http any any -> any any (http.cookie; content:"k=v"; sid:1;)', 1),
    ('alert http any any -> any any (http.stat_code; content:"200"; sid:1;)', 1),
    ('alert http any any -> any any (http.method; content:"GET"; http.stat_code; content:"200"; sid:1;)', None),
    ('alert http any any => any any (http.method; content:"GET"; http.stat_code; content:"200"; sid:1;)', 1),
    ('alert http any any -> any any (file.data; content:"EVIL-PAYLOAD"; sid:1;)', 1),
    ('alert http any any -> any any (file.data; content:"EVIL"; depth:3; sid:1;)', None),
    ('alert http any any -> any any (http.response_body; to_lowercase; content:"evil-payload"; sid:1;)', 1),
    ('alert http any any -> any any (http.user_agent; dotprefix; content:".probe"; sid:1;)', 1),
    ('alert http any any -> any any (http.request_body; absent; sid:1;)', 1),
    ('alert http any any -> any any (http.method; absent; flow:to_server; sid:1;)', 0),
    ('alert http any any -> any any (urilen:8; sid:1;)', 1), ('alert http any any -> any any (urilen:>50; sid:1;)', 0),
    ('alert http any any -> any any (filesize:12; sid:1;)', 1),
    ('alert http any any -> any any (pcre:"/^GET/"; sid:1;)', 1),
    ('alert http any any -> any any (pcre:"/A[?]x=/U"; sid:1;)', 1),
    ('alert ip any any -> any any (app-layer-protocol:http; sid:1;)', 2),
    ('alert ip any any -> any any (app-layer-protocol:tls; sid:1;)', 0),
    ('alert tls any any -> any any (sid:1;)', 0),
]


@pytest.mark.parametrize(("rule", "times"), [c for c in CASES if c[1] is not None])
def test_a_rule_alerts_as_often_as_it_should(rule: str, times: int, tmp_path: Path) -> None:
    assert alerts_of(rules_of(tmp_path, rule), talk(*HTTP))[1] == times


@pytest.mark.parametrize(("rule", "times"), [
    ('alert dns any any -> any any (dns.query; content:"example"; sid:1;)', 1),
    ('alert dns any any -> any any (dns.query; content:"absent"; sid:1;)', 0),
    ('alert dns any any -> any any (dns.opcode:0; flow:to_server; sid:1;)', 1),
    ('alert dns any any -> any any (dns.rcode:3; sid:1;)', 1),
    ('alert dns any any -> any any (dns.rcode:2; sid:1;)', 0),
    ('alert udp any any -> any 53 (content:"|01 00 00 01|"; offset:2; depth:4; sid:1;)', 1),
    ('alert udp any any -> any 53 (content:"|01 00 00 01|"; offset:3; depth:4; sid:1;)', 0),
    ('alert udp any any -> any any (flow:established; content:"example"; sid:1;)', 1),
])
def test_dns(rule: str, times: int, tmp_path: Path) -> None:
    frames = [datagram(QUERY), datagram(ANSWER, client=False)]
    assert alerts_of(rules_of(tmp_path, rule), frames)[1] == times


def test_bits_are_set_before_they_are_asked_for_whatever_the_order_of_the_rules(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path, 'alert http any any -> any any (http.stat_code; content:"200"; flowbits:isset,seen; sid:2;)',
        'alert http any any -> any any (http.method; content:"GET"; flowbits:set,seen; flowbits:noalert; sid:1;)',
        'alert http any any -> any any (http.stat_code; content:"200"; flowbits:isset,other; sid:3;)')
    assert alerts_of(rules, talk(*HTTP)) == {2: 1}


def test_bits_of_hosts_expire_by_event_time(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path, 'alert udp any any -> any 53 (content:"set"; xbits:set,b,track ip_src,expire 1; noalert; sid:1;)',
        'alert udp any any -> any 53 (content:"ask"; xbits:isset,b,track ip_src; sid:2;)')
    soon = [datagram(b"set it"), datagram(b"ask it")]
    late = [datagram(b"set it"), *[datagram(b"wait")] * 1200, datagram(b"ask it")]  # a millisecond apart
    assert alerts_of(rules, soon)[2] == 1
    assert alerts_of(rules, late)[2] == 0


@pytest.mark.parametrize(("words", "times"), [
    ("threshold:type limit, track by_src, count 2, seconds 60", 2),
    ("threshold:type threshold, track by_src, count 3, seconds 60", 3),
    ("threshold:type both, track by_src, count 3, seconds 60", 1),
    ("detection_filter:track by_src, count 4, seconds 60", 6),
])
def test_thresholds(words: str, times: int, tmp_path: Path) -> None:
    rule = f'alert udp any any -> any any (content:"ping"; {words}; sid:1;)'
    assert alerts_of(rules_of(tmp_path, rule), [datagram(b"ping", port=9)] * 10)[1] == times


@pytest.mark.parametrize("batch", [1, 4096])
def test_what_is_only_acknowledged_was_said_in_an_established_connection(batch: int, tmp_path: Path) -> None:
    """The window ends with the flow, long after its packets."""
    rule = 'alert tcp any any -> any 80 (flow:established,to_server; content:"probe/1.0"; sid:1;)'
    frames = [*talk((True, GET))[:5], *talk((True, b"x" * 50), client_port=41000)]
    assert alerts_of(rules_of(tmp_path, rule), frames, batch) == {1: 1}
    assert alerts_of(rules_of(tmp_path, rule), frames[:1] + frames[3:], batch) == {}


def test_a_flow_that_is_passed_alerts_no_more(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, 'pass http any any -> any any (http.host; content:"example"; sid:1;)',
                     'alert http any any -> any any (http.stat_code; content:"200"; sid:2;)')
    assert alerts_of(rules, talk(*HTTP)) == {}


@pytest.mark.parametrize("batch", [1, 2, 5, 4096])
@pytest.mark.parametrize("pieces", [(1400,), (1,), (3, 7, 1), (64, 5)])
def test_neither_portions_nor_segments_change_what_is_told(batch: int, pieces: tuple[int, ...], tmp_path: Path) -> None:
    lines = [rule.replace("sid:1;", f"sid:{k};") for k, (rule, times) in enumerate(CASES, 1)
             if times is not None and "dsize" not in rule and "flags" not in rule]
    rules = rules_of(tmp_path, *lines)
    said = (*HTTP, (True, GET), (False, OK))
    assert alerts_of(rules, talk(*said, pieces=pieces), batch) == alerts_of(rules, talk(*said))


def test_a_long_turn_is_looked_at_piece_by_piece_and_nothing_between_is_missed(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, 'alert tcp any any -> any 9 (content:"needle"; sid:1;)')
    for place in (2550, 2557, 2560, 5118, 7000):
        data = bytearray(b"." * 9000)
        data[place : place + 6] = b"needle"
        assert alerts_of(rules, talk((True, bytes(data)), port=9))[1] == 1, place


def test_rules_are_exchanged_between_portions_and_what_flows_remember_stays(tmp_path: Path) -> None:
    first = rules_of(tmp_path, 'alert http any any -> any any (http.method; content:"GET"; flowbits:set,seen; sid:1;)')
    (tmp_path / "b").mkdir()
    second = rules_of(tmp_path / "b", 'alert http any any -> any any (http.stat_code; content:"200"; '
                      'flowbits:isset,seen; sid:2;)')
    sensor = Sensor(SignatureDetector(first))
    frames = talk(*HTTP)
    sensor.take(frames[:5])
    sensor.detector.swap(second)
    sensor.take(frames[5:])
    sensor.end()
    assert [a["sid"] for a in sensor.alerts] == [1, 2]


def test_state_is_bounded_and_what_is_forgotten_is_counted(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, 'alert udp any any -> any any (content:"ping"; threshold:type limit, track by_src, '
                     'count 1, seconds 60; flowbits:set,x; sid:1;)')
    detector = SignatureDetector(rules, SignatureSettings(flows=16, thresholds=1024, bits=1024))
    sensor = Sensor(detector)
    sensor.take([datagram(b"ping", client_port=1024 + k, port=9) for k in range(100)])
    counts = detector.counters()
    assert counts["flows_kept"] <= 16
    assert counts["flows_forgotten"] >= 84


def test_an_alert_says_what_matched_and_under_which_rules(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, 'alert http any any -> any any (msg:"m"; http.host; content:"example"; '
                     'metadata:created_at 2020_01_01; reference:url,example.org/x; priority:2; sid:7; rev:3;)')
    detector = SignatureDetector(rules)
    sensor = Sensor(detector)
    sensor.take(talk(*HTTP))
    sensor.end()
    assert "1:7:3" in sensor.alerts[0]["why"]
    assert "http.host" in sensor.alerts[0]["why"]
    assert rows_in(ALERT.none) == 0
    assert detector.counters()["alerts"] == 1


def _mqtt(kind: int, body: bytes) -> bytes:
    return bytes([kind, len(body)]) + body


_CONNECT = _mqtt(0x10, b"\0\4MQTT\5\xc2\0\x3c\0" + b"\0\2me\0\4user\0\4pass")
_MQTT_TALK = ((True, _CONNECT), (False, _mqtt(0x20, b"\0\x86\0")), (True, _mqtt(0x3B, b"\0\1t\0\1\0words")))


@pytest.mark.parametrize(("options", "times"), [
    ("mqtt.type:CONNECT", 1), ("mqtt.type:connack", 1), ("mqtt.type:PUBLISH; mqtt.qos:1", 1),
    ("mqtt.type:SUBSCRIBE", 0),
    ("mqtt.protocol_version:5; mqtt.type:CONNECT", 1), ("mqtt.protocol_version:4; mqtt.type:CONNECT", 0),
    ("mqtt.reason_code:134", 1), ("mqtt.reason_code:0", 0), ("mqtt.connect.flags:username,password,clean_session", 1),
    ("mqtt.connect.flags:will", 0), ("mqtt.flags:retain,dup; mqtt.type:PUBLISH", 1),
    ("mqtt.flags:!retain,!dup; mqtt.type:PUBLISH", 0), ("mqtt.connack.session_present:no", 1),
    ("mqtt.connack.session_present:yes", 0)])
def test_numbers_and_words_of_mqtt(tmp_path: Path, options: str, times: int) -> None:
    rules = rules_of(tmp_path, f"alert mqtt any any -> any any ({options}; sid:1;)")
    assert alerts_of(rules, talk(*_MQTT_TALK, port=1883))[1] == times


@pytest.mark.parametrize(("options", "times"), [
    ("rfb.sectype:1", 1), ("rfb.sectype:2", 0), ("rfb.secresult:ok", 1), ("rfb.secresult:fail", 0)])
def test_numbers_of_rfb(tmp_path: Path, options: str, times: int) -> None:
    said = ((False, b"RFB 003.008\n"), (True, b"RFB 003.008\n"), (False, b"\1\1"), (True, b"\1"), (False, b"\0\0\0\0"))
    rules = rules_of(tmp_path, f"alert rfb any any -> any any ({options}; sid:1;)")
    assert alerts_of(rules, talk(*said, port=5900))[1] == times

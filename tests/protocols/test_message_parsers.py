"""What holds for all of MQTT, DCE/RPC, PostgreSQL, POP3, RFB and BitTorrent's DHT, and what each tells."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.errors import UsageError
from sensor.protocols import bittorrent_dht, dcerpc, mqtt, pgsql, pop3, rfb
from sensor.protocols.bencode import decoded
from tests.support.protocol_runs import CLIENT, SERVER, cut_up, flow_of, run_datagrams, run_stream, without_times


def text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def control(kind: int, body: bytes, flags: int = 0) -> bytes:
    size, head = len(body), bytearray([kind << 4 | flags])
    while True:
        size, low = size >> 7, size & 0x7F
        head.append(low | (0x80 if size else 0))
        if not size:
            return bytes(head) + body


CONNECT = control(1, text(b"MQTT") + b"\5\xc6\0\x3c" + b"\3\x21\0\x14" + text(b"probe-1") + b"\0" + text(b"last/will")
                  + text(b"gone") + text(b"alice") + text(b"sesame"))
CONNACK = control(2, b"\0\0\3\x22\0\x0a")
MQTT_TALK = [
    (SERVER, CONNECT), (CLIENT, CONNACK),
    (SERVER, control(3, text(b"pump/1") + b"\0\7\0" + b"on", 4) + control(8, b"\0\x09\0" + text(b"pump/#") + b"\1", 2)),
    (CLIENT, control(5, b"\0\7") + control(9, b"\0\x09\0\1")), (SERVER, control(6, b"\0\7", 2)),
    (CLIENT, control(7, b"\0\7") + control(3, text(b"pump/2") + b"\0" + b"off")), (SERVER, control(12, b"")),
    (CLIENT, control(13, b"")), (SERVER, control(10, b"\0\x0a\0" + text(b"pump/#"), 2)),
    (CLIENT, control(11, b"\0\x0a\0\x11")), (SERVER, control(14, b"")),
]


def typed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def opening(code: int, body: bytes = b"") -> bytes:
    return struct.pack(">II", len(body) + 8, code) + body


ROW = struct.pack(">HI", 2, 3) + b"abc" + struct.pack(">i", -1)
PGSQL_TALK = [
    (SERVER, opening(80877103)), (CLIENT, b"N"),
    (SERVER, opening(196608, b"user\0bob\0database\0shop\0\0")), (CLIENT, typed(b"R", b"\0\0\0\5\1\2\3\4")),
    (SERVER, typed(b"p", b"md5secret\0")),
    (CLIENT, typed(b"R", b"\0\0\0\0") + typed(b"S", b"DateStyle\0ISO\0") + typed(b"K", b"\0\0\0\7\0\0\0\x09")
     + typed(b"Z", b"I")),
    (SERVER, typed(b"Q", b"SELECT a, b FROM t\0")),
    (CLIENT, typed(b"T", b"\0\2" + b"x" * 40) + typed(b"D", ROW) * 3 + typed(b"C", b"SELECT 3\0") + typed(b"Z", b"I")),
    (SERVER, typed(b"P", b"s1\0SELECT 1\0\0\0") + typed(b"B", b"\0s1\0\0\0") + typed(b"E", b"\0\0\0\0\0")
     + typed(b"S", b"")),
    (CLIENT, typed(b"1", b"") + typed(b"E", b"SERROR\0C42P01\0Mno such table\0\0") + typed(b"Z", b"I")),
    (SERVER, typed(b"X", b"")),
]
POP3_TALK = [
    (CLIENT, b"+OK ready\r\n"), (SERVER, b"USER bob\r\n"), (CLIENT, b"+OK\r\n"), (SERVER, b"PASS sesame\r\n"),
    (CLIENT, b"-ERR wrong\r\n"), (SERVER, b"AUTH PLAIN\r\n"), (CLIENT, b"+ \r\n"), (SERVER, b"c2VzYW1l\r\n"),
    (CLIENT, b"+OK in\r\n"), (SERVER, b"LIST\r\nRETR 1\r\nQUIT\r\n"),
    (CLIENT, b"+OK 2\r\n1 10\r\n2 20\r\n.\r\n+OK\r\nSubject: x\r\n\r\nhello\r\n.\r\n+OK bye\r\n"),
]
SCREEN = struct.pack(">HH4B3H3B3xI", 800, 600, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0, 4) + b"desk"
RFB_TALK = [
    (CLIENT, b"RFB 003.008\n"), (SERVER, b"RFB 003.008\n"), (CLIENT, b"\2\1\2"), (SERVER, b"\2"),
    (CLIENT, bytes(range(16))), (SERVER, bytes(range(16, 32))), (CLIENT, b"\0\0\0\0"), (SERVER, b"\1"),
    (CLIENT, SCREEN), (SERVER, b"\3\0\0\0"),
]


def packet(kind: int, call: int, body: bytes, flags: int = 3) -> bytes:
    return struct.pack("<BBBB4sHHI", 5, 0, kind, flags, b"\x10\0\0\0", 16 + len(body), 0, call) + body


SYNTAX = bytes(range(16)) + struct.pack("<HH", 1, 0)
BIND = packet(11, 1, struct.pack("<HHIB3xHBx", 5840, 5840, 0, 1, 0, 1) + SYNTAX + SYNTAX)
BIND_ACK = packet(12, 1, struct.pack("<HHIH", 5840, 5840, 0, 0) + b"\0\0" + struct.pack("<B3xHH", 1, 0, 0) + SYNTAX)
DCERPC_TALK = [
    (SERVER, BIND), (CLIENT, BIND_ACK), (SERVER, packet(0, 2, struct.pack("<IHH", 8, 0, 15) + b"stubstub")),
    (CLIENT, packet(2, 2, struct.pack("<IHH", 4, 0, 0) + b"res!")),
    (SERVER, packet(0, 3, struct.pack("<IHH", 0, 0, 1))),
]
STREAMS = [(mqtt.MqttStream, MQTT_TALK), (pgsql.PgsqlStream, PGSQL_TALK), (pop3.Pop3Stream, POP3_TALK),
           (rfb.RfbStream, RFB_TALK), (dcerpc.DcerpcStream, DCERPC_TALK)]
PING = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"
PEERS = b"d1:rd2:id20:abcdefghij01234567895:nodes26:" + b"n" * 26 + b"6:valuesl6:axje.uee1:t2:aa1:v4:UT011:y1:re"


def udp_call(kind: int, sequence: int, stub: bytes) -> bytes:
    return (bytes([4, kind, 8, 0, 0x10, 0, 0, 0]) + b"o" * 16 + b"i" * 16 + bytes(range(16))
            + struct.pack("<IIIHHHHHBB", 0, 1, sequence, 7, 0xFFFF, 0xFFFF, len(stub), 0, 0, 0) + stub)


DATAGRAMS = [(bittorrent_dht.BittorrentDhtDatagrams, PING), (bittorrent_dht.BittorrentDhtDatagrams, PEERS),
             (dcerpc.DcerpcDatagrams, udp_call(0, 5, b"four"))]


@pytest.mark.parametrize(("parser", "talk"), STREAMS)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_any_cut_gives_the_same_rows(parser: Any, talk: Any, sizes: list[int]) -> None:
    whole, cut = run_stream(parser, talk, flow_of()), run_stream(parser, cut_up(talk, sizes), flow_of())
    assert whole.rows
    assert without_times(cut.rows) == without_times(whole.rows)
    assert cut.causes == whole.causes == {}


@pytest.mark.parametrize(("parser", "talk"), STREAMS)
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_nothing_said_raises(parser: Any, talk: Any, data: st.DataObject) -> None:
    pieces: list[tuple[bool, bytes | int]] = []
    for to_server, said in talk:
        changed = bytearray(said)
        for _ in range(data.draw(st.integers(0, 2))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        pieces.append((to_server, bytes(changed)))
        if data.draw(st.integers(0, 9)) == 0:
            more = data.draw(st.one_of(st.integers(1, 3000), st.binary(max_size=40)))
            pieces.append((data.draw(st.booleans()), more))
    run_stream(parser, pieces, flow_of())  # which reads what json columns say, too


@pytest.mark.parametrize(("parser", "message"), DATAGRAMS)
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_no_datagram_raises(parser: Any, message: bytes, data: st.DataObject) -> None:
    changed = bytearray(message)
    for _ in range(data.draw(st.integers(0, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    sent = [bytes(changed[: data.draw(st.integers(0, len(changed)))]), data.draw(st.binary(max_size=300)), message]
    run_datagrams(parser, [(SERVER, d) for d in sent], flow_of(proto=17))


def test_mqtt_exchanges_hold_a_message_and_its_answers() -> None:
    rows = run_stream(mqtt.MqttStream, MQTT_TALK, flow_of(dst_port=1883)).of("mqtt")
    assert [r["type"] for r in rows] == ["connect", "subscribe", "publish", "publish", "pingreq", "unsubscribe",
                                         "disconnect"]
    by_id = {r["tx_id"]: json.loads(r["messages"]) for r in rows}
    connect = by_id[0]["connect"]
    assert (connect["client_id"], connect["username"], connect["will"]["topic"]) == ("probe-1", "alice", "last/will")
    assert connect["properties"] == {"receive_maximum": 20}
    assert by_id[0]["connack"]["properties"] == {"topic_alias_maximum": 10}
    assert list(by_id[1]) == ["publish", "pubrec", "pubrel", "pubcomp"]
    assert by_id[1]["publish"]["message"] == "on"
    assert by_id[2]["subscribe"]["topics"] == [{"topic": "pump/#", "qos": 1}]
    assert rows[3]["to_server"] == 0
    assert {r["seen"] for r in rows} == {"both"}
    assert "sesame" not in repr(rows)


def test_mqtt_messages_beyond_the_limit_are_told_with_their_size() -> None:
    long = control(3, text(b"t") + b"x" * 300)
    (row,) = run_stream(mqtt.MqttStream, [(SERVER, long)], flow_of(), mqtt.MqttSettings(message_bytes=64)).of("mqtt")
    assert json.loads(row["messages"])["publish"] == {"qos": 0, "retain": False, "dup": False, "truncated": True,
                                                      "skipped_length": len(long)}
    small = mqtt.MqttSettings(shown_bytes=16)
    (row,) = run_stream(mqtt.MqttStream, [(SERVER, long)], flow_of(), small).of("mqtt")
    assert json.loads(row["messages"])["publish"]["message"] == "x" * 16 + "[truncated 284 additional bytes]"
    assert row["payload_bytes"] == 300


def test_mqtt_messages_that_wait_are_bounded() -> None:
    published = [(SERVER, control(3, text(b"t") + struct.pack(">H", n + 1), 2)) for n in range(10)]
    talk = [(SERVER, CONNECT), (CLIENT, CONNACK), *published]
    had = run_stream(mqtt.MqttStream, talk, flow_of(), mqtt.MqttSettings(pending=4))
    assert had.causes == {"mqtt_pending_full": 6}
    assert len(had.of("mqtt")) == 11


def test_mqtt_says_what_its_protocol_does_not_allow_for() -> None:
    talk = [(CLIENT, CONNACK), (SERVER, control(12, b"")), (SERVER, CONNECT + CONNECT), (SERVER, control(4, b"\0"))]
    had = run_stream(mqtt.MqttStream, talk, flow_of())
    assert [r["event"] for r in had.of("anomaly")] == ["unintroduced_message", "double_connect", "malformed_traffic"]
    assert had.causes == {"mqtt_malformed": 1}
    for lost in ([], [(CLIENT, 4)]):  # what comes before the broker has agreed
        early = run_stream(mqtt.MqttStream, [(SERVER, CONNECT), (SERVER, control(12, b"")), *lost], flow_of())
        assert [r["event"] for r in early.of("anomaly")] == ["unintroduced_message"]
    whole = [(SERVER, CONNECT), (CLIENT, CONNACK), (SERVER, control(12, b""))]
    assert not run_stream(mqtt.MqttStream, whole, flow_of()).of("anomaly")


@pytest.mark.parametrize(("settings", "password"), [(None, None), (mqtt.MqttSettings(passwords=True), "pass")])
def test_mqtt_passwords_are_kept_only_where_that_is_asked_for(settings: Any, password: str | None) -> None:
    connect = control(1, text(b"MQTT") + b"\x04\xc2\0\x3c" + text(b"me") + text(b"user") + text(b"pass"))
    (row,) = run_stream(mqtt.MqttStream, [(SERVER, connect), (CLIENT, CONNACK)], flow_of(), settings).of("mqtt")
    assert json.loads(row["messages"])["connect"].get("password") == password


def test_pgsql_requests_and_their_answers() -> None:
    rows = run_stream(pgsql.PgsqlStream, PGSQL_TALK, flow_of(dst_port=5432)).of("pgsql")
    assert [(r["number"], r["type"]) for r in rows] == [
        (1, "ssl_request"), (2, "startup"), (3, "password"), (4, "query"), (5, "extended_query"), (6, "termination")]
    assert json.loads(rows[0]["response"]) == {"ssl_accepted": False}
    assert (rows[1]["user"], rows[1]["database"]) == ("bob", "shop")
    assert json.loads(rows[1]["response"]) == {"authentication_md5_password": "\1\2\3\4"}
    assert json.loads(rows[2]["response"]) == {"message": "authentication_ok", "process_id": 7, "secret_key": 9,
                                               "parameter_status": [{"date_style": "ISO"}]}
    assert (rows[3]["query"], rows[3]["command"], rows[3]["rows"], rows[3]["row_bytes"]) == (
        "SELECT a, b FROM t", "SELECT 3", 3, 9)
    assert (rows[4]["query"], rows[4]["error_code"]) == ("SELECT 1", "42P01")
    assert "secret\\" not in repr(rows)
    assert "md5secret" not in repr(rows)


def test_pgsql_hands_over_to_tls() -> None:
    parser_run = run_stream(pgsql.PgsqlStream, [(SERVER, opening(80877103)), (CLIENT, b"S")], flow_of())
    assert json.loads(parser_run.of("pgsql")[0]["response"]) == {"ssl_accepted": True}


def test_pop3_commands_and_replies() -> None:
    rows = run_stream(pop3.Pop3Stream, POP3_TALK, flow_of(dst_port=110)).of("pop3")
    assert [(r["command"], r["status"]) for r in rows] == [
        ("", "OK"), ("USER", "OK"), ("PASS", "ERR"), ("AUTH", "OK"), ("LIST", "OK"), ("RETR", "OK"), ("QUIT", "OK")]
    assert json.loads(rows[2]["response"]) == {"success": False, "status": "ERR", "header": "wrong"}
    assert json.loads(rows[4]["response"])["data"] == ["1 10", "2 20"]
    assert rows[5]["reply_bytes"] == len(b"Subject: x\r\n\r\nhello\r\n")
    assert "hello" not in repr(rows)
    assert "sesame" not in repr(rows)
    assert "c2VzYW1l" not in repr(rows)


def test_rfb_opening() -> None:
    (row,) = run_stream(rfb.RfbStream, RFB_TALK, flow_of(dst_port=5900)).of("rfb")
    assert json.loads(row["authentication"]) == {
        "security_type": 2, "security_result": "OK",
        "vnc": {"challenge": bytes(range(16)).hex(), "response": bytes(range(16, 32)).hex()}}
    assert (row["shared"], row["screen"], json.loads(row["framebuffer"])["width"]) == ("true", "desk", 800)


def test_rfb_refusal_says_why() -> None:
    refused = [*RFB_TALK[:2], (CLIENT, b"\0" + struct.pack(">I", 4) + b"busy")]
    (row,) = run_stream(rfb.RfbStream, refused, flow_of()).of("rfb")
    assert json.loads(row["authentication"]) == {"reason": "busy"}


def test_dcerpc_calls() -> None:
    rows = run_stream(dcerpc.DcerpcStream, DCERPC_TALK, flow_of(dst_port=135)).of("dcerpc")
    assert [(r["request"], r["response"], r["opnum"]) for r in rows] == [
        ("BIND", "BINDACK", 0), ("REQUEST", "RESPONSE", 15), ("REQUEST", "UNREPLIED", 1)]
    assert rows[0]["interface"] == rows[1]["interface"] == "03020100-0504-0706-0809-0a0b0c0d0e0f"
    assert (rows[1]["request_bytes"], rows[1]["response_bytes"]) == (8, 4)
    bound = {"uuid": rows[0]["interface"], "version": "1.0"}
    assert [json.loads(r["call"]) for r in rows] == [
        {"request": "BIND", "call_id": 1, "interfaces": [bound | {"ack_result": 0, "ack_reason": 0}],
         "response": "BINDACK", "rpc_version": "5.0"},
        {"request": "REQUEST", "call_id": 2, "req": {"opnum": 15, "frag_cnt": 1, "stub_data_size": 8},
         "interfaces": [bound], "response": "RESPONSE", "res": {"frag_cnt": 1, "stub_data_size": 4},
         "rpc_version": "5.0"},
        {"request": "REQUEST", "call_id": 3, "req": {"opnum": 1, "frag_cnt": 1, "stub_data_size": 0},
         "interfaces": [bound], "response": "UNREPLIED", "rpc_version": "5.0"}]


def test_dcerpc_fragments_are_one_call_and_the_oldest_makes_room() -> None:
    first, last = (packet(0, 1, struct.pack("<IHH", 8, 0, 4) + bytes(12), flags) for flags in (1, 2))
    others = b"".join(packet(0, number, struct.pack("<IHH", 0, 7, 5)) for number in range(2, 66))
    rows = run_stream(dcerpc.DcerpcStream, [(SERVER, first + last + others)], flow_of()).of("dcerpc")
    assert len(rows) == 65
    assert json.loads(rows[0]["call"]) == {
        "request": "REQUEST", "call_id": 1, "req": {"opnum": 4, "frag_cnt": 2, "stub_data_size": 24},
        "response": "UNREPLIED", "rpc_version": "5.0"}
    assert [r["tx_id"] for r in rows] == list(range(65))


def test_dcerpc_goes_on_behind_a_gap() -> None:
    answer = packet(2, 9, struct.pack("<IHH", 4, 0, 0) + b"res!")
    had = run_stream(dcerpc.DcerpcStream, [(CLIENT, 700), (CLIENT, answer)], flow_of())
    assert [r["request"] for r in had.of("dcerpc")] == ["REQUEST_LOST"]


def test_dcerpc_over_udp_finds_the_answer_by_its_number() -> None:
    sent = [(SERVER, udp_call(0, 5, b"four")), (SERVER, udp_call(0, 6, b"")), (CLIENT, udp_call(2, 5, b"answer"))]
    rows = run_datagrams(dcerpc.DcerpcDatagrams, sent, flow_of(proto=17)).of("dcerpc")
    assert [(json.loads(r["call"])["seqnum"], r["response"]) for r in rows] == [(5, "RESPONSE"), (6, "UNREPLIED")]
    assert (rows[0]["opnum"], rows[0]["request_bytes"], rows[0]["response_bytes"]) == (7, 4, 6)


def test_dht_messages() -> None:
    had = run_datagrams(bittorrent_dht.BittorrentDhtDatagrams, [(SERVER, PING), (CLIENT, PEERS)], flow_of(proto=17))
    asked, answered = had.of("bittorrent_dht")
    assert (asked["request_type"], asked["transaction"]) == ("ping", "6161")
    response = json.loads(answered["response"])
    assert response["values"] == [{"ip": "97.120.106.101", "port": 11893}]
    assert response["nodes"] == [{"id": "6e" * 20, "ip": "110.110.110.110", "port": 28270}]
    assert had.of("anomaly") == []


def test_dht_message_without_a_number_is_an_anomaly() -> None:
    had = run_datagrams(bittorrent_dht.BittorrentDhtDatagrams, [(SERVER, PING.replace(b"1:t2:aa", b""))] * 20,
                        flow_of(proto=17))
    told = had.of("anomaly")
    assert {r["event"] for r in told} == {"malformed_packet"}
    assert (len(told), had.causes) == (8, {"anomaly_not_told": 12})


_VALUES = st.recursive(st.one_of(st.integers(-10**6, 10**6), st.binary(max_size=8)),
                       lambda inner: st.one_of(st.lists(inner, max_size=3),
                                               st.dictionaries(st.binary(max_size=4), inner, max_size=3)), max_leaves=8)


def bencoded(value: Any) -> bytes:
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencoded, value)) + b"e"
    return b"d" + b"".join(bencoded(k) + bencoded(v) for k, v in value.items()) + b"e"


@given(_VALUES, st.binary(max_size=5))
def test_bencoding_comes_back(value: Any, behind: bytes) -> None:
    assert decoded(bencoded(value) + behind) == value


def test_bencoding_is_bounded() -> None:
    assert decoded(b"l" * 1000 + b"e" * 1000) is None
    assert decoded(b"l" + b"i1e" * 100_000 + b"e") is None
    assert decoded(b"99999999999999999999:a") is None


STREAM_PROBES = [
    (mqtt.WANTS[0].probe, CONNECT, b"", True), (mqtt.WANTS[0].probe, CONNECT[:3], b"", None),
    (mqtt.WANTS[0].probe, b"\x10\x05\0\4MQXX", b"", False), (mqtt.WANTS[0].probe, b"GET / HTTP/1.1", b"", False),
    (mqtt.WANTS[0].probe, b"", b"\x20\2\0\0", True),
    (pgsql.WANTS[0].probe, opening(80877103), b"N", True), (pgsql.WANTS[0].probe, opening(80877103), b"HTTP", False),
    (pgsql.WANTS[0].probe, opening(196608, b"user\0bob\0\0"), b"", True), (pgsql.WANTS[0].probe, b"\0\0\0", b"", None),
    (pgsql.WANTS[0].probe, b"\0\0\0\x20\xfeSMB", b"", False),
    (pop3.probe, b"", b"+OK ready\r\n", True), (pop3.probe, b"", b"+O", None),
    (pop3.probe, b"USER a\r\n", b"220 x\r\n", False),
    (rfb.probe, b"", b"RFB 003.008\n", True), (rfb.probe, b"", b"RFB 0", None), (rfb.probe, b"GET /", b"", False),
    (dcerpc.probe, BIND[:64], b"", True), (dcerpc.probe, b"\5", b"", None), (dcerpc.probe, b"\5" * 64, b"", False),
]


@pytest.mark.parametrize(("probe", "initiator", "responder", "wanted"), STREAM_PROBES)
def test_stream_probes(probe: Any, initiator: bytes, responder: bytes, wanted: bool | None) -> None:
    assert probe(initiator[:64], responder, flow_of()) is wanted
    assert probe(initiator[:64], responder, flow_of(proto=17)) is False


@given(st.binary(max_size=64), st.binary(max_size=64), st.sampled_from([6, 17]))
def test_probes_never_raise(initiator: bytes, responder: bytes, proto: int) -> None:
    for module in (mqtt, pgsql, pop3, rfb, dcerpc, bittorrent_dht):
        for want in module.WANTS:
            assert want.probe(initiator, responder, flow_of(proto=proto)) in (True, False, None)


@pytest.mark.parametrize("wrong", [lambda: mqtt.MqttSettings(topics=0), lambda: pgsql.PgsqlSettings(query_bytes=1),
                                   lambda: pop3.Pop3Settings(waiting=True), lambda: dcerpc.DcerpcSettings(pending=0),
                                   lambda: bittorrent_dht.BittorrentDhtSettings(nodes=0)])
def test_settings_out_of_range(wrong: Any) -> None:
    with pytest.raises(UsageError, match="a whole number"):
        wrong()

"""Descriptions of sessions in the bodies of SIP: rows, buffers, over datagrams and over streams cut anywhere."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.protocols import sip
from sensor.protocols.sdp import MAX_MEDIA, described, sdp_buffers, sdp_object
from tests.support.protocol_runs import SERVER, cut_up, flow_of, run_datagrams, run_stream, without_times
from tests.support.ruled import alerts_of, datagram, rules_of, talk

BODY = (b"v=0\r\no=alice 1 2 IN IP4 192.0.2.5\r\ns=a call\r\ni=about\r\nu=http://e.example\r\n"
        b"e=a@e.example\r\np=+81\r\nc=IN IP4 192.0.2.5\r\nb=AS:64\r\nt=0 0\r\nr=7d 1h\r\nz=0 0\r\nk=prompt\r\n"
        b"a=recvonly\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\n"
        b"m=audio 30000 RTP/AVP 0 8\r\ni=voice\r\nc=IN IP4 192.0.2.6\r\nb=AS:32\r\nk=clear:secret\r\n"
        b"a=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\n")
OBJECT = {
    "origin": "alice 1 2 IN IP4 192.0.2.5", "session_name": "a call", "session_info": "about",
    "uri": "http://e.example", "email": "a@e.example", "phone_number": "+81", "connection_data": "IN IP4 192.0.2.5",
    "bandwidths": ["AS:64"], "time": "0 0", "repeat_time": "7d 1h", "timezone": "0 0", "encryption_key": "prompt",
    "attributes": ["recvonly", "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"],
    "media_descriptions": [
        {"media": "audio 30000 RTP/AVP 0 8", "media_info": "voice", "connection_data": "IN IP4 192.0.2.6",
         "bandwidths": ["AS:32"], "encryption_key": "clear", "attributes": ["rtpmap:0 PCMU/8000"]},
        {"media": "video 0 RTP/AVP 31"}],
}


def invite(body: bytes = BODY, kind: bytes = b"application/sdp") -> bytes:
    return b"INVITE sip:bob@example.org SIP/2.0\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        kind, len(body), body)


def test_a_body_is_read_line_by_line() -> None:
    assert sdp_object(described(BODY)) == OBJECT
    assert b"secret" in dict(sdp_buffers(described(BODY)))["sdp.media.encryption_key"]


def test_a_datagram_and_a_stream_say_the_same() -> None:
    for run in (run_datagrams(sip.SipDatagrams, [(SERVER, invite())], flow_of(proto=17)),
                run_stream(sip.SipStream, [(SERVER, invite() + invite(b"hello", b"text/plain"))], flow_of())):
        rows = run.of("sip")
        assert json.loads(rows[0]["sdp"]) == OBJECT
        assert [row["sdp"] for row in rows[1:]] in ([], [""])


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_any_cut_of_a_stream_gives_the_same_rows(sizes: list[int]) -> None:
    said = [(SERVER, invite() + b"\r\n" + invite() + invite(b"", b"text/plain"))]
    whole, cut = run_stream(sip.SipStream, said, flow_of()), run_stream(sip.SipStream, cut_up(said, sizes), flow_of())
    assert [json.loads(row["sdp"] or "{}") for row in whole.of("sip")] == [OBJECT, OBJECT, {}]
    assert without_times(cut.rows) == without_times(whole.rows)


def test_a_body_that_breaks_off_is_told_with_what_there_is_of_it() -> None:
    half = invite()[:-60]
    for said in ([(SERVER, half)], [(SERVER, half), (SERVER, 60)]):
        row, = run_stream(sip.SipStream, said, flow_of()).of("sip")
        assert json.loads(row["sdp"])["origin"] == OBJECT["origin"]


def test_a_body_beyond_the_limit_is_passed_over_and_the_next_message_read() -> None:
    rows = run_stream(sip.SipStream, [(SERVER, invite() + invite(b"v=0\r\n"))], flow_of(),
                      sip.SipSettings(body_bytes=10)).of("sip")
    assert [row["sdp"] for row in rows] == ["", ""]


def test_media_and_lines_are_bounded() -> None:
    assert len(described(b"v=0\n" + b"m=a\n" * 10_000)) == MAX_MEDIA
    assert len(described(b"v=0\n" + b"a=x\n" * 10_000)) <= 512


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    lines = described(b"v=" + data)
    json.dumps(sdp_object(lines))
    assert len(sdp_buffers(lines)) == len(lines)


@pytest.mark.parametrize(("buffer", "content"), [
    ("sdp.origin", "alice"), ("sdp.session_name", "a call"), ("sdp.connection_data", "192.0.2.5"),
    ("sdp.bandwidth", "AS:32"), ("sdp.attribute", "rtpmap"), ("sdp.media.media", "video"),
    ("sdp.media.media_info", "voice"), ("sdp.media.connection_data", "192.0.2.6")])
def test_rules_ask_for_what_was_described(tmp_path, buffer: str, content: str) -> None:
    rules = rules_of(tmp_path, f'alert sip any any -> any any ({buffer}; content:"{content}"; sid:1;)',
                     f'alert sip any any -> any any ({buffer}; content:"nobody"; sid:2;)')
    assert alerts_of(rules, [datagram(invite(), port=5060)]) == Counter({1: 1})
    assert alerts_of(rules, talk((True, invite()), port=5060)) == Counter({1: 1})

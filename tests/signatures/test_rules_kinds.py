"""What type of signature a rule is, where its payload is looked for, and which content it is found by."""

from __future__ import annotations

import pytest

from detectors.signatures.language.fast_pattern import strength
from tests.support.rule_text import rule

IP, TCP, UDP, HTTP = (f"alert {p} any any -> any any" for p in ("ip", "tcp", "udp", "http"))


@pytest.mark.parametrize(("header", "options", "kind"), [
    ("alert ip 10.0.0.0/8 any -> any any", "", "ip_only"), ("alert tcp 10.0.0.1 any -> any 80", "", "ip_only"),
    ("alert ip !10.0.0.0/8 any -> any any", "", "like_ip_only"),
    ("alert ip any any -> $EXTERNAL_NET any", "", "like_ip_only"),
    ("alert ip [10.0.0.0/8,192.0.2.1] any -> any any", "", "ip_only"),
    (IP, "flowbits:set,a;", "ip_only"), (IP, "flowbits:isset,a;", "packet"), (IP, "flow:to_server;", "packet"),
    (IP, "xbits:set,a,track ip_src;", "ip_only"), (IP, "ip_proto:47;", "packet"), (IP, "iprep:src,a,>,3;", "ip_only"),
    (IP, "app-layer-protocol:http;", "protocol_detection_only"),
    (IP, "app-layer-protocol:!http; flow:to_server;", "protocol_detection_only"),
    (IP, "app-layer-protocol:http; flow:established;", "packet"),
    ("alert pkthdr any any -> any any", "decode-event:ipv4.trunc_pkt;", "decoder_event"),
    (TCP, "stream-event:shutdown_rst;", "packet"), (TCP, "flags:S;", "packet"), (IP, "ttl:1;", "packet"),
    (TCP, 'tcp.hdr; content:"abcd";', "packet"), ("alert tcp-pkt any any -> any any", 'content:"abcd";', "packet"),
    (TCP, 'content:"abcd";', "stream"), (TCP, 'content:"abcd"; offset:1;', "packet_stream"),
    (TCP, 'content:"abcd"; startswith;', "packet_stream"), (TCP, 'pcre:"/abcd/";', "stream"),
    (TCP, 'content:"abcd"; stream_size:both,>,1;', "packet_stream"), (TCP, 'content:"abcd"; dsize:9;', "packet"),
    (TCP, 'content:"abcd"; depth:9; flow:only_stream;', "stream"), (TCP, 'content:"abcd"; flow:no_stream;', "packet"),
    ("alert tcp-stream any any -> any any", 'content:"abcd"; depth:9;', "stream"),
    (UDP, 'content:"abcd"; depth:9;', "packet"), (IP, 'content:"abcd";', "stream"),
    (HTTP, "", "app_layer"), (HTTP, "flow:established;", "packet"), (HTTP, 'content:"abcd";', "stream"),
    (HTTP, 'http.uri; content:"abcd";', "app_tx"), (HTTP, "urilen:4;", "app_tx"), (HTTP, "filesize:>4;", "app_tx"),
    (HTTP, 'frame:http1.request; content:"abcd";', "app_tx"),
    (HTTP, "app-layer-event:http.missing_host_header;", "app_tx"),
])
def test_kinds(header, options, kind):
    assert rule(options, header).kind == kind


@pytest.mark.parametrize(("options", "toward"), [
    ('http.uri; content:"a";', "to_server"), ('http.stat_code; content:"200";', "to_client"),
    ('http.header; content:"a";', "both"), ('http.header; content:"a"; flow:to_client;', "to_client"),
    ("urilen:4;", "to_server"), ('content:"a"; http_method;', "to_server"),
])
def test_the_direction_is_said_or_implied(options, toward):
    assert rule(options, HTTP).toward == toward


@pytest.mark.parametrize(("header", "apps", "numbers"), [
    (HTTP, ("http",), {6}), (IP, ("http",), {6}), (TCP, ("http",), {6}),
    ("alert http1 any any -> any any", ("http1",), {6}),
])
def test_buffers_bind_a_rule_to_their_protocol(header, apps, numbers):
    found = rule('http.uri; content:"a";', header)
    assert (found.app_protos, found.ip_protos) == (apps, numbers)


@pytest.mark.parametrize(("options", "place", "pattern"), [
    ('content:"ab"; content:"abcdefgh"; content:"abcd";', (0, 1), b"abcdefgh"),
    ('content:"abcdefgh"; content:"wxyz"; fast_pattern;', (0, 1), b"wxyz"),
    ('content:"abcdefgh"; content:"stuvwxyz"; fast_pattern:2,4;', (0, 1), b"uvwx"),
    ('content:"abcdefghijkl"; http.uri; content:"wxyz";', (1, 0), b"wxyz"),
    ('http.method; content:"OPTIONS"; pkt_data; content:"wxyz";', (1, 0), b"wxyz"),
    ('content:"|00 00 00 00 00 00 00 00|"; content:"xyz";', (0, 1), b"xyz"),
    ('content:"User-Agent|3a 20|"; content:"xq-z9";', (0, 1), b"xq-z9"),
    ('content:!"abcdefgh"; content:"wx";', (0, 1), b"wx"),
])
def test_the_fast_pattern_is_the_one_that_tells_most(options, place, pattern):
    found = rule(options, HTTP).fast_pattern
    assert ((found.group, found.match), found.pattern) == (place, pattern)


def test_some_rules_have_no_fast_pattern():
    assert rule('content:!"abcd";').fast_pattern is None
    assert rule('pcre:"/abcd/";').fast_pattern is None
    assert rule('content:!"abcd"; fast_pattern;').fast_pattern.explicit
    assert rule('base64_decode; base64_data; content:"abcd";').fast_pattern is None


def test_strength():
    assert strength(b"aaaaaaaaaaaaaaaa") == 3
    assert strength(b"abcd") > strength(b"abc") > strength(b"aab")
    assert strength(b"a1\x90\x91") > strength(b"abcd")
    assert strength(b"Content-Type: ") < strength(b"X-Qz: ")

"""Each family of keywords: what it comes to, and what of it is refused, with keyword and remedy."""

from __future__ import annotations

import pytest

from detectors.signatures.language.integers import IntTest
from detectors.signatures.language.matches import (
    Absent,
    Asn1,
    Base64Decode,
    BSize,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    DataRep,
    Dataset,
    IsDataAt,
    Pcre,
    Transform,
)
from tests.support.rule_text import refused, rule

TCP, HTTP, DNS, UDP = (f"alert {p} any any -> any any" for p in ("tcp", "http", "dns", "udp"))
IP = "alert ip any any -> any any"


def only(options: str, header: str = TCP):
    """Return the one match of the one group."""
    (group,) = rule(options, header).groups
    (match,) = group.matches
    return match


@pytest.mark.parametrize(("options", "match"), [
    ('content:"a|0d 0A|b";', Content(b"a\r\nb")),
    ('content:"a\\;b\\"c\\\\d\\:e";', Content(b'a;b"c\\d:e')),
    ('content:!"abc"; nocase;', Content(b"abc", nocase=True, negated=True)),
    ('content:"abc"; offset:4; depth:9;', Content(b"abc", offset=4, depth=9)),
    ('content:"abc"; distance:-2; within:7;', Content(b"abc", distance=-2, within=7)),
    ('content:"abc"; startswith; endswith;', Content(b"abc", startswith=True, endswith=True)),
    ('content:"abc"; fast_pattern;', Content(b"abc", fast_pattern=True)),
    ('content:"abc"; fast_pattern:only;', Content(b"abc", fast_pattern=True, fast_pattern_only=True)),
    ('content:"abcdef"; fast_pattern:2,3;', Content(b"abcdef", fast_pattern=True, fast_pattern_chop=(2, 3))),
    ('content:"abc"; rawbytes;', Content(b"abc", rawbytes=True)),
    ('content:"abc"; replace:"xyz";', Content(b"abc", replace=b"xyz")),
    ('pcre:"/^a\\/b\\;$/Rims";', Pcre(b"^a\\/b\\;$", "ims", relative=True)),
    ('pcre:!"/x/O";', Pcre(b"x", negated=True, unlimited=True)),
    ('pcre:/x/;', Pcre(b"x")),
    ('pcre:"/(?P<flow_who>.*)/, pkt:other";', Pcre(b"(?P<flow_who>.*)", captures=(("flow", "who"), ("pkt", "other")))),
    ("isdataat:!10,relative;", IsDataAt(10, True, True)),
    ("byte_test:4,!&,0x80,6,relative,little;", ByteTest(4, "&", 0x80, 6, True, True, True)),
    ("byte_test:2,!=,7,-3,relative;", ByteTest(2, "=", 7, -3, True, True)),
    ("byte_test:0,>,64,0,string,dec;", ByteTest(0, ">", 64, 0, base=10)),
    ("byte_test:1,=,1,0,bitmask 0xF8;", ByteTest(1, "=", 1, 0, bitmask=0xF8)),
    ("byte_jump:4,0,relative,multiplier 2,align,post_offset -4;",
     ByteJump(4, 0, True, 2, align=True, post_offset=-4)),
    ("byte_jump:2,4,string,hex,from_end;", ByteJump(2, 4, base=16, from_end=True)),
    ("byte_extract:2,1,size,relative,little,multiplier 4,align 4;", ByteExtract(2, 1, "size", True, 4, True, align=4)),
    ("byte_math:bytes 2, offset 1, oper <<, rvalue 3, result out, endian little, bitmask 0xff;",
     ByteMath(2, 1, "<<", 3, "out", little=True, bitmask=0xFF)),
    ("asn1:bitstring_overflow, oversize_length 500, relative_offset -1;", Asn1(True, False, 500, None, -1)),
])
def test_matches_of_the_payload(options, match):
    assert only(options) == match


@pytest.mark.parametrize(("options", "keyword", "word"), [
    ('content:"a|0|";', "content", "half a byte"),
    ('content:"a|0d 0|";', "content", "half a byte"),
    ('content:"a|0d";', "content", "no second |"),
    ('content:"a|zz|";', "content", "no hex digit"),
    ('content:"a\\nb";', "content", "\\ is before"),
    ("content:abc;", "content", "double quotes"),
    ('content:"abc;', "content", "not closed"),
    ('content:"";', "content", "empty"),
    ("nocase;", "nocase", "no content before"),
    ('content:"abc"; nocase; nocase;', "nocase", "twice"),
    ('content:"abc"; depth:2;', "depth", "smaller than"),
    ('content:"abc"; within:2;', "within", "smaller than"),
    ('content:"abc"; depth:9; depth:9;', "depth", "twice"),
    ('content:"abc"; depth:9; within:9;', "within", "count from the buffer's start"),
    ('content:"abc"; within:9; offset:9;', "offset", "count from the match before"),
    ('content:"abc"; offset:1048577;', "offset", "1048577"),
    ('content:"abc"; offset:-1;', "offset", "-1"),
    ('content:"abc"; offset:size;', "offset", "unknown variable size"),
    ('content:"abc"; startswith; depth:5;', "depth", "startswith"),
    ('content:"abc"; offset:1; startswith;', "startswith", "another modifier"),
    ('content:"abc"; fast_pattern:1,9;', "fast_pattern", "beyond"),
    ('content:"abc"; fast_pattern; content:"def"; fast_pattern;', "fast_pattern", "already"),
    ('content:!"abc"; offset:3; fast_pattern;', "fast_pattern", "negated"),
    ('content:"abc"; offset:3; fast_pattern:only;', "fast_pattern", "only"),
    ('content:"abc"; fast_pattern:only; content:"d"; distance:0;', "distance", "fast_pattern:only"),
    ('content:"abc"; replace:"x";', "replace", "1 bytes replace 3"),
    ('pcre:"/(a/";', "pcre", "cannot be compiled"),
    ('pcre:"/a/k";', "pcre", "unknown flag k"),
    ('pcre:"a";', "pcre", "slashes"),
    ('pcre:"/a/UP";', "pcre", "two buffers"),
    ('pcre:"/a/, nobody:x";', "pcre", "no capture"),
    ("isdataat:;", "isdataat", "missing"),
    ("isdataat:4,sideways;", "isdataat", "sideways"),
    ("byte_test:9,>,1,0;", "byte_test", "9"),
    ("byte_test:4,~,1,0;", "byte_test", "unknown operator"),
    ("byte_test:4,>,1;", "byte_test", "too few"),
    ("byte_test:4,>,1,0,big,little;", "byte_test", "both big and little"),
    ("byte_test:4,>,1,0,hex,dec;", "byte_test", "more than one"),
    ("byte_test:4,>,none,0;", "byte_test", "unknown variable none"),
    ("byte_jump:4,0,from_beginning,from_end;", "byte_jump", "both"),
    ("byte_extract:4,0,7up;", "byte_extract", "no name"),
    ("byte_extract:4,0,x,align 3;", "byte_extract", "align 3"),
    ("byte_math:bytes 2, offset 1, oper /, rvalue 0, result out;", "byte_math", "divides by zero"),
    ("byte_math:bytes 2, offset 1, oper +, rvalue 1;", "byte_math", "result is missing"),
    ("asn1:everything;", "asn1", "unknown word"),
])
def test_matches_that_are_refused(options, keyword, word):
    refused(options, TCP, keyword, word)


def test_variables_of_a_rule_are_made_before_they_are_used():
    found = rule('byte_extract:1,0,size; content:"x"; offset:size; byte_test:1,>,size,size;'
                 ' byte_math:bytes 1, offset 0, oper +, rvalue size, result next; isdataat:next;')
    assert [m.offset for m in found.groups[0].matches if isinstance(m, Content)] == ["size"]
    assert found.groups[0].matches[-1] == IsDataAt("next")


@pytest.mark.parametrize(("options", "header", "buffers"), [
    ('content:"a"; http_uri; content:"b"; http_header; content:"c"; http_uri;', HTTP, ["http.uri", "http.header"]),
    ('http.uri; content:"a"; http.method; content:"b"; http.uri; content:"c";', HTTP, ["http.uri", "http.method"]),
    ('content:"a"; file_data; content:"b"; pkt_data; content:"c";', HTTP, ["pkt_data", "file.data"]),
    ('dns.query; content:"a"; dns.query; content:"b";', DNS, ["dns.query", "dns.query"]),
    ('dns_query; content:"a";', DNS, ["dns.query"]),
    ('uricontent:"a";', HTTP, ["http.uri"]),
    ('pcre:"/a/U"; pcre:"/b/H"; pcre:"/c/P";', HTTP, ["http.uri", "http.header", "http.request_body"]),
    ('tls_sni; content:"a"; tls.cert_subject; content:"b";', "alert tls any any -> any any",
     ["tls.sni", "tls.cert_subject"]),
    ('frame:pdu; content:"a";', "alert tls any any -> any any", ["frame:tls.pdu"]),
    ('frame:http1.request; content:"a";', HTTP, ["frame:http1.request"]),
    ('filename:"a"; fileext:"exe"; filemagic:"PDF";', HTTP, ["file.name", "file.magic"]),
    ('content:"a"; http_uri; isdataat:!1,relative;', HTTP, ["http.uri"]),
    ('content:"a"; http_uri; base64_decode:bytes 17, offset 1, relative; base64_data; content:"b";', HTTP,
     ["http.uri", "base64_data"]),
])
def test_buffers_in_order_of_appearance(options, header, buffers):
    found = rule(options, header)
    assert [g.buffer for g in found.groups] == buffers
    assert all(m.buffer == g.buffer for g in found.groups for m in g.matches if isinstance(m, (Content, Pcre)))


def test_instances_of_a_buffer_are_counted():
    found = rule('dns.query; content:"a"; content:"b"; dns.query; content:"c";', DNS)
    assert [(g.occurrence, len(g.matches)) for g in found.groups] == [(0, 2), (1, 1)]


@pytest.mark.parametrize(("options", "matches", "transforms"), [
    ("http.uri; to_lowercase; dotprefix; bsize:10-20;", [BSize(IntTest("range", 10, 20))],
     [Transform("to_lowercase"), Transform("dotprefix")]),
    ('http.uri; xor:"0dff"; content:"a";', None, [Transform("xor", b"\x0d\xff")]),
    ('http.uri; pcrexform:"^(a+)$"; content:"a";', None, [Transform("pcrexform", b"^(a+)$")]),
    ('http.uri; from_base64:offset 6, mode rfc2045; gunzip:max-size 8; content:"a";', None,
     [Transform("from_base64", ("rfc2045", 6, None)), Transform("gunzip", 8)]),
    ("http.uri; absent;", [Absent()], []),
    ('http.uri; absent:or_else; content:"a";', None, []),
    ("http.host; dataset:isset,bad,type string;", [Dataset("isset", "bad", "string")], []),
    ("dns.query; datarep:bad,>,200,type string;", [DataRep("bad", IntTest(">", 200), "string")], []),
    ("http.uri; base64_decode;", [Base64Decode()], []),
])
def test_sticky_buffers_and_transforms(options, matches, transforms):
    group = rule(options, DNS if options.startswith("dns") else HTTP).groups[-1]
    assert list(group.transforms) == transforms
    if matches is not None:
        assert list(group.matches) == matches
    assert all(m.transforms == tuple(transforms) for m in group.contents)


@pytest.mark.parametrize(("options", "header", "keyword", "word"), [
    ("http.uri;", HTTP, "http.uri", "nothing is looked for"),
    ('http.uri; http.method; content:"a";', HTTP, "http.method", "nothing is looked for in http.uri"),
    ('http.uri; content:"a"; to_md5; content:"b"; to_md5; content:"c";', HTTP, "to_md5", "right after a sticky"),
    ('to_md5; content:"b";', HTTP, "to_md5", "right after a sticky"),
    ('http.uri; content:"a"; http_header;', HTTP, "http_header", "still set"),
    ("http_uri;", HTTP, "http_uri", "no content before"),
    ('content:"a"; rawbytes; http_uri;', HTTP, "http_uri", "rawbytes"),
    ('dns.query; content:"a";', HTTP, "dns.query", "belongs to dns"),
    ('content:"a"; http_uri;', UDP, "http_uri", "never runs over udp"),
    ('http.uri; pcre:"/a/H";', HTTP, "pcre", "stands with the sticky buffer"),
    ('http.uri; content:"a"; http.stat_code; content:"200";', HTTP, "http.stat_code", "to the client"),
    ('flow:to_client; http.uri; content:"a";', HTTP, "http.uri", "never goes to client"),
    ('file.data; content:"a";', DNS, "file.data", "belongs to http"),
    ('frame:pdu; content:"a";', TCP, "frame", "which protocol"),
    ('frame:tls.pdu; content:"a"; pkt_data; content:"b";', TCP, "frame", "beside the payload"),
    ("base64_data; content:\"a\";", TCP, "base64_data", "nothing is decoded"),
    ('base64_decode; base64_data; content:"a"; fast_pattern;', TCP, "fast_pattern", "base64_data"),
    ('base64_decode; base64_data; content:"a"; pkt_data; content:"b";', TCP, "pkt_data", "base64_data"),
    ("bsize:10;", HTTP, "bsize", "no sticky buffer"),
    ('http.uri; absent; content:"a";', HTTP, "absent", "must be absent"),
    ('http.uri; content:"a"; absent;', HTTP, "absent", "first"),
    ('http.uri; bsize:3; content:"abcd";', HTTP, "bsize", "can never match"),
    ('urilen:3; http.uri; content:"abcd";', HTTP, "urilen", "can never match"),
    ('http.host; content:"ABC";', HTTP, "http.host", "lower case"),
    ('http.host; content:"abc"; nocase;', HTTP, "http.host", "lower case"),
    ('http.method; content:"GET ";', HTTP, "http.method", "space"),
    ('ja3.hash; content:"abc";', "alert tls any any -> any any", "ja3.hash", "32"),
    ('http.uri; strip_whitespace; content:"a b";', HTTP, "content", "strip_whitespace"),
    ('http.uri; compress_whitespace; content:"a  b";', HTTP, "content", "compress_whitespace"),
    ('http.uri; xor:"zz"; content:"a";', HTTP, "xor", "not hex"),
    ('http.uri; pcrexform; content:"a";', HTTP, "pcrexform", "missing"),
    ('http.uri; pcrexform:"(a)(b)"; content:"a";', HTTP, "pcrexform", "captures 2"),
    ('tcp.hdr; content:"a";', UDP, "tcp.hdr", "no such header"),
    ("dataset:isset,x,type string;", HTTP, "dataset", "no sticky buffer"),
    ("http.uri; dataset:isset,x,type colour;", HTTP, "dataset", "unknown type colour"),
    ("http.uri; dataset:isset,x,type string,load a,state b;", HTTP, "dataset", "state"),
    ("http.uri; dataset:isset,x,load a;", HTTP, "dataset", "no type"),
    ("http.uri; datarep:x,~,1,type string;", HTTP, "datarep", "operator"),
])
def test_buffers_that_are_refused(options, header, keyword, word):
    refused(options, header, keyword, word)

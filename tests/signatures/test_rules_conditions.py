"""Keywords about packets, flows, transactions and state: what each comes to, and what of it is refused."""

from __future__ import annotations

import pytest

from detectors.signatures.language import conditions as c
from detectors.signatures.language.integers import Index, IntTest
from detectors.signatures.language.keywords.registry import KEYWORDS
from detectors.signatures.language.problems import RuleError, RuleSkipped
from tests.support.rule_text import refused, rule

HTTP, IP = "alert http any any -> any any", "alert ip any any -> any any"


@pytest.mark.parametrize(("options", "condition"), [
    ("dsize:9<>18;", c.DSize(IntTest("range", 9, 18))), ("ttl:>220;", c.Ttl(IntTest(">", 220))),
    ("tos:!8;", c.Tos(IntTest("!=", 8))), ("id:1;", c.IpId(IntTest("=", 1))),
    ("itype:<=8;", c.Itype(IntTest("<=", 8))), ("icode:3;", c.Icode(IntTest("=", 3))),
    ("icmp_id:7;", c.IcmpId(IntTest("=", 7))), ('icmp_seq:"7";', c.IcmpSeq(IntTest("=", 7))),
    ("seq:0;", c.Seq(IntTest("=", 0))), ("ack:0;", c.Ack(IntTest("=", 0))),
    ("window:!4096;", c.Window(IntTest("!=", 4096))),
    ("tcp.mss:536-1460;", c.TcpMss(IntTest("range", 536, 1460))), ("fragoffset:>0;", c.FragOffset(IntTest(">", 0))),
    ("flags:S,12;", c.Flags("=", 2, 192)), ("flags:+SA;", c.Flags("+", 18)), ("tcp.flags:!R;", c.Flags("!", 4)),
    ("flags:*FP;", c.Flags("*", 9)), ("flags:0;", c.Flags("=", 0)), ("fragbits:M+;", c.FragBits("+", 1)),
    ("fragbits:!D;", c.FragBits("!", 2)), ("ipopts:ssrr;", c.IpOpts("ssrr")), ("sameip;", c.SameIp()),
    ("ip_proto:gre;", c.IpProto(IntTest("=", 47))), ("ip_proto:!TCP;", c.IpProto(IntTest("!=", 6))),
    ("ip_proto:>200;", c.IpProto(IntTest(">", 200))), ("tcpv4-csum:invalid;", c.Checksum("tcpv4", False)),
    ("geoip:src,JP,KR;", c.GeoIp("src", ("JP", "KR"))),
    ("iprep:src,CnC,>,30;", c.IPRep("src", "CnC", IntTest(">", 30))),
    ("iprep:any,CnC,isnotset;", c.IPRep("any", "CnC", None, False)), ("rpc:100000,*,4;", c.Rpc(100000, None, 4)),
    ("vlan.id:200,-1;", c.VlanId(IntTest("=", 200), Index("nth", -1))),
    ("vlan.layers:>1;", c.VlanLayers(IntTest(">", 1))),
    ("decode-event:ipv4.pkt_too_small;", c.Event("decoder", "ipv4.pkt_too_small")),
    ("stream-event:3whs_synack_in_wrong_direction;", c.Event("stream", "3whs_synack_in_wrong_direction")),
    ("stream_size:both,>=,5000;", c.StreamSize("both", IntTest(">=", 5000))),
    ("flow.age:>3600;", c.FlowAge(IntTest(">", 3600))),
    ("flow.pkts:toserver,<3;", c.FlowCount("packets", "to_server", IntTest("<", 3))),
    ("flow.bytes_toclient:>8000;", c.FlowCount("bytes", "to_client", IntTest(">", 8000))),
    ("app-layer-protocol:!http;", c.AppLayerProtocol("http", True)),
    ("app-layer-protocol:tls,final;", c.AppLayerProtocol("tls", False, "final")),
    ("urilen:<70,raw;", c.UriLen(IntTest("<", 70), True)),
    ("app-layer-event:http.missing_host_header;", c.AppLayerEvent("http", "missing_host_header")),
    ("dns.opcode:4;", c.AppInteger("dns.opcode", IntTest("=", 4))),
    ("mqtt.type:!CONNECT;", c.AppInteger("mqtt.type", IntTest("!=", 1))),
    ("ldap.responses.operation:search_result_done,all;",
     c.AppInteger("ldap.responses.operation", IntTest("=", 5), Index("all"))),
    ("http2.errorcode:INTERNAL_ERROR;", c.AppInteger("http2.errorcode", IntTest("=", 2))),
    ("ssl_version:!sslv3;", c.AppWords("ssl_version", ("!sslv3",))),
    ("smb.version:2;", c.AppWords("smb.version", ("2",))),
    ("dcerpc.opnum:15-18,22;", c.DceOpnum(((15, 18), (22, 22)))),
    ("dce_iface:367abb81-9844-35f1-ad32-98f038001003,>1;",
     c.DceIface("367abb81-9844-35f1-ad32-98f038001003", IntTest(">", 1))),
    ("filesize:to_client, <1kb;", c.FileSize(IntTest("<", 1024), "to_client")),
    ("flowbits:isset,a|b;", c.FlowBits("isset", ("a", "b"))), ("flowint:n,>,m;", c.FlowInt("n", ">", "m")),
    ("flowint:n,notset;", c.FlowInt("n", "isnotset")),
    ("xbits:isset,x,track ip_pair;", c.XBits("isset", "x", "ip_pair")),
    ("hostbits:isnotset,h,dst;", c.HostBits("isnotset", "h", "dst")),
])
def test_conditions(options, condition):
    assert rule(options, IP).conditions == (condition,)


@pytest.mark.parametrize(("options", "effect"), [
    ("flowbits:set,a;", c.FlowBits("set", ("a",))), ("flowint:n,+,1;", c.FlowInt("n", "+", 1)),
    ("xbits:set,x,track ip_src,expire 10;", c.XBits("set", "x", "ip_src", 10)),
    ("hostbits:toggle,h;", c.HostBits("toggle", "h")),
    ("filestore:both,flow;", c.Stored("filestore", ("both", "flow"))),
    ("bypass;", c.Stored("bypass")),
])
def test_effects_are_apart_from_conditions(options, effect):
    found = rule(options, IP)
    assert (found.conditions, found.effects) == ((), (effect,))


def test_flow_thresholds_and_tags():
    found = rule("flow:from_server,established,no_stream; threshold:type both, track by_src, count 5, seconds 60;"
                 " tag:host,10,packets,src; noalert;")
    assert found.flow == c.Flow("to_client", "established", "no_stream")
    assert found.threshold == c.Threshold("both", "by_src", 5, 60)
    assert found.tags == (c.Tag("host", 10, "packets", "src"),)
    assert found.noalert
    assert found.toward == "to_client"
    filtered = rule("detection_filter:track by_dst, count 4, seconds 20;")
    assert filtered.detection_filter == c.DetectionFilter("by_dst", 4, 20)
    assert rule("threshold:type backoff, track by_flow, count 1, multiplier 10;").threshold.multiplier == 10


@pytest.mark.parametrize(("options", "keyword", "word"), [
    ("dsize:1; dsize:2;", "dsize", "twice"), ("dsize:>65535;", "dsize", "never"), ("dsize:5-3;", "dsize", "upwards"),
    ("ttl:256;", "ttl", "8 bits"), ("itype:many;", "itype", "no comparison"), ("flags:X;", "flags", "TCP flags"),
    ("flags:0S;", "flags", "0"), ("ipopts:none;", "ipopts", "unknown IP option"), ("ip_proto:TcP;", "ip_proto", "TcP"),
    ("ip_proto:256;", "ip_proto", "256"), ("flow:sideways;", "flow", "sideways"),
    ("flow:to_client,to_server;", "flow", "direction"), ("flow:established; flow:to_client;", "flow", "already"),
    ("flowbits:set,a|b;", "flowbits", "one name"), ("flowbits:isset,a b;", "flowbits", "no name"),
    ("flowbits:jump,a;", "flowbits", "jump"), ("flowint:a,%,1;", "flowint", "operator"),
    ("xbits:set,x,track ip_src,expire 0;", "xbits", "0"), ("xbits:set,x;", "xbits", "three or four"),
    ("hostbits:set,x,both;", "hostbits", "both"),
    ("threshold:type limit, track by_src, count 1;", "threshold", "seconds"),
    ("threshold:type none, track by_src, count 1, seconds 1;", "threshold", "type"),
    ("threshold:type limit,track by_src,count 1,seconds 1; detection_filter:track by_src,count 1,seconds 1;",
     "detection_filter", "already"),
    ("tag:host,1,packets;", "tag", "parts"), ("stream_size:server,~,1;", "stream_size", "operator"),
    ("urilen:70,crooked;", "urilen", "crooked"), ("iprep:src,a,>,200;", "iprep", "127"),
    ("app-layer-protocol:nothing;", "app-layer-protocol", "nothing"), ("dce_iface:1;", "dce_iface", "UUID"),
    ("smb.version:1; smb.version:2;", "smb.version", "twice"), ("smb.version:3;", "smb.version", "3"),
    ("ftp.reply_received:yes yes;", "ftp.reply_received", "yes yes"), ("mqtt.type:TALK;", "mqtt.type", "talk"),
    ("vlan.id:5,3;", "vlan.id", "layer 3"), ("vlan.layers:>3;", "vlan.layers", "3 layers"),
    ("mqtt.qos:3;", "mqtt.qos", "quality"), ("http2.settings:speed=3;", "http2.settings", "how its value"),
    ("filemd5:absent.txt;", "filemd5", "cannot be read"), ("lua:x.lua;", "lua", "never run"),
    ("sid:7;", "sid", "twice"), ("unheard:1;", "unheard", "unknown keyword"),
    ("contents:\"a\";", "contents", "nearest is content"),
    ("sameip:1;", "sameip", "takes no value"), ("priority:0;", "priority", "0"),
    ("reference:x;", "reference", "no reference"),
])
def test_conditions_that_are_refused(options, keyword, word):
    refused(options, IP, keyword, word)


def test_meta():
    found = rule(
        'msg:"A \\"B\\"\\; C"; classtype:trojan-activity; rev:7; gid:3; reference:cve,2020-1; reference:url,a.b/c;'
        " metadata:k v, former_category MALWARE; target:dest_ip;")
    assert (found.msg, found.rev, found.gid, found.sid) == ('A "B"; C', 7, 3, 1)
    assert (found.priority, found.class_description) == (1, "A Network Trojan was detected")
    assert found.references == (("cve", "2020-1"), ("url", "a.b/c"))
    assert found.metadata_values("former_category") == ("MALWARE",)
    assert found.target == "dest_ip"
    assert rule("classtype:trojan-activity; priority:4;").priority == 4
    assert rule("classtype:never-heard-of;").priority == 3


@pytest.mark.parametrize("text", ["version >= 9.0.1", "feature telepathy", "keyword unheard", "version < 8 || > 9.1"])
def test_rules_that_ask_for_another_version_are_left_out(text):
    with pytest.raises(RuleSkipped):
        rule(f"requires:{text};")
    assert rule("requires:version >= 7.0.3 < 10, feature ja4, keyword dns.query;").sid == 1


@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_every_keyword_tells_what_is_wrong_of_nonsense(name):
    """No keyword takes nonsense in silence, or fails in any other way than by a RuleError that names it."""
    options = f"{name}:\x01 no,such|thing;"
    if name in ("metadata", "classtype", "reference"):
        assert rule(options, HTTP)
        return
    with pytest.raises((RuleError, RuleSkipped)) as error:
        rule(options, HTTP)
    assert error.type is (RuleSkipped if name == "requires" else RuleError)
    assert name == "requires" or (error.value.keyword == name and error.value.what)

"""What a rule needs of the engine that is to evaluate it, as words; an engine says which words it knows."""

from __future__ import annotations

from collections.abc import Container, Iterator

from detectors.signatures.language import conditions as c
from detectors.signatures.language.rule import Rule


def needs(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield (word, keyword): what is needed, and the keyword of the rule that needs it.

    Words: action:config, app:http, hook:flow_start, buffer:http.uri, transform:xor, match:ByteMath,
    condition:GeoIp, field:dns.opcode, event:decoder.ipv4.pkt_too_small, event:http.…, threshold:limit,
    tag:session. Frames are buffer:frame:http1.request. Of several application protocols (file.data) one is enough; so
    they are not among these, and lacking() looks at them.
    """
    yield f"action:{rule.action}", "header"
    if len(rule.app_protos) == 1:
        yield f"app:{rule.app_protos[0]}", "header"
    if rule.hook:
        yield f"hook:{rule.hook}", "header"
    if rule.direction == "=>":
        yield "direction:=>", "header"
    for group in rule.groups:
        yield f"buffer:{group.buffer}", "frame" if group.buffer.startswith("frame:") else group.buffer
        for transform in group.transforms:
            yield f"transform:{transform.name}", transform.name
        for match in group.matches:
            name = type(match).__name__
            yield f"match:{name}", _MATCH_KEYWORDS.get(name, name.lower())
    for condition in (*rule.conditions, *rule.effects):
        yield from _condition(condition)
    if rule.threshold:
        yield f"threshold:{rule.threshold.kind}", "threshold"
    for tag in rule.tags:
        yield f"tag:{tag.kind}", "tag"


_MATCH_KEYWORDS = {"ByteTest": "byte_test", "ByteJump": "byte_jump", "ByteExtract": "byte_extract",
                   "ByteMath": "byte_math", "Base64Decode": "base64_decode"}
_KEYWORDS = {"IpId": "id", "IcmpId": "icmp_id", "IcmpSeq": "icmp_seq", "Icmpv6Mtu": "icmpv6.mtu", "TcpMss": "tcp.mss",
             "VlanLayers": "vlan.layers", "VlanId": "vlan.id", "IpProto": "ip_proto", "FlowAge": "flow.age",
             "StreamSize": "stream_size", "FlowElephant": "flow.elephant", "L3Proto": "l3_proto",
             "AppLayerProtocol": "app-layer-protocol", "AppLayerState": "app-layer-state", "DceIface": "dcerpc.iface",
             "DceOpnum": "dcerpc.opnum", "Checksum": "tcpv4-csum",
             "ModbusRequest": "modbus"}
_LAYERS = {"decoder": "decode-event", "stream": "stream-event", "engine": "engine-event"}


def _condition(condition: c.Condition) -> Iterator[tuple[str, str]]:
    name = type(condition).__name__
    match condition:
        case c.AppInteger() | c.AppCount() | c.AppWords():
            yield f"field:{condition.field}", condition.field
        case c.Event():
            yield f"event:{condition.layer}.{condition.name}", _LAYERS[condition.layer]
        case c.AppLayerEvent():
            yield f"event:{condition.proto}.{condition.name}", "app-layer-event"
        case c.FlowCount():
            yield f"condition:FlowCount.{condition.what}", "flow.pkts" if condition.what == "packets" else "flow.bytes"
        case c.FileHash():
            yield f"condition:FileHash.{condition.algorithm}", f"file{condition.algorithm}"
        case c.XBits():
            yield f"condition:XBits.{condition.track}", "xbits"
        case c.AppLayerProtocol():
            yield f"app:{condition.name}", "app-layer-protocol"
            yield f"condition:AppLayerProtocol.{condition.mode}", "app-layer-protocol"
        case c.Stored():
            yield f"stored:{condition.what}", condition.what
        case _:
            yield f"condition:{name}", _KEYWORDS.get(name, name.lower())


def lacking(rule: Rule, evaluable: Container[str] | None) -> tuple[str, str] | None:
    """Return the first (word, keyword) of a rule that an engine does not know, None where it can evaluate it.

    Of several application protocols that a rule may be about, one is enough.
    """
    if evaluable is None:
        return None
    if rule.app_protos and not any(f"app:{app}" in evaluable for app in rule.app_protos):
        return f"app:{rule.app_protos[0]}", "header"
    return next((need for need in needs(rule) if need[0] not in evaluable), None)

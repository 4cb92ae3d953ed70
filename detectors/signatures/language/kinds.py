"""What type of signature a rule is, and whether its payload is sought in packets or streams, as Suricata decides."""

from __future__ import annotations

from typing import Any

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.matches import Content
from detectors.signatures.language.protocols import TCP
from detectors.signatures.language.rule import PAYLOAD


def payload_ways(draft: Draft) -> tuple[bool, bool]:
    """Return whether the payload's matches are tried on packets and on the TCP stream.

    What says where in the payload it must be (offset, depth, startswith), and stream_size, is tried on both.
    """
    contents = [m for g in draft.groups if g.buffer.name == PAYLOAD for m in g.matches]
    if not contents:
        return bool(draft.packet_keyword), False
    if draft.packet_keyword or draft.proto.payload == "packet":
        return True, False
    if draft.proto.ip_protos is not None and TCP not in draft.proto.ip_protos:
        return True, False
    if draft.proto.payload == "stream" or (draft.flow and draft.flow.stream == "only_stream"):
        return False, True
    placed = any(isinstance(m, Content) and (m.offset is not None or m.depth is not None or m.startswith)
                 for m in contents)
    others = draft.proto.ip_protos is None or len(draft.proto.ip_protos) > 1
    return placed or others or any(isinstance(x, c.StreamSize) for x in draft.conditions), True


_IP_ONLY = (c.GeoIp, c.IPRep, c.IpProto, c.SameIp, c.L3Proto, c.FlowBits, c.FlowInt, c.XBits, c.HostBits, c.Stored)


def kind_of(draft: Draft, ends: dict[str, Any], on_packet: bool, on_stream: bool) -> str:
    """Return Suricata's type of signature by name (Rule.kind)."""
    layers = {g.buffer.layer for g in draft.groups}
    scopes = {x.scope for x in draft.conditions}
    if layers & {"app", "file", "frame"} or scopes & {"transaction", "file"} or draft.direction == "=>":
        return "app_tx"
    if draft.groups:
        if layers == {"payload"} or layers == {"payload", "decoded"}:
            return "packet_stream" if on_packet and on_stream else "stream" if on_stream else "packet"
        return "packet"
    if any(isinstance(x, c.Event) and x.layer == "decoder" for x in draft.conditions):
        return "decoder_event"
    if draft.hook:
        return "app_layer" if draft.apps else "packet"
    if any(not isinstance(x, (*_IP_ONLY, c.AppLayerProtocol)) for x in draft.conditions):
        return "packet"
    if draft.apps or any(isinstance(x, c.AppLayerProtocol) for x in draft.conditions):
        return "app_layer" if draft.flow else "protocol_detection_only"
    if draft.flow is None and ends["src_ports"].any and ends["dst_ports"].any and draft.proto.payload == "":
        return "ip_only" if len(ends["src"].ranges) <= 1 and len(ends["dst"].ranges) <= 1 else "like_ip_only"
    return "packet"

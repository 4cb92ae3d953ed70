"""What type of signature a rule is, and whether its payload is sought in packets or streams, as Suricata decides."""

from __future__ import annotations

from typing import Any

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.matches import Content
from detectors.signatures.language.protocols import TCP
from detectors.signatures.language.rule import PAYLOAD


def payload_ways(draft: Draft) -> tuple[bool, bool]:
    """Return whether the payload's matches are tried on packets and on the stream of TCP; else it is always packets.

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
    return placed or any(isinstance(x, c.StreamSize) for x in draft.conditions), True


def kind_of(draft: Draft, ends: dict[str, Any], on_packet: bool, on_stream: bool) -> str:
    """Return Suricata's type of signature by name (Rule.kind)."""
    layers = {g.buffer.layer for g in draft.groups}
    unbound = not draft.apps and not draft.groups
    asked = [x for x in draft.conditions if not _harmless(x)]
    if unbound and _protocol_only(draft, asked):
        return "protocol_detection_only"
    if unbound and not asked and draft.flow is None and not draft.hook:
        return "like_ip_only" if ends["src"].negated or ends["dst"].negated else "ip_only"
    if unbound and draft.flow is None and asked and all(isinstance(x, c.Event) and x.layer == "decoder" for x in asked):
        return "decoder_event"
    if "packet" in layers:
        return "packet"
    if layers & {"app", "file", "frame"} or {x.scope for x in draft.conditions} & {"transaction", "file"} \
            or draft.direction == "=>" or (draft.hook and draft.apps):
        return "app_tx"
    if draft.groups:
        return "packet_stream" if on_packet and on_stream else "stream" if on_stream else "packet"
    return "app_layer" if draft.apps and not asked and draft.flow is None else "packet"


def _harmless(condition: c.Condition) -> bool:
    """Return whether a rule about addresses alone stays one with this condition: it is tried once for a flow."""
    if isinstance(condition, c.FlowBits):
        return condition.op == "set"
    if isinstance(condition, (c.XBits, c.HostBits, c.FlowInt)):
        return condition.effect
    return isinstance(condition, (c.L3Proto, c.IPRep))


def _protocol_only(draft: Draft, asked: list[c.Condition]) -> bool:
    """Return whether a rule asks for nothing but which protocol was recognised."""
    directed = draft.flow is None or not (draft.flow.state or draft.flow.stream or draft.flow.frag)
    return bool(asked) and directed and all(isinstance(x, c.AppLayerProtocol) for x in asked)

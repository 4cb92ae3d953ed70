"""A rule as it was read: header, options as written, and what they come to. The engine is built from these alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from detectors.signatures.language.addresses import ANY_ADDRESS, ANY_PORT, AddressSet, PortSet
from detectors.signatures.language.conditions import Condition, DetectionFilter, Flow, Tag, Threshold
from detectors.signatures.language.matches import BufferGroup, Content

PAYLOAD = "pkt_data"
"""The buffer of matches that name none: the packet's payload, or the stream."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option as written: value is None without a colon, and without the ! that negates it. column counts from 1."""

    name: str
    value: str | None = None
    negated: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class FastPattern:
    """The content that a rule is prefiltered by: its group and its place among the group's matches.

    pattern is what to search for (the chopped part, if it was chopped), chop_offset where it stands in the content.
    strength is the higher the better. explicit: the rule said so. only: the content need not be looked for again.
    """

    group: int
    match: int
    pattern: bytes
    nocase: bool = False
    chop_offset: int = 0
    strength: int = 0
    explicit: bool = False
    only: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, validated; what could not be is in RuleSet.refused instead.

    direction is -> one way, <> both ways, => a transaction whose both sides are looked at. app_protos are the
    application protocols that the header or the keywords bind it to, empty for any. ip_protos are IP protocol numbers,
    None for any. hook is the part after the colon of a header protocol (tcp:flow_start).

    toward is to_server, to_client or both: what flow says, or what the buffers imply. on_packet and on_stream say what
    the payload group is matched against over TCP: single packets, the reassembled stream, or both; over anything else
    it is packets. kind is Suricata's type of
    signature: decoder_event, ip_only, like_ip_only, protocol_detection_only, packet, packet_stream, stream, app_layer,
    app_tx.

    conditions are all those of conditions.py in order, but flow, threshold, detection_filter and tags, which have
    their own fields. effects are the conditions that change state once the rule has matched, in order.
    """

    action: str
    proto: str
    src: AddressSet = ANY_ADDRESS
    src_ports: PortSet = ANY_PORT
    direction: str = "->"
    dst: AddressSet = ANY_ADDRESS
    dst_ports: PortSet = ANY_PORT
    options: tuple[Option, ...] = ()
    file: str = ""
    line: int = 0
    text: str = field(default="", compare=False)
    enabled: bool = True
    hook: str = ""

    sid: int = 0
    gid: int = 1
    rev: int = 0
    msg: str = ""
    classtype: str = ""
    class_description: str = ""
    priority: int = 3
    references: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    target: str = ""
    noalert: bool = False

    app_protos: tuple[str, ...] = ()
    ip_protos: frozenset[int] | None = None
    toward: str = "both"
    on_packet: bool = False
    on_stream: bool = False
    kind: str = "packet"

    flow: Flow | None = None
    conditions: tuple[Condition, ...] = ()
    effects: tuple[Condition, ...] = ()
    groups: tuple[BufferGroup, ...] = ()
    threshold: Threshold | None = None
    detection_filter: DetectionFilter | None = None
    tags: tuple[Tag, ...] = ()
    prefilter_keyword: str = ""
    fast_pattern: FastPattern | None = None

    @property
    def contents(self) -> tuple[Content, ...]:
        """Every content of the rule, in the order of the groups."""
        return tuple(content for group in self.groups for content in group.contents)

    @property
    def keywords(self) -> frozenset[str]:
        """The names of the keywords it uses."""
        return frozenset(option.name for option in self.options)

    def metadata_values(self, key: str) -> tuple[str, ...]:
        """Return the values of one metadata key, in order."""
        return tuple(value for name, value in self.metadata if name == key)

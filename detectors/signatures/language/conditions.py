"""What a rule asks beside the contents of buffers: of packet, flow, transaction, file, or its own state.

Every class has ``scope``: packet, flow, transaction, file or state. A state condition whose ``effect`` is true changes
something when everything else has matched, and holds by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectors.signatures.language.integers import ANY_INDEX, Index, IntTest


@dataclass(frozen=True, slots=True)
class Flow:
    """flow: direction "", to_server, to_client; state "", established, not_established, stateless; stream "",
    only_stream, no_stream; frag "", only_frag, no_frag."""

    direction: str = ""
    state: str = ""
    stream: str = ""
    frag: str = ""
    scope: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class _PacketInteger:
    test: IntTest
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class DSize(_PacketInteger):
    """Size of the packet's payload in bytes."""


@dataclass(frozen=True, slots=True)
class Ttl(_PacketInteger):
    """TTL of IPv4 or hop limit of IPv6."""


@dataclass(frozen=True, slots=True)
class Tos(_PacketInteger):
    """TOS byte of IPv4 or traffic class of IPv6."""


@dataclass(frozen=True, slots=True)
class IpId(_PacketInteger):
    """Identification of IPv4."""


@dataclass(frozen=True, slots=True)
class FragOffset(_PacketInteger):
    """Fragment offset in units of 8 bytes."""


@dataclass(frozen=True, slots=True)
class Itype(_PacketInteger):
    """ICMP or ICMPv6 type."""


@dataclass(frozen=True, slots=True)
class Icode(_PacketInteger):
    """ICMP or ICMPv6 code."""


@dataclass(frozen=True, slots=True)
class IcmpId(_PacketInteger):
    """Identifier of an ICMP or ICMPv6 echo or query."""


@dataclass(frozen=True, slots=True)
class IcmpSeq(_PacketInteger):
    """Sequence number of an ICMP or ICMPv6 echo or query."""


@dataclass(frozen=True, slots=True)
class Icmpv6Mtu(_PacketInteger):
    """MTU of an ICMPv6 packet-too-big."""


@dataclass(frozen=True, slots=True)
class Seq(_PacketInteger):
    """TCP sequence number."""


@dataclass(frozen=True, slots=True)
class Ack(_PacketInteger):
    """TCP acknowledgement number."""


@dataclass(frozen=True, slots=True)
class Window(_PacketInteger):
    """TCP window as in the header."""


@dataclass(frozen=True, slots=True)
class TcpMss(_PacketInteger):
    """Maximum segment size among the TCP options."""


@dataclass(frozen=True, slots=True)
class VlanLayers(_PacketInteger):
    """Number of VLAN tags."""


@dataclass(frozen=True, slots=True)
class VlanId:
    """A VLAN identifier; the layers' index counts from the outermost (0)."""

    test: IntTest
    index: Index = ANY_INDEX
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class IpProto:
    """Number of the IP protocol; several of these in a rule hold together."""

    test: IntTest
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class Flags:
    """TCP flags. mode: = all of these and no other, + these and any, * any of these, ! not all of these.

    flags and ignored are bit sets as in the header (FIN 1 … CWR 128); ignored ones are left out of the comparison.
    """

    mode: str
    flags: int
    ignored: int = 0
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class FragBits:
    """IPv4 fragment bits: mode as of Flags; bits R 4, D 2, M 1 as in the header's top three."""

    mode: str
    bits: int
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class IpOpts:
    """An IPv4 option by name (rr, eol, nop, ts, sec, esec, lsrr, ssrr, satid, any …)."""

    name: str
    negated: bool = False
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class SameIp:
    """Source and destination address are the same."""

    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class L3Proto:
    """IP version 4 or 6."""

    version: int
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class Checksum:
    """Whether a checksum (header: ipv4, tcpv4, tcpv6, udpv4, udpv6, icmpv4, icmpv6) is valid."""

    header: str
    valid: bool
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class Event:
    """Something odd that decoding, streams or the engine noticed. layer: decoder, stream, engine."""

    layer: str
    name: str
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class GeoIp:
    """Country of an address. side: any, src, dst, both."""

    side: str
    countries: tuple[str, ...]
    negated: bool = False
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class IPRep:
    """Reputation of an address; side: any, src, dst, both; test None with set_ True or False is isset, isnotset."""

    side: str
    category: str
    test: IntTest | None = None
    isset: bool = True
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class Rpc:
    """Sun RPC call in the payload; None stands for *."""

    program: int
    version: int | None = None
    procedure: int | None = None
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class FtpBounce:
    """An FTP PORT command names an address that is not the client's."""

    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class StreamSize:
    """Bytes of TCP by sequence numbers. side: server, client, both, either."""

    side: str
    test: IntTest
    scope: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class FlowAge:
    """Seconds since the flow's first packet."""

    test: IntTest
    scope: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class FlowCount:
    """Packets or bytes of the flow so far. what: packets, bytes; side: to_server, to_client, either, both."""

    what: str
    side: str
    test: IntTest
    scope: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class FlowElephant:
    """The flow is a large one. side: to_server, to_client, either, both."""

    side: str
    scope: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class AppLayerProtocol:
    """The protocol that was recognised. mode: direction (that of the packet), either, both, final, to_server,
    to_client; name "failed" is none found and "unknown" not known yet."""

    name: str
    negated: bool = False
    mode: str = "direction"
    scope: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class AppLayerEvent:
    """Something odd that a protocol's parser noticed; name "" is any of the protocol's."""

    proto: str
    name: str
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class AppLayerState:
    """How far the transaction has come: operator = < <= > >= and the protocol's name of a state."""

    operator: str
    state: str
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class UriLen:
    """Length of the normalised URI in bytes, or of the raw one."""

    test: IntTest
    raw: bool = False
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class AppInteger:
    """A number of a transaction (field is the keyword's name, such as dns.opcode); index for those that are lists."""

    field: str
    test: IntTest
    index: Index = ANY_INDEX
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class AppCount:
    """How many elements a list of a transaction has."""

    field: str
    test: IntTest
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class AppWords:
    """A condition on a transaction whose arguments are words (field is the keyword's name), as written, lower case."""

    field: str
    words: tuple[str, ...] = ()
    negated: bool = False
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class DceIface:
    """A DCE/RPC interface by UUID; test on its version; any_frag: also in other than first fragments."""

    uuid: str
    test: IntTest | None = None
    any_frag: bool = False
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class DceOpnum:
    """DCE/RPC operation numbers, as inclusive ranges."""

    ranges: tuple[tuple[int, int], ...]
    scope: ClassVar[str] = "transaction"


@dataclass(frozen=True, slots=True)
class FileHash:
    """The file's hash is (not) in a list. algorithm: md5, sha1, sha256; hashes are raw digests."""

    algorithm: str
    path: str
    hashes: frozenset[bytes]
    negated: bool = False
    scope: ClassVar[str] = "file"


@dataclass(frozen=True, slots=True)
class FileSize:
    """Size of the file in bytes; side "" or the direction it travels."""

    test: IntTest
    side: str = ""
    scope: ClassVar[str] = "file"


@dataclass(frozen=True, slots=True)
class FlowBits:
    """op: isset, isnotset (any of names), set, unset, toggle (all of names)."""

    op: str
    names: tuple[str, ...]
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes bits rather than asks for them."""
        return self.op in ("set", "unset", "toggle")


@dataclass(frozen=True, slots=True)
class FlowInt:
    """op: isset, isnotset, = + - (effects), == != < <= > >= ; value a number or another variable."""

    name: str
    op: str
    value: int | str | None = None
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes the variable rather than asks for it."""
        return self.op in ("=", "+", "-")


@dataclass(frozen=True, slots=True)
class XBits:
    """op as of FlowBits; track: ip_src, ip_dst, ip_pair, tx; expire_s seconds after it was set."""

    op: str
    name: str
    track: str
    expire_s: int = 30
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes the bit rather than asks for it."""
        return self.op in ("set", "unset", "toggle")


@dataclass(frozen=True, slots=True)
class HostBits:
    """op as of FlowBits; track: src, dst, both."""

    op: str
    name: str
    track: str = "src"
    expire_s: int = 300
    scope: ClassVar[str] = "state"

    @property
    def effect(self) -> bool:
        """Whether it changes the bit rather than asks for it."""
        return self.op in ("set", "unset", "toggle")


@dataclass(frozen=True, slots=True)
class FlowVar:
    """A text variable of the flow or the packet (kind: flow, pkt), compared with a pattern."""

    kind: str
    name: str
    value: bytes
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a rule that matched makes an alert. kind: limit, threshold, both, backoff; track: by_src, by_dst, by_both,
    by_rule, by_flow; count events in seconds; multiplier for backoff; unique_on "", src_port or dst_port."""

    kind: str
    track: str
    count: int
    seconds: int
    multiplier: int = 0
    unique_on: str = ""
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class DetectionFilter:
    """An alert only after count matches within seconds (the count + 1st and each later one)."""

    track: str
    count: int
    seconds: int
    unique_on: str = ""
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class Tag:
    """What is kept after an alert. kind: session, host; metric: packets, seconds, bytes; side "", src, dst."""

    kind: str
    count: int = 0
    metric: str = ""
    side: str = ""
    scope: ClassVar[str] = "state"


@dataclass(frozen=True, slots=True)
class Stored:
    """filestore, tls.store, bypass, config and others that change what is kept, not whether a rule matches."""

    what: str
    words: tuple[str, ...] = ()
    scope: ClassVar[str] = "state"


PacketCondition = (DSize | Ttl | Tos | IpId | FragOffset | Itype | Icode | IcmpId | IcmpSeq | Icmpv6Mtu | Seq | Ack
                   | Window | TcpMss | VlanLayers | VlanId | IpProto | Flags | FragBits | IpOpts | SameIp | L3Proto
                   | Checksum | Event | GeoIp | IPRep | Rpc)
FlowCondition = Flow | StreamSize | FlowAge | FlowCount | FlowElephant | AppLayerProtocol
TransactionCondition = (AppLayerEvent | AppLayerState | UriLen | AppInteger | AppCount | AppWords | DceIface | DceOpnum
                        | FtpBounce | FileHash | FileSize)
StateCondition = (FlowBits | FlowInt | XBits | HostBits | FlowVar | Threshold | DetectionFilter | Tag | Stored)
Condition = PacketCondition | FlowCondition | TransactionCondition | StateCondition

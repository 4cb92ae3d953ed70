"""Conditions on the headers of one packet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from detectors.signatures.language.integers import ANY_INDEX, Index, IntTest
from detectors.signatures.language.reputation import NO_REPUTATION, Reputation


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
    """Reputation of an address; side: any, src, dst, both; test None with isset True or False is isset, isnotset.

    known is what the files say, bound to the condition when its rule is loaded.
    """

    side: str
    category: str
    test: IntTest | None = None
    isset: bool = True
    known: Reputation = field(default=NO_REPUTATION, compare=False, repr=False)
    scope: ClassVar[str] = "packet"


@dataclass(frozen=True, slots=True)
class Rpc:
    """Sun RPC call in the payload; None stands for *."""

    program: int
    version: int | None = None
    procedure: int | None = None
    scope: ClassVar[str] = "packet"

"""The meaning of every small number in a column: kernels use int(NAME), stores and people see the label."""

from enum import IntEnum


class Status(IntEnum):
    """What became of a frame in decoding. Below REFUSED_FROM it was processed; from there on it was refused."""

    OK = 0
    ARP = 1
    NOT_IP = 2
    FRAGMENT_HELD = 3  # waits for its siblings; ends as completed or fragment_incomplete in the counters
    QUOTED = 4  # the packet that an ICMP error quotes: a row for the flow table, not traffic
    # --- refused, by cause
    LINK_TYPE_UNKNOWN = 16
    LINK_TRUNCATED = 17
    VLAN_TRUNCATED = 18
    MPLS_TRUNCATED = 19
    PPPOE_TRUNCATED = 20
    ARP_TRUNCATED = 21
    IP_VERSION = 22
    IPV4_TRUNCATED = 23
    IPV4_HEADER_LENGTH = 24
    IPV4_TOTAL_LENGTH = 25
    IPV6_TRUNCATED = 26
    IPV6_PAYLOAD_LENGTH = 27
    IPV6_EXTENSION = 28
    TCP_TRUNCATED = 29
    TCP_DATA_OFFSET = 30
    UDP_TRUNCATED = 31
    UDP_LENGTH = 32
    ICMP_TRUNCATED = 33
    SCTP_TRUNCATED = 34
    TUNNEL_TRUNCATED = 35
    LAYERS_TOO_DEEP = 36
    CHECKSUM_BAD = 37
    FRAGMENT_BAD = 38  # offset and length beyond 64 KiB, or a middle piece that is not a multiple of 8
    FRAGMENT_OVERLAP = 39
    FRAGMENT_BUDGET = 40
    FRAGMENT_INCOMPLETE = 41  # only in counters: held until the timeout, an eviction or the end


REFUSED_FROM = 16


class Checksum(IntEnum):
    """Result of verifying the IPv4 header and transport checksums of a packet."""

    UNVERIFIED = 0  # not asked for, no checksum, or not all of the packet was captured
    GOOD = 1
    BAD = 2


class Tunnel(IntEnum):
    """What a row was carried in."""

    NONE = 0
    IPIP = 1  # protocol 4
    SIXIN4 = 2  # protocol 41
    GRE = 3
    VXLAN = 4
    TEREDO = 5
    IP6_IN_IP6 = 6
    ICMP_QUOTE = 7
    GENEVE = 8
    GTP = 9


class FlowEvent(IntEnum):
    """Bits of PACKET.flow_event: what this packet changed in its flow."""

    OPENED = 1  # first packet of a flow
    ANSWERED = 2  # first packet from the responder, unless it refuses
    REFUSED = 4  # RST to an unanswered SYN, or an ICMP error that quotes an unanswered flow
    ESTABLISHED = 8  # see Outcome.ESTABLISHED


class TcpState(IntEnum):
    """State of a TCP flow as far as the packets show it."""

    NONE = 0  # not TCP
    SYN_SENT = 1
    SYN_RECEIVED = 2  # SYN and SYN/ACK seen
    ESTABLISHED = 3
    CLOSING = 4  # FIN in one direction
    CLOSED = 5  # FIN in both directions
    RESET = 6
    MIDSTREAM = 7  # picked up without its SYN
    ONE_SIDED = 8  # one end went on as if it had been answered, but no answer was captured


class Certainty(IntEnum):
    """How sure it is who opened a flow. A guess never becomes a critical alert."""

    GUESSED = 0
    BIFLOW = 1  # both directions seen, the first packet came from the initiator; or an ICMP request, which names itself
    SYN_SEEN = 2


class EndReason(IntEnum):
    """Why a flow row was written."""

    ACTIVE_TIMEOUT = 0  # the flow goes on; the next row has the next part number
    IDLE_TIMEOUT = 1
    TCP_FIN = 2
    TCP_RESET = 3
    EVICTED = 4
    END_OF_INPUT = 5
    CLOCK_RESET = 6
    REUSED = 7  # a new SYN took over the 5-tuple of a flow that had not closed


class Outcome(IntEnum):
    """Did the communication come about?"""

    UNKNOWN = 0
    ATTEMPTED = 1  # unanswered, reset or prohibited
    ESTABLISHED = 2  # TCP: handshake complete or payload both ways; else packets both ways


class Verdict(IntEnum):
    """Judgement of a flow by the zone policy."""

    NOT_JUDGED = 0  # within one zone, or no policy
    PERMITTED = 1
    PERMITTED_EXCESS = 2
    OUT_OF_HOURS = 3
    WRONG_INITIATOR = 4
    WRONG_APP = 5
    UNSANITIZED = 6
    EXPIRED_CONDUIT = 7
    NO_CONDUIT = 8
    WRONG_SEGMENT = 9
    UNATTRIBUTED = 10


class Coverage(IntEnum):
    """Was looked at what goes from one zone to another?"""

    NOT_OBSERVED = 0
    PARTLY = 1
    OBSERVED = 2


class CoverageCause(IntEnum):
    """Why it was not looked at, or only at a part."""

    NONE = 0
    NO_SENSOR = 1
    SILENCE = 2  # not one packet in the minute: a dead tap and a silent network look alike
    DROPS = 3  # frames lost, or not decoded
    ONE_SIDED = 4  # only one direction of the conversations passes the tap


class Severity(IntEnum):
    """Severity as in EVE: a lower number is more severe."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class AlertState(IntEnum):
    """Place of an alert revision in the life of what it reports."""

    SINGLE = 0
    STARTED = 1
    ONGOING = 2
    ENDED = 3


class AlertAction(IntEnum):
    """What a person did about an alert."""

    ACKNOWLEDGED = 1
    IN_PROGRESS = 2
    CLOSED = 3
    FALSE_POSITIVE = 4
    REOPENED = 5
    COMMENT = 6  # something was said; the alert's state stays


class Property(IntEnum):
    """The security property that an alert touches."""

    CONFIDENTIALITY = 0
    INTEGRITY = 1
    AVAILABILITY = 2


def labels_of(codes: type[IntEnum]) -> dict[int, str]:
    """Return {number: lower-case label} of an enumeration."""
    return {int(c): c.name.lower() for c in codes}

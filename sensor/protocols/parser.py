"""What a protocol parser is given, and what it gives back. One parser object follows one flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from columns.app import AppProto
from columns.said import FlowFacts, Moment
from columns.schema import Table

Emit = Callable[[Table, Moment, dict[str, Any]], None]
"""Takes one transaction: its table, the moment it was complete, and its own columns by name (text as str or bytes, json
columns as text). Those that all tables share are added by the caller; tx_id counts per flow and table unless given."""


class Count(Protocol):
    """Adds one to a counter by cause: what was nonsense, cut off, or beyond a limit."""

    def __call__(self, cause: str, times: int = 1) -> None:
        """Count it."""


class Show(Protocol):
    """Takes one step of a transaction for those who inspect buffers: see columns.said.Step."""

    def __call__(self, at: Moment, tx_id: int, to_server: bool, buffers: Sequence[tuple[str, bytes]],
                 done: bool = False) -> None:
        """Pass it on."""


class Expect(Protocol):
    """Announces another TCP connection between the same two hosts, and who follows it, made from its context.

    It goes to a port of the responder (to_server) or of the initiator, whatever address was announced with it: behind
    an address translation that is another one.
    """

    def __call__(self, to_server: bool, port: int, follow: Callable[[Context], StreamParser]) -> None:
        """Take note of it."""


@dataclass(slots=True)
class Context:
    """What a parser needs besides the bytes: the flow, where rows go, the counters of its protocol, the limits.

    show is None while nobody inspects buffers; a parser makes none then. contents takes those of bodies and files,
    which some want alone: it is the same as show, or there without it, and then bytes that a file shows are not shown
    as body too. expect announces a connection of another flow.
    """

    flow: FlowFacts
    emit: Emit
    count: Count
    settings: Any
    from_proto: AppProto = AppProto.UNKNOWN  # the protocol that handed the conversation over (STARTTLS, CONNECT)
    show: Show | None = None
    contents: Show | None = None
    expect: Expect | None = None


class Handover(NamedTuple):
    """A parser is done, and another goes on with the same flow (STARTTLS, CONNECT, TLS within RDP).

    app_proto: whose parser goes on; UNKNOWN to ask the probes again. to_server, to_client: bytes of each direction
    that were taken already but belong to the successor; it is given these first.
    """

    app_proto: AppProto
    to_server: bytes = b""
    to_client: bytes = b""


NO_END = 1 << 62
"""More bytes than a stream can have."""


class StreamParser(Protocol):
    """Follows one TCP flow. Bytes come in order, each once, in pieces of any size: results must not depend on how the
    stream was cut. Whatever the bytes are, nothing is raised, and time and memory per byte are bounded.
    """

    app_proto: ClassVar[AppProto]
    done: bool
    """True when no more bytes are wanted: they are passed over without being looked at."""

    # A parser that can hand over has an attribute ``successor: Handover | None`` too, looked at once done is True.
    #
    # A parser that need not see bytes as they come has three methods more, all about the next bytes of a direction.
    # passable(to_server) -> int: so many may be told by skip(to_server, size, at), as a mere count. patient(to_server)
    # -> int: so many, the passable ones among them, may be told late, many at once: nothing is told that names the
    # moment of any of them. So of a run that ends something (a body of known length) the last byte is not among them.
    # What the other direction says must not change either. They are told before anything else of the conversation is.

    def __init__(self, context: Context) -> None: ...

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction; at is the packet that brought the last of them."""

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes of this direction were never captured; what follows comes after them."""

    def end(self, at: Moment) -> None:
        """The conversation is over: tell what is not told yet."""


class DatagramParser(Protocol):
    """Follows one UDP flow; each call is one datagram."""

    app_proto: ClassVar[AppProto]
    done: bool

    def __init__(self, context: Context) -> None: ...

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next datagram."""

    def end(self, at: Moment) -> None:
        """The flow is over: tell what is not told yet."""


class Opening(NamedTuple):
    """The bytes with which the initiator and the responder can begin; None for any.

    The probe refuses what a side begins otherwise, whatever else is there; with either it still may not where the other
    side begins as it can, or the initiator has not spoken. alone: as long as the responder alone has spoken the probe
    says yes only where it begins with these (None: those of responder), though it may not refuse the others.
    """

    initiator: bytes | None = None
    responder: bytes | None = None
    either: bool = False
    alone: bytes | None = None


def letters(initials: str) -> bytes:
    """Return the first bytes of words that begin with these letters, in either case."""
    return (initials.upper() + initials.lower()).encode("ascii")


class Wants(NamedTuple):
    """How a protocol is recognised and followed.

    probe: takes the first bytes (at most 64) sent by the initiator, by the responder, and the ports; returns True for
    this protocol, False for certainly not, None when more bytes are needed. Probes are asked in the order of the
    registry until one says True. It must be cheap and must not believe ports alone. opens: what it refuses by the first
    bytes, so that it need not be asked. at_once: a FlowsAtOnce, where the protocol has one.
    """

    app_proto: AppProto
    parser: Any
    probe: Callable[[bytes, bytes, FlowFacts], bool | None]
    tables: tuple[Table, ...]
    opens: Opening = Opening()
    at_once: Any = None


class ToldAtOnce(NamedTuple):
    """Rows that many datagrams tell: which of them tells each row, its number in its flow, and its own columns."""

    which: np.ndarray  # int64
    tx_id: np.ndarray  # uint32
    columns: dict[str, Any]


class FlowsAtOnce(Protocol):
    """Follows all flows of a protocol over UDP that begin with a datagram which its probe takes, each on its seat.

    It tells what a DatagramParser for each would tell, whatever the portions are, but no steps: where buffers are
    inspected, there are parsers. Made from the settings of its protocol and how many flows may have more state than
    what stands in arrays. counts is by cause, as Count has it.
    """

    app_proto: ClassVar[AppProto]
    table: Table
    counts: Counter[str]

    def __init__(self, settings: Any, conversations: int) -> None: ...

    def begins(self, data: np.ndarray, starts: np.ndarray, stops: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Return as bool[n] what the probe says of data[starts[i]:stops[i]] and of FACTS[n]."""

    def begin(self, seats: np.ndarray, room: int) -> None:
        """New flows have these seats, of so many that there are."""

    def take(self, events: Any, seats: np.ndarray, facts: np.ndarray, buffers: Sequence[np.ndarray]) -> ToldAtOnce:
        """Take the next datagrams of all its flows (see datagrams.Events), the seat of each and who speaks there."""

    def end(self, seats: np.ndarray) -> np.ndarray:
        """The flows on these seats are over; return how many transactions were told of each."""

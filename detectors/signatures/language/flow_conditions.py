"""Conditions on the flow, and on transactions and files of its application protocol."""

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
class ModbusRequest:
    """A Modbus request: its unit, and either function (with a subfunction of diagnostics), categories of functions,
    or access (with kind of memory, address counted from 1, and the value that is written there)."""

    unit: IntTest | None = None
    function: int | None = None
    subfunction: int | None = None
    categories: frozenset[str] = frozenset()
    access: str = ""
    memory: str = ""
    address: IntTest | None = None
    value: IntTest | None = None
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

"""What was said, as it reaches the detectors: rows of protocol tables, steps of transactions, bytes of streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from columns.app import AppProto
from columns.schema import Table


class Moment(NamedTuple):
    """Where in the capture something happened: event time, number of the packet."""

    ts_ns: int
    packet_number: int


def moments(ts_ns: np.ndarray, packet_numbers: np.ndarray) -> Iterator[Moment]:
    """Yield a moment for each pair, made without a call of Python: there is one for every piece of a stream."""
    return map(partial(tuple.__new__, Moment), zip(ts_ns.tolist(), packet_numbers.tolist(), strict=True))


class FlowFacts(NamedTuple):
    """Who speaks: src_ is the initiator; addresses are 128-bit ints with IPv4 mapped, proto is 6 or 17."""

    flow_id: int
    src_ip: int
    dst_ip: int
    src_port: int
    dst_port: int
    proto: int
    vlan: int
    src_mac: int = 0  # 0 where the link has none
    dst_mac: int = 0


class Step(NamedTuple):
    """A transaction went on in one direction: the inspection buffers that are complete now.

    buffers: (name, bytes) pairs under the names that rules use (``http.uri``, ``dns.query``, ``file.data``, ...); a
    name stands several times where a buffer has several instances. A buffer is told once, when it is whole or its
    limit is reached. done: this direction of the transaction is over, nothing more of it comes.
    """

    flow: FlowFacts
    at: Moment
    app_proto: AppProto
    tx_id: int
    to_server: bool
    buffers: tuple[tuple[str, bytes], ...]
    done: bool = False


class Stretches(NamedTuple):
    """The next bytes of TCP streams, one row for each piece: those of one direction in order and each once.

    data[start : start + size] of one of buffers, after gap bytes that were lost. flows: who speaks. place: the row
    stands before ``spoken[place]``. side: 0 what the initiator said, 1 what it was told. ended: the connection is
    over, in both directions (size 0). slot: place of the flow in the flow table. differs: segments overlapped there and
    were not the same.
    """

    flows: Sequence[FlowFacts]
    flow_id: np.ndarray  # uint64
    slot: np.ndarray  # int32
    side: np.ndarray  # uint8
    ended: np.ndarray  # bool
    place: np.ndarray  # int64
    buffer: np.ndarray  # uint8
    start: np.ndarray  # int64
    size: np.ndarray  # int64
    gap: np.ndarray  # int64
    ts_ns: np.ndarray  # int64
    packet_number: np.ndarray  # uint64
    differs: np.ndarray  # bool
    buffers: tuple[np.ndarray, np.ndarray, np.ndarray]

    def data(self, row: int) -> bytes:
        """Return the bytes of a row."""
        start = int(self.start[row])
        return self.buffers[self.buffer[row]][start : start + int(self.size[row])].tobytes()


def _no_stretches() -> Stretches:
    kinds = ("u8", "i4", "u1", "?", "i8", "u1", "i8", "i8", "i8", "i8", "u8", "?")
    nothing = np.zeros(0, np.uint8)
    nothing.flags.writeable = False
    return Stretches((), *(np.zeros(0, kind) for kind in kinds), buffers=(nothing,) * 3)


NO_STRETCHES = _no_stretches()


class Recognised(NamedTuple):
    """What a flow speaks is known, and this direction has spoken since: told once for each direction and protocol."""

    flow: FlowFacts
    at: Moment
    app_proto: AppProto
    to_server: bool


class Said(NamedTuple):
    """What belongs to the same packets as a call of a detector.

    rows: (table, batch) of the protocol tables, zones labelled. spoken: steps and recognitions in the order of their
    packets, and stretches: the bytes that they are made of, there only when a detector asks for them (``listens``).
    buffers: what ``packets.buffer`` names.
    """

    rows: Sequence[tuple[Table, Any]] = ()
    spoken: Sequence[Step | Recognised] = ()
    buffers: Sequence[np.ndarray] = ()
    stretches: Stretches = NO_STRETCHES


NOTHING_SAID = Said()

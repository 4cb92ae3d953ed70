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


class Stretch(NamedTuple):
    """The next bytes of one direction of a TCP stream, in order and each once; gap bytes before them were lost."""

    flow: FlowFacts
    at: Moment
    app_proto: AppProto
    to_server: bool
    data: bytes
    gap: int = 0
    ended: bool = False  # the connection is over: both directions


class Recognised(NamedTuple):
    """What a flow speaks is known, and this direction has spoken since: told once for each direction and protocol."""

    flow: FlowFacts
    at: Moment
    app_proto: AppProto
    to_server: bool


class Said(NamedTuple):
    """What belongs to the same packets as a call of a detector.

    rows: (table, batch) of the protocol tables, zones labelled. spoken: steps, stretches and recognitions in the order
    of their packets, a stretch before the steps that it completes, there only when a detector asks for them
    (``listens``). buffers: what ``packets.buffer`` names.
    """

    rows: Sequence[tuple[Table, Any]] = ()
    spoken: Sequence[Step | Stretch | Recognised] = ()
    buffers: Sequence[np.ndarray] = ()


NOTHING_SAID = Said()

"""What a worker says of the next rows, and how the parts of all workers become one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from columns import TRANSACTIONS, Flows, Packets, Table, concat_rows, rows_in, take_rows
from columns.said import NO_STRETCHES, FlowFacts, Recognised, Said, Step, Stretches
from sensor.frames import read_only
from sensor.protocols.told import Places

_TABLES = {table.name: table for table in TRANSACTIONS}
_LAST = {"icmp": 1, "arp": 2}
"""Told by packets, behind what conversations tell."""

_UDP, _TCP, _ARENA = 17, 6, 2
_BEHIND_TCP = 1 << 40
_ELSEWHERE = (read_only(b""), read_only(b""))
_COLUMNS = tuple(name for name in Stretches._fields if name not in ("flows", "buffers"))


class Portion(NamedTuple):
    """Which rows somebody has looked at: how many of packets and flows, and the number of the last packet."""

    packets: int
    flows: int
    last: int

    @classmethod
    def of(cls, packets: Packets, flows: Flows) -> Portion:
        """Return it of some rows."""
        return cls(rows_in(packets), rows_in(flows), int(packets.packet_number[-1]) if rows_in(packets) else 0)


class Labels(NamedTuple):
    """What is known of flow rows once their conversations are."""

    app_proto: np.ndarray
    first_app_proto: np.ndarray
    transactions: np.ndarray

    @classmethod
    def of(cls, flows: Flows) -> Labels:
        """Return those of some rows."""
        return cls(*[getattr(flows, name) for name in cls._fields])

    def put(self, flows: Flows, rows: np.ndarray) -> None:
        """Write them into rows of other flows."""
        for name, values in zip(self._fields, self, strict=True):
            getattr(flows, name)[rows] = values


class Heard(NamedTuple):
    """What was spoken in a worker's share, with the stretches it is made of, and where both stand.

    Bytes that the buffers of packets hold are left out: whoever is told has the same ones.
    """

    spoken: Sequence[Step | Recognised]
    stretches: Stretches | None
    spoken_at: Sequence[int]
    stretches_at: np.ndarray

    @classmethod
    def of(cls, said: Said, places: Places) -> Heard:
        """Return what was heard in a share."""
        stretches = said.stretches if said.stretches.slot.size else None
        if stretches is not None:
            stretches = stretches._replace(buffers=(*_ELSEWHERE, stretches.buffers[_ARENA]))
        return cls(said.spoken, stretches, places.spoken, places.stretches)

    def only(self, names: frozenset[str]) -> Heard:
        """Return the buffers of these names alone, in their steps, without stretches."""
        kept = [(item._replace(buffers=buffers), at) for item, at in zip(self.spoken, self.spoken_at, strict=True)
                if type(item) is Step and (buffers := tuple(pair for pair in item.buffers if pair[0] in names))]
        return Heard([item for item, _ in kept], None, [at for _, at in kept], np.zeros(0, np.int64))


class Part(NamedTuple):
    """What was said in a worker's share of a portion: rows by the names of their tables, where they stand, and labels.

    heard: what the detectors of the replay's own process ask for.
    """

    portion: Portion
    rows: Sequence[tuple[str, Any]]
    rows_at: Sequence[np.ndarray]
    labels: Labels
    heard: Heard


class Ends:
    """In which order flows ended behind the same packet: that of their rows, TCP before UDP."""

    def __init__(self, flows: Flows) -> None:
        self._order = np.argsort(flows.flow_id, kind="stable")
        self._ids = flows.flow_id[self._order]

    def of(self, places: np.ndarray, flow_id: np.ndarray, proto: np.ndarray) -> np.ndarray:
        """Return int64[n] that orders what has the same place."""
        found, behind = np.zeros(places.size, np.int64), np.flatnonzero(places & 1)
        if behind.size and self._ids.size:
            last = np.searchsorted(self._ids, flow_id[behind], "right") - 1
            found[behind] = self._order[last] + np.where(proto[behind] == _UDP, _BEHIND_TCP, 0)
        return found


def joined_rows(parts: Sequence[Part], ends: Ends) -> list[tuple[Table, Any]]:
    """Return the rows of all parts of a portion by table, in the order in which one process would have told them."""
    found: dict[str, list[tuple[Any, np.ndarray]]] = {}
    first: dict[str, tuple[int, int, int, int]] = {}
    for part in parts:
        for k, ((name, batch), places) in enumerate(zip(part.rows, part.rows_at, strict=True)):
            found.setdefault(name, []).append((batch, places))
            among = ends.of(places[:1], batch.flow_id[:1], batch.proto[:1])
            begins = (_LAST.get(name, 0), int(places[0]), int(among[0]), k)
            first[name] = min(first.get(name, begins), begins)
    return [(_TABLES[name], _joined(found[name], ends)) for name in sorted(found, key=first.__getitem__)]


def _joined(batches: Sequence[tuple[Any, np.ndarray]], ends: Ends) -> Any:
    if len(batches) == 1:
        return batches[0][0]
    batch, places = concat_rows([b for b, _ in batches]), np.concatenate([p for _, p in batches])
    return take_rows(batch, np.lexsort((ends.of(places, batch.flow_id, batch.proto), places)))


def joined_heard(parts: Sequence[Heard], ends: Ends,
                 buffers: Sequence[np.ndarray]) -> tuple[list[Step | Recognised], Stretches]:
    """Return what was spoken in all shares of a portion, and the stretches, in that order; buffers: of the packets."""
    spoken = [item for part in parts for item in part.spoken]
    with_stretches = [part for part in parts if part.stretches is not None]
    if not spoken and not with_stretches:
        return [], NO_STRETCHES
    s = _side_by_side([p.stretches for p in with_stretches if p.stretches is not None], buffers)
    places = np.concatenate([np.array([p for part in parts for p in part.spoken_at], np.int64),
                             *[part.stretches_at for part in with_stretches]])
    flow_id = np.concatenate([np.array([item.flow.flow_id for item in spoken], np.uint64), s.flow_id])
    proto = np.concatenate([np.array([item.flow.proto for item in spoken], np.uint8), np.full(s.slot.size, _TCP)])
    own = [2 * np.arange(len(part.spoken)) + 1 for part in parts]  # a stretch stands before what has its place
    order = np.lexsort((np.concatenate([*own, 2 * s.place]), ends.of(places, flow_id, proto), places))
    said = order < len(spoken)
    among = order[~said] - len(spoken)
    s = s._replace(**{name: getattr(s, name)[among] for name in _COLUMNS}, flows=[s.flows[k] for k in among.tolist()])
    return [spoken[k] for k in order[said].tolist()], s._replace(place=np.cumsum(said)[~said])


def _side_by_side(heard: Sequence[Stretches], buffers: Sequence[np.ndarray]) -> Stretches:
    """Return stretches one after another; what they do not find in the buffers of packets, they have one arena for."""
    if not heard:
        return NO_STRETCHES
    begins, flows = 0, list[FlowFacts]()
    columns: dict[str, list[np.ndarray]] = {name: [] for name in _COLUMNS}
    for s in heard:
        for name in _COLUMNS:
            columns[name].append(getattr(s, name))
        columns["start"][-1] = s.start + np.where(s.buffer == _ARENA, begins, 0)
        begins += s.buffers[_ARENA].size
        flows += s.flows
    arena = np.concatenate([s.buffers[_ARENA] for s in heard])
    arena.flags.writeable = False
    return Stretches(flows=flows, buffers=(buffers[0], buffers[1], arena),
                     **{name: np.concatenate(arrays) for name, arrays in columns.items()})

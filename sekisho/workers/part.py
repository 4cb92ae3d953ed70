"""What a worker says of the next rows, and how the parts of all workers become one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from columns import TRANSACTIONS, Flows, Packets, concat_rows, rows_in, take_rows
from columns.said import NO_STRETCHES, FlowFacts, Recognised, Said, Step, Stretches
from sensor.protocols.told import Places

_TABLES = {table.name: table for table in TRANSACTIONS}
_LAST = {"icmp": 1, "arp": 2}
"""Told by packets, behind what conversations tell."""

_UDP, _ARENA = 17, 2
_BEHIND_TCP = 1 << 40


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


class Portion(NamedTuple):
    """Which rows somebody has looked at: how many of packets and flows, and the number of the last packet."""

    packets: int
    flows: int
    last: int

    @classmethod
    def of(cls, packets: Packets, flows: Flows) -> Portion:
        """Return it of some rows."""
        return cls(rows_in(packets), rows_in(flows), int(packets.packet_number[-1]) if rows_in(packets) else 0)


class Part(NamedTuple):
    """What was said in a worker's share of a portion: as Said has it, tables by name, and where all of it stands."""

    portion: Portion
    rows: Sequence[tuple[str, Any]]
    spoken: Sequence[Step | Recognised]
    stretches: Stretches | None
    places: Places
    labels: Labels


def merged(parts: Sequence[Part], flows: Flows, buffers: Sequence[np.ndarray]) -> Said:
    """Return as one what the parts say of the same rows, in the order in which one process would have said it.

    flows are the rows that were written there: of what is said when flows end behind the same packet, the order of
    their rows decides, TCP before UDP.
    """
    ends = _Ends(flows)
    spoken, stretches = _spoken(parts, ends, buffers)
    return Said(_rows(parts, ends), spoken, buffers, stretches)


class _Ends:
    """In which order flows ended behind the same packet."""

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


def _rows(parts: Sequence[Part], ends: _Ends) -> list[tuple[Any, Any]]:
    found: dict[str, list[tuple[Any, np.ndarray]]] = {}
    first: dict[str, tuple[int, int, int, int]] = {}
    for part in parts:
        for k, ((name, batch), places) in enumerate(zip(part.rows, part.places.rows, strict=True)):
            found.setdefault(name, []).append((batch, places))
            among = ends.of(places[:1], batch.flow_id[:1], batch.proto[:1])
            begins = (_LAST.get(name, 0), int(places[0]), int(among[0]), k)
            first[name] = min(first.get(name, begins), begins)
    return [(_TABLES[name], _joined(found[name], ends)) for name in sorted(found, key=first.__getitem__)]


def _joined(batches: Sequence[tuple[Any, np.ndarray]], ends: _Ends) -> Any:
    if len(batches) == 1:
        return batches[0][0]
    batch, places = concat_rows([b for b, _ in batches]), np.concatenate([p for _, p in batches])
    return take_rows(batch, np.lexsort((ends.of(places, batch.flow_id, batch.proto), places)))


def _spoken(parts: Sequence[Part], ends: _Ends,
            buffers: Sequence[np.ndarray]) -> tuple[list[Step | Recognised], Stretches]:
    spoken = [item for part in parts for item in part.spoken]
    heard = [part.stretches for part in parts if part.stretches is not None]
    if not spoken and not heard:
        return [], NO_STRETCHES
    s = _side_by_side(heard, buffers) if heard else NO_STRETCHES
    places = np.array([p for part in parts for p in part.places.spoken], np.int64)
    flow_id = np.array([item.flow.flow_id for item in spoken], np.uint64)
    proto = np.array([item.flow.proto for item in spoken], np.uint8)
    own = [2 * np.arange(len(part.spoken)) + 1 for part in parts]  # a stretch stands before what has its place
    places = np.concatenate([places, *[part.places.stretches for part in parts if part.stretches is not None]])
    of_flow = ends.of(places, np.concatenate([flow_id, s.flow_id]), np.concatenate([proto, np.full(s.slot.size, 6)]))
    order = np.lexsort((np.concatenate([*own, 2 * s.place]), of_flow, places))
    said = order < len(spoken)
    among = order[~said] - len(spoken)
    s = s._replace(**{name: getattr(s, name)[among] for name in _COLUMNS}, flows=[s.flows[k] for k in among.tolist()])
    return [spoken[k] for k in order[said].tolist()], s._replace(place=np.cumsum(said)[~said])


_COLUMNS = tuple(name for name in Stretches._fields if name not in ("flows", "buffers"))


def _side_by_side(heard: Sequence[Stretches], buffers: Sequence[np.ndarray]) -> Stretches:
    """Return stretches one after another; what they do not find in the buffers of packets, they have one arena for."""
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

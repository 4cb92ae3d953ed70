"""Transactions as parsers tell them, gathered by table until they become a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from columns import Table, concat_rows, take_rows
from columns.said import FlowFacts, Moment

_HALF = (1 << 64) - 1
_PORTS, _MACS = ("src_port", "dst_port", "vlan"), ("src_mac", "dst_mac")


class Places(NamedTuple):
    """The places of what an update of the dissector gave in the order of everything, int64 each.

    Twice the number of the packet that is looked at; behind it, where a flow has ended, one more. rows: beside the
    batches of Said.rows; spoken, stretches: beside those of Said, where somebody listens.
    """

    rows: Sequence[np.ndarray]
    spoken: Sequence[int]
    stretches: np.ndarray


_Row = tuple[int, int, int, int, int, int, dict[str, Any]]


class Told:
    """What was told since the last batches were made. ending: what is told now, no packet brought.

    place: of what is looked at now, in the order of everything. places: that of each row of the last batches, an
    int64 array beside each of these.
    """

    __slots__ = ("_speakers", "_tables", "ending", "place", "places", "round")

    def __init__(self) -> None:
        self._tables: dict[str, tuple[Table, list[_Row]]] = {}
        self._speakers: list[FlowFacts] = []
        self.ending, self.round, self.place = False, 0, 0
        self.places: list[np.ndarray] = []

    def join(self, flow: FlowFacts) -> int:
        """Return the number under which a flow tells what it tells in this round."""
        self._speakers.append(flow)
        return len(self._speakers) - 1

    def add(self, table: Table, speaker: int, at: Moment, tx_id: int, columns: dict[str, Any]) -> None:
        """Take one transaction with its own columns."""
        try:
            rows = self._tables[table.name][1]
        except KeyError:
            rows = []
            self._tables[table.name] = table, rows
        ts_ns, number = at
        rows.append((speaker, ts_ns, number, 0 if self.ending else number, tx_id, self.place, columns))

    def batches(self, more: Sequence[tuple[Table, Any]] = ()) -> list[tuple[Table, Any]]:
        """Return a batch of each table of which something was told, in the order of their first; a new round begins.

        more: batches of rows in the order of their packets that were told elsewhere.
        """
        made = self._made()
        for table, batch in more:
            _put(made, table, batch, place_of(batch.packet_number))
        self.places = [places for _, _, places in made]
        return [(table, batch) for table, batch, _ in made]

    def _made(self) -> list[tuple[Table, Any, np.ndarray]]:
        if not self._tables:
            return []
        speakers = _columns_of(self._speakers)
        made = [(table, *_batch(table, speakers, rows)) for table, rows in self._tables.values()]
        self._tables.clear()
        self._speakers.clear()
        self.round += 1
        return made


class Speaker:
    """Tells the transactions of one flow; numbers counts them by table."""

    __slots__ = ("_flow", "_mine", "_numbers", "_round", "_told")

    def __init__(self, told: Told, flow: FlowFacts, numbers: dict[str, int]) -> None:
        self._told, self._flow, self._numbers = told, flow, numbers
        self._round = self._mine = -1

    def emit(self, table: Table, at: Moment, columns: dict[str, Any]) -> None:
        """Tell one, under the number that stands in its columns, or else the next of its table."""
        told, name = self._told, table.name
        if self._round != told.round:
            self._round, self._mine = told.round, told.join(self._flow)
        number = self._numbers.get(name, 0)
        self._numbers[name] = number + 1
        told.add(table, self._mine, at, columns.get("tx_id", number), columns)


def _columns_of(speakers: Sequence[FlowFacts]) -> dict[str, Any]:
    """Return what all tables say of their flows, by column."""
    by_name = dict(zip(FlowFacts._fields, zip(*speakers, strict=True), strict=True))
    columns: dict[str, Any] = {"flow_id": np.array(by_name["flow_id"], np.uint64),
                               "proto": np.array(by_name["proto"], np.uint8)}
    for name in ("src_ip", "dst_ip"):
        columns[name] = (np.array([v >> 64 for v in by_name[name]], np.uint64),
                         np.array([v & _HALF for v in by_name[name]], np.uint64))
    columns |= {name: np.array(by_name[name], np.uint16) for name in _PORTS}
    return columns | {name: np.array(by_name[name], np.uint64) for name in _MACS}


def place_of(packet_numbers: np.ndarray) -> np.ndarray:
    """Return the places, in the order of everything, of what these packets brought; the next is behind the packet."""
    return 2 * packet_numbers.astype(np.int64)


def _batch(table: Table, speakers: dict[str, Any], rows: Sequence[_Row]) -> tuple[Any, np.ndarray]:
    which, ts_ns, numbers, logged, tx_ids, places, own = zip(*rows, strict=True)
    of_row = np.array(which, np.int64)
    shared = {name: tuple(half[of_row] for half in a) if isinstance(a, tuple) else a[of_row]
              for name, a in speakers.items()}
    return table.from_columns(len(rows), **table.columns_of(own) | shared | {
        "ts_ns": np.array(ts_ns, np.int64), "packet_number": np.array(numbers, np.uint64),
        "logged_packet": np.array(logged, np.uint64), "tx_id": np.array(tx_ids, np.uint32)}), np.array(places, np.int64)


def _put(made: list[tuple[Table, Any, np.ndarray]], table: Table, batch: Any, places: np.ndarray) -> None:
    """Put the rows of a batch in their places among those that were made of its table, or it among the tables."""
    for k, (other, rows, among) in enumerate(made):
        if other.name == table.name:
            both, where = concat_rows([rows, batch]), np.concatenate([among, places])
            order = np.argsort(where, kind="stable")
            made[k] = table, take_rows(both, order), where[order]
            return
    earlier = [k for k, (_, _, among) in enumerate(made) if among[0] <= places[0]]
    made.insert(earlier[-1] + 1 if earlier else 0, (table, batch, places))

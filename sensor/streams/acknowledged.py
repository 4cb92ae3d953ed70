"""Acknowledged: which packet told that what a transaction was made of had arrived.

Suricata looks at TCP data when the other end acknowledges it, and names that packet in its events. Sekisho looks at
data as soon as it is in order; where events must compare with Suricata's, their rows wait here for that packet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from columns import Flows, Packets, Table, concat_rows, rows_in, take_rows
from columns.codes import EndReason, Status
from columns.kernel import kernel

_TCP, _ACK, _OK = 6, 16, int(Status.OK)
_TUNNELLED = 4
"""So many rows of one frame are looked through for the one that a flow id belongs to."""
HELD_ROWS = 65_536


class _Waiting(NamedTuple):
    """What each waiting row waits for; all arrays of one length, in the order of the rows."""

    flow_id: np.ndarray  # uint64
    number: np.ndarray  # int64: packet that completed it
    place: np.ndarray  # int64: 2 * place of the flow + 1 for data to the server
    end: np.ndarray  # uint32: sequence number behind the data


class Acknowledged:
    """Holds rows of protocol tables until their packet was acknowledged; what comes out has logged_packet filled in.

    0 stands in logged_packet where the flow ended before. Rows of other protocols than TCP pass at once, and so do
    those that no packet brought (logged_packet 0). flows is the size of the flow table. Bounded: of each table at most
    ``most`` rows wait; the oldest go on unacknowledged, counted.
    """

    def __init__(self, flows: int, most: int = HELD_ROWS) -> None:
        self._heads, self._most = np.zeros(2 * flows, np.int32), most
        self._held: dict[str, tuple[Table, Any, _Waiting]] = {}
        self.forgotten = 0

    def update(self, packets: Packets, flows: Flows, rows: Iterable[tuple[Table, Any]]) -> list[tuple[Table, Any]]:
        """Take the next packets, the flow rows written among them and the rows told of them; return rows to write."""
        out: list[tuple[Table, Any]] = []
        for table, batch in rows:
            passed = self._hold(table, batch, packets)
            if rows_in(passed):
                out.append((table, passed))
        ended = flows.flow_id[flows.end_reason != EndReason.ACTIVE_TIMEOUT]
        for name in list(self._held):
            out += self._release(name, packets, ended)
        return out

    def flush(self) -> list[tuple[Table, Any]]:
        """Return what still waits: nothing acknowledged it."""
        held, self._held = self._held, {}
        return [(table, _logged(batch, 0)) for table, batch, _ in held.values()]

    def _hold(self, table: Table, batch: Any, packets: Packets) -> Any:
        """Keep the rows that wait; return those that do not."""
        waits = (batch.proto == _TCP) & (batch.logged_packet != 0)
        at = _rows_of(packets, batch) if waits.any() else np.zeros(0, np.int64)
        if waits.any():
            waits &= at >= 0
            where = at[waits]
            side = packets.to_server[where].astype(np.int64)
            new = _Waiting(batch.flow_id[waits], batch.packet_number[waits].astype(np.int64),
                           2 * packets.flow_slot[where].astype(np.int64) + side,
                           packets.tcp_seq[where] + packets.payload_bytes[where])
            kept = batch if waits.all() else take_rows(batch, waits)
            if before := self._held.get(table.name):
                kept = concat_rows([before[1], kept])
                new = _Waiting(*[np.concatenate(pair) for pair in zip(before[2], new, strict=True)])
            self._held[table.name] = table, kept, new
        return batch if not waits.any() else take_rows(batch, ~waits)

    def _release(self, name: str, packets: Packets, ended: np.ndarray) -> list[tuple[Table, Any]]:
        table, batch, waiting = self._held[name]
        found = np.zeros(waiting.number.size, np.int64)
        if rows_in(packets):
            following = np.zeros(found.size, np.int32)
            link(waiting.place, self._heads, following)
            acknowledge(packets.packet_number, packets.status, packets.proto, packets.tcp_flags, packets.tcp_ack,
                        packets.flow_id, packets.flow_slot, packets.to_server, waiting.flow_id, waiting.number,
                        waiting.end, self._heads, following, found)
            self._heads[waiting.place] = 0
        over = (found > 0) | np.isin(waiting.flow_id, ended)
        late = np.flatnonzero(~over)[: max(int((~over).sum()) - self._most, 0)]
        self.forgotten += late.size
        over[late] = True
        if not over.any():
            return []
        batch = _logged(batch, found)
        if over.all():
            del self._held[name]
            return [(table, batch)]
        self._held[name] = table, take_rows(batch, ~over), _Waiting(*[a[~over] for a in waiting])
        return [(table, take_rows(batch, over))]


def _logged(batch: Any, numbers: Any) -> Any:
    return batch._replace(logged_packet=np.broadcast_to(numbers, batch.packet_number.shape).astype(np.uint64))


def _rows_of(packets: Packets, batch: Any) -> np.ndarray:
    """Return for each row the place of its packet among packets, or -1: int64[rows]."""
    total = rows_in(packets)
    found = np.full(batch.flow_id.size, -1, np.int64)
    if not total:
        return found
    at = np.searchsorted(packets.packet_number, batch.packet_number)
    for step in range(_TUNNELLED):
        here = np.minimum(at + step, total - 1)
        same = (packets.packet_number[here] == batch.packet_number) & (packets.flow_id[here] == batch.flow_id)
        found = np.where((found < 0) & same & (packets.payload_bytes[here] > 0), here, found)
    return found


@kernel
def link(place, heads, following):
    """Chain the waiting rows of each place in their order; heads and following count from 1, 0 is the end."""
    for k in range(place.size - 1, -1, -1):
        following[k] = heads[place[k]]
        heads[place[k]] = k + 1


@kernel
def acknowledge(numbers, status, proto, flags, ack, flow_id, slot, to_server, wanted_flow, wanted_number, end, heads,
                following, found):
    """Give each waiting row, in order, the first packet of the other end that acknowledges what is behind it."""
    for i in range(numbers.size):
        if proto[i] != _TCP or status[i] != _OK or slot[i] < 0 or not flags[i] & _ACK:
            continue
        key = 2 * np.int64(slot[i]) + 1 - np.int64(to_server[i])
        while heads[key] > 0:
            k = heads[key] - 1
            if wanted_number[k] >= np.int64(numbers[i]):
                break
            if wanted_flow[k] != flow_id[i]:  # its flow is over, the place another's
                heads[key] = following[k]
                continue
            if (np.int64(ack[i]) - np.int64(end[k])) & 0xFFFFFFFF >= 1 << 31:
                break
            found[k] = np.int64(numbers[i])
            heads[key] = following[k]

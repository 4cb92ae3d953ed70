"""The bytes of streams as those who listen get them: the chunks of one portion as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from columns.said import NO_STRETCHES, FlowFacts, Stretches
from sensor.streams import Chunks
from sensor.streams.state import CHUNK, CONFLICT, END

_ARENA = 2
_COLUMNS = ("flow_id", "slot", "side", "buffer", "start", "size", "gap", "ts_ns", "packet_number")


def places_of(records: np.ndarray) -> np.ndarray:
    """Return where chunks stand in the order of everything: behind a packet, where a flow has ended."""
    return 2 * records["packet_number"].astype(np.int64) + (records["row"] < 0)


class Gathered:
    """Gathers chunks with who speaks and their place among what is spoken.

    Bytes stay where they are but for those in the arena of the streams, which the next chunks overwrite.
    """

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._records: list[np.ndarray] = []
        self._flows: list[FlowFacts] = []
        self._places: list[int] = []
        self._arenas: list[np.ndarray] = []
        self._arena_bytes = 0

    def note(self, row: int, flow: FlowFacts, place: int) -> None:
        """One of the present chunks is to be handed on: its number, who speaks, its place among what is spoken."""
        self._rows.append(row)
        self._flows.append(flow)
        self._places.append(place)

    def take(self, chunks: Chunks) -> None:
        """Take those of some chunks that were noted."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        records = chunks.records[rows]
        copied = records["buffer"] == _ARENA
        if copied.any():
            used = int((records["start"] + records["size"])[copied].max())
            records["start"][copied] += self._arena_bytes
            self._arenas.append(chunks.buffers[_ARENA][:used].copy())
            self._arena_bytes += used
        self._records.append(records)

    def places(self) -> np.ndarray:
        """Return where what was gathered stands in the order of everything, see told.Places."""
        return np.concatenate([np.zeros(0, np.int64), *[places_of(r) for r in self._records]])

    def stretches(self, buffers: Sequence[np.ndarray]) -> Stretches:
        """Return what was gathered; buffers are those that packets name."""
        if not self._records:
            return NO_STRETCHES
        records = np.concatenate([r.view(np.uint8) for r in self._records]).view(CHUNK)
        arena = np.concatenate([*self._arenas, np.zeros(1, np.uint8)])
        arena.flags.writeable = False
        columns = {name: np.ascontiguousarray(records[name]) for name in _COLUMNS}
        return Stretches(flows=self._flows, ended=records["flags"] & END != 0, place=np.array(self._places, np.int64),
                         differs=records["flags"] & CONFLICT != 0, buffers=(buffers[0], buffers[1], arena), **columns)

"""What goes by in a stream, cut into windows that rules look at: by turns of the talk, and by size within a turn.

A window ends when the other side speaks, when enough bytes have come, or with the stream. So it is the same however the
bytes were segmented. A window that goes on a turn sees the end of the one before it, too.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from columns.said import NO_STRETCHES, FlowFacts, Moment, Stretches
from detectors.signatures.engine import cutting as c

_STRETCH_COLUMNS = c.Rows._fields[: c.Rows._fields.index("opened")]
_NO_ROWS = np.zeros(0, np.int64)
_UNREACHED = (np.zeros(0, bool), np.zeros(0, np.int64))
_TALKS, _WINDOWS = 4096, 2048
"""Room for so many talks at first (memory that is not used costs nothing), and for windows at once."""


class Window(NamedTuple):
    """Bytes of one direction; the first ``looked`` of them were in the window before. at: where its last byte came.

    late: the flow was over when it was cut.
    turn counts the turns of the flow, so that two windows of one turn know each other. end: the sequence number behind
    its last byte, None where nobody asks. opened: the connection was established when that byte came.
    """

    flow: FlowFacts
    at: Moment
    to_server: bool
    data: bytes
    looked: int
    turn: int
    opened: bool
    end: int | None
    late: bool = False


class Windows:
    """Cuts the streams of all flows; at most so many flows, the one that spoke longest ago is given up.

    inline: a window ends with every packet, as an inline sensor must decide, and sees the bytes of the turn before it.
    """

    def __init__(self, most: int, history: bool = False, *, inline: bool = False) -> None:
        self._most, self._history, self._inline = most, history, inline
        self._stretches, self._reached = NO_STRETCHES, _UNREACHED
        self._where: dict[int, np.ndarray] = {}  # the rows of each flow
        self._latest: dict[tuple[int, int], tuple[int, int, bytes]] = {}  # talk, row, what was said until then
        scalars = np.zeros(7, np.int64)
        scalars[[c.OLDEST, c.NEWEST, c.FREE, c.OVER]] = -1
        self._state = c.TalkState(np.zeros(_TALKS, c.TALK), np.zeros(0, np.int32),
                                  _sparse(2 * _TALKS * c.KEPT_BYTES), _sparse(self._past_bytes(_TALKS)), scalars)
        self._out = c.WindowsOut(np.zeros(_WINDOWS, c.WINDOW), np.zeros(_WINDOWS * c.WINDOW_BYTES // 2, np.uint8),
                                 np.zeros(2, np.int64), np.zeros(0, np.int32))

    @property
    def forgotten(self) -> int:
        """Flows that were given up for lack of room."""
        return int(self._state.scalars[c.FORGOTTEN])

    def keep_history(self, wanted: bool) -> None:
        """Keep the latest bytes of each direction for rules that look at them together with a transaction."""
        if wanted != self._history:
            self._history = wanted
            self._state.talks["past"] = 0
            self._state = self._state._replace(past=_sparse(self._past_bytes(self._state.talks.size)))

    def cut(self, stretches: Stretches, opened: np.ndarray,
            ends: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the windows that the next stretches complete: records (cutting.WINDOW), and the arena they name.

        opened: bool[n], whether the connection was established with each; ends: int64[n], the sequence number behind
        it. What is yielded is overwritten by the next step. Once all were looked at, ``settle`` is to be called.
        """
        self._stretches, self._reached = stretches, (opened, ends)
        rows, s, filled = stretches.slot.size, self._rows(), self._out.filled
        self._out = self._out._replace(talk_of=np.full(rows, -1, np.int32))
        if rows:
            self._have_places(int(s.slot.max()))
        row = 0
        while row < rows:
            filled[:] = 0
            before, row = row, c.cut_windows(s, row, self._state, self._out, self._most, self._inline)
            if filled[c.WINDOWS]:
                arena = self._out.arena[: filled[c.BYTES]]
                arena.flags.writeable = False
                yield self._out.windows[: filled[c.WINDOWS]], arena
            elif row == before:
                self._make_room(int(s.size[row]))

    def _have_places(self, highest: int) -> None:
        if highest >= self._state.places.size:
            places = np.full(2 * highest + 2, -1, np.int32)
            places[: self._state.places.size] = self._state.places
            self._state = self._state._replace(places=places)

    def history(self, flow_id: int, to_server: bool, row: int) -> bytes:
        """Return the latest bytes of a direction, up to a row of the stretches that were taken last."""
        side, talk = int(not to_server), self._talk_at(flow_id, row)
        if talk < 0:
            return b""
        of, until, text = self._latest.get((flow_id, side), (-1, 0, b""))
        if of != talk or until > row:
            until, text = 0, self._past(talk, side)
        rows, found = self._rows_of(flow_id), [text]
        for k in rows[rows.searchsorted(until) : rows.searchsorted(row)].tolist():
            if self._stretches.side[k] == side and self._out.talk_of[k] == talk:
                found.append(self._stretches.data(k))
        text = b"".join(found)[-c.HISTORY_BYTES :]
        self._latest[flow_id, side] = talk, row, text  # the next step goes on from here: no byte is taken twice
        return text

    def end(self, flow_id: int, to_server: bool, row: int) -> int | None:
        """Return the sequence number behind the bytes of a direction that came last, up to a row; None for none."""
        side, talk = int(not to_server), self._talk_at(flow_id, row)
        if talk < 0:
            return None
        rows, s = self._rows_of(flow_id), self._stretches
        for k in rows[: rows.searchsorted(row)][::-1].tolist():
            if s.side[k] == side and s.size[k] and self._out.talk_of[k] == talk:
                return int(self._reached[1][k])
        settled = int(self._state.talks[talk]["settled"][side])
        return settled if settled >= 0 else None

    def settle(self) -> None:
        """The windows that were taken last were looked at: what they are made of is history now."""
        if self._stretches.slot.size:
            c.settle(self._rows(), self._state, self._out.talk_of)
        self._stretches, self._reached = NO_STRETCHES, _UNREACHED
        self._where.clear()
        self._latest.clear()

    def _rows(self) -> c.Rows:
        columns = (getattr(self._stretches, name) for name in _STRETCH_COLUMNS)
        return c.Rows(*columns, *self._reached, *self._stretches.buffers)  # type: ignore[call-arg]

    def _rows_of(self, flow_id: int) -> np.ndarray:
        """Return the rows of a flow."""
        ids = self._stretches.flow_id
        if not self._where and ids.size:
            order = np.argsort(ids, kind="stable")
            starts = np.flatnonzero(np.diff(ids[order], prepend=~ids[order[:1]]))
            self._where = dict(zip(ids[order[starts]].tolist(), np.split(order, starts[1:]), strict=True))
        return self._where.get(flow_id, _NO_ROWS)

    def _talk_at(self, flow_id: int, row: int) -> int:
        """Return the talk that a flow has at a row of the stretches that were taken last; -1 for none."""
        rows = self._rows_of(flow_id)
        before = int(rows.searchsorted(row))
        talk = int(self._out.talk_of[rows[before - 1]]) if before else self._talk(flow_id)
        return talk if talk >= 0 and self._state.talks["until"][talk] >= row else -1

    def _talk(self, flow_id: int) -> int:
        """Return the talk of a flow that has said nothing yet among the stretches at hand."""
        talks = self._state.talks
        found = np.flatnonzero(talks["flow_id"] == flow_id)
        return min(found.tolist(), key=lambda talk: talks[talk]["until"], default=-1)

    def _past(self, talk: int, side: int) -> bytes:
        """Return what went by on a side before the stretches at hand."""
        base, past = (2 * talk + side) * c.HISTORY_BYTES, int(self._state.talks["past"][talk, side])
        ring = self._state.past[base : base + min(past, c.HISTORY_BYTES)].tobytes()
        at = past % c.HISTORY_BYTES if past > c.HISTORY_BYTES else 0
        return ring[at:] + ring[:at]

    def _past_bytes(self, talks: int) -> int:
        return 2 * talks * c.HISTORY_BYTES * self._history

    def _make_room(self, size: int) -> None:
        """Make room for a row of so many bytes, and for one talk more."""
        state = self._state
        if state.scalars[c.FREE] < 0 and state.scalars[c.USED] == state.talks.size:
            self._grow()
        if self._out.arena.size < 2 * size + 4 * c.KEPT_BYTES:
            self._out = self._out._replace(arena=np.zeros(2 * size + 4 * c.KEPT_BYTES, np.uint8))
        if self._out.windows.size < (windows := size // c.WINDOW_BYTES + 4):
            self._out = self._out._replace(windows=np.zeros(windows, c.WINDOW))

    def _grow(self) -> None:
        """Have room for twice as many talks. Only bytes that are there are copied: the rest costs no memory."""
        old, count = self._state, 2 * self._state.talks.size
        talks, kept, past = np.zeros(count, c.TALK), _sparse(2 * count * c.KEPT_BYTES), _sparse(self._past_bytes(count))
        talks[: old.talks.size] = old.talks
        for into, bytes_, sizes, each in ((kept, old.kept, old.talks["size"], c.KEPT_BYTES),
                                          (past, old.past, old.talks["past"], c.HISTORY_BYTES)):
            for k, size in enumerate(sizes.reshape(-1).tolist()):
                base, size = k * each, min(size, each)
                into[base : base + size] = bytes_[base : base + size]
        self._state = old._replace(talks=talks, kept=kept, past=past)


def _sparse(size: int) -> np.ndarray:
    """Return uint8 zeros, here and there a few of which are used: in huge pages they would all cost memory."""
    room = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        room.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(room, np.uint8, size)

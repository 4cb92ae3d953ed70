"""What goes by in a stream, cut into windows that rules look at: by turns of the talk, and by size within a turn.

A window ends when the other side speaks, when enough bytes have come, or with the stream. So it is the same however the
bytes were segmented. A window that goes on a turn sees the end of the one before it, too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from columns.said import FlowFacts, Moment, Stretch

WINDOW_BYTES = 2560
LOOK_BACK_BYTES = 512
HISTORY_BYTES = 16384


class Window(NamedTuple):
    """Bytes of one direction; the first ``looked`` of them were in the window before. at: where its last byte came.

    late: the flow was over when it was cut.
    turn counts the turns of the flow, so that two windows of one turn know each other.
    """

    flow: FlowFacts
    at: Moment
    to_server: bool
    data: bytes
    looked: int
    turn: int
    late: bool = False


class _Side:
    __slots__ = ("at", "history", "looked", "pending")

    def __init__(self) -> None:
        self.pending, self.looked, self.at, self.history = bytearray(), 0, Moment(0, 0), b""


class _Talk:
    __slots__ = ("sides", "turn", "who")

    def __init__(self) -> None:
        self.sides, self.turn, self.who = (_Side(), _Side()), 0, True


class Windows:
    """Cuts the streams of all flows; at most so many flows, the one that spoke longest ago is given up.

    inline: a window ends with every packet, as an inline sensor must decide, and sees the bytes of the turn before it.
    """

    def __init__(self, most: int, history: bool = False, *, inline: bool = False) -> None:
        self._most, self._history, self._inline = most, history, inline
        self._talks: OrderedDict[int, _Talk] = OrderedDict()
        self.forgotten = 0

    def keep_history(self, wanted: bool) -> None:
        """Keep the latest bytes of each direction for rules that look at them together with a transaction."""
        self._history = wanted

    def take(self, s: Stretch) -> Iterator[Window]:
        """Yield the windows that a stretch completes."""
        talk = self._talks.get(s.flow.flow_id)
        if talk is None:
            if s.ended:
                return
            if len(self._talks) >= self._most:
                self._talks.popitem(last=False)
                self.forgotten += 1
            talk = self._talks[s.flow.flow_id] = _Talk()
            talk.who = s.to_server
        else:
            self._talks.move_to_end(s.flow.flow_id)
        if s.ended:
            for to_server in (True, False):
                yield from (w._replace(late=True) for w in self._cut(s.flow, talk, to_server))
            del self._talks[s.flow.flow_id]
            return
        if s.to_server != talk.who:
            yield from self._cut(s.flow, talk, talk.who)
            talk.who, talk.turn = s.to_server, talk.turn + 1
        side = talk.sides[s.to_server]
        if s.gap:
            yield from self._cut(s.flow, talk, s.to_server)
        if not s.data:
            return
        side.pending += s.data
        side.at = s.at
        if self._inline:
            yield Window(s.flow, s.at, s.to_server, bytes(side.pending), side.looked, talk.turn)
            self._remember(side, s.data)
            del side.pending[: -WINDOW_BYTES]
            side.looked = len(side.pending)
        while len(side.pending) - side.looked >= WINDOW_BYTES:
            stop = side.looked + WINDOW_BYTES
            yield Window(s.flow, s.at, s.to_server, bytes(side.pending[:stop]), side.looked, talk.turn)
            keep = min(LOOK_BACK_BYTES, stop)
            self._remember(side, side.pending[side.looked : stop])
            del side.pending[: stop - keep]
            side.looked = keep

    def history(self, flow_id: int, to_server: bool) -> bytes:
        """Return the latest bytes of a direction, up to the stretch that was taken last."""
        talk = self._talks.get(flow_id)
        if talk is None:
            return b""
        side = talk.sides[to_server]
        return (side.history + bytes(side.pending[side.looked :]))[-HISTORY_BYTES:]

    def _remember(self, side: _Side, data: bytes | bytearray) -> None:
        if self._history:
            side.history = (side.history + bytes(data))[-HISTORY_BYTES:]

    def _cut(self, flow: FlowFacts, talk: _Talk, to_server: bool) -> Iterator[Window]:
        side = talk.sides[to_server]
        if len(side.pending) > side.looked:
            yield Window(flow, side.at, to_server, bytes(side.pending), side.looked, talk.turn)
            self._remember(side, side.pending[side.looked :])
        side.pending.clear()
        side.looked = 0

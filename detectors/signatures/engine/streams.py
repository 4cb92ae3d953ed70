"""What goes by in a stream, cut into windows that rules look at: by turns of the talk, and by size within a turn.

A window ends when the other side speaks, when enough bytes have come, or with the stream. So it is the same however the
bytes were segmented. A window that goes on a turn sees the end of the one before it, too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from columns.said import FlowFacts, Moment, Stretch

WINDOW_BYTES = 2560
LOOK_BACK_BYTES = 512
HISTORY_BYTES = 16384


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


class _Side:
    __slots__ = ("at", "end", "history", "looked", "opened", "pending")

    def __init__(self) -> None:
        self.pending, self.looked, self.at, self.history = bytearray(), 0, Moment(0, 0), b""
        self.end: int | None = None
        self.opened = False


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

    def take(self, s: Stretch, opened: bool = False, end: int | None = None) -> Sequence[Window]:
        """Return the windows that a stretch completes.

        opened: the connection was established with it. end: the sequence number behind it, where somebody asks.
        """
        flow_id, to_server = s.flow.flow_id, s.to_server
        talk = self._talks.get(flow_id)
        if talk is None:
            if s.ended:
                return ()
            talk = self._begin(flow_id, to_server)
        else:
            self._talks.move_to_end(flow_id)
        if s.ended:
            del self._talks[flow_id]
            return [w._replace(late=True) for side in (True, False) for w in self._cut(s.flow, talk, side)]
        found: Sequence[Window] = ()
        if to_server != talk.who:
            found = self._cut(s.flow, talk, talk.who)
            talk.who, talk.turn = to_server, talk.turn + 1
        side = talk.sides[to_server]
        if s.gap:
            found = [*found, *self._cut(s.flow, talk, to_server)]
        if s.data:
            side.pending += s.data
            side.at, side.opened, side.end = s.at, opened, end
            if self._inline:
                found = [*found, self._latest(s, side, talk.turn)]
            elif len(side.pending) - side.looked >= WINDOW_BYTES:
                found = [*found, *self._full(s, side, talk.turn)]
        return found

    def _latest(self, s: Stretch, side: _Side, turn: int) -> Window:
        """Return the window that ends here, and keep its end for the next one."""
        window = Window(s.flow, s.at, s.to_server, bytes(side.pending), side.looked, turn, side.opened, side.end)
        self._remember(side, s.data)
        del side.pending[:-WINDOW_BYTES]
        side.looked = len(side.pending)
        return window

    def _begin(self, flow_id: int, to_server: bool) -> _Talk:
        if len(self._talks) >= self._most:
            self._talks.popitem(last=False)
            self.forgotten += 1
        talk = self._talks[flow_id] = _Talk()
        talk.who = to_server
        return talk

    def _full(self, s: Stretch, side: _Side, turn: int) -> Iterator[Window]:
        """Yield the windows that are full, and keep the end of the last one."""
        while len(side.pending) - side.looked >= WINDOW_BYTES:
            stop = side.looked + WINDOW_BYTES
            yield Window(s.flow, s.at, s.to_server, bytes(side.pending[:stop]), side.looked, turn, side.opened,
                         side.end)
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

    def end(self, flow_id: int, to_server: bool) -> int | None:
        """Return the sequence number behind the stretch of a direction that was taken last."""
        talk = self._talks.get(flow_id)
        return None if talk is None else talk.sides[to_server].end

    def _remember(self, side: _Side, data: bytes | bytearray) -> None:
        if self._history:
            side.history = (side.history + bytes(data))[-HISTORY_BYTES:]

    def _cut(self, flow: FlowFacts, talk: _Talk, to_server: bool) -> Sequence[Window]:
        """Return what a direction has said since the last window, as one; nothing of it is looked at again."""
        side = talk.sides[to_server]
        found: Sequence[Window] = ()
        if len(side.pending) > side.looked:
            found = (Window(flow, side.at, to_server, bytes(side.pending), side.looked, talk.turn, side.opened,
                            side.end),)
            self._remember(side, side.pending[side.looked :])
        side.pending.clear()
        side.looked = 0
        return found

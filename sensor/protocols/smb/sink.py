"""Where the bytes that one message carries go: into a file, a pipe, or nowhere."""

from __future__ import annotations

from typing import Any

from sensor.protocols.dce import looks_like
from sensor.protocols.parser import Moment
from sensor.protocols.smb.state import Columns, OpenFile, State, Transfer

_LARGEST_GAP = 1 << 40


class Sink:
    """Takes so many bytes at an offset of a file, in pieces."""

    def __init__(self, state: State, one: OpenFile, to_server: bool, offset: int, size: int, columns: Columns,
                 first: bytes = b"") -> None:
        self._state, self._one, self._to_server, self._columns = state, one, to_server, columns
        self._left, self._again = size, 0
        self.skip = 0  # bytes of the message that come before the data
        self._transfer: Transfer | None = None
        if not one.known_tree and not one.pipe and not one.transfers and looks_like(first):
            state.become_pipe(one)  # its share was not seen
        if not one.pipe and size:
            self._transfer = transfer = state.transfer(one, to_server, columns)
            transfer.columns |= {k: columns[k] for k in ("status", "status_code") if k in columns}
            ahead = offset - transfer.next_offset
            if ahead > _LARGEST_GAP:
                state.context.count("smb_offset")
            elif ahead > 0:
                transfer.tracker.gap(ahead)
                transfer.next_offset = offset
            else:
                self._again = min(-ahead, size)  # it was there before
                if self._again and state.context.show:
                    state.overlapped(transfer.number, to_server)

    @classmethod
    def of_message(cls, state: State, one: OpenFile, to_server: bool, message: bytes, more: bytes, data_offset: int,
                   where: tuple[int, int], columns: Columns, at: Moment) -> Sink:
        """Return a sink for the data of a message that begins at data_offset; where: offset in the file, and size.

        It has taken what the message holds of it already, and what more is there; what lies before is passed over when
        it comes.
        """
        first = message[data_offset:]
        sink = cls(state, one, to_server, *where, columns, first)
        sink.skip = max(data_offset - len(message), 0)
        sink.data(first + more if more else first, at)
        return sink

    def data(self, data: bytes, at: Moment) -> None:
        """Take the next bytes."""
        if self.skip:
            passed = min(self.skip, len(data))
            self.skip, data = self.skip - passed, data[passed:]
        data = data[: self._left]
        self._left -= len(data)
        if self._transfer is None:
            if self._one.calls is not None:
                self._call(data, at)
            return
        passed = min(self._again, len(data))
        self._again -= passed
        if len(data) > passed:
            self._transfer.next_offset += len(data) - passed
            self._transfer.tracker.data(data[passed:] if passed else data)

    @property
    def patient(self) -> bool:
        """Whether nothing is told before the end: no remote call is in it."""
        return self._transfer is not None or self._one.calls is None

    @property
    def passable(self) -> int:
        """For so many next bytes ``pass_by`` is enough."""
        if self._transfer is None or self.skip or self._again:
            return 0
        return min(self._transfer.tracker.passable, self._left)

    def pass_by(self, size: int) -> None:
        """So many bytes, at most ``passable``, are there but are not shown."""
        assert self._transfer is not None
        self._left -= size
        self._transfer.next_offset += size
        self._transfer.tracker.skip(size)

    def gap(self, size: int) -> None:
        """So many bytes are missing."""
        passed = min(self.skip, size)
        self.skip -= passed
        size = min(size - passed, self._left)
        self._left -= size
        if self._transfer is None:
            if self._one.calls is not None:
                self._one.calls.gap(self._to_server, size)
            return
        passed = min(self._again, size)
        self._again -= passed
        if size > passed:
            self._transfer.next_offset += size - passed
            self._transfer.tracker.gap(size - passed)

    def end(self) -> None:
        """The message is over: what did not come is missing."""
        if self._left:
            self.gap(self._left)

    def _call(self, data: bytes, at: Moment) -> None:
        calls = self._one.calls
        assert calls is not None
        status: dict[str, Any] = {k: self._columns[k] for k in ("status", "status_code") if k in self._columns}
        calls.feed(self._to_server, data, self._columns,
                   lambda call: self._state.tell_call(call, {} if self._to_server else status, at))
        if calls.lost:
            self._state.context.count("smb_pipe_without_dcerpc")
            self._one.calls = None

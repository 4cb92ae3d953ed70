"""SMB over TCP: one conversation, up to the moment when both sides speak encrypted."""

from __future__ import annotations

from typing import ClassVar

from columns.app import AppProto
from sensor.protocols.parser import Context, Moment
from sensor.protocols.smb.nbss import HEAD_BYTES, Event, Kind, NbssReader
from sensor.protocols.smb.settings import SmbSettings
from sensor.protocols.smb.sink import Sink
from sensor.protocols.smb.smb1 import Smb1
from sensor.protocols.smb.smb2 import Smb2
from sensor.protocols.smb.state import State

_MESSAGE, _HEAD, _BODY, _, _END, _LOST, _BROKEN_OFF, _BULK = Kind  # its look-ups cost more than their use
_VERSIONS: dict[int, type[Smb1] | type[Smb2]] = {0xFF: Smb1, 0xFE: Smb2}
_BROKEN = 8
"""So often may something that is no message stand between messages."""


class SmbParser:
    """Follows one connection."""

    app_proto: ClassVar[AppProto] = AppProto.SMB

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        settings = context.settings if isinstance(context.settings, SmbSettings) else SmbSettings()
        self._state = State(context, settings)
        self._versions: dict[int, Smb1 | Smb2] = {}
        self._readers = (NbssReader(settings.message_bytes), NbssReader(settings.message_bytes))
        self._sinks: list[Sink | None] = [None, None]
        self._encrypted = [False, False]
        self._broken = 0

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the messages of one direction."""
        self._state.at = at
        for event in self._readers[to_server].feed(data):
            self._event(to_server, event, at)
            if self.done:
                break

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on after a gap: within file data at once, elsewhere with the next message that is recognised."""
        self._context.count("smb_gap")
        for event in self._readers[to_server].gap(size):
            self._event(to_server, event, at)

    def passable(self, to_server: bool) -> int:
        """So many next bytes of a direction are file data that nobody looks at."""
        sink = self._sinks[to_server]
        return min(self._readers[to_server].passable, sink.passable) if sink is not None else 0

    def patient(self, to_server: bool) -> int:
        """So many next bytes of a direction belong to one message that tells nothing before its end."""
        sink = self._sinks[to_server]
        return self._readers[to_server].patient if sink is None or sink.patient else 0

    def skip(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes, at most ``passable``, are there but are not handed over."""
        sink = self._sinks[to_server]
        assert sink is not None
        self._readers[to_server].pass_by(size)
        sink.pass_by(size)

    def end(self, at: Moment) -> None:
        """Tell what waits for a response, and the files that are open."""
        for sink in self._sinks:
            if sink is not None:
                sink.end()
        self._sinks = [None, None]
        self._state.end(at)

    def _event(self, to_server: bool, event: Event, at: Moment) -> None:
        kind = event.kind
        if kind is _MESSAGE or kind is _BULK:
            head, more = (event.data, b"") if kind is _MESSAGE else (event.data[:HEAD_BYTES], event.data[HEAD_BYTES:])
            taken = self._message(to_server, head, more, at)
            if taken is not None:
                taken.end()
        elif kind is _HEAD:
            self._sinks[to_server] = self._message(to_server, event.data, b"", at)
        elif kind is _LOST:
            self._context.count("smb_message_lost")
        elif kind is _BROKEN_OFF:
            self._context.count("smb_no_message")
            self._broken += 1
            self.done = self._broken >= _BROKEN
        else:
            self._carried(to_server, event, at)

    def _carried(self, to_server: bool, event: Event, at: Moment) -> None:
        """Take the rest of a message that carries file data, piece by piece."""
        sink = self._sinks[to_server]
        if event.kind is _END:
            self._sinks[to_server] = None
        if sink is None:
            return
        if event.kind is _BODY:
            sink.data(event.data, at)
        elif event.kind is _END:
            sink.end()
        else:
            sink.gap(event.size)

    def _message(self, to_server: bool, data: bytes, more: bytes, at: Moment) -> Sink | None:
        """Take a message, or the head of one that carries file data and as much of its rest as is there."""
        version = self._versions.get(data[0])
        if version is None:
            if data[0] not in _VERSIONS:
                self._hidden(to_server, data[0])
                return None
            version = self._versions[data[0]] = _VERSIONS[data[0]](self._state)
        return version.message(data, more, at)

    def _hidden(self, to_server: bool, mark: int) -> None:
        """What is encrypted or compressed is passed over; nothing more comes once both sides encrypt."""
        self._context.count("smb_encrypted" if mark == 0xFD else "smb_compressed")
        self._encrypted[to_server] |= mark == 0xFD
        self.done = all(self._encrypted)

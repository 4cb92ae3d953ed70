"""Http2Parser: follows the streams of one connection; each is a transaction, and so is each frame of the connection."""

from __future__ import annotations

import struct
from typing import Any, ClassVar

from columns.app import AppProto
from sensor.protocols.files import CLOSED, FileTracker
from sensor.protocols.http.body import Body, inspected_bytes
from sensor.protocols.http.multipart import file_name_of
from sensor.protocols.http.settings import HttpSettings
from sensor.protocols.http2 import frames as f
from sensor.protocols.http2.showing import Header, header_buffers
from sensor.protocols.parser import Context, Moment

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTING_NAMES = {
    1: "settings_header_table_size", 2: "settings_enable_push", 3: "settings_max_concurrent_streams",
    4: "settings_initial_window_size", 5: "settings_max_frame_size", 6: "settings_max_header_list_size"}
_MOST_SETTINGS = 64
_STREAMS, _HEADER_BYTES, _BLOCK_BYTES = 256, 65_536, 1 << 17
_CODINGS = (b"gzip", b"deflate", b"br")


class _Side:
    """One direction of a stream."""

    __slots__ = ("body", "tracker")

    def __init__(self) -> None:
        self.body: Body | None = None
        self.tracker: FileTracker | None = None


class _Stream:
    """One request with its response."""

    __slots__ = ("over", "path", "sides", "tx_id")

    def __init__(self, tx_id: int) -> None:
        self.tx_id, self.path, self.over = tx_id, b"", [False, False]
        self.sides = (_Side(), _Side())


class Http2Parser:
    """Whatever cannot be read ends the reading of its direction; streams are followed up to a limit."""

    app_proto: ClassVar[AppProto] = AppProto.HTTP2

    def __init__(self, context: Context) -> None:
        from hpack import Decoder  # only where HTTP/2 is spoken

        self._context, self.done = context, False
        self._settings = context.settings if isinstance(context.settings, HttpSettings) else HttpSettings()
        self._readers = (f.FrameReader(), f.FrameReader())
        self._decoders = tuple(Decoder(max_header_list_size=_HEADER_BYTES) for _ in range(2))
        self._blocks: list[tuple[f.Frame, bytearray] | None] = [None, None]
        self._streams: dict[int, _Stream] = {}
        self._preface = len(PREFACE)
        self._number = 0

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the frames of one direction."""
        if to_server and self._preface:
            taken = min(self._preface, len(data))
            self._preface -= taken
            data = data[taken:]
        reader = self._readers[to_server]
        for frame in reader.feed(data):
            self._frame(to_server, frame, at)
            if self.done:
                return
        if reader.lost:
            self._context.count("http2_no_frame")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Frames and header tables are lost with what is missing: nothing more is read."""
        self._context.count("http2_gap")
        self.done = True

    def end(self, at: Moment) -> None:
        """Tell the files that are not over."""
        for stream in list(self._streams.values()):
            for to_server in (True, False):
                self._finish(stream, to_server, False, at)
        self._streams.clear()

    def _frame(self, to_server: bool, frame: f.Frame, at: Moment) -> None:
        if frame.kind in (f.HEADERS, f.PUSH_PROMISE, f.CONTINUATION):
            self._headers(to_server, frame, at)
        elif frame.kind == f.DATA:
            self._body(to_server, frame, at)
        else:
            self._other(to_server, frame, at)

    def _stream(self, number: int, at: Moment) -> _Stream:
        stream = self._streams.get(number)
        if stream is None:
            if len(self._streams) >= _STREAMS:
                self._context.count("http2_streams_full")
                oldest = self._streams.pop(next(iter(self._streams)))
                for to_server in (True, False):
                    self._finish(oldest, to_server, False, at)
            stream = self._streams[number] = _Stream(self._number)
            self._number += 1
        return stream

    def _headers(self, to_server: bool, frame: f.Frame, at: Moment) -> None:
        """A block of headers may go on over several frames."""
        begun = self._blocks[to_server]
        if frame.kind == f.CONTINUATION:
            if begun is None:
                return
            begun[1].extend(frame.body)
        else:
            begun = self._blocks[to_server] = (frame, bytearray(frame.content))
        if len(begun[1]) > _BLOCK_BYTES:
            self._context.count("http2_headers_too_long")
            self.done = True
        elif frame.flags & f.END_HEADERS:
            self._blocks[to_server] = None
            self._block(to_server, begun[0], bytes(begun[1]), at)

    def _block(self, to_server: bool, frame: f.Frame, block: bytes, at: Moment) -> None:
        from hpack.exceptions import HPACKError

        try:
            headers: list[Header] = [(bytes(n), bytes(v)) for n, v in self._decoders[to_server].decode(block, raw=True)]
        except (HPACKError, ValueError, IndexError):
            self._context.count("http2_bad_headers")
            self.done = True
            return
        stream = self._stream(frame.stream, at)
        named = dict(reversed(headers))
        stream.path = named.get(b":path", stream.path)
        side = stream.sides[to_server]
        if side.body is None and not frame.flags & f.END_STREAM:
            self._begin_body(stream, to_server, named)
        if self._context.show:
            shown = [*header_buffers(headers, to_server), ("http2.frametype", b"%d" % frame.kind)]
            if frame.weight is not None:
                shown.append(("http2.priority", b"%d" % frame.weight))
            self._context.show(at, stream.tx_id, to_server, shown)
        if frame.flags & f.END_STREAM:
            self._over(frame.stream, stream, to_server, True, at)

    def _begin_body(self, stream: _Stream, to_server: bool, named: dict[bytes, bytes]) -> None:
        side = stream.sides[to_server]
        name = file_name_of(named.get(b"content-disposition", b"")) or stream.path.partition(b"?")[0]
        side.tracker = FileTracker(self._context, self._settings.files, name, to_server, AppProto.HTTP2, stream.tx_id)
        codings = [c for c in named.get(b"content-encoding", b"").lower().replace(b",", b" ").split() if c in _CODINGS]
        limit = self._settings.inspect_request_bytes if to_server else self._settings.inspect_response_bytes
        inspected = inspected_bytes(self._context, limit, self._settings.files.inspect_bytes)
        side.body = Body(codings, inspected, self._settings.inflate_bytes, _Sink(side.tracker))

    def _body(self, to_server: bool, frame: f.Frame, at: Moment) -> None:
        stream = self._stream(frame.stream, at)
        side = stream.sides[to_server]
        if side.body is None:
            self._begin_body(stream, to_server, {})
        assert side.body is not None
        side.body.data(frame.content)
        if self._context.show:
            self._context.show(at, stream.tx_id, to_server, [("http2.frametype", b"0")])
        if frame.flags & f.END_STREAM:
            self._over(frame.stream, stream, to_server, True, at)

    def _other(self, to_server: bool, frame: f.Frame, at: Moment) -> None:
        """Frames about a stream or the connection; those of the connection are transactions of their own."""
        shown: list[tuple[str, bytes]] = [("http2.frametype", b"%d" % frame.kind)]
        if frame.kind == f.RST_STREAM and len(frame.body) >= 4:
            shown.append(("http2.errorcode", b"%d" % int.from_bytes(frame.body[:4], "big")))
        elif frame.kind == f.GOAWAY and len(frame.body) >= 8:
            shown.append(("http2.errorcode", b"%d" % int.from_bytes(frame.body[4:8], "big")))
        elif frame.kind == f.WINDOW_UPDATE and len(frame.body) >= 4:
            shown.append(("http2.window", b"%d" % (int.from_bytes(frame.body[:4], "big") & 0x7FFFFFFF)))
        elif frame.kind == f.SETTINGS:
            for at_byte in range(0, min(len(frame.body), 6 * _MOST_SETTINGS) - 5, 6):
                number, value = struct.unpack_from(">HI", frame.body, at_byte)
                if number in _SETTING_NAMES:
                    shown.append(("http2.settings", f"{_SETTING_NAMES[number]}={value}".encode()))
        elif frame.kind == f.PRIORITY and frame.weight is not None:
            shown.append(("http2.priority", b"%d" % frame.weight))
        if frame.stream:
            stream = self._stream(frame.stream, at)
            if self._context.show:
                self._context.show(at, stream.tx_id, to_server, shown)
            if frame.kind == f.RST_STREAM:
                for side in (True, False):
                    self._over(frame.stream, stream, side, False, at)
            return
        if self._context.show:
            for side in (to_server, not to_server):
                self._context.show(at, self._number, side, shown if side == to_server else (), True)
        self._number += 1  # whether or not somebody inspects it

    def _over(self, number: int, stream: _Stream, to_server: bool, whole: bool, at: Moment) -> None:
        if stream.over[to_server]:
            return
        stream.over[to_server] = True
        self._finish(stream, to_server, whole, at)
        if all(stream.over):
            self._streams.pop(number, None)

    def _finish(self, stream: _Stream, to_server: bool, whole: bool, at: Moment) -> None:
        side = stream.sides[to_server]
        shown: list[tuple[str, bytes]] = []
        if side.body is not None and side.tracker is not None:
            sink: Any = _Sink(side.tracker)
            side.body.end(whole)
            sink.close(at)
            if beginning := side.body.shown.joined():
                shown.append(("http.request_body" if to_server else "http.response_body", beginning))
            side.body = side.tracker = None
        contents = self._context.contents  # there wherever show is
        if contents is not None and (shown or self._context.show):
            contents(at, stream.tx_id, to_server, shown, True)


class _Sink:
    """Gives the decoded body to a file."""

    passable = 0
    patient = False

    def __init__(self, tracker: FileTracker) -> None:
        self._tracker = tracker

    def data(self, data: bytes) -> None:
        """Take bytes."""
        self._tracker.data(data)

    def skip(self, size: int) -> None:
        """Count bytes."""
        self._tracker.skip(size)

    def gap(self, size: int) -> None:
        """Count missing bytes."""
        self._tracker.gap(size)

    def over(self, state: str) -> None:
        """The body is over; the file is told by close, which knows when."""

    def close(self, at: Moment, state: str = CLOSED) -> None:
        """Tell the file, if it has any bytes."""
        if self._tracker.size:
            self._tracker.end(at, state)

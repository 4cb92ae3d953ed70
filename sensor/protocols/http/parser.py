"""HttpParser: follows an HTTP/1.x connection; requests and responses are matched in their order."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from columns.app import AppProto
from columns.protocols.http import HTTP
from sensor.protocols.http.body import Body
from sensor.protocols.http.files import FileSink, MultipartSink, response_file_name
from sensor.protocols.http.head import (
    Head,
    chunked,
    codings,
    content_length,
    parse_head,
    request_line,
    status_line,
)
from sensor.protocols.http.multipart import boundary_of
from sensor.protocols.http.reader import CLOSE, HEAD, HELD, LENGTH, LOST, OPAQUE, Reader
from sensor.protocols.http.settings import HttpSettings
from sensor.protocols.http.transaction import Transaction, row_of
from sensor.protocols.http.uri import host_and_port, parse_target
from sensor.protocols.parser import Context, Moment

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")
_RESPONSE = re.compile(rb"(?:^|\n)[\s\0]*(?=HTTP/)", re.I)
_SIMPLE_REQUEST = re.compile(rb"[\s\0]*GET[ \t]+[^\s]+[ \t]*(?:\r?\n)?", re.I)
_JUNK_BYTES = 1024

Inspect = Callable[[str, bool, bytes, Moment], None]
"""Takes (kind, to_server, data, at): decoded bodies; kind ``http.request_body`` or ``http.response_body``."""


class HttpParser:
    """One connection. handover: bytes (to_server, to_client) that already belong to what a tunnel or an upgrade carries
    when ``done`` is set for that reason, else None.
    """

    app_proto = AppProto.HTTP

    def __init__(self, context: Context) -> None:
        self._context = context
        self.settings: HttpSettings = context.settings or HttpSettings()
        self._readers = (Reader(self, False, self.settings.head_bytes), Reader(self, True, self.settings.head_bytes))
        self._pending: deque[Transaction] = deque()
        self._asking: Transaction | None = None  # whose request is read
        self._answering: Transaction | None = None  # whose response is read
        self._switched = False
        self._interim = False  # what is read is a response before the final one
        self._next_id, self._answers = 0, 0
        self._at = Moment(0, 0)
        self.handover: tuple[bytes, bytes] | None = None
        self.done = False
        self.inspect: Inspect | None = getattr(context, "inspect", None)

    # what the engine calls

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        self._at = at
        if not to_server and self._readers[True].state == HEAD and not self._pending:
            self._simple_request()
        self._readers[to_server].feed(data)
        if self._switched and self.handover is None:
            self.handover = (self._readers[True].pending(), self._readers[False].pending())
        self._tell()

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes were never captured."""
        self._at = at
        self._context.count("gap_bytes", size)
        self._readers[to_server].gap(size)
        self._tell()

    def passable(self, to_server: bool) -> int:
        """So many next bytes of a direction need not be handed over: ``skip`` is enough."""
        return self._readers[to_server].passable

    def skip(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes, at most ``passable``, are there but are not handed over."""
        self._at = at
        self._readers[to_server].skip(size)
        self._tell()

    def end(self, at: Moment) -> None:
        """The conversation is over."""
        self._at = at
        if self._readers[True].state == HELD:  # no answer came to CONNECT
            self._readers[True].state = OPAQUE
        for reader in reversed(self._readers):
            reader.finish()
        self._tell()
        while self._pending:
            tx = self._pending.popleft()
            tx.cut = tx.cut or not tx.request_done or (tx.response is not None and not tx.response_done)
            self._emit(tx)

    # what the readers call

    def head(self, to_server: bool, block: bytes) -> None:
        """Take a head."""
        if to_server:
            self._request(parse_head(block, self.settings.header_count))
            return
        found = _RESPONSE.search(block)
        if found and found.end():
            self.odd(False, "junk_before_response")
            block = block[found.end() :]
        self._response(parse_head(block, self.settings.header_count))

    def body(self, to_server: bool, data: bytes) -> None:
        """Take bytes of a body."""
        if body := self._body(to_server):
            body.data(data)

    def skipped(self, to_server: bool, size: int) -> None:
        """Count bytes of a body."""
        if body := self._body(to_server):
            body.skip(size)

    def missing(self, to_server: bool, size: int) -> None:
        """Count bytes of a body that were never captured."""
        if body := self._body(to_server):
            body.gap(size)

    def curious(self, to_server: bool) -> bool:
        """Whether somebody wants to see the bytes of the body."""
        body = self._body(to_server)
        return body is not None and body.curious

    def trailer(self, to_server: bool, block: bytes) -> None:
        """Take the trailers of a chunked body."""
        tx = self._asking if to_server else self._answering
        if tx is not None:
            tx.trailers += parse_head(b"\n" + block, self.settings.header_count).headers

    def ended(self, to_server: bool, whole: bool) -> None:
        """A message is over; whole: its end was seen."""
        if to_server:
            self._request_over(whole)
        elif self._interim:
            self._interim = False
        else:
            self._response_over(whole)

    def odd(self, to_server: bool, cause: str) -> None:
        """Count what is odd, and note it in the transaction."""
        self._context.count(cause)
        tx = self._asking if to_server else self._answering
        if tx is not None and cause not in tx.odd:
            tx.odd.append(cause)

    def headless(self, data: bytes, at: int) -> bool | None:
        """Whether a response without a head begins (HTTP/0.9); None while that cannot be told."""
        if _RESPONSE.search(data[at : at + _JUNK_BYTES]):
            return False
        simple = self._pending and self._pending[0].request is not None and not self._pending[0].protocol
        if not simple and len(data) - at < _JUNK_BYTES:
            return None
        self._begin_headless()
        return True

    def cut_off(self, to_server: bool, rest: bytes) -> None:
        """The direction ended within a head."""
        if to_server:
            if _SIMPLE_REQUEST.fullmatch(rest):
                self._request(parse_head(rest + b"\n\n", 1))
            else:
                self._context.count("request_cut_off")
        elif not _RESPONSE.search(rest[:_JUNK_BYTES]):
            self._begin_headless()
            if self._readers[False].state == CLOSE:
                self.body(False, rest)
                self.ended(False, True)
        else:
            self._context.count("response_cut_off")

    # requests

    def _simple_request(self) -> None:
        """The responder speaks already: a lone request line was all that there is (HTTP/0.9)."""
        reader = self._readers[True]
        if _SIMPLE_REQUEST.fullmatch(reader.peek()):
            self._request(parse_head(reader.pending() + b"\n\n", 1))

    def _request(self, head: Head) -> None:
        method, url, protocol = request_line(head.line)
        if not _TOKEN.fullmatch(method):
            self._context.count("bad_request_line")
            self._readers[True].state = LOST
            return
        tx = self._asking = self._begin()
        tx.request, tx.method, tx.url, tx.protocol = head, method, url, protocol
        tx.target, tx.request_at = parse_target(url, method == b"CONNECT"), self._at.ts_ns
        self._host(tx)
        for cause in head.anomalies:
            self.odd(True, cause)
        length, coded = self._framing(head, True)
        if length > 0 or coded:
            tx.request_body = Body(self._codings(head), self._inspector(True), self.settings.inspect_request_bytes,
                                   self.settings.inflate_bytes, self._request_sink(tx, head))
        self._readers[True].expect(length if method != b"CONNECT" else -1, coded and method != b"CONNECT", False)

    def _host(self, tx: Transaction) -> None:
        host = tx.asked(b"host")
        if not host:
            if tx.protocol.upper() == b"HTTP/1.1":
                self.odd(True, "missing_host")
            return
        name, port = host_and_port(host)
        if not tx.target.hostname:
            tx.target = tx.target._replace(hostname=name, port=port)
        elif name != tx.target.hostname:
            self.odd(True, "host_differs")

    def _request_over(self, whole: bool) -> None:
        tx = self._asking
        if tx is None:
            return
        if tx.request_body:
            tx.request_body.end(whole)
        tx.request_done, tx.cut, self._asking = True, tx.cut or not whole, None
        if tx.method == b"CONNECT" and not tx.response_done:
            self._readers[True].state = HELD

    # responses

    def _response(self, head: Head) -> None:
        tx = self._awaiting()
        self._answering = tx
        protocol, status, reason = status_line(head.line)
        for cause in head.anomalies:
            self.odd(False, cause)
        if 100 <= status < 200 and not self._switches(tx, head, status) and status != 101:
            tx.interim += 1
            self._interim = True
            self._readers[False].expect(-1, False, False)
            return
        self._answers += 1
        tx.response, tx.status, tx.reason = head, status, reason
        tx.response_protocol = protocol
        tx.protocol = tx.protocol or protocol
        if self._switches(tx, head, status):
            self._switch(tx)
            return
        self._release(tx)
        if tx.method == b"HEAD" or status in (204, 304):
            self._readers[False].expect(-1, False, False)
            return
        length, coded = self._framing(head, False)
        tx.response_body = Body(self._codings(head), self._inspector(False), self.settings.inspect_response_bytes,
                                self.settings.inflate_bytes, FileSink(self, tx, False, response_file_name(tx)))
        self._readers[False].expect(length, coded, True)

    def _switches(self, tx: Transaction, head: Head, status: int) -> bool:
        if tx.method == b"CONNECT":
            return 200 <= status < 300
        return status == 101 and bool(tx.asked(b"upgrade") or head.value(b"upgrade"))

    def _switch(self, tx: Transaction) -> None:
        """What follows is no HTTP/1 any more."""
        if not tx.request_done:
            self._request_over(True)
        tx.response_done, self._answering = True, None
        client, server = self._readers[True], self._readers[False]
        self._switched = True
        client.state = server.state = OPAQUE
        self.done = True

    def _release(self, tx: Transaction) -> None:
        """The final answer is here: a refused CONNECT goes on as HTTP, a body that waited for 100 does not come."""
        reader = self._readers[True]
        if reader.state == HELD:
            reader.resume()
        elif tx is self._asking and tx.request_body and not tx.request_body.wire_bytes and reader.state == LENGTH \
                and tx.asked(b"expect"):
            reader.state = HEAD
            self._request_over(True)

    def _response_over(self, whole: bool) -> None:
        tx = self._answering
        if tx is None:
            return
        tx.response_framing = self._readers[False].framing_bytes
        if tx.response_body:
            tx.response_body.end(whole)
        tx.response_done, tx.cut, self._answering = True, tx.cut or not whole, None

    def _begin_headless(self) -> None:
        """Take what comes as the body of a response without head, if one can be expected here."""
        reader = self._readers[False]
        if self._answers or not self._pending or self._pending[0].response_done:
            self._context.count("surplus_response_bytes")
            reader.state = LOST
            return
        tx = self._answering = self._pending[0]
        self._answers += 1
        self.odd(False, "response_without_head")
        tx.response = Head(b"", [], ())
        tx.response_body = Body([], self._inspector(False), self.settings.inspect_response_bytes, 0,
                                FileSink(self, tx, False, response_file_name(tx)))
        reader.expect(-1, False, True)

    # both

    def _framing(self, head: Head, to_server: bool) -> tuple[int, bool]:
        length, odd_length = content_length(head)
        coded, odd_coding = chunked(head)
        for cause in (*odd_length, *odd_coding):
            self.odd(to_server, cause)
        if coded and length >= 0:
            self.odd(to_server, "length_and_chunked")
        return length, coded

    def _codings(self, head: Head) -> list[bytes]:
        found = [c for c in codings(head) if c != b"lzma" or self.settings.lzma]
        return found[-self.settings.coding_layers :] if self.settings.coding_layers else []

    def _request_sink(self, tx: Transaction, head: Head) -> Any:
        if boundary := boundary_of(head.value(b"content-type")):
            return MultipartSink(self, tx, boundary)
        return FileSink(self, tx, True, tx.target.path)

    def _inspector(self, to_server: bool) -> Callable[[bytes], None] | None:
        inspect, kind = self.inspect, "http.request_body" if to_server else "http.response_body"
        if inspect is None:
            return None
        return lambda data: inspect(kind, to_server, data, self._at)

    def _body(self, to_server: bool) -> Body | None:
        tx = self._asking if to_server else self._answering
        if tx is None or (not to_server and self._interim):
            return None
        return tx.request_body if to_server else tx.response_body

    def _begin(self) -> Transaction:
        tx = Transaction(self._next_id)
        self._next_id += 1
        self._pending.append(tx)
        if len(self._pending) > self.settings.pipelined:
            self._context.count("too_many_pipelined")
            oldest = self._pending.popleft()
            if oldest is self._answering:
                self._answering = None
            self._emit(oldest)
        return tx

    def _awaiting(self) -> Transaction:
        """The oldest request that waits for its answer; an answer to none gets a transaction without request."""
        if self._answering is not None and not self._answering.response_done:
            return self._answering
        for tx in self._pending:
            if not tx.response_done:
                return tx
        tx = self._begin()
        tx.request_done = True
        self._context.count("response_without_request")
        return tx

    def _tell(self) -> None:
        while self._pending and self._pending[0].request_done and self._pending[0].response_done:
            self._emit(self._pending.popleft())

    def _emit(self, tx: Transaction) -> None:
        self._context.emit(HTTP, self._at, row_of(tx, self.settings.headers))

    @property
    def context(self) -> Context:
        """What the parser was given."""
        return self._context

    @property
    def at(self) -> Moment:
        """The packet that is looked at."""
        return self._at

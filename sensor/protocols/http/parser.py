"""HttpParser: follows an HTTP/1.x connection; requests and responses are matched in their order."""

from __future__ import annotations

import re
from typing import ClassVar

from columns.app import AppProto
from sensor.protocols.http.bodies import framing, request_body, response_body
from sensor.protocols.http.head import Head, parse_head, request_line, status_line
from sensor.protocols.http.pending import Pending
from sensor.protocols.http.reader import CLOSE, HEAD, HELD, LENGTH, LOST, OPAQUE, Bytes, Reader
from sensor.protocols.http.settings import HttpSettings
from sensor.protocols.http.showing import events, request_buffers, response_buffers
from sensor.protocols.http.transaction import Transaction
from sensor.protocols.http.uri import host_and_port, parse_target
from sensor.protocols.parser import Context, Handover, Moment

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")
_RESPONSE = re.compile(rb"(?:^|\n)[\s\0]*(?=HTTP/)", re.I)
_SIMPLE_REQUEST = re.compile(rb"[\s\0]*GET[ \t]+[^\s]+[ \t]*(?:\r?\n)?", re.I)
_NO_METHOD = re.compile(rb"[\s\0]*+[!#$%&'*+\-.^_`|~0-9A-Za-z]*+[^\s!#$%&'*+\-.^_`|~0-9A-Za-z]")
_JUNK_BYTES = 1024
_DEFAULTS, _NEVER = HttpSettings(), Moment(0, 0)


class HttpParser:
    """One connection. successor: the bytes that already belong to what a tunnel or an upgrade carries
    when ``done`` is set for that reason, else None.
    """

    app_proto: ClassVar[AppProto] = AppProto.HTTP

    def __init__(self, context: Context) -> None:
        self.context = context
        self.settings: HttpSettings = context.settings or _DEFAULTS
        self._readers = (Reader(self, False, self.settings.head_bytes), Reader(self, True, self.settings.head_bytes))
        self._pending = Pending(context, self.settings)
        self._asking: Transaction | None = None  # whose request is read
        self._answering: Transaction | None = None  # whose response is read
        self._switched = False
        self._interim = False  # what is read is a response before the final one
        self._answers = 0
        self.at = _NEVER  # the packet that is looked at
        self.successor: Handover | None = None
        self.done = False
        self._show, self._contents = context.show, context.contents

    # what the engine calls

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        self.at, pending = at, self._pending
        if not to_server and not pending.waiting and self._readers[True].state == HEAD:
            self._simple_request()
        self._readers[to_server].feed(data)
        if self._switched and self.successor is None:
            self.successor = Handover(AppProto.UNKNOWN, *(self._readers[side].pending() for side in (True, False)))
        if pending.ripe:
            pending.tell(at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes were never captured."""
        self.at = at
        self.context.count("gap_bytes", size)
        self._readers[to_server].gap(size)
        self._pending.tell(at)

    def passable(self, to_server: bool) -> int:
        """So many next bytes of a direction need not be handed over: ``skip`` is enough."""
        return self._readers[to_server].passable

    def patient(self, to_server: bool) -> int:
        """So many next bytes of a direction may be told late."""
        return self._readers[to_server].patient

    def skip(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes, at most ``passable``, are there but are not handed over."""
        self.at = at
        self._readers[to_server].skip(size)

    def end(self, at: Moment) -> None:
        """The conversation is over."""
        self.at = at
        if self._readers[True].state == HELD:  # no answer came to CONNECT
            self._readers[True].state = OPAQUE
        for reader in reversed(self._readers):
            reader.finish()
        self._pending.tell(at)
        self._pending.tell_all(at)

    # what the readers call

    def head(self, to_server: bool, block: bytes) -> None:
        """Take a head."""
        if to_server:
            if _NO_METHOD.match(block):  # whatever else is in it, nobody takes it for a head
                self._no_request()
            else:
                self._request(parse_head(block, self.settings.header_count), block)
            return
        if not block.startswith(b"HTTP/") and (found := _RESPONSE.search(block)) and found.end():
            self.odd(False, "junk_before_response")
            block = block[found.end() :]
        self._response(parse_head(block, self.settings.header_count), block)

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
        self.context.count(cause)
        tx = self._asking if to_server else self._answering
        if tx is not None and cause not in tx.odd:
            tx.odd.append(cause)

    def headless(self, data: Bytes, at: int) -> bool | None:
        """Whether a response without a head begins (HTTP/0.9); None while that cannot be told."""
        if _response_in(data[at : at + _JUNK_BYTES]):
            return False
        oldest = self._pending.waiting[0] if self._pending.waiting else None
        simple = oldest is not None and oldest.request is not None and not oldest.protocol
        if not simple and len(data) - at < _JUNK_BYTES:
            return None
        self._begin_headless()
        return True

    def cut_off(self, to_server: bool, rest: bytes) -> None:
        """The direction ended within a head."""
        if to_server:
            if _SIMPLE_REQUEST.fullmatch(rest):
                self._request(parse_head(rest + b"\n\n", 1), rest)
            else:
                self.context.count("request_cut_off")
                self._show_part(rest)
        elif not _response_in(rest[:_JUNK_BYTES]):
            self._begin_headless()
            if self._readers[False].state == CLOSE:
                self._readers[False].feed(rest)
                self.ended(False, True)
        else:
            self.context.count("response_cut_off")

    # requests

    def _simple_request(self) -> None:
        """The responder speaks already: a lone request line was all that there is (HTTP/0.9)."""
        reader = self._readers[True]
        if _SIMPLE_REQUEST.fullmatch(reader.peek()):
            line = reader.pending()
            self._request(parse_head(line + b"\n\n", 1), line)

    def _request(self, head: Head, block: bytes) -> None:
        method, url, protocol = request_line(head.line)
        if not _TOKEN.fullmatch(method):
            self._no_request()
            return
        tx = self._asking = self._pending.begin(self.at)
        tx.request, tx.method, tx.url, tx.protocol = head, method, url, protocol
        tx.target, tx.request_at = parse_target(url, method == b"CONNECT"), self.at.ts_ns
        self._host(tx)
        for cause in head.anomalies:
            self.odd(True, cause)
        if self._show:
            self._show(self.at, tx.tx_id, True, request_buffers(tx, head, block))
        length, coded = framing(self, head, True)
        if length > 0 or coded:
            tx.request_body = request_body(self, tx, head)
        tunnel = method == b"CONNECT"
        self._readers[True].expect(-1 if tunnel else length, coded and not tunnel, False, tx.request_body)

    def _no_request(self) -> None:
        self.context.count("bad_request_line")
        self._readers[True].state = LOST

    def _host(self, tx: Transaction) -> None:
        tx.hostname, tx.http_port = tx.target.hostname, tx.target.port
        host = tx.asked(b"host")
        if not host:
            if tx.protocol.upper() == b"HTTP/1.1":
                self.odd(True, "missing_host")
            return
        name, port = host_and_port(host)
        if not tx.target.hostname:
            tx.hostname, tx.http_port = name, port
        elif name != tx.target.hostname:
            self.odd(True, "host_differs")

    def _request_over(self, whole: bool) -> None:
        tx = self._asking
        if tx is None:
            return
        if tx.request_body:
            tx.request_body.end(whole)
        tx.request_done, tx.cut, self._asking = True, tx.cut or not whole, None
        self._pending.ripe = True
        if self._contents:
            self._show_over(tx, True)
        if tx.method == b"CONNECT" and not tx.response_done:
            self._readers[True].state = HELD

    # responses

    def _response(self, head: Head, block: bytes) -> None:
        tx = self._answering = self._pending.awaiting(self.at)
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
        if self._show:
            self._show(self.at, tx.tx_id, False, response_buffers(tx, head, block))
        if self._switches(tx, head, status):
            self._switch(tx)
            return
        self._release(tx)
        if tx.method == b"HEAD" or status in (204, 304):
            self._readers[False].expect(-1, False, False)
            return
        length, coded = framing(self, head, False)
        tx.response_body = response_body(self, tx, head)
        self._readers[False].expect(length, coded, True, tx.response_body)

    def _switches(self, tx: Transaction, head: Head, status: int) -> bool:
        if tx.method == b"CONNECT":
            return 200 <= status < 300
        return status == 101 and bool(tx.asked(b"upgrade") or head.value(b"upgrade"))

    def _switch(self, tx: Transaction) -> None:
        """What follows is no HTTP/1 any more."""
        if not tx.request_done:
            self._request_over(True)
        tx.response_done, self._answering = True, None
        self._pending.ripe = True
        if self._contents:
            self._show_over(tx, False)
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
        self._pending.ripe = True
        if self._contents:
            self._show_over(tx, False)

    def _begin_headless(self) -> None:
        """Take what comes as the body of a response without head, if one can be expected here."""
        reader = self._readers[False]
        if self._answers or not self._pending.waiting or self._pending.waiting[0].response_done:
            self.context.count("surplus_response_bytes")
            reader.state = LOST
            return
        tx = self._answering = self._pending.waiting[0]
        self._answers += 1
        self.odd(False, "response_without_head")
        tx.response = Head(b"", [], ())
        tx.response_body = response_body(self, tx, tx.response)
        reader.expect(-1, False, True, tx.response_body)

    # both

    def _show_part(self, rest: bytes) -> None:
        """Show what there is of a request whose head broke off, if its first line is whole."""
        if self._show and b"\n" in rest:
            head = parse_head(rest + b"\n\n", self.settings.header_count)
            tx = Transaction(self._pending.next_id)
            tx.method, tx.url, tx.protocol = request_line(head.line)
            if _TOKEN.fullmatch(tx.method):
                tx.target = parse_target(tx.url, tx.method == b"CONNECT")
                tx.hostname = tx.target.hostname
                self._show(self.at, tx.tx_id, True, request_buffers(tx, head, rest), True)

    def _show_over(self, tx: Transaction, to_server: bool) -> None:
        """Show the body of a message that is over, and what was odd; an end alone says nothing of contents."""
        body = tx.request_body if to_server else tx.response_body
        seen = events([*tx.odd, *(body.odd if body else ())], to_server) if self._show else []
        if body is not None and (beginning := body.shown.joined()):
            seen.append(("http.request_body" if to_server else "http.response_body", beginning))
        assert self._contents is not None
        if seen or self._show:
            self._contents(self.at, tx.tx_id, to_server, seen, True)


def _response_in(data: Bytes) -> bool:
    """Whether a response begins somewhere; what mostly is not there need not be looked for by an expression."""
    return b"http/" in data.lower() and _RESPONSE.search(data) is not None

"""TLS over TCP, up to the moment when encryption begins on both sides."""

from __future__ import annotations

from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.tls import TLS
from sensor.protocols.parser import Context, Moment
from sensor.protocols.tls.certificate import read_certificate
from sensor.protocols.tls.chain import chain_of, read_chain
from sensor.protocols.tls.handshake import Handshake
from sensor.protocols.tls.hello import ServerHello, client_hello, server_hello, sslv2_client_hello
from sensor.protocols.tls.names import SSL2, alert_name
from sensor.protocols.tls.records import Kind, RecordReader
from sensor.protocols.tls.settings import TlsSettings
from sensor.protocols.tls.showing import certificate_buffers, client_buffers, server_buffers

CLIENT_HELLO, SERVER_HELLO, OLD_RETRY, CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE = 1, 2, 6, 11, 12, 14
_MESSAGE, _ALERT, _CHANGE_CIPHER, _ENCRYPTED, _SSL2, _TOO_LONG, _ = Kind  # its look-ups cost more than their use
_NAMED_CURVE = 3
_MOST_ALERTS = 8


class TlsParser:
    """Follows one connection; tells one row when it is established, has nothing more to say, or is over."""

    app_proto: ClassVar[AppProto] = AppProto.TLS

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        self._settings = context.settings if isinstance(context.settings, TlsSettings) else TlsSettings()
        self._seen = Handshake()
        # each by direction, to_server being the index
        self._readers = tuple(RecordReader(self._settings.message_bytes) for _ in range(2))
        self._over = [False, False]  # the handshake is: what follows is encrypted
        self._bytes = [0, 0]
        self._at = Moment(0, 0)
        self._early = False  # the client sends encrypted records before the server's hello

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the records of one direction."""
        if self.done:
            return
        self._bytes[to_server] += len(data)
        self._at = at
        if not self._finished(to_server):
            self._readers[to_server].feed(data, to_server, self._event)
        self._conclude(at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Pass over a gap within what is encrypted; elsewhere this direction is given up."""
        if self.done or self._finished(to_server):
            return
        if not self._readers[to_server].gap(size):
            self._context.count("gap in a handshake")
        self._conclude(at)

    def end(self, at: Moment) -> None:
        """Tell what was seen."""
        if not self.done:
            self._tell(at)

    def _finished(self, to_server: bool) -> bool:
        hidden = to_server and self._readers[False].broken and (self._readers[True].encrypted or self._early)
        return hidden or self._over[to_server] or self._readers[to_server].broken

    def _conclude(self, at: Moment) -> None:
        """Nothing more is wanted when neither side can say more, or only one speaks and has been heard long enough."""
        server, client = self._finished(False), self._finished(True)
        lonely = not (self._bytes[False] and self._bytes[True])
        if (server and client) or (lonely and (self._waited(False, server) or self._waited(True, client))):
            self._seen.established = self._over[False] and self._over[True]
            self._tell(at)

    def _waited(self, side: bool, finished: bool) -> bool:
        """Whether this side has long been encrypted, and the other was never heard."""
        if self._bytes[not side] or self._bytes[side] <= self._settings.one_sided_bytes:
            return False
        return finished or self._readers[side].encrypted or self._early

    def _tell(self, at: Moment) -> None:
        self.done = True
        if self._context.show:
            for to_server in (True, False):
                self._context.show(at, 0, to_server, (), True)
        proto = self._context.from_proto
        seen = self._seen
        if not (seen.client or seen.server or seen.alerts or seen.server_chain):
            self._context.count("nothing said in clear")
            return
        self._context.emit(TLS, at, seen.row(self._settings.listed, proto.name.lower() if proto else ""))

    def _event(self, to_server: bool, kind: Kind, message: int, body: bytes) -> None:
        if kind is _MESSAGE:
            self._message(to_server, message, body)
            return
        if kind is _CHANGE_CIPHER:
            self._change_cipher(to_server)
        elif kind is _ENCRYPTED:
            self._encrypted(to_server)
        elif kind is _ALERT:
            self._alert(to_server, body)
        elif kind is _SSL2:
            self._ssl2(to_server, body)
        else:
            self._context.count("message too long" if kind is _TOO_LONG else "no record")
            self._odd(to_server, "invalid_handshake_message" if kind is _TOO_LONG else "invalid_tls_header",
                      *(() if kind is _TOO_LONG else ("invalid_record_type",)))
        self._readers[to_server].stopped = self._finished(to_server)

    def _message(self, to_server: bool, kind: int, body: bytes) -> None:
        if kind == CERTIFICATE:
            self._certificate(to_server, body)
        elif to_server:
            if kind == CLIENT_HELLO and self._seen.client is None:
                self._seen.client = client_hello(body)
                self._check(self._seen.client)
                self._show_client(body)
        elif kind == SERVER_HELLO:
            self._server_hello(body)
        elif kind == OLD_RETRY:
            self._seen.hello_retry = True
        elif kind == SERVER_KEY_EXCHANGE:
            if len(body) > 4 and body[0] == _NAMED_CURVE:
                self._seen.group = body[1] << 8 | body[2]
        elif kind == SERVER_HELLO_DONE:
            self._seen.hello_done = True

    def _server_hello(self, body: bytes) -> None:
        hello, seen = server_hello(body), self._seen
        self._check(hello)
        if hello is None or (seen.server is not None and not seen.server.retry):
            return
        seen.hello_retry |= hello.retry
        seen.server = hello
        if self._context.show and not hello.retry:
            self._context.show(self._at, 0, False, server_buffers(hello, body))
        if seen.tls13:
            self._readers[True].encrypted = False  # it was feigned
            seen.resumption = "psk" if hello.psk else ""
        else:
            self._over[True] = self._readers[True].encrypted

    def _odd(self, to_server: bool, *events: str) -> None:
        if self._context.show:
            self._context.show(self._at, 0, to_server, [("event", f"tls.{event}".encode()) for event in events])

    def _check(self, hello: Any) -> None:
        if hello is None:
            self._context.count("hello not whole")
            self._odd(hello is self._seen.client, "invalid_handshake_message")
        elif hello.cut:
            self._context.count("hello does not add up")

    def _certificate(self, to_server: bool, body: bytes) -> None:
        """Keep the first chain of each side (from TLS 1.3 on they are encrypted)."""
        seen = self._seen
        if (seen.client_chain if to_server else seen.server_chain) is not None:
            return
        chain = read_chain(body, self._settings.certificates)
        for cause in chain.causes:
            self._context.count(cause)
        if chain.causes:
            self._odd(to_server, "invalid_handshake_message", "invalid_certificate")
        if to_server:
            seen.client_chain = chain
        else:
            seen.server_chain = chain
        if self._context.show:
            self._context.show(self._at, 0, to_server, certificate_buffers(body, self._settings.certificates))

    def _show_client(self, body: bytes) -> None:
        if self._context.show and self._seen.client is not None:
            self._context.show(self._at, 0, True, client_buffers(self._seen.client, body))

    def _alert(self, to_server: bool, body: bytes) -> None:
        if len(self._seen.alerts) < _MOST_ALERTS:
            self._seen.alerts.append({
                "from": "client" if to_server else "server",
                "level": {1: "warning", 2: "fatal"}.get(body[0], str(body[0])), "description": alert_name(body[1])})

    def _change_cipher(self, to_server: bool) -> None:
        """Encryption begins, but not where TLS 1.3 only feigns it, for middleboxes (RFC 8446, D.4)."""
        seen = self._seen
        if seen.tls13 or (to_server and seen.server is None and seen.hello_retry):
            return
        self._readers[to_server].encrypted = True
        self._over[to_server] = seen.server is not None or not to_server
        if not to_server and seen.server is not None and not seen.hello_done:
            seen.resumption = self._resumed_with()

    def _resumed_with(self) -> str:
        """Without a word between hello and encryption the old keys are used: with what the client offered."""
        client = self._seen.client
        if client is None:
            return "session_id"
        return "ticket" if client.ticket else "session_id" if client.session_id else ""

    def _encrypted(self, to_server: bool) -> None:
        """The first encrypted record of TLS 1.3, after the server's hello (before it may stand early data)."""
        server = self._seen.server
        self._over[to_server] = not to_server or (server is not None and not server.retry)
        self._early |= to_server

    def _ssl2(self, to_server: bool, body: bytes) -> None:
        seen = self._seen
        if to_server:
            seen.client, seen.ssl2_hello = sslv2_client_hello(body), True
            self._check(seen.client)
            self._show_client(b"")
        elif len(body) > 11 and body[0] == 4:  # SERVER-HELLO: hit, type of certificate, version, three lengths
            size = int.from_bytes(body[5:7], "big")
            seen.server = ServerHello(SSL2, SSL2, b"", 0, (), (), 0, False, False, False)
            if body[2] == 1 and size:
                seen.server_chain = chain_of([read_certificate(body[11 : 11 + size])], 1)
            self._over = [True, True]  # what follows is not TLS

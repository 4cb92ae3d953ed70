"""RDP up to the moment when it is encrypted, be it by TLS, to whose parser it is handed over, or by its own means."""

from __future__ import annotations

from typing import ClassVar

from columns.app import AppProto
from columns.protocols.rdp import RDP
from sensor.protocols.parser import Context, Handover, Moment
from sensor.protocols.rdp.client_data import connect_request_row
from sensor.protocols.rdp.negotiation import request_row, response_row
from sensor.protocols.rdp.settings import RdpSettings
from sensor.protocols.rdp.tpkt import CONNECT_CONFIRM, CONNECT_REQUEST, DATA, TpktReader

_CONNECT_INITIAL, _CONNECT_RESPONSE = b"\x7f\x65", b"\x7f\x66"
_TLS_HANDSHAKE = 0x16
_WITH_TLS = ("ssl", "hybrid", "rds_tls", "hybrid_ex")


class RdpParser:
    """Follows one connection; each message of its beginning gives a row. successor is set where TLS takes over."""

    app_proto: ClassVar[AppProto] = AppProto.RDP

    def __init__(self, context: Context) -> None:
        self.done = False
        self.successor: Handover | None = None
        self._context = context
        self._settings = context.settings if isinstance(context.settings, RdpSettings) else RdpSettings()
        self._readers = tuple(TpktReader(self._settings.packet_bytes) for _ in range(2))  # to_server is the index
        self._packets = [0, 0]
        self._connected = [False, False]  # this side has said what it connects with

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the packets of one direction."""
        reader = self._readers[to_server]
        if self.done or self._finished(to_server):
            return
        for code, content in reader.feed(data):
            self._packets[to_server] += 1
            self._packet(to_server, code, content, at)
            if self.done or self._finished(to_server):
                break
        if reader.broken and not self.done:
            if reader.held[0] == _TLS_HANDSHAKE and self._packets[to_server]:
                self._hand_over()  # the answer was not seen, but it is clear what it was
            else:
                self._context.count("no TPKT packet")
        self._conclude()

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Give the direction up."""
        if not self.done and not self._finished(to_server):
            self._readers[to_server].broken = True
            self._context.count("gap in the beginning")
            self._conclude()

    def end(self, at: Moment) -> None:
        """Nothing is left to tell: each message was told when it came."""

    def _finished(self, to_server: bool) -> bool:
        beyond = self._packets[to_server] >= self._settings.packets
        return self._connected[to_server] or self._readers[to_server].broken or beyond

    def _conclude(self) -> None:
        self.done = self.done or (self._finished(False) and self._finished(True))

    def _packet(self, to_server: bool, code: int, content: bytes, at: Moment) -> None:
        if code == CONNECT_REQUEST and to_server:
            self._context.emit(RDP, at, request_row(content))
        elif code == CONNECT_CONFIRM and not to_server:
            row = response_row(content)
            self._context.emit(RDP, at, row)
            if row.get("protocol") in _WITH_TLS:
                self._hand_over()
        elif code == DATA and to_server and content.startswith(_CONNECT_INITIAL):
            self._connected[True] = True
            self._context.emit(RDP, at, connect_request_row(content, self._settings.channels))
        elif code == DATA and not to_server and content.startswith(_CONNECT_RESPONSE):
            self._connected[False] = True
            self._context.emit(RDP, at, {"event_type": "connect_response"})

    def _hand_over(self) -> None:
        self.done = True
        self.successor = Handover(AppProto.TLS, bytes(self._readers[True].held), bytes(self._readers[False].held))

"""QUIC over UDP, as far as anybody can read it: the hellos in its Initial packets."""

from __future__ import annotations

from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.quic import QUIC
from sensor.protocols.parser import Context, Moment
from sensor.protocols.quic.crypto import CryptoStream, crypto_frames
from sensor.protocols.quic.gquic import google_hello, google_version
from sensor.protocols.quic.packet import LongPacket, PacketKind, is_known, long_packet, version_name
from sensor.protocols.quic.protection import Keys, Opened, initial_keys, open_initial
from sensor.protocols.quic.rows import client_row, google_buffers, google_row, hello_buffers, server_row
from sensor.protocols.quic.settings import QuicSettings
from sensor.protocols.tls.hello import client_hello, server_hello

_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_MOST_RETRIES = 16


class QuicParser:
    """Follows one connection until both hellos are known; each gives a row. Connection ids are not followed to other
    addresses.
    """

    app_proto: ClassVar[AppProto] = AppProto.QUIC

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        self._settings = context.settings if isinstance(context.settings, QuicSettings) else QuicSettings()
        self._datagrams = self._rows = self._retries = 0
        self._version = 0
        self._ids: dict[str, str] = {}
        self._keyed_by = b""  # the connection id that the keys follow from
        self._keys: tuple[Keys, Keys] | None = None
        self._fresh()

    def _fresh(self) -> None:
        """Begin both CRYPTO streams anew (at first, and after a Retry)."""
        self._streams = tuple(CryptoStream(self._settings.crypto_bytes, self._settings.crypto_pieces)
                              for _ in range(2))
        self._largest = [-1, -1]
        self._heard = [False, False]  # the hello of this direction

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the packets of one datagram."""
        if self.done:
            return
        self._datagrams += 1
        if google := google_version(data) if to_server else 0:
            self._google(google, data, at)
        else:
            self._packets(to_server, data, at)
        self.done = self.done or all(self._heard) or self._datagrams >= self._settings.datagrams
        if self.done:
            self.end(at)

    def end(self, at: Moment) -> None:
        """Tell of a connection of which no hello could be read."""
        if any(stream.waits for stream in self._streams) and not self._rows:
            self._context.count("hello not whole")
        if self._version and not self._rows:
            self._tell(at, {"sender": "none"})

    def _packets(self, to_server: bool, data: bytes, at: Moment) -> None:
        place = 0
        for _ in range(self._settings.packets):
            packet = long_packet(data, place)
            if packet is None:
                if place == 0 and data[:1] >= b"\x80":
                    self._context.count("packet not whole")
                return
            self._packet(to_server, packet, data, at)
            place = packet.stop
            if place >= len(data):
                return

    def _packet(self, to_server: bool, packet: LongPacket, data: bytes, at: Moment) -> None:
        if packet.kind == PacketKind.NEGOTIATION:
            return
        self._version = self._version or packet.version
        self._ids.setdefault("client_scid" if to_server else "server_scid", packet.scid.hex())
        if to_server:
            self._ids.setdefault("client_dcid", packet.dcid.hex())
        if not is_known(packet.version):
            self._context.count("version unknown")
            self.done = True
        elif packet.kind == PacketKind.RETRY:
            self._retries += not to_server
            self._ids.pop("server_scid", None)
        elif packet.kind == PacketKind.INITIAL and (not self._heard[to_server] or self._retried(to_server, packet)):
            self._initial(to_server, packet, data, at)

    def _retried(self, to_server: bool, packet: LongPacket) -> bool:
        """Whether the client begins again with the connection id of a Retry."""
        again = 0 < self._retries <= _MOST_RETRIES and packet.dcid != self._keyed_by
        return to_server and again and not self._heard[False]

    def _initial(self, to_server: bool, packet: LongPacket, data: bytes, at: Moment) -> None:
        opened = self._open(to_server, packet, data)
        if opened is None:
            self._context.count("Initial not decrypted")
            return
        self._largest[to_server] = max(self._largest[to_server], opened.number)
        stream = self._streams[to_server]
        for offset, piece in crypto_frames(opened.frames):
            if not stream.add(offset, piece):
                self._context.count("CRYPTO beyond limit")
        if not self._heard[to_server] and (message := stream.message()):
            self._heard[to_server] = True
            self._hello(to_server, *message, at)

    def _open(self, to_server: bool, packet: LongPacket, data: bytes) -> Opened | None:
        """With the keys there are; a client's packet that they do not fit may begin a connection, or begin it anew."""
        largest = self._largest[to_server]
        opened = open_initial(self._keys[to_server], data, packet, largest) if self._keys else None
        if opened is None and to_server and packet.dcid != self._keyed_by:
            keys = initial_keys(packet.version, packet.dcid)
            opened = open_initial(keys[True], data, packet, largest)
            if opened is not None:
                if self._keys is not None:
                    self._fresh()
                    self._largest[True] = opened.number
                self._keys, self._keyed_by, self._version = keys, packet.dcid, packet.version
        return opened

    def _hello(self, to_server: bool, kind: int, body: bytes, at: Moment) -> None:
        row: dict[str, Any] | None = None
        if to_server and kind == _CLIENT_HELLO and (offered := client_hello(body)):
            row = client_row(offered)
            self._show(at, True, hello_buffers(offered, body))
        elif not to_server and kind == _SERVER_HELLO and (chosen := server_hello(body)):
            row = server_row(chosen)
            self._show(at, False, [])
        if row is None:
            self._context.count("no hello")
        else:
            self._tell(at, row)

    def _google(self, version: int, data: bytes, at: Moment) -> None:
        """Only the client's first packets name the version, and one of them holds its hello."""
        self._version = version
        if hello := google_hello(data):
            self._show(at, True, google_buffers(version, hello))
            self._tell(at, google_row(version, hello))
            self.done = True

    def _show(self, at: Moment, to_server: bool, buffers: list[tuple[str, bytes]]) -> None:
        if self._context.show:
            named = [("quic.version", version_name(self._version).encode())]
            self._context.show(at, int(not to_server), to_server, named + buffers, True)

    def _tell(self, at: Moment, row: dict[str, Any]) -> None:
        self._rows += 1
        self._context.emit(QUIC, at, {
            "version": str(self._version), "version_name": version_name(self._version), "retries": self._retries,
            **self._ids, **row})

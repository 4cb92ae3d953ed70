"""SSH, up to the moment when encryption begins on both sides."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.ssh import SSH
from sensor.protocols.parser import Context, Moment
from sensor.protocols.ssh.algorithms import KEX_INIT, Offer, agreed, hassh, read_offer
from sensor.protocols.ssh.settings import SshSettings
from sensor.protocols.ssh.stream import SshStream

_REPLY, _GROUP_REPLY = 31, 33
_KEY_KINDS = (b"ssh-", b"ecdsa-", b"rsa-", b"sk-")


class SshParser:
    """Follows one connection; tells one row when both sides encrypt, can be read no more, or are over."""

    app_proto: ClassVar[AppProto] = AppProto.SSH

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        settings = context.settings if isinstance(context.settings, SshSettings) else SshSettings()
        self._streams = tuple(SshStream(settings, context.count) for _ in range(2))  # to_server is the index
        for stream in self._streams:
            stream.keep_raw = context.show is not None
        self._offers: list[Offer | None] = [None, None]
        self._host_key = ""

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read banner and packets of one direction."""
        stream = self._streams[to_server]
        if self.done or stream.over:
            return
        for said in stream.feed(data):
            if said is stream.banner:
                self._banner(to_server, said)
                self._show_banner(to_server, said, at)
            else:
                self._packet(to_server, said, at)
                self._show_record(to_server, stream.raw, at)
        self._conclude(at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Give the direction up: what follows cannot be cut into packets."""
        if not self.done:
            self._streams[to_server].give_up("gap before encryption")
            self._conclude(at)

    def end(self, at: Moment) -> None:
        """Tell what was seen."""
        if not self.done:
            self._tell(at)

    def _conclude(self, at: Moment) -> None:
        if self._streams[0].over and self._streams[1].over:
            self._tell(at)

    def _banner(self, to_server: bool, banner: bytes) -> None:
        """After banners of SSH 1 nothing is read: its packets are others. 1.99 speaks both; the other side decides."""
        if banner[4:6] == b"1." and not banner.startswith(b"SSH-1.99"):
            for stream in self._streams:
                stream.over = stream.over or bool(stream.banner)
        elif self._streams[not to_server].over and not self._offers[not to_server]:
            self._streams[to_server].over |= self._streams[not to_server].banner[4:6] == b"1."

    def _packet(self, to_server: bool, payload: bytes, at: Moment) -> None:
        kind = payload[0] if payload else 0
        if kind == KEX_INIT and self._offers[to_server] is None:
            offer = self._offers[to_server] = read_offer(payload)
            if offer is None:
                self._context.count("KEXINIT not whole")
            else:
                self._show_offer(to_server, offer, at)
        elif kind in (_REPLY, _GROUP_REPLY) and not to_server and not self._host_key:
            size = int.from_bytes(payload[1:5], "big")
            key = payload[5 : 5 + size]
            if len(key) == size and key[4:].startswith(_KEY_KINDS):
                self._host_key = "SHA256:" + base64.b64encode(sha256(key).digest()).decode().rstrip("=")

    def _show_banner(self, to_server: bool, banner: bytes, at: Moment) -> None:
        if self._context.show:
            version, _, rest = banner[4:].partition(b"-")
            software = rest.partition(b" ")[0]
            self._context.show(at, 0, to_server, [("ssh.proto", version), ("ssh.protoversion", version),
                                                  ("ssh.software", software)])

    def _show_record(self, to_server: bool, raw: bytes, at: Moment) -> None:
        if self._context.show and raw:
            self._context.show(at, 0, to_server, [("frame:ssh.record.hdr", raw[:6]), ("frame:ssh.record.pdu", raw),
                                                  ("frame:ssh.record.data", raw[6:])])

    def _show_offer(self, to_server: bool, offer: Offer, at: Moment) -> None:
        if self._context.show:
            name = "ssh.hassh" if to_server else "ssh.hassh.server"
            digest, text = hassh(offer, to_server)
            self._context.show(at, 0, to_server, [(name, digest.encode()), (f"{name}.string", text.encode())])

    def _tell(self, at: Moment) -> None:
        self.done = True
        if self._context.show:
            for to_server in (True, False):
                self._context.show(at, 0, to_server, (), True)
        row: dict[str, Any] = {}
        for to_server, side in ((True, "client"), (False, "server")):
            row |= self._side(to_server, side)
        if not row:
            self._context.count("nothing said in clear")
            return
        client, server = self._offers[True], self._offers[False]
        if client and server:
            row |= {"kex": agreed(client.kex, server.kex),
                    "host_key_algorithm": agreed(client.host_key, server.host_key),
                    "cipher": agreed(client.cipher_cs, server.cipher_cs), "mac": agreed(client.mac_cs, server.mac_cs),
                    "compression": agreed(client.compression_cs, server.compression_cs)}
        established = all(s.over and not s.broken for s in self._streams) and bool(client and server)
        self._context.emit(SSH, at, row | {"host_key": self._host_key, "established": int(established)})

    def _side(self, to_server: bool, side: str) -> dict[str, Any]:
        row: dict[str, Any] = {}
        if banner := self._streams[to_server].banner:
            version, _, rest = banner[4:].partition(b"-")
            software, _, comments = rest.partition(b" ")
            row |= {f"{side}_proto_version": version, f"{side}_software_version": software,
                    f"{side}_comments": comments.strip(b"\0 ")}
        if offer := self._offers[to_server]:
            digest, text = hassh(offer, to_server)
            row |= {f"{side}_hassh_hash": digest, f"{side}_hassh_string": text,
                    f"{side}_host_key_algorithms": json.dumps(offer.host_key.split(","))}
        return row

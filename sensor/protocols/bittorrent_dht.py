"""BitTorrent's distributed hash table over UDP (BEP 5, BEP 32)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.anomaly import ANOMALY
from columns.protocols.bittorrent_dht import BITTORRENT_DHT
from sensor.protocols.anomalies import Anomalies
from sensor.protocols.bencode import decoded
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed

_OPENINGS = (b"d1:ad2:id20:", b"d1:rd2:id20:", b"d1:eli", b"d2:ip6:", b"d2:ip4:", b"d2:ip18:", b"d1:rd2:ip")
_GIVE_UP = 8
_NODE_BYTES, _NODE6_BYTES, _PEER_BYTES, _PEER6_BYTES, _ID_BYTES = 26, 38, 6, 18, 20


@limited("bittorrent_dht")
@dataclass(frozen=True)
class BittorrentDhtSettings:
    """Settings of BitTorrent's DHT; a value outside its range raises UsageError."""

    nodes: int = limit(64, 1, 4096, "", "nodes or peers kept of an answer")


class BittorrentDhtDatagrams:
    """One message per datagram."""

    app_proto: ClassVar[AppProto] = AppProto.BITTORRENT_DHT

    def __init__(self, context: Context) -> None:
        settings = context.settings if isinstance(context.settings, BittorrentDhtSettings) else BittorrentDhtSettings()
        self._context, self._most, self.done = context, settings.nodes, False
        self._anomalies = Anomalies(context, self.app_proto)
        self._messages = self._strange = 0

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        message = decoded(data)
        if not isinstance(message, dict):
            self._context.count("bittorrent_dht_malformed")
            self._strange += 1
            self.done = self._strange >= _GIVE_UP
            return
        row = columns_of(message, self._most)
        self._context.emit(BITTORRENT_DHT, at, {"tx_id": self._messages, "to_server": int(to_server), **row})
        if not isinstance(message.get(b"t"), bytes) or not row.keys() & {"request", "response", "error"}:
            self._anomalies.tell("malformed_packet", self._messages, to_server, at)
        self._messages += 1

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


def columns_of(message: dict[bytes, Any], most: int) -> dict[str, Any]:
    """Return the columns of a message; what is not of the kind that the protocol says is left out."""
    row: dict[str, Any] = {"transaction": _hex(message.get(b"t")), "client_version": _hex(message.get(b"v"))}
    asked, answered, failed = message.get(b"a"), message.get(b"r"), message.get(b"e")
    if isinstance(asked, dict):
        kind = message.get(b"q")
        request: dict[str, Any] = {
            name: shown for name in ("id", "target", "info_hash", "token")
            if (shown := _hex(asked.get(name.encode())))}
        request |= {name: value for name in ("implied_port", "port")
                    if isinstance(value := asked.get(name.encode()), int) and 0 <= value <= 65_535}
        row |= {"request_type": printed(kind[:64]) if isinstance(kind, bytes) else "", "request": json_column(request),
                "info_hash": request.get("info_hash", "")}
    if isinstance(answered, dict):
        row["response"] = json_column(_response(answered, most))
    if isinstance(failed, list) and len(failed) >= 2 and isinstance(failed[0], int) and isinstance(failed[1], bytes):
        row["error"] = json_column({"num": failed[0] if abs(failed[0]) < 1 << 31 else 0, "msg": printed(failed[1])})
    return row


def _response(answered: dict[bytes, Any], most: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: shown for name in ("id", "token") if (shown := _hex(answered.get(name.encode())))}
    for name, size in (("nodes", _NODE_BYTES), ("nodes6", _NODE6_BYTES)):
        raw = answered.get(name.encode())
        if isinstance(raw, bytes) and len(raw) >= size:
            found[name] = [{"id": raw[k : k + _ID_BYTES].hex(), **_peer(raw[k + _ID_BYTES : k + size])}
                           for k in range(0, min(len(raw) // size, most) * size, size)]
    values = answered.get(b"values")
    if isinstance(values, list):
        found["values"] = [_peer(v) for v in values[:most]
                           if isinstance(v, bytes) and len(v) in (_PEER_BYTES, _PEER6_BYTES)]
    return found


def _peer(raw: bytes) -> dict[str, Any]:
    return {"ip": str(ipaddress.ip_address(raw[:-2])), "port": int.from_bytes(raw[-2:], "big")}


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else ""


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is BitTorrent's DHT: a dictionary that begins as one of its messages."""
    head = initiator or responder
    if flow.proto != 17:
        return False
    return head.startswith(_OPENINGS) if head else None


WANTS: tuple[Wants, ...] = (
    Wants(AppProto.BITTORRENT_DHT, BittorrentDhtDatagrams, probe, (BITTORRENT_DHT, ANOMALY),
          Opening(b"d", alone=b"d")),)

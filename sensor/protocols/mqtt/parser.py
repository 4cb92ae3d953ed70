"""MQTT conversations: a message, and what acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.anomaly import ANOMALY
from columns.protocols.mqtt import MQTT
from sensor.protocols.anomalies import Anomalies
from sensor.protocols.framing import Framer
from sensor.protocols.mqtt import message as m
from sensor.protocols.mqtt.settings import MqttSettings
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column

_STRANGE = 8
_FINAL = frozenset({m.CONNACK, m.PUBACK, m.PUBCOMP, m.SUBACK, m.UNSUBACK, m.PINGRESP})
_ALONE = frozenset({m.DISCONNECT, m.AUTH})
_INTRODUCING = frozenset({m.CONNECT, m.CONNACK, m.AUTH})
_ANSWERS = _FINAL | {m.PUBREC, m.PUBREL}
_CONNECTION, _PING = -1, -2  # in the place of a message identifier


@dataclass(slots=True)
class _Exchange:
    """A message and its acknowledgements so far."""

    kind: int
    to_server: bool
    number: int  # of the transaction
    messages: dict[str, Any] = field(default_factory=dict)


class MqttStream:
    """Follows both directions of a connection to a broker."""

    app_proto: ClassVar[AppProto] = AppProto.MQTT

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False
        self._settings = context.settings if isinstance(context.settings, MqttSettings) else MqttSettings()
        self._framers = [Framer(m.size_of, m.HEAD_BYTES, self._settings.message_bytes) for _ in range(2)]
        self._pending: dict[tuple[bool, int], _Exchange] = {}
        self._version = self._strange = self._exchanges = 0
        self._client = self._user = ""
        self._anomalies = Anomalies(context, self.app_proto)
        self._connected = self._accepted = False  # a CONNECT was seen, and its CONNACK

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        framer = self._framers[to_server]
        for packet, size, _ in framer.feed(data):
            if size > len(packet):
                self._too_long(packet, size, to_server, at)
                continue
            message = m.message_of(packet, self._version, self._settings)
            if message is None:
                self._malformed(to_server, at)
                self._strange += 1
                self.done = self._strange >= _STRANGE
            else:
                self._take(message, to_server, at)
        if framer.broken:
            self._malformed(to_server, at)
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on behind a gap within a message that is passed over; elsewhere nothing can be told from there on."""
        if not self._framers[to_server].gap(size):
            self._context.count("mqtt_gap")
            self.done = True

    def end(self, at: Moment) -> None:
        """Tell what was not acknowledged."""
        for exchange in self._pending.values():
            self._tell(exchange, at, "request")
        self._pending.clear()

    def _malformed(self, to_server: bool, at: Moment) -> None:
        self._context.count("mqtt_malformed")
        self._anomalies.tell("malformed_traffic", self._exchanges, to_server, at)

    def _take(self, message: m.Message, to_server: bool, at: Moment) -> None:
        kind, fields = message.kind, message.fields
        if kind == m.CONNECT:
            if self._connected:
                self._anomalies.tell("double_connect", self._exchanges, to_server, at)
            self._connected = True
            self._version = fields["protocol_version"]
            self._client, self._user = fields["client_id"], fields.get("username", "")
        elif kind == m.CONNACK and not self._version:
            self._version = 5 if "properties" in fields else 4
        self._accepted |= kind == m.CONNACK and self._connected
        if not self._accepted and kind not in _INTRODUCING:
            self._anomalies.tell("unintroduced_message", self._exchanges, to_server, at)
        key = _key(message, to_server)
        if kind in _ANSWERS:
            self._answer(message, key, to_server, at)
            return
        exchange = self._begin(kind, to_server)
        exchange.messages[m.NAMES[kind]] = fields
        self._show(exchange, message, to_server, at)
        if kind in _ALONE or (kind == m.PUBLISH and not message.number):
            self._tell(exchange, at, "both")
            return
        before = self._pending.pop(key, None)
        if before is None and len(self._pending) >= self._settings.pending:
            self._context.count("mqtt_pending_full")
            before = self._pending.pop(next(iter(self._pending)))
        if before is not None:
            self._tell(before, at, "request")
        self._pending[key] = exchange

    def _answer(self, message: m.Message, key: tuple[bool, int], to_server: bool, at: Moment) -> None:
        exchange = self._pending.get(key)
        lone = exchange is None
        if exchange is None:
            exchange = self._begin(message.kind, to_server)
        exchange.messages[m.NAMES[message.kind]] = message.fields
        self._show(exchange, message, to_server, at)
        refused = message.kind == m.PUBREC and message.fields.get("reason_code", 0) >= 0x80
        if lone or refused or message.kind in _FINAL:
            self._pending.pop(key, None)
            self._tell(exchange, at, "response" if lone else "both")

    def _begin(self, kind: int, to_server: bool) -> _Exchange:
        self._exchanges += 1
        return _Exchange(kind, to_server, self._exchanges - 1)

    def _too_long(self, packet: bytes, size: int, to_server: bool, at: Moment) -> None:
        kind, fields = m.head_of(packet)
        self._context.count("mqtt_message_too_long")
        exchange = self._begin(kind, to_server)
        exchange.messages[m.NAMES[kind]] = {**fields, "truncated": True, "skipped_length": size}
        self._tell(exchange, at, "both")

    def _show(self, exchange: _Exchange, message: m.Message, to_server: bool, at: Moment) -> None:
        """Show the buffers of a message, what rules ask of it as numbers and words, and the exchange as EVE has it."""
        if self._context.show is None:
            return
        fields = message.fields
        found = [("mqtt.type", b"%d" % message.kind), ("mqtt.qos", b"%d" % fields["qos"]),
                 ("mqtt.protocol_version", b"%d" % self._version)]
        found += [("mqtt.flags", name.encode()) for name in ("retain", "dup") if fields[name]] or [("mqtt.flags", b"")]
        for name in ("return_code", "reason_code"):
            if name in fields:
                found.append(("mqtt.reason_code", b"%d" % fields[name]))
        found += [("mqtt.reason_code", b"%d" % code) for code in fields.get("reason_codes", ())]
        if message.kind == m.CONNECT:
            found += [("mqtt.connect.flags", name.encode()) for name, there in fields["flags"].items() if there]
        if "session_present" in fields:
            found.append(("mqtt.connack.session_present", b"yes" if fields["session_present"] else b"no"))
        shown = {name: {k: v for k, v in one.items() if k != "payload_bytes"}
                 for name, one in exchange.messages.items()}
        self._context.show(at, exchange.number, to_server, [
            *message.buffers, *found, ("eve.object", json_column(shown).encode())])

    def _tell(self, exchange: _Exchange, at: Moment, seen: str) -> None:
        messages = list(exchange.messages.values())
        first, last = messages[0], messages[-1]
        topics = first.get("topics") or [first.get("topic", "")]
        code = last.get("return_code", last.get("reason_code", 0))
        size = first.pop("payload_bytes", 0)
        if self._context.show is not None:
            self._context.show(at, exchange.number, True, [], True)
            self._context.show(at, exchange.number, False, [], True)
        self._context.emit(MQTT, at, {
            "tx_id": exchange.number, "messages": json_column(exchange.messages), "to_server": int(exchange.to_server),
            "type": m.NAMES[exchange.kind], "client_id": self._client, "username": self._user,
            "topic": topics[0]["topic"] if isinstance(topics[0], dict) else topics[0], "payload_bytes": size,
            "qos": first["qos"], "retain": first["retain"], "protocol_version": self._version, "reason_code": code,
            "seen": seen})


def _key(message: m.Message, to_server: bool) -> tuple[bool, int]:
    """Return what an exchange is found by: who began it, and its identifier."""
    kind = message.kind
    if kind in (m.CONNECT, m.CONNACK):
        return True, _CONNECTION
    if kind in (m.PINGREQ, m.PINGRESP):
        return True, _PING
    answers = kind in _ANSWERS and kind != m.PUBREL  # which comes from the side that published
    return to_server != answers, message.number


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is MQTT: a CONNECT with the name of the protocol; without it a CONNACK of few bytes."""
    if flow.proto != 6:
        return False
    if initiator:
        return _connects(initiator)
    if len(responder) >= 4:
        return responder[:2] == b"\x20\x02" and responder[2] < 2 and responder[3] < 6
    return None if b"\x20\x02".startswith(responder[:2]) or not responder else False


def _connects(head: bytes) -> bool | None:
    if head[0] != m.CONNECT << 4:
        return False
    size = m.size_of(head[: m.HEAD_BYTES])
    if size <= 0:
        return None if size == 0 else False
    start = 2
    while head[start - 1] >= 0x80:
        start += 1
    for opening in (b"\0\4MQTT", b"\0\6MQIsdp"):
        have = head[start : start + len(opening)]
        if opening.startswith(have):
            return True if have == opening else None
    return False


WANTS: tuple[Wants, ...] = (Wants(AppProto.MQTT, MqttStream, probe, (MQTT, ANOMALY), Opening(b"\x10", alone=b"\x20")),)

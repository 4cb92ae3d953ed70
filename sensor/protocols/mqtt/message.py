"""MQTT messages: from the bytes of a control packet to its fields."""

from __future__ import annotations

from struct import error, unpack_from
from typing import Any, Final, NamedTuple

from sensor.protocols.mqtt.properties import properties, varint
from sensor.protocols.mqtt.settings import MqttSettings
from sensor.protocols.printing import printed

NAMES = ("", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback",
         "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth")
CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
PUBREC: Final = 5
PUBREL: Final = 6
PUBCOMP: Final = 7
SUBSCRIBE: Final = 8
SUBACK: Final = 9
UNSUBSCRIBE: Final = 10
UNSUBACK: Final = 11
PINGREQ: Final = 12
PINGRESP: Final = 13
DISCONNECT: Final = 14
AUTH: Final = 15
_ACKS = frozenset({PUBACK, PUBREC, PUBREL, PUBCOMP})
_FIXED = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}  # flags that the standard demands; of PUBLISH they are free
_PROTOCOLS = {b"MQIsdp": (3,), b"MQTT": (4, 5)}
HEAD_BYTES = 5
NO_MESSAGE = -1


class Message(NamedTuple):
    """One control packet: its type, its fields as EVE has them, its identifier (0 for none), and rule buffers."""

    kind: int
    fields: dict[str, Any]
    number: int
    buffers: list[tuple[str, bytes]]


def size_of(head: bytes) -> int:
    """Return the length of the packet whose first bytes these are, 0 for more needed, -1 for none."""
    kind, flags = head[0] >> 4, head[0] & 15
    if not kind or (kind != PUBLISH and flags & ~8 != _FIXED.get(kind, 0)) or (kind == PUBLISH and flags & 6 == 6):
        return NO_MESSAGE
    read = varint(head, 1)
    if read is None:
        return NO_MESSAGE if len(head) >= HEAD_BYTES else 0
    return read[1] + read[0]


def head_of(data: bytes) -> tuple[int, dict[str, Any]]:
    """Return type and the flags that every packet shows."""
    flags = data[0]
    return flags >> 4, {"qos": flags >> 1 & 3, "retain": bool(flags & 1), "dup": bool(flags & 8)}


def message_of(data: bytes, version: int, settings: MqttSettings) -> Message | None:
    """Return the message in a whole packet, or None where it is none; version 0 while no CONNECT was seen."""
    kind, fields = head_of(data)
    read = varint(data, 1)
    if read is None:
        return None
    body = _Body(data[read[1] :], version, settings)
    try:
        if kind in _ACKS:
            _acknowledgement(body, fields)
        elif reader := _READERS.get(kind):
            reader(body, fields)
    except (error, IndexError):
        return None
    return Message(kind, fields, fields.get("message_id", 0), body.buffers)


class _Body:
    """What follows the fixed header, read from the front."""

    def __init__(self, data: bytes, version: int, settings: MqttSettings) -> None:
        self.data, self.at, self.version, self.settings = data, 0, version, settings
        self.buffers: list[tuple[str, bytes]] = []

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def number(self, form: str, size: int) -> int:
        self.at += size
        return int(unpack_from(form, self.data, self.at - size)[0])

    def string(self) -> bytes:
        size = self.number(">H", 2)
        if size > self.left:
            raise IndexError
        self.at += size
        return self.data[self.at - size : self.at]

    def properties(self, fields: dict[str, Any]) -> None:
        if self.version < 5 or not self.left:
            return
        found, self.at = properties(self.data, self.at)
        if found:
            fields["properties"] = found

    def show(self, name: str, value: bytes) -> None:
        self.buffers.append((name, value))


def _connect(body: _Body, fields: dict[str, Any]) -> None:
    protocol = body.string()
    body.version = version = body.number(">B", 1) & 0x7F  # a bridge sets the highest bit
    if version not in _PROTOCOLS.get(protocol, ()):
        raise IndexError
    flags, _ = body.number(">B", 1), body.number(">H", 2)
    fields |= {"protocol_string": printed(protocol), "protocol_version": version,
               "flags": {"username": bool(flags & 0x80), "password": bool(flags & 0x40), "will": bool(flags & 4),
                         "will_retain": bool(flags & 0x20), "clean_session": bool(flags & 2)}}
    body.properties(fields)
    client = body.string()
    fields["client_id"] = printed(client)
    body.show("mqtt.connect.protocol_string", protocol)
    body.show("mqtt.connect.clientid", client)
    if flags & 4:
        _will(body, fields)
    if flags & 0x80:
        name = body.string()
        fields["username"] = printed(name)
        body.show("mqtt.connect.username", name)
    if flags & 0x40:
        password = body.string()
        if body.settings.passwords:
            fields["password"] = printed(password)
        body.show("mqtt.connect.password", password)


def _will(body: _Body, fields: dict[str, Any]) -> None:
    will: dict[str, Any] = {}
    body.properties(will)
    topic, message = body.string(), body.string()
    fields["will"] = {"topic": printed(topic), "message": _shown(message, body.settings), **will}
    body.show("mqtt.connect.willtopic", topic)
    body.show("mqtt.connect.willmessage", message)


def _connack(body: _Body, fields: dict[str, Any]) -> None:
    present, code = body.number(">B", 1), body.number(">B", 1)
    fields |= {"session_present": bool(present & 1), "return_code": code}
    body.version = body.version or (5 if body.left else 4)  # only version 5 has more to say
    body.properties(fields)


def _publish(body: _Body, fields: dict[str, Any]) -> None:
    topic = body.string()
    fields["topic"] = printed(topic)
    if fields["qos"]:
        fields["message_id"] = body.number(">H", 2)
    body.properties(fields)
    message = body.data[body.at :]
    fields["message"] = _shown(message, body.settings)
    fields["payload_bytes"] = len(message)
    body.show("mqtt.publish.topic", topic)
    body.show("mqtt.publish.message", message)


def _acknowledgement(body: _Body, fields: dict[str, Any]) -> None:
    fields["message_id"] = body.number(">H", 2)
    _reason(body, fields)


def _reason(body: _Body, fields: dict[str, Any]) -> None:
    """Read the reason of version 5; where it is left out, it is 0."""
    if body.version == 5:
        fields["reason_code"] = body.number(">B", 1) if body.left else 0
        body.properties(fields)


def _subscribe(body: _Body, fields: dict[str, Any]) -> None:
    fields["message_id"] = body.number(">H", 2)
    body.properties(fields)
    topics = fields["topics"] = []
    while body.left and len(topics) < body.settings.topics:
        topic = body.string()
        topics.append({"topic": printed(topic), "qos": body.number(">B", 1) & 3})
        body.show("mqtt.subscribe.topic", topic)


def _unsubscribe(body: _Body, fields: dict[str, Any]) -> None:
    fields["message_id"] = body.number(">H", 2)
    body.properties(fields)
    topics = fields["topics"] = []
    while body.left and len(topics) < body.settings.topics:
        topic = body.string()
        topics.append(printed(topic))
        body.show("mqtt.unsubscribe.topic", topic)


def _suback(body: _Body, fields: dict[str, Any]) -> None:
    fields["message_id"] = body.number(">H", 2)
    body.properties(fields)
    fields["qos_granted"] = list(body.data[body.at : body.at + body.settings.topics])


def _unsuback(body: _Body, fields: dict[str, Any]) -> None:
    fields["message_id"] = body.number(">H", 2)
    if body.version == 5:
        body.properties(fields)
        fields["reason_codes"] = list(body.data[body.at : body.at + body.settings.topics])


def _shown(message: bytes, settings: MqttSettings) -> str:
    """Return the beginning of a message as text; what is left out is said as Suricata says it."""
    more = len(message) - settings.shown_bytes
    return printed(message[: settings.shown_bytes]) + (f"[truncated {more} additional bytes]" if more > 0 else "")


_READERS = {CONNECT: _connect, CONNACK: _connack, PUBLISH: _publish, SUBSCRIBE: _subscribe, SUBACK: _suback,
            UNSUBSCRIBE: _unsubscribe, UNSUBACK: _unsuback, DISCONNECT: _reason, AUTH: _reason}

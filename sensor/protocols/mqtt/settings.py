"""Limits of the MQTT parser."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.limits import limit, limited


@limited("mqtt")
@dataclass(frozen=True)
class MqttSettings:
    """Settings of MQTT; a value outside its range raises UsageError."""

    message_bytes: int = limit(1 << 20, 64, 1 << 28, "bytes", "longer messages are passed over, with their size told")
    shown_bytes: int = limit(1024, 1, 65_535, "bytes", "shown of what was published")
    topics: int = limit(100, 1, 65_535, "", "topics kept of a message")
    pending: int = limit(1024, 1, 65_535, "", "messages of a connection that wait for an acknowledgement")
    passwords: bool = field(default=False, metadata={"meaning": "keep the passwords of CONNECT messages in rows"})

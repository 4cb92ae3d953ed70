"""The inspection buffers of mail, under the names that rules use."""

from __future__ import annotations

from sensor.protocols.mime.headers import first
from sensor.protocols.mime.message import Message

_FIELDS = ((b"from", "email.from"), (b"subject", "email.subject"), (b"to", "email.to"), (b"cc", "email.cc"),
           (b"date", "email.date"), (b"message-id", "email.message_id"), (b"x-mailer", "email.x_mailer"))

EVENTS = {"too_many_recipients": "too_many_recipients", "headers_too_long": "mime_long_header",
          "bad_transfer_encoding": "mime_invalid_base64", "odd_reply_to_data": "invalid_pipelined_sequence",
          "mail_after_refusal": "data_command_rejected", "data_before_reply": "invalid_pipelined_sequence"}
"""What is odd -> Suricata's events."""


def email_buffers(message: Message) -> list[tuple[str, bytes]]:
    """Return the buffers of a mail that is over."""
    found = [(buffer, value) for name, buffer in _FIELDS if (value := first(message.fields, name))]
    found += [("email.received", f.value) for f in message.fields if f.name == b"received"]
    found += [("email.url", url) for url in message.urls]
    if message.body_md5:
        found.append(("email.body_md5", message.body_md5.encode()))
    return [*found, *(("event", f"smtp.{EVENTS[odd]}".encode()) for odd in message.odd if odd in EVENTS)]

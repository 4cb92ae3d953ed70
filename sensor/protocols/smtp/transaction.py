"""One mail transaction while it is read, and the row that becomes of it."""

from __future__ import annotations

import hashlib
from typing import Any

from sensor.protocols.mime.headers import addresses, first, readable
from sensor.protocols.mime.message import Message
from sensor.protocols.shown import json_text, shown


class Session:
    """What holds for the whole connection."""

    __slots__ = ("auth", "auth_outcome", "banner", "helo", "starttls")

    def __init__(self) -> None:
        self.helo = self.banner = b""
        self.auth, self.auth_outcome, self.starttls = b"", "", 0


class Transaction:
    """An envelope and its mail."""

    __slots__ = ("files", "finished", "message", "odd", "recipients", "rejected", "reply", "sender", "told", "tx_id")

    def __init__(self, tx_id: int) -> None:
        self.tx_id, self.sender, self.reply, self.told = tx_id, b"", 0, False
        self.recipients: list[bytes] = []
        self.rejected: list[bytes] = []
        self.message: Message | None = None
        self.finished = False
        self.files: list[dict[str, Any]] = []  # attachments that are over, told with the mail
        self.odd: list[str] = []

    def note(self, cause: str) -> None:
        """Note what is odd, once."""
        if cause not in self.odd:
            self.odd.append(cause)


def _list(values: list[str]) -> str:
    return json_text(values) if values else ""


def _status(message: Message) -> str:
    return "PARSE_DONE" if message.whole else "BODY_STARTED" if message.begun else "HEADER_STARTED"


def smtp_object(session: Session, tx: Transaction) -> str:
    """Return the ``smtp`` object of EVE as it stands beside a file."""
    made: dict[str, Any] = {"helo": shown(session.helo), "mail_from": shown(tx.sender),
                            "rcpt_to": [shown(r) for r in tx.recipients]}
    return json_text({k: v for k, v in made.items() if v})


def email_object(message: Message) -> str:
    """Return the ``email`` object of EVE as it stands beside a file."""
    fields = message.fields
    made: dict[str, Any] = {"status": _status(message), "from": readable(first(fields, b"from")),
                            "to": addresses(first(fields, b"to")), "cc": addresses(first(fields, b"cc")),
                            "attachment": message.names}
    return json_text({k: v for k, v in made.items() if v})


def row_of(session: Session, tx: Transaction, seen: str, md5: bool) -> dict[str, Any]:
    """Return the columns of SMTP for a transaction that is over."""
    row: dict[str, Any] = {
        "tx_id": tx.tx_id, "helo": shown(session.helo), "mail_from": shown(tx.sender),
        "rcpt_to": _list([shown(r) for r in tx.recipients]), "rejected": _list([shown(r) for r in tx.rejected]),
        "banner": shown(session.banner), "reply_code": tx.reply, "auth": shown(session.auth),
        "auth_outcome": session.auth_outcome, "starttls": session.starttls, "seen": seen}
    odd = list(tx.odd)
    if tx.message is not None:
        row |= _email(tx.message, md5)
        odd += tx.message.odd
    return row | {"anomalies": _list(odd)}


def _email(message: Message, md5: bool) -> dict[str, Any]:
    fields = message.fields
    values = {f.name: f.value for f in reversed(fields)}
    texts = {name: readable(values[header]) for name, header in _TEXTS if header in values}
    lists = {name: _list(addresses(values[header])) for name, header in _LISTS if header in values}
    received = [shown(f.value.replace(b"\r", b"").replace(b"\t", b"")) for f in fields if f.name == b"received"]
    subject = values.get(b"subject", b"")
    return texts | lists | {
        "status": _status(message), "received": _list(received[:64]), "attachment": _list(message.names),
        "url": _list([shown(u) for u in message.urls]), "message_bytes": message.size,
        "body_md5": message.body_md5,
        "subject_md5": hashlib.md5(subject, usedforsecurity=False).hexdigest() if md5 and subject else ""}


_TEXTS = (("email_from", b"from"), ("reply_to", b"reply-to"), ("subject", b"subject"), ("date", b"date"),
          ("message_id", b"message-id"), ("x_mailer", b"x-mailer"), ("user_agent", b"user-agent"),
          ("x_originating_ip", b"x-originating-ip"), ("content_type", b"content-type"))
_LISTS = (("email_to", b"to"), ("email_cc", b"cc"), ("email_bcc", b"bcc"))

"""The mail of a transaction, its attachments on their way into FileTrackers."""

from __future__ import annotations

from typing import Any

from columns.app import AppProto
from sensor.protocols.files import FileTracker
from sensor.protocols.mime.message import Message
from sensor.protocols.smtp.transaction import Transaction


def mail_of(parser: Any, tx: Transaction) -> Message:
    """Return a message that gives its attachments to the transaction."""
    return Message(parser.settings.mime, lambda name, kind: _Attachment(parser, tx, name), parser.settings.md5)


class _Attachment:
    """One attachment; it is told when the mail is read to its end."""

    def __init__(self, parser: Any, tx: Transaction, name: str) -> None:
        self._tx, self._parser = tx, parser
        self._tracker = FileTracker(parser.context, parser.settings.files, name, True, AppProto.SMTP, tx.tx_id)

    def data(self, data: bytes) -> None:
        self._tracker.data(data)

    def gap(self, size: int) -> None:
        self._tracker.gap(size)

    def end(self, state: str) -> None:
        self._tx.files.append(self._tracker.facts(state, self._parser.at))

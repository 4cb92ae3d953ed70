"""The enip table: one request of EtherNet/IP and its response."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

ENIP = transaction_table(
    "enip", "EtherNet/IP requests and their responses, with what they carry of the Common Industrial Protocol", "Enip",
    __name__,
    (
        json_words("request", "the request: command, status, and the service and path of CIP", "enip.request"),
        json_words("response", "the response likewise, with the status of CIP or who the device is", "enip.response"),
        word("command", "command of the encapsulation", "sekisho.command"),
        word("status", "its status, of the response where there is one", "sekisho.status"),
        count("session", "session that it belongs to", "sekisho.session", dtype="uint32"),
        word("service", "service of CIP that was asked for", "sekisho.service"),
        words("product", "name of the product that a device says it is", "sekisho.product"),
        word("seen", "both; request or response where the other was not seen", "sekisho.seen"),
    ),
)
Enip = ENIP.batch

"""The tftp table: one row per request or error."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

TFTP = transaction_table(
    "tftp", "TFTP: requests to read or write a file, and errors", "Tftp", __name__,
    (
        word("packet", "read, write or error", "tftp.packet"),
        words("file", "name of the file", "tftp.file"),
        word("mode", "octet, netascii or mail, as written", "tftp.mode"),
        json_words("options", "options asked for", "sekisho.options"),
        count("error_code", "code of an error", "sekisho.error_code", dtype="uint16"),
        words("error", "text of an error", "sekisho.error"),
    ),
)
Tftp = TFTP.batch

"""The pop3 table: one row per command and its reply."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

POP3 = transaction_table(
    "pop3", "POP3 commands and replies; a password is never kept", "Pop3", __name__,
    (
        json_words("request", "command and arguments", "pop3.request"),
        json_words("response", "success, status, text of the first line, further lines", "pop3.response"),
        word("command", "command in upper case; empty for the greeting", "sekisho.command"),
        words("user", "user by USER or APOP", "sekisho.user"),
        word("status", "OK or ERR; empty where no reply was seen", "sekisho.status"),
        count("reply_bytes", "bytes of the lines of a longer reply, as of a mail", "sekisho.reply_bytes", unit="bytes",
              dtype="uint64"),
    ),
)
Pop3 = POP3.batch

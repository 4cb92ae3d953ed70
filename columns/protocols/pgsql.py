"""The pgsql table: one row per request and what was answered."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

PGSQL = transaction_table(
    "pgsql", "PostgreSQL requests and their answers (protocol 3.0); a password is never kept", "Pgsql", __name__,
    (
        json_words("request", "the request", "pgsql.request"),
        json_words("response", "what was answered, rows counted and added up", "pgsql.response"),
        count("number", "number of the exchange within its connection, from 1", "pgsql.tx_id"),
        word("type", "ssl_request, startup, password, query, extended_query, cancel or termination", "sekisho.type"),
        words("user", "user by the startup message", "sekisho.user"),
        words("database", "database by the startup message", "sekisho.database"),
        words("query", "first statement of the request", "sekisho.query"),
        words("command", "command that was completed, with its count of rows", "sekisho.command"),
        word("error_code", "SQLSTATE of an error", "sekisho.error_code"),
        count("rows", "rows of data that were sent", "sekisho.rows", unit="rows", dtype="uint64"),
        count("row_bytes", "bytes of the values in them", "sekisho.row_bytes", unit="bytes", dtype="uint64"),
    ),
)
Pgsql = PGSQL.batch

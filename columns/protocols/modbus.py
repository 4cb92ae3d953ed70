"""Modbus: one request and its response."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word

MODBUS = transaction_table(
    "modbus", "Modbus/TCP requests and their responses", "Modbus", __name__,
    (
        count("id", "number of the transaction in its flow, from 1", "modbus.id", missing=""),
        json_words("request", "the request: transaction, unit, function, addresses and quantities", "modbus.request"),
        json_words("response", "the response likewise, or the exception", "modbus.response"),
        word("function", "function by its name", "sekisho.function"),
        count("function_code", "function by its number", "sekisho.function_code", dtype="uint8", missing=""),
        word("access", "what the function does: read, write, read/write, or other", "sekisho.access"),
        count("unit_id", "unit that is spoken to", "sekisho.unit_id", dtype="uint8", missing=""),
        word("exception", "why it was refused", "sekisho.exception"),
        word("seen", "both; request or response where the other was not seen", "sekisho.seen"),
    ),
)
Modbus = MODBUS.batch

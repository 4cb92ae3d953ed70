"""DNP3: one row per application message, a request or a response."""

from __future__ import annotations

from columns.transaction import count, flag, json_words, transaction_table, word

DNP3 = transaction_table(
    "dnp3", "DNP3 application messages", "Dnp3", __name__,
    (
        word("type", "request or response", "dnp3.type"),
        json_words("control", "link control: dir, pri, fcb, fcv, function_code", "dnp3.control"),
        count("src", "link address of the sender", "dnp3.src", dtype="uint16", missing=""),
        count("dst", "link address of the receiver", "dnp3.dst", dtype="uint16", missing=""),
        json_words("application", "application message: control, function_code, objects, complete", "dnp3.application"),
        json_words("indicators", "internal indications of a response by their names", "dnp3.iin.indicators"),
        count("iin", "internal indications of a response as a number", "sekisho.iin", dtype="uint16"),
        word("function", "function by its name", "sekisho.function"),
        word("answers", "function of the request that a response answers", "sekisho.answers"),
        count("message_bytes", "length of the application message", "sekisho.message_bytes", unit="bytes"),
        flag("to_server", "whether the initiator of the flow sent it", "sekisho.to_server"),
    ),
)
Dnp3 = DNP3.batch

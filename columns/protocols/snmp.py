"""The snmp table: one row per message."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

SNMP = transaction_table(
    "snmp", "SNMP messages of versions 1, 2c and 3", "Snmp", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        count("version", "version of the protocol: 1, 2 (2c) or 3", "snmp.version", dtype="uint8"),
        words("community", "community of versions 1 and 2c", "snmp.community"),
        word("pdu_type", "kind of message; encrypted where it cannot be seen", "snmp.pdu_type"),
        json_words("vars", "object identifiers named", "snmp.vars"),
        words("trap_oid", "enterprise of a version 1 trap", "snmp.trap_oid"),
        words("trap_address", "agent of a version 1 trap", "snmp.trap_address"),
        word("trap_type", "generic kind of a version 1 trap", "snmp.trap_type"),
        words("usm", "user of version 3", "snmp.usm"),
        words("engine_id", "engine of version 3, hex", "sekisho.engine_id"),
        word("security", "noAuthNoPriv, authNoPriv or authPriv", "sekisho.security"),
        count("request_id", "number that ties response to request", "sekisho.request_id", dtype="int64"),
        count("error_status", "error of a response, 0 for none", "sekisho.error_status", dtype="uint32"),
        count("message_bytes", "length of the message", "sekisho.message_bytes", unit="bytes", dtype="uint32"),
    ),
)
Snmp = SNMP.batch

"""LDAP: one request and its responses."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

LDAP = transaction_table(
    "ldap", "LDAP requests and their responses", "Ldap", __name__,
    (
        json_words("request", "the request: message_id, operation, and an object named after the operation",
                   "ldap.request"),
        json_words("responses", "the responses likewise, the first of many", "ldap.responses"),
        word("operation", "operation of the request", "sekisho.operation"),
        words("object", "what it is about: base of a search, entry, or who binds", "sekisho.object"),
        words("filter", "filter of a search (RFC 4515)", "sekisho.filter"),
        word("result", "result code of the last response", "sekisho.result"),
        word("authentication", "of a bind: simple, or the SASL mechanism; secrets are never kept",
             "sekisho.authentication"),
        words("user", "who binds: domain and name by NTLMSSP", "sekisho.user"),
        count("response_count", "responses in all", "sekisho.response_count"),
        count("response_bytes", "bytes of the responses", "sekisho.response_bytes", unit="bytes", dtype="uint64"),
        word("seen", "both; request or response where the other was not seen", "sekisho.seen"),
    ),
)
Ldap = LDAP.batch

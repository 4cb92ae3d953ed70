"""The ike table: one row per message of a key exchange."""

from __future__ import annotations

from columns.transaction import count, flag, json_words, transaction_table, word, words

IKE = transaction_table(
    "ike", "IKE messages of versions 1 and 2 (ISAKMP): what both sides propose and choose before they encrypt", "Ike",
    __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        count("version_major", "1 or 2", "ike.version_major", dtype="uint8"),
        count("version_minor", "0", "ike.version_minor", dtype="uint8", missing=""),
        count("exchange_type", "kind of exchange as a number", "ike.exchange_type", dtype="uint8", missing=""),
        word("exchange", "kind of exchange", "ike.exchange_type_verbose"),
        count("message_id", "message identifier", "ike.message_id", dtype="uint32", missing=""),
        words("init_spi", "security parameter index of the initiator, hex", "ike.init_spi"),
        words("resp_spi", "that of the responder, hex; zeros while it has none", "ike.resp_spi"),
        word("role", "initiator or responder: who sent it", "ike.role"),
        flag("encrypted", "its payloads are encrypted", "sekisho.encrypted"),
        json_words("payload", "kinds of payloads in their order", "ike.payload"),
        word("alg_enc", "encryption that was chosen", "ike.alg_enc"),
        word("alg_hash", "hash that was chosen (version 1)", "ike.alg_hash"),
        word("alg_auth", "authentication that was chosen", "ike.alg_auth"),
        word("alg_dh", "Diffie-Hellman group that was chosen", "ike.alg_dh"),
        json_words("ikev1", "proposals, lengths of keys and nonces, vendors (version 1)", "ike.ikev1"),
        json_words("ikev2", "errors and notifications (version 2)", "ike.ikev2"),
        count("message_bytes", "length of the message", "sekisho.message_bytes", unit="bytes", dtype="uint32"),
    ),
)
Ike = IKE.batch

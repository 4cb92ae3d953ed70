"""The mqtt table: one row per exchange of messages."""

from __future__ import annotations

from columns.transaction import count, flag, json_words, transaction_table, word, words

MQTT = transaction_table(
    "mqtt", "MQTT exchanges (3.1, 3.1.1, 5): a message and its acknowledgements; a password is never kept",
    "Mqtt", __name__,
    (
        json_words("messages", "the messages by type, each with its fields", "mqtt"),
        count("to_server", "1 when the client of the flow began it", "sekisho.to_server", dtype="uint8"),
        word("type", "type of the first message", "sekisho.type"),
        words("client_id", "client of the connection, by its CONNECT", "sekisho.client_id"),
        words("username", "user name of the connection, by its CONNECT", "sekisho.username"),
        words("topic", "topic published to, or the first one subscribed to or left", "sekisho.topic"),
        count("payload_bytes", "bytes of a published message", "sekisho.payload_bytes", unit="bytes"),
        count("qos", "quality of service of the first message, 0 to 2", "sekisho.qos", dtype="uint8"),
        flag("retain", "the broker is to keep what is published", "sekisho.retain"),
        count("protocol_version", "3, 4 (3.1.1) or 5 by the CONNECT", "sekisho.protocol_version", dtype="uint8"),
        count("reason_code", "return or reason code of the last answer, 0 for success", "sekisho.reason_code",
              dtype="uint8"),
        word("seen", "both; request or response where the other was not seen", "sekisho.seen"),
    ),
)
Mqtt = MQTT.batch

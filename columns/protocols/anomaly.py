"""The anomaly table: one row per thing in a conversation that its protocol does not allow for."""

from __future__ import annotations

from columns.transaction import count, transaction_table, word

ANOMALY = transaction_table(
    "anomaly", "what a protocol does not allow for: an end that speaks another one, messages that are none",
    "Anomaly", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        word("type", "layer of the product that found it: applayer or stream", "anomaly.type"),
        word("event", "what it is, under Suricata's name where it has one", "anomaly.event"),
        word("layer", "proto_detect where a protocol is recognised, proto_parser where one is followed",
             "anomaly.layer"),
        word("app_proto", "protocol of the conversation", "anomaly.app_proto"),
    ),
)
Anomaly = ANOMALY.batch

"""The sip table: one row per message."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

SIP = transaction_table(
    "sip", "SIP requests and responses", "Sip", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        word("method", "method of a request", "sip.method"),
        words("uri", "what a request is about", "sip.uri"),
        word("version", "SIP/2.0", "sip.version"),
        words("request_line", "first line of a request", "sip.request_line"),
        word("code", "code of a response", "sip.code"),
        words("reason", "reason of a response", "sip.reason"),
        words("response_line", "first line of a response", "sip.response_line"),
        words("call_id", "the call", "sekisho.call_id"),
        words("from_uri", "From header", "sekisho.from"),
        words("to_uri", "To header", "sekisho.to"),
        words("contact", "Contact header", "sekisho.contact"),
        words("via", "first Via header", "sekisho.via"),
        words("user_agent", "User-Agent header", "sekisho.user_agent"),
        word("content_type", "kind of body", "sekisho.content_type"),
        count("body_bytes", "length of the body", "sekisho.body_bytes", unit="bytes"),
        json_words("sdp", "session that the body describes (SDP): origin, times, media", "sip.sdp"),
    ),
)
Sip = SIP.batch

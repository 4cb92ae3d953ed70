"""The ntp table: one row per message."""

from __future__ import annotations

from columns.transaction import count, transaction_table, word, words

NTP = transaction_table(
    "ntp", "NTP messages, with the control and private modes that floods are made of", "Ntp", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        count("version", "version of the protocol", "ntp.version", dtype="uint8"),
        word("mode", "client, server, symmetric active, broadcast, control, private, ...", "ntp.mode"),
        word("leap", "warning of a leap second", "ntp.leap"),
        count("stratum", "distance from a clock, 0 unspecified", "ntp.stratum", dtype="uint8"),
        count("poll", "most seconds between messages, as a power of two", "ntp.poll", dtype="uint8"),
        count("precision", "precision of the clock, as a power of two of seconds", "ntp.precision", dtype="int64"),
        count("root_delay_us", "round trip to the reference clock", "ntp.root_delay", unit="us", dtype="int64"),
        count("root_dispersion_us", "error against the reference clock", "ntp.root_dispersion", unit="us",
              dtype="int64"),
        words("reference_id", "what the clock follows: a code, an address, or hex", "ntp.reference_id"),
        count("reference_time_ns", "when the clock was set", "ntp.reference_time", unit="ns since 1970", dtype="int64"),
        count("origin_time_ns", "when the request left, by the asker's clock", "ntp.origin_time",
              unit="ns since 1970", dtype="int64"),
        count("receive_time_ns", "when the request arrived", "ntp.receive_time", unit="ns since 1970", dtype="int64"),
        count("transmit_time_ns", "when this message left", "ntp.transmit_time", unit="ns since 1970", dtype="int64"),
        count("operation", "operation of control mode, or request code of private mode (42 is monlist)",
              "ntp.operation", dtype="uint8"),
        count("message_bytes", "length of the message", "sekisho.message_bytes", unit="bytes", dtype="uint16"),
    ),
)
Ntp = NTP.batch

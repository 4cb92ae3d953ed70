"""The RDP table: one row per message of the connection's beginning, as Suricata writes them."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

RDP = transaction_table(
    "rdp", "Beginnings of remote desktop connections", "Rdp", __name__, (
        word("event_type", "initial_request, initial_response, connect_request or connect_response", "rdp.event_type"),
        words("cookie", "user or load-balancing token in the request: what follows mstshash=", "rdp.cookie"),
        json_words("flags", "flags of the request", "rdp.flags"),
        json_words("server_supports", "flags of the response", "rdp.server_supports"),
        word("protocol", "security protocol that the server chose: rdp, ssl, hybrid, rds_tls, hybrid_ex",
             "rdp.protocol"),
        count("error_code", "why the server refused", "rdp.error_code"),
        word("reason", "why the server refused, in words", "rdp.reason"),
        word("client_version", "RDP version of the client", "rdp.client.version"),
        count("desktop_width", "width of the desktop", "rdp.client.desktop_width", unit="pixels", dtype="uint16"),
        count("desktop_height", "height of the desktop", "rdp.client.desktop_height", unit="pixels", dtype="uint16"),
        count("color_depth", "colour depth", "rdp.client.color_depth", unit="bits", dtype="uint8"),
        word("keyboard_layout", "keyboard layout of the client", "rdp.client.keyboard_layout"),
        word("build", "system of the client, by its build number", "rdp.client.build"),
        words("client_name", "name of the client's computer", "rdp.client.client_name"),
        word("keyboard_type", "kind of keyboard", "rdp.client.keyboard_type"),
        count("keyboard_subtype", "kind of keyboard, in detail", "rdp.client.keyboard_subtype"),
        count("function_keys", "number of function keys", "rdp.client.function_keys"),
        words("ime", "input method file of the client", "rdp.client.ime"),
        count("product_id", "product id of the client", "rdp.client.product_id", dtype="uint16"),
        count("serial_number", "serial number of the client", "rdp.client.serial_number"),
        json_words("capabilities", "early capabilities of the client", "rdp.client.capabilities"),
        words("client_id", "digital product id of the client", "rdp.client.id"),
        word("connection_hint", "kind of network that the client speaks of", "rdp.client.connection_hint"),
        count("physical_width", "width of the client's screen", "rdp.client.physical_width", unit="mm"),
        count("physical_height", "height of the client's screen", "rdp.client.physical_height", unit="mm"),
        count("desktop_orientation", "orientation of the desktop", "rdp.client.desktop_orientation", unit="degrees",
              dtype="uint16"),
        count("scale_factor", "scale of the desktop", "rdp.client.scale_factor", unit="percent"),
        count("device_scale_factor", "scale of the device", "rdp.client.device_scale_factor", unit="percent"),
        json_words("channels", "virtual channels that the client asks for", "rdp.channels"),
        json_words("requested_protocols", "security protocols that the client offers",
                   "sekisho.rdp.requested_protocols"),
        count("client_build", "build number of the client", "sekisho.rdp.client_build"),
    ),
)
"""Messages."""

Rdp = RDP.batch

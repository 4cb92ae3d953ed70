"""The rfb table: one row per connection to a remote screen (VNC)."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

RFB = transaction_table(
    "rfb", "RFB (VNC) connections: versions, authentication, screen", "Rfb", __name__,
    (
        json_words("server_version", "version that the server offers: major, minor", "rfb.server_protocol_version"),
        json_words("client_version", "version that the client chose: major, minor", "rfb.client_protocol_version"),
        json_words("authentication", "security type, challenge and response of VNC's own (hex), result",
                   "rfb.authentication"),
        json_words("shared", "whether the client lets others keep the screen: true or false", "rfb.screen_shared"),
        json_words("framebuffer", "width, height, name, pixel format", "rfb.framebuffer"),
        count("security_type", "1 none, 2 VNC, else as registered", "sekisho.security_type"),
        word("result", "OK, FAIL or TOOMANY; empty while none was seen", "sekisho.result"),
        words("screen", "name of the screen", "sekisho.screen"),
    ),
)
Rfb = RFB.batch

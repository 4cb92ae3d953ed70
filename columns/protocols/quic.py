"""The QUIC table: one row per hello, of the client and of the server, as Suricata writes them."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

QUIC = transaction_table(
    "quic", "Hellos in QUIC, and connections whose hellos could not be read", "Quic", __name__, (
        word("version", "version number, in decimal", "quic.version"),
        words("sni", "name of the server that the client asked for", "quic.sni"),
        words("ua", "user agent (Google QUIC only)", "quic.ua"),
        json_words("cyu", "CYU fingerprints of the client (Google QUIC only): hash, string", "quic.cyu"),
        words("ja3_hash", "MD5 of ja3_string", "quic.ja3.hash"),
        words("ja3_string", "JA3 of the client", "quic.ja3.string"),
        words("ja3s_hash", "MD5 of ja3s_string", "quic.ja3s.hash"),
        words("ja3s_string", "JA3S of the server", "quic.ja3s.string"),
        words("ja4", "JA4 of the client", "quic.ja4"),
        json_words("extensions", "extensions of the hello, in order: name, type, values of some", "quic.extensions"),
        word("version_name", "version as its makers call it", "sekisho.quic.version"),
        word("sender", "whose hello: client or server; none where no hello could be read", "sekisho.quic.sender"),
        json_words("alpns", "application protocols offered or chosen", "sekisho.quic.alpns"),
        word("cipher", "name of the cipher suite that the server chose", "sekisho.quic.cipher"),
        word("named_group", "named group of the key exchange that the server chose", "sekisho.quic.named_group"),
        word("tls_version", "version of TLS offered or chosen", "sekisho.quic.tls_version"),
        words("client_dcid", "destination connection id of the client's first packet", "sekisho.quic.client_dcid"),
        words("client_scid", "connection id that the client gave itself", "sekisho.quic.client_scid"),
        words("server_scid", "connection id that the server gave itself", "sekisho.quic.server_scid"),
        count("retries", "Retry packets of the server before this hello", "sekisho.quic.retries", dtype="uint16"),
        count("resumed", "1 = the server took a pre-shared key", "sekisho.quic.resumed", dtype="uint8"),
    ),
)
"""Hellos."""

Quic = QUIC.batch

"""The TLS table: one row per handshake."""

from __future__ import annotations

from columns.transaction import count, flag, json_words, transaction_table, word, words

TLS = transaction_table(
    "tls", "TLS (and SSL) handshakes: what both sides said before encryption", "Tls", __name__, (
        word("version", "version that the server chose; UNDETERMINED where its hello was not seen", "tls.version"),
        words("sni", "name of the server that the client asked for", "tls.sni"),
        words("subject", "subject of the server's certificate", "tls.subject"),
        words("issuerdn", "issuer of the server's certificate", "tls.issuerdn"),
        words("serial", "serial number of the server's certificate: bytes in hexadecimal", "tls.serial"),
        words("fingerprint", "SHA-1 of the server's certificate", "tls.fingerprint"),
        words("notbefore", "the server's certificate is valid from (UTC)", "tls.notbefore"),
        words("notafter", "the server's certificate is valid until (UTC)", "tls.notafter"),
        json_words("subjectaltname", "names in the server's certificate: DNS, e-mail, URI, address",
                   "tls.subjectaltname"),
        flag("session_resumed", "a session of TLS 1.2 or older was resumed", "tls.session_resumed"),
        words("client_subject", "subject of the client's certificate", "tls.client.subject"),
        words("client_issuerdn", "issuer of the client's certificate", "tls.client.issuerdn"),
        words("client_serial", "serial number of the client's certificate", "tls.client.serial"),
        words("client_fingerprint", "SHA-1 of the client's certificate", "tls.client.fingerprint"),
        words("client_notbefore", "the client's certificate is valid from (UTC)", "tls.client.notbefore"),
        words("client_notafter", "the client's certificate is valid until (UTC)", "tls.client.notafter"),
        words("ja3_hash", "MD5 of ja3_string", "tls.ja3.hash"),
        words("ja3_string", "JA3: version, ciphers, extensions, groups, point formats of the client",
              "tls.ja3.string"),
        words("ja3s_hash", "MD5 of ja3s_string", "tls.ja3s.hash"),
        words("ja3s_string", "JA3S: version, cipher, extensions of the server", "tls.ja3s.string"),
        words("ja4", "JA4 of the client", "tls.ja4"),
        json_words("client_alpns", "application protocols that the client offered", "tls.client_alpns"),
        json_words("server_alpns", "application protocol that the server chose", "tls.server_alpns"),
        word("client_version", "highest version that the client offered", "tls.client_handshake.version"),
        json_words("client_ciphers", "cipher suites offered, in order, without GREASE", "tls.client_handshake.ciphers"),
        json_words("client_exts", "extensions of the client, in order, without GREASE", "tls.client_handshake.exts"),
        json_words("client_sig_algs", "signature algorithms offered, in order", "tls.client_handshake.sig_algs"),
        word("server_version", "version that the server chose, empty where unseen", "tls.server_handshake.version"),
        count("server_cipher", "cipher suite that the server chose, as a number", "tls.server_handshake.cipher",
              dtype="uint16"),
        json_words("server_exts", "extensions of the server, in order", "tls.server_handshake.exts"),
        word("from_proto", "protocol that turned to TLS (STARTTLS, CONNECT)", "tls.from_proto"),
        word("cipher", "name of the cipher suite that the server chose", "sekisho.tls.cipher"),
        word("named_group", "named group of the key exchange", "sekisho.tls.named_group"),
        json_words("client_groups", "named groups offered, in order, without GREASE", "sekisho.tls.client_groups"),
        words("client_session_id", "session id that the client offered", "sekisho.tls.client_session_id"),
        words("server_session_id", "session id that the server gave", "sekisho.tls.server_session_id"),
        word("resumption_offered", "what the client offered to resume with: psk, ticket or session_id",
             "sekisho.tls.resumption_offered"),
        word("resumption", "what was resumed with: psk, ticket or session_id", "sekisho.tls.resumption"),
        count("hello_retry", "1 = the server asked for another hello", "sekisho.tls.hello_retry", dtype="uint8"),
        word("hellos_seen", "whose hello was seen: both, client, server or none", "sekisho.tls.hellos_seen"),
        count("established", "1 = encryption began on both sides", "sekisho.tls.established", dtype="uint8"),
        json_words("alerts", "alerts in clear: who, level, description", "sekisho.tls.alerts"),
        json_words("chain", "certificates of the server, its own first: subject, issuerdn, serial, sha1, sha256, "
                   "notbefore, notafter", "sekisho.tls.chain"),
        count("chain_certificates", "number of certificates that the server sent",
              "sekisho.tls.chain_certificates", dtype="uint16"),
    ),
)
"""Handshakes."""

Tls = TLS.batch

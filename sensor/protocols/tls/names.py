"""Names of TLS versions, alerts and groups, and which numbers are GREASE (RFC 8701)."""

from __future__ import annotations

TLS10, TLS12, TLS13 = 0x0301, 0x0303, 0x0304
SSL2, SSL3 = 0x0002, 0x0300

_VERSIONS = {SSL2: "SSLv2", SSL3: "SSLv3", TLS10: "TLSv1", 0x0302: "TLS 1.1", TLS12: "TLS 1.2", TLS13: "TLS 1.3"}

_ALERTS = {
    0: "close_notify", 1: "end_of_early_data", 10: "unexpected_message", 20: "bad_record_mac",
    21: "decryption_failed", 22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure",
    41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
    45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
    49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
    100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
    111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
    120: "no_application_protocol", 121: "ech_required",
}

_CURVES = """
sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 sect283r1 sect409k1 sect409r1
sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 secp192r1 secp224k1 secp224r1 secp256k1 secp256r1 secp384r1
secp521r1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 x25519 x448
"""
_GROUPS = dict(enumerate(_CURVES.split(), 1)) | {
    41: "curveSM2", 0x100: "ffdhe2048", 0x101: "ffdhe3072", 0x102: "ffdhe4096", 0x103: "ffdhe6144",
    0x104: "ffdhe8192", 0x200: "MLKEM512", 0x201: "MLKEM768", 0x202: "MLKEM1024", 0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768", 0x11ED: "SecP384r1MLKEM1024", 0x6399: "X25519Kyber768Draft00",
    0xFF01: "arbitrary_explicit_prime_curves", 0xFF02: "arbitrary_explicit_char2_curves",
}

_FIRST_EXTENSIONS = """
server_name max_fragment_length client_certificate_url trusted_ca_keys truncated_hmac status_request user_mapping
client_authz server_authz cert_type supported_groups ec_point_formats srp signature_algorithms use_srtp heartbeat alpn
status_request_v2 signed_certificate_timestamp client_certificate_type server_certificate_type padding
encrypt_then_mac extended_master_secret token_binding cached_info tls_lts compress_certificate record_size_limit
pwd_protect pwd_clear password_salt ticket_pinning tls_cert_with_extern_psk delegated_credentials session_ticket tlmsp
tlmsp_proxying tlmsp_delegate supported_ekt_ciphers
"""
_EXTENSIONS = dict(enumerate(_FIRST_EXTENSIONS.split())) | {
    41: "pre_shared_key", 42: "early_data", 43: "supported_versions", 44: "cookie", 45: "psk_key_exchange_modes",
    47: "certificate_authorities", 48: "oid_filters", 49: "post_handshake_auth", 50: "signature_algorithms_cert",
    51: "key_share", 52: "transparency_info", 53: "connection_id_deprecated", 54: "connection_id",
    55: "external_id_hash", 56: "external_session_id", 57: "quic_transport_parameters", 58: "ticket_request",
    59: "dnssec_chain", 13172: "next_protocol_negotiation", 65281: "renegotiation_info",
}

GREASE = frozenset(0x0A0A + 0x1010 * n for n in range(16))
"""Numbers without meaning that a client mixes in (RFC 8701)."""


def version_name(version: int) -> str:
    """Return the name of a version as Suricata writes it; drafts of 1.3 by their number, others in hexadecimal."""
    if version >> 8 == 0x7F:
        return f"TLS 1.3 draft-{version & 0xFF}"
    return _VERSIONS.get(version) or f"0x{version:04x}"


def is_tls13(version: int) -> bool:
    """Return True for TLS 1.3 and its drafts (7f.. IETF, fb.. as Facebook numbered them)."""
    return version == TLS13 or version >> 8 in (0x7F, 0xFB)


def alert_name(description: int) -> str:
    """Return the registered name of an alert, or its number."""
    return _ALERTS.get(description) or str(description)


def group_name(group: int) -> str:
    """Return the registered name of a named group, or its number in hexadecimal."""
    return _GROUPS.get(group) or f"0x{group:04x}"


def extension_name(kind: int) -> str:
    """Return the registered name of an extension, or "" where none is."""
    return _EXTENSIONS.get(kind, "")

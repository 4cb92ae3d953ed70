"""Suricata's events that are noticed here in streams and by the parsers of protocols; decode_events has the others."""

from __future__ import annotations

from detectors.signatures.engine.listening import STREAM_EVENTS as OF_BYTES
from detectors.signatures.engine.tcp_events import TCP_EVENTS

STREAM_EVENTS = OF_BYTES | TCP_EVENTS

_HTTP = """request_header_folding request_field_missing_colon missing_host_header host_header_ambiguous
invalid_content_length_field_in_request invalid_transfer_encoding_value_in_request invalid_request_chunk_len
request_header_too_long request_field_name_invalid too_many_headers request_chunk_extension response_header_folding
response_field_missing_colon invalid_content_length_field_in_response invalid_transfer_encoding_value_in_response
invalid_response_chunk_len response_header_too_long response_field_name_invalid gzip_decompression_failed
compression_bomb response_chunk_extension request_header_host_invalid"""
_OF = {
    "http": _HTTP, "http1": _HTTP,
    "dns": "z_flag_set invalid_opcode malformed_data invalid_answers invalid_authorities invalid_additionals",
    "mdns": "malformed_data invalid_answers invalid_authorities invalid_additionals",
    "tls": "invalid_certificate certificate_invalid_der invalid_handshake_message invalid_tls_header "
           "invalid_record_type",
    "ftp": "request_command_too_long response_command_too_long",
    "smtp": "too_many_recipients mime_long_header mime_invalid_base64 invalid_pipelined_sequence data_command_rejected",
    "http2": "userinfo_in_uri", "smb": "file_overlap", "krb5": "weak_encryption", "applayer": "protocol_changed",
    "mqtt": "malformed_traffic double_connect unintroduced_message", "bittorrent_dht": "malformed_packet",
    "ike": "malformed_data no_encryption weak_crypto_enc weak_crypto_prf weak_crypto_auth weak_crypto_dh "
           "weak_crypto_nodh weak_crypto_noauth",
    "enip": "invalid_pdu", "dnp3": "bad_link_crc bad_transport_crc too_long_reassembly",
}
EVENTS = frozenset(f"{proto}.{name}" for proto, names in _OF.items() for name in names.split())
"""Events of protocols, as the parsers tell them."""

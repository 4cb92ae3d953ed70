"""HTTP's inspection buffers, under the names that rules use and normalised as Suricata does it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sensor.protocols.http.head import Head
from sensor.protocols.http.transaction import Transaction
from sensor.protocols.http.uri import inspected_uri

Buffers = list[tuple[str, bytes]]

_REQUEST = ((b"user-agent", "http.user_agent"), (b"referer", "http.referer"), (b"accept", "http.accept"),
            (b"accept-encoding", "http.accept_enc"), (b"accept-language", "http.accept_lang"))
_BOTH = ((b"content-type", "http.content_type"), (b"content-length", "http.content_len"),
         (b"connection", "http.connection"))
_RESPONSE = ((b"server", "http.server"), (b"location", "http.location"))

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\])(?::\d{1,5})?")

EVENTS = {
    "folded_header": "request_header_folding", "header_without_colon": "request_field_missing_colon",
    "missing_host": "missing_host_header", "host_differs": "host_header_ambiguous",
    "odd_content_length": "invalid_content_length_field_in_request",
    "odd_transfer_encoding": "invalid_transfer_encoding_value_in_request",
    "bad_chunk_size": "invalid_request_chunk_len", "head_too_long": "request_header_too_long",
    "odd_header_name": "request_field_name_invalid", "too_many_headers": "too_many_headers",
    "chunk_extension": "request_chunk_extension", "odd_host": "request_header_host_invalid",
}
_RESPONSE_EVENTS = {
    "folded_header": "response_header_folding", "header_without_colon": "response_field_missing_colon",
    "odd_content_length": "invalid_content_length_field_in_response",
    "odd_transfer_encoding": "invalid_transfer_encoding_value_in_response",
    "bad_chunk_size": "invalid_response_chunk_len", "head_too_long": "response_header_too_long",
    "odd_header_name": "response_field_name_invalid", "too_many_headers": "too_many_headers",
    "not_as_coded": "gzip_decompression_failed", "bad_coding": "gzip_decompression_failed",
    "inflate_limit": "compression_bomb", "chunk_extension": "response_chunk_extension",
}


def request_buffers(tx: Transaction, head: Head, block: bytes) -> Buffers:
    """Return the buffers of a request's head; block is the head as it came."""
    line, raw = _parted(block)
    found: Buffers = [("http.request_line", line), ("http.method", tx.method), ("http.uri.raw", tx.url),
                      ("http.uri", inspected_uri(tx.target)), ("http.protocol", tx.protocol)]
    host = head.value(b"host")
    if name := tx.hostname:
        found.append(("http.host", name))
    if raw_host := (host or tx.hostname):
        found.append(("http.host.raw", raw_host))
    found += _named(head, _REQUEST)
    if cookies := head.values(b"cookie"):
        found.append(("http.cookie", b", ".join(cookies)))
    if host and not _HOST.fullmatch(host):
        found += events(("odd_host",), True)
    return found + _common(head, line, raw, "http.request_header", b"cookie")


def response_buffers(tx: Transaction, head: Head, block: bytes) -> Buffers:
    """Return the buffers of a response's head."""
    line, raw = _parted(block)
    digits = b"%d" % tx.status if tx.status else b""
    found: Buffers = [("http.response_line", line), ("http.protocol", tx.response_protocol),
                      ("http.stat_code", digits), ("http.stat_msg", tx.reason)]
    found += _named(head, _RESPONSE)
    if cookies := head.values(b"set-cookie"):
        found.append(("http.cookie", b", ".join(cookies)))
    return [pair for pair in found if pair[1]] + _common(head, line, raw, "http.response_header", b"set-cookie")


def events(causes: Sequence[str], to_server: bool) -> Buffers:
    """Return what was odd as Suricata's events."""
    known = EVENTS if to_server else _RESPONSE_EVENTS
    return [("event", f"http1.{known[c]}".encode()) for c in causes if c in known] + [
        ("event", f"http.{known[c]}".encode()) for c in causes if c in known]


def _parted(block: bytes) -> tuple[bytes, bytes]:
    line, _, raw = block.lstrip(b"\r\n").partition(b"\n")
    return line.rstrip(b"\r"), raw


def _named(head: Head, names: Sequence[tuple[bytes, str]]) -> Buffers:
    return [(buffer, b", ".join(values)) for name, buffer in names if (values := head.values(name))]


def _common(head: Head, line: bytes, raw: bytes, instance: str, cookie: bytes) -> Buffers:
    found = _named(head, _BOTH)
    joined: dict[bytes, tuple[bytes, list[bytes]]] = {}
    for key, name, value, _ in head.headers:
        joined.setdefault(key, (name, []))[1].append(value)
    whole = [(key, name, b", ".join(values)) for key, (name, values) in joined.items()]
    text = b"".join([name + b": " + value + b"\r\n" for key, name, value in whole if key != cookie])
    if text:
        found.append(("http.header", text))
    if raw.strip(b"\r\n"):
        found.append(("http.header.raw", raw))
    names = b"\r\n" + b"".join([name + b"\r\n" for _, name, _ in whole]) + b"\r\n"
    found += [("http.header_names", names), ("http.start", line + b"\r\n" + raw)]
    return found + [(instance, name + b": " + value) for _, name, value in whole]

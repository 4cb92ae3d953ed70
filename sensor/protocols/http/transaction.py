"""One request with its response while they are read, and the row that becomes of them."""

from __future__ import annotations

import base64
import json
import re
from json.encoder import encode_basestring as quoted
from typing import Any

from sensor.protocols.http.body import Body
from sensor.protocols.http.head import Head
from sensor.protocols.http.uri import Target
from sensor.protocols.shown import json_text, shown, shown_all

_NO_TARGET = Target(b"", 0, b"", b"")
_RANGE = re.compile(rb"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_SECRET = frozenset({b"authorization", b"proxy-authorization"})


class Transaction:
    """What is known of a request and its response so far."""

    __slots__ = ("common", "cut", "file_names", "interim", "method", "odd", "protocol", "reason", "request",
                 "request_at",
                 "request_body", "request_done", "response", "response_body", "response_done", "response_framing",
                 "response_protocol",
                 "status", "target", "trailers", "tx_id", "url")

    def __init__(self, tx_id: int) -> None:
        self.tx_id = tx_id
        self.common: dict[str, Any] | None = None  # what was already made for a file
        self.request: Head | None = None
        self.response: Head | None = None
        self.method = self.url = self.protocol = self.response_protocol = self.reason = b""
        self.target, self.status, self.interim, self.request_at = _NO_TARGET, 0, 0, 0
        self.request_body: Body | None = None
        self.response_body: Body | None = None
        self.request_done = self.response_done = self.cut = False
        self.response_framing = 0
        self.odd: list[str] = []
        self.trailers: list[tuple[bytes, bytes, bytes]] = []
        self.file_names: list[bytes] = []

    def asked(self, name: bytes) -> bytes:
        """First value of a header of the request."""
        return self.request.value(name) if self.request else b""

    def answered(self, name: bytes) -> bytes:
        """First value of a header of the response."""
        return self.response.value(name) if self.response else b""

    @property
    def length(self) -> int:
        """Bytes of the response body on the wire, chunk lines included."""
        return (self.response_body.wire_bytes if self.response_body else 0) + self.response_framing


def _common(tx: Transaction) -> dict[str, Any]:
    """What a file and the transaction itself both show."""
    hostname, url, user_agent, content_type, referer, method, protocol, location = shown_all((
        tx.target.hostname, tx.url, tx.asked(b"user-agent"), media_type(tx.answered(b"content-type")),
        tx.asked(b"referer"), tx.method, tx.protocol, tx.answered(b"location")))
    return {
        "hostname": hostname, "http_port": tx.target.port, "url": url, "http_user_agent": user_agent,
        "http_content_type": content_type, "http_refer": referer, "http_method": method, "protocol": protocol,
        "status": tx.status, "redirect": location, "length": tx.length}


def http_object(tx: Transaction) -> str:
    """Return the ``http`` object of EVE as it stands beside a file."""
    common = _common(tx)
    if tx.response is not None:
        tx.common = common
    parts = [f'"{k}":{quoted(v) if isinstance(v, str) else v}' for k, v in common.items() if v or k == "length"]
    return "{" + ",".join(parts) + "}"


def row_of(tx: Transaction, headers: bool) -> dict[str, Any]:
    """Return the columns of HTTP for a transaction that is over; headers: whether all headers go with it."""
    request, response = tx.request_body, tx.response_body
    normalized, reason, protocol, content_type, xff, server, origin, coding = shown_all((
        tx.target.normalized, tx.reason, tx.response_protocol, media_type(tx.asked(b"content-type")),
        tx.asked(b"x-forwarded-for"), tx.answered(b"server"), tx.asked(b"origin"), tx.answered(b"content-encoding")))
    row = tx.common or _common(tx)
    row |= {
        "length": tx.length, "tx_id": tx.tx_id, "url_normalized": normalized, "status_text": reason,
        "response_protocol": protocol, "request_content_type": content_type,
        "content_range": _content_range(tx.answered(b"content-range")), "xff": xff, "server": server,
        "origin": origin, "username": _username(tx.asked(b"authorization")), "content_encoding": coding,
        "request_headers": _headers(tx.request.headers) if headers and tx.request else "",
        "response_headers": _headers(tx.response.headers) if headers and tx.response else "",
        "trailers": _headers(tx.trailers), "file_names": _names(tx.file_names),
        "request_body_bytes": request.wire_bytes if request else 0,
        "response_body_bytes": response.wire_bytes if response else 0,
        "response_entity_bytes": response.entity_bytes if response else 0,
        "interim": tx.interim, "request_ts_ns": tx.request_at, "seen": _seen(tx), "anomalies": _anomalies(tx)}
    return row


def media_type(value: bytes) -> bytes:
    """Return a Content-Type without its parameters."""
    return value.partition(b";")[0].strip()


def _seen(tx: Transaction) -> str:
    if tx.request is None:
        return "response"
    if tx.response is None and not tx.response_done:
        return "request"
    return "partial" if tx.cut else "both"


def _anomalies(tx: Transaction) -> str:
    odd = tx.odd
    for body in (tx.request_body, tx.response_body):
        if body is not None and body.odd:
            odd = odd + body.odd
    return json.dumps(list(dict.fromkeys(odd))) if odd else ""


def _headers(headers: list[tuple[bytes, bytes, bytes]]) -> str:
    if not headers:
        return ""
    plain = b'"},{"name":"'.join([name + b'","value":"' + value for _, name, value in headers])
    if plain.isascii() and b"\\" not in plain and plain.count(b'"') == 8 * len(headers) - 4 \
            and (text := plain.decode("ascii")).isprintable() and _SECRET.isdisjoint([key for key, _, _ in headers]):
        return '[{"name":"' + text + '"}]'  # nothing in them needs care, as in most
    return "[" + ",".join([
        f'{{"name":{quoted(shown(name))},"value":{quoted(shown(_masked(value) if key in _SECRET else value))}}}'
        for key, name, value in headers]) + "]"


def _masked(value: bytes) -> bytes:
    """Credentials without their secret."""
    return value.partition(b" ")[0] + b" *" if b" " in value else b"*"


def _names(names: list[bytes]) -> str:
    return json_text([shown(n) for n in names]) if names else ""


def _username(value: bytes) -> str:
    scheme, _, secret = value.partition(b" ")
    if not value or scheme.lower() != b"basic":
        return ""
    try:
        return shown(base64.b64decode(secret[:4096].strip() + b"==").partition(b":")[0])
    except ValueError:
        return ""


def _content_range(value: bytes) -> str:
    found = _RANGE.match(value) if value else None
    if not found:
        return ""
    span = {"raw": shown(value), "start": int(found[1]), "end": int(found[2])}
    return json.dumps(span | ({"size": int(found[3])} if found[3] != b"*" else {}))

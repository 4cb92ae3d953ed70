"""One request with its response while they are read, and the row that becomes of them."""

from __future__ import annotations

import base64
import json
import re
from json.encoder import encode_basestring as quoted
from typing import Any

from sensor.protocols.http.body import Body
from sensor.protocols.http.head import Head, Header, json_headers
from sensor.protocols.http.uri import Target
from sensor.protocols.printing import json_words
from sensor.protocols.shown import shown, shown_all

_NO_HEADERS: dict[bytes, bytes] = {}
_NO_TARGET = Target(b"", 0, b"", b"")
_RANGE = re.compile(rb"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


class Transaction:
    """What is known of a request and its response so far."""

    __slots__ = ("cut", "file_names", "hostname", "http_port", "interim", "method", "odd", "protocol", "reason",
                 "request", "request_at", "request_body", "request_done", "response", "response_body",
                 "response_done", "response_framing", "response_protocol", "status", "target", "texts", "trailers",
                 "tx_id", "url")

    def __init__(self, tx_id: int) -> None:
        self.tx_id = tx_id
        self.texts: list[str] | None = None
        self.request: Head | None = None
        self.response: Head | None = None
        self.method = self.url = self.protocol = self.response_protocol = self.reason = b""
        self.target, self.hostname, self.http_port = _NO_TARGET, b"", 0  # the target's host, else that of the header
        self.status = self.interim = self.request_at = 0
        self.request_body: Body | None = None
        self.response_body: Body | None = None
        self.request_done = self.response_done = self.cut = False
        self.response_framing = 0
        self.odd: list[str] = []
        self.trailers: list[Header] = []
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


def _texts(tx: Transaction) -> list[str]:
    """Return all that is shown of a transaction as it was said, in one list: made once, when the response is there."""
    if tx.texts is not None:
        return tx.texts
    asked = tx.request.first if tx.request else _NO_HEADERS
    answered = tx.response.first if tx.response else _NO_HEADERS
    texts = shown_all((
        tx.hostname, tx.url, asked.get(b"user-agent", b""), media_type(answered.get(b"content-type", b"")),
        asked.get(b"referer", b""), tx.method, tx.protocol, answered.get(b"location", b""), tx.target.normalized,
        tx.reason, tx.response_protocol, media_type(asked.get(b"content-type", b"")),
        asked.get(b"x-forwarded-for", b""), answered.get(b"server", b""), asked.get(b"origin", b""),
        answered.get(b"content-encoding", b"")))
    if tx.response is not None:
        tx.texts = texts
    return texts


def http_object(tx: Transaction) -> str:
    """Return the ``http`` object of EVE as it stands beside a file."""
    host, url, agent, kind, referer, method, protocol, location, *_ = _texts(tx)
    return "".join((
        "{", f'"hostname":{quoted(host)},' if host else "", f'"http_port":{tx.http_port},' if tx.http_port else "",
        f'"url":{quoted(url)},' if url else "", f'"http_user_agent":{quoted(agent)},' if agent else "",
        f'"http_content_type":{quoted(kind)},' if kind else "", f'"http_refer":{quoted(referer)},' if referer else "",
        f'"http_method":{quoted(method)},' if method else "", f'"protocol":{quoted(protocol)},' if protocol else "",
        f'"status":{tx.status},' if tx.status else "", f'"redirect":{quoted(location)},' if location else "",
        f'"length":{tx.length}}}'))


def row_of(tx: Transaction, headers: bool) -> dict[str, Any]:
    """Return the columns of HTTP for a transaction that is over; headers: whether all headers go with it."""
    request, response = tx.request_body, tx.response_body
    asked = tx.request.first if tx.request else _NO_HEADERS
    answered = tx.response.first if tx.response else _NO_HEADERS
    (hostname, url, user_agent, content_type, referer, method, protocol, location, normalized, reason,
     response_protocol, request_content_type, xff, server, origin, coding) = _texts(tx)
    return {
        "hostname": hostname, "http_port": tx.http_port, "url": url, "url_normalized": normalized,
        "http_method": method, "protocol": protocol, "response_protocol": response_protocol, "status": tx.status,
        "status_text": reason, "http_user_agent": user_agent, "http_refer": referer, "http_content_type": content_type,
        "request_content_type": request_content_type, "redirect": location,
        "content_range": _content_range(answered[b"content-range"]) if b"content-range" in answered else "",
        "length": tx.length, "xff": xff, "server": server, "origin": origin,
        "username": _username(asked[b"authorization"]) if b"authorization" in asked else "", "content_encoding": coding,
        "request_headers": json_headers(tx.request.headers) if headers and tx.request else "",
        "response_headers": json_headers(tx.response.headers) if headers and tx.response else "",
        "trailers": json_headers(tx.trailers) if tx.trailers else "",
        "file_names": json_words([shown(n) for n in tx.file_names]) if tx.file_names else "",
        "request_body_bytes": request.wire_bytes if request else 0,
        "response_body_bytes": response.wire_bytes if response else 0,
        "response_entity_bytes": response.entity_bytes if response else 0, "interim": tx.interim,
        "request_ts_ns": tx.request_at, "seen": _seen(tx), "anomalies": _anomalies(tx), "tx_id": tx.tx_id}


def media_type(value: bytes) -> bytes:
    """Return a Content-Type without its parameters."""
    return value.partition(b";")[0].strip() if value else b""


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
    return json_words(list(dict.fromkeys(odd))) if odd else ""


def _username(value: bytes) -> str:
    scheme, _, secret = value.partition(b" ")
    if scheme.lower() != b"basic":
        return ""
    try:
        return shown(base64.b64decode(secret[:4096].strip() + b"==").partition(b":")[0])
    except ValueError:
        return ""


def _content_range(value: bytes) -> str:
    found = _RANGE.match(value)
    if not found:
        return ""
    span = {"raw": shown(value), "start": int(found[1]), "end": int(found[2])}
    return json.dumps(span | ({"size": int(found[3])} if found[3] != b"*" else {}))

"""HTTP/2's inspection buffers, under the names that rules use for HTTP of any version."""

from __future__ import annotations

from collections.abc import Sequence

from sensor.protocols.http.uri import host_and_port, inspected_uri, parse_target

Header = tuple[bytes, bytes]
Buffers = list[tuple[str, bytes]]

_REQUEST = {b"user-agent": "http.user_agent", b"referer": "http.referer", b"accept": "http.accept",
            b"accept-encoding": "http.accept_enc", b"accept-language": "http.accept_lang", b"cookie": "http.cookie",
            b"content-type": "http.content_type", b"content-length": "http.content_len"}
_RESPONSE = {b"server": "http.server", b"location": "http.location", b"set-cookie": "http.cookie",
             b"content-type": "http.content_type", b"content-length": "http.content_len"}


def header_buffers(headers: Sequence[Header], to_server: bool) -> Buffers:
    """Return the buffers of a block of headers."""
    named = dict(reversed(headers))
    found = _request(named) if to_server else _response(named)
    for name, buffer in (_REQUEST if to_server else _RESPONSE).items():
        if values := [v for n, v in headers if n == name]:
            found.append((buffer, b", ".join(values)))
    found.append(("http.protocol", b"HTTP/2"))
    found.append(("http.header", b"".join([n + b": " + v + b"\r\n" for n, v in headers])))
    found.append(("http.header.raw", b"".join([n + b": " + v + b"\r\n" for n, v in headers])))
    names = b"\r\n" + b"".join([n + b"\r\n" for n, _ in headers]) + b"\r\n"
    found.append(("http.header_names", names))
    instance = "http.request_header" if to_server else "http.response_header"
    for name, value in headers:
        found += [(instance, name + b": " + value), ("http2.header_name", name)]
    return found


def _request(named: dict[bytes, bytes]) -> Buffers:
    found: Buffers = []
    if b":method" in named:
        found.append(("http.method", named[b":method"]))
    if path := named.get(b":path"):
        found += [("http.uri.raw", path), ("http.uri", inspected_uri(parse_target(path)))]
    if raw := named.get(b":authority") or named.get(b"host"):
        if b"@" in raw:
            found.append(("event", b"http2.userinfo_in_uri"))
        found += [("http.host.raw", raw), ("http.host", host_and_port(raw.rpartition(b"@")[2])[0])]
    if b":method" in named and path:
        found.append(("http.request_line", named[b":method"] + b" " + path + b" HTTP/2"))
    return found


def _response(named: dict[bytes, bytes]) -> Buffers:
    code = named.get(b":status")
    return [("http.stat_code", code), ("http.response_line", b"HTTP/2 " + code)] if code else []

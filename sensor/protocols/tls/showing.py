"""TLS's inspection buffers, under the names that rules use."""

from __future__ import annotations

from sensor.protocols.tls.certificate import Certificate, read_certificate
from sensor.protocols.tls.fingerprints import ja3, ja3s, ja4
from sensor.protocols.tls.hello import ClientHello, ServerHello
from sensor.protocols.tls.names import SSL2

Buffers = list[tuple[str, bytes]]

_VERSIONS = {SSL2: b"sslv2", 0x0300: b"sslv3", 0x0301: b"tls1.0", 0x0302: b"tls1.1", 0x0303: b"tls1.2",
             0x0304: b"tls1.3"}


def _random(body: bytes) -> Buffers:
    if len(body) < 34:
        return []
    return [("tls.random", body[2:34]), ("tls.random_time", body[2:6]), ("tls.random_bytes", body[6:34])]


def version_buffers(version: int) -> Buffers:
    """Return a version as ssl_version and tls.version name it; drafts of TLS 1.3 are TLS 1.3."""
    word = _VERSIONS.get(0x0304 if 0x7F00 < version < 0x7FFF else version)
    if word is None:
        return []
    return [("ssl_version", word), ("tls.version", word), ("tls.version", word.removeprefix(b"tls"))]


def client_buffers(hello: ClientHello, body: bytes, transport: str = "t") -> Buffers:
    """Return the buffers of a ClientHello."""
    found: Buffers = [("ssl_state", b"client_hello"), *version_buffers(hello.version), *_random(body)]
    if hello.server_name:
        found.append(("tls.sni", hello.server_name))
    found += [("tls.alpn", name) for name in hello.alpns]
    if body:
        digest, text = ja3(hello)
        found += [("ja3.hash", digest.encode()), ("ja3.string", text.encode()),
                  ("ja4.hash", ja4(hello, transport).encode())]
    return found


def server_buffers(hello: ServerHello, body: bytes) -> Buffers:
    """Return the buffers of a ServerHello."""
    digest, text = ja3s(hello)
    return [("ssl_state", b"server_hello"), *version_buffers(hello.version), *_random(body),
            *(("tls.alpn", name) for name in hello.alpns),
            ("ja3s.hash", digest.encode()), ("ja3s.string", text.encode())]


def certificate_buffers(body: bytes, most: int) -> Buffers:
    """Return the buffers of the body of a Certificate message: those of the first, and all as they are."""
    found: Buffers = []
    at, end, number = 3, min(len(body), 3 + int.from_bytes(body[:3], "big")), 0
    while at + 3 <= end:
        size = int.from_bytes(body[at : at + 3], "big")
        der = body[at + 3 : at + 3 + size]
        at += 3 + size
        if at > end:
            found.append(("event", b"tls.invalid_certificate"))
            break
        number += 1
        if number <= most:
            found.append(("tls.certs", der))
        if number == 1:
            found += _certificate(read_certificate(der))
    return [*found, ("tls.cert_chain_len", b"%d" % number)]


def _certificate(one: Certificate) -> Buffers:
    texts = (("tls.cert_subject", one.subject), ("tls.cert_issuer", one.issuer), ("tls.cert_serial", one.serial),
             ("tls.cert_fingerprint", one.sha1), ("tls.cert_notbefore", one.not_before),
             ("tls.cert_notafter", one.not_after))
    found = [(name, text.encode("utf-8", "surrogateescape")) for name, text in texts if text]
    found += [("tls.subjectaltname", name.encode("utf-8", "surrogateescape")) for name in one.names]
    return [*found, *([("event", b"tls.certificate_invalid_der")] if one.damaged else [])]

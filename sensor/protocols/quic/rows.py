"""Hellos in QUIC as rows."""

from __future__ import annotations

import json
from typing import Any

from sensor.protocols.quic.gquic import GoogleHello, cyu
from sensor.protocols.quic.packet import version_name
from sensor.protocols.tls.ciphers import cipher_name
from sensor.protocols.tls.fingerprints import ja3, ja3s, ja4
from sensor.protocols.tls.handshake import names_json
from sensor.protocols.tls.hello import ALPN, SERVER_NAME, ClientHello, ServerHello
from sensor.protocols.tls.names import extension_name, group_name
from sensor.protocols.tls.names import version_name as tls_version_name
from sensor.protocols.tls.showing import client_buffers


def client_row(hello: ClientHello) -> dict[str, Any]:
    """Return the columns of a client's hello."""
    hash3, text3 = ja3(hello)
    return {
        "sender": "client", "sni": hello.server_name, "ja3_hash": hash3, "ja3_string": text3, "ja4": ja4(hello, "q"),
        "extensions": _extensions(hello.extensions, {SERVER_NAME: (hello.server_name,), ALPN: hello.alpns}),
        "alpns": names_json(hello.alpns), "tls_version": tls_version_name(hello.highest_version),
    }


def server_row(hello: ServerHello) -> dict[str, Any]:
    """Return the columns of a server's hello."""
    hash3s, text3s = ja3s(hello)
    return {
        "sender": "server", "ja3s_hash": hash3s, "ja3s_string": text3s, "cipher": cipher_name(hello.cipher),
        "extensions": _extensions(hello.extensions, {ALPN: hello.alpns}), "alpns": names_json(hello.alpns),
        "named_group": group_name(hello.group) if hello.group else "", "tls_version": tls_version_name(hello.version),
        "resumed": int(hello.psk),
    }


def google_row(version: int, hello: GoogleHello) -> dict[str, Any]:
    """Return the columns of a hello of Google's QUIC."""
    found = cyu(version_name(version), hello)
    return {"sender": "client", "sni": hello.server_name, "ua": hello.user_agent,
            "cyu": json.dumps(found, separators=(",", ":")) if found else ""}


def hello_buffers(hello: ClientHello, body: bytes) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a client's hello."""
    sni = [("quic.sni", hello.server_name)] if hello.server_name else []
    wanted = ("ja3.hash", "ja3.string", "ja4.hash")
    return sni + [pair for pair in client_buffers(hello, body, "q") if pair[0] in wanted]


def google_buffers(version: int, hello: GoogleHello) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a hello of Google's QUIC."""
    shown = [(name, raw if isinstance(raw, bytes) else raw.encode()) for name, raw in (
        ("quic.sni", hello.server_name), ("quic.ua", hello.user_agent)) if raw]
    for one in cyu(version_name(version), hello) or []:
        shown += [("quic.cyu.hash", one["hash"].encode()), ("quic.cyu.string", one["string"].encode())]
    return shown


def _extensions(kinds: tuple[int, ...], values: dict[int, tuple[bytes, ...]]) -> str:
    shown: list[dict[str, Any]] = []
    for kind in kinds:
        name = extension_name(kind)
        one: dict[str, Any] = ({"name": name} if name else {}) | {"type": kind}
        if any(values.get(kind, ())):
            one["values"] = [value.decode("utf-8", "replace") for value in values[kind]]
        shown.append(one)
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")) if shown else ""

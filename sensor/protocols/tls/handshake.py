"""What is known of one handshake, and the row that tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sensor.protocols.tls.certificate import Certificate
from sensor.protocols.tls.ciphers import cipher_name
from sensor.protocols.tls.fingerprints import ja3, ja3s, ja4, without_grease
from sensor.protocols.tls.hello import ClientHello, ServerHello
from sensor.protocols.tls.names import SSL2, group_name, is_tls13, version_name


@dataclass
class Handshake:
    """Everything that both sides said in clear; ssl2_hello is a client's hello in the form of SSL 2.0."""

    client: ClientHello | None = None
    server: ServerHello | None = None
    ssl2_hello: bool = False
    hello_retry: bool = False
    server_chain: list[Certificate] = field(default_factory=list)
    client_chain: list[Certificate] = field(default_factory=list)
    chain_certificates: int = 0
    group: int = 0
    hello_done: bool = False
    resumption: str = ""
    established: bool = False
    alerts: list[dict[str, str]] = field(default_factory=list)

    @property
    def tls13(self) -> bool:
        """Whether the server chose TLS 1.3 or a draft of it."""
        return self.server is not None and is_tls13(self.server.version)

    def row(self, listed: int, from_proto: str) -> dict[str, Any]:
        """Return the columns of this handshake; listed bounds the lists of numbers."""
        sides = ("none", "client", "server", "both")[(self.client is not None) + 2 * (self.server is not None)]
        return {
            "version": "UNDETERMINED", "hellos_seen": sides, "from_proto": from_proto,
            "hello_retry": int(self.hello_retry), "established": int(self.established),
            "resumption": self.resumption, "session_resumed": int(bool(self.resumption) and not self.tls13),
            "alerts": _json(self.alerts), **(self._client(listed) if self.client else {}),
            **(self._server(listed) if self.server else {}), **self._certificates(),
        }

    def _client(self, listed: int) -> dict[str, Any]:
        hello = self.client
        row = {
            "client_version": version_name(hello.highest_version),
            "client_ciphers": _numbers(without_grease(hello.ciphers), listed),
            "client_session_id": hello.session_id.hex(),
            "resumption_offered": "psk" if hello.psk else "ticket" if hello.ticket
            else "session_id" if hello.session_id and not is_tls13(hello.highest_version) else "",
        }
        if self.ssl2_hello:  # there are no fingerprints of such
            return row
        hash3, text3 = ja3(hello)
        return row | {
            "sni": hello.server_name, "ja3_hash": hash3, "ja3_string": text3, "ja4": ja4(hello),
            "client_alpns": names_json(hello.alpns), "client_exts": _numbers(without_grease(hello.extensions), listed),
            "client_sig_algs": _numbers(without_grease(hello.signatures), listed),
            "client_groups": _json([group_name(g) for g in without_grease(hello.groups)[:listed]]),
        }

    def _server(self, listed: int) -> dict[str, Any]:
        hello = self.server
        name = version_name(hello.version)
        row = {"version": name, "server_version": name, "server_cipher": hello.cipher & 0xFFFF}
        if hello.version == SSL2:
            return row
        hash3s, text3s = ja3s(hello)
        group = hello.group or self.group
        return row | {
            "cipher": cipher_name(hello.cipher), "server_exts": _numbers(hello.extensions, listed),
            "ja3s_hash": hash3s, "ja3s_string": text3s, "server_alpns": names_json(hello.alpns),
            "server_session_id": hello.session_id.hex(), "group": group_name(group) if group else "",
        }

    def _certificates(self) -> dict[str, Any]:
        row: dict[str, Any] = {"chain_certificates": self.chain_certificates}
        if self.server_chain:
            row |= _certificate(self.server_chain[0], "")
            row["subjectaltname"] = _json(self.server_chain[0].names)
            row["chain"] = _json([_link(c) for c in self.server_chain])
        if self.client_chain:
            row |= _certificate(self.client_chain[0], "client_")
        return row


def names_json(names: Iterable[bytes]) -> str:
    """Return names as a JSON array; "" for none."""
    return _json([name.decode("utf-8", "replace") for name in names])


def _certificate(c: Certificate, prefix: str) -> dict[str, str]:
    return {f"{prefix}subject": c.subject, f"{prefix}issuerdn": c.issuer, f"{prefix}serial": c.serial,
            f"{prefix}fingerprint": c.sha1, f"{prefix}notbefore": c.not_before, f"{prefix}notafter": c.not_after}


def _link(c: Certificate) -> dict[str, str]:
    return {"subject": c.subject, "issuerdn": c.issuer, "serial": c.serial, "sha1": c.sha1, "sha256": c.sha256,
            "notbefore": c.not_before, "notafter": c.not_after}


def _json(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""


def _numbers(values: tuple[int, ...], listed: int) -> str:
    return f"[{','.join(map(str, values[:listed]))}]" if values else ""

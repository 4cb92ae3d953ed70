"""What is known of one handshake, and the row that tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sensor.protocols.tls.chain import Chain
from sensor.protocols.tls.ciphers import cipher_name
from sensor.protocols.tls.fingerprints import ja3, ja3s, ja4, without_grease
from sensor.protocols.tls.hello import ClientHello, ServerHello
from sensor.protocols.tls.names import SSL2, group_name, is_tls13, version_name

_KEPT = 4096  # hellos whose columns are remembered
_MOST_KEPT = 400  # numbers and letters in one that is: bounds the memory
_SEEN = {(False, False): "none", (True, False): "client", (False, True): "server", (True, True): "both"}


@dataclass(slots=True)
class Handshake:
    """Everything that both sides said in clear; ssl2_hello is a client's hello in the form of SSL 2.0."""

    client: ClientHello | None = None
    server: ServerHello | None = None
    ssl2_hello: bool = False
    hello_retry: bool = False
    server_chain: Chain | None = None
    client_chain: Chain | None = None
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
        row: dict[str, Any] = {
            "version": "UNDETERMINED", "from_proto": from_proto, "established": int(self.established),
            "hellos_seen": _SEEN[self.client is not None, self.server is not None],
            "hello_retry": int(self.hello_retry), "resumption": self.resumption,
            "session_resumed": int(bool(self.resumption) and not self.tls13), "alerts": _json(self.alerts),
        }
        if self.client is not None:
            self._add_client(self.client, row, listed)
        if self.server is not None:
            kept = len(self.server.extensions) <= _MOST_KEPT
            told = _server_columns if kept else _server_columns.__wrapped__
            row |= told(self.server._replace(session_id=b""), self.group, listed)
            row["server_session_id"] = self.server.session_id.hex()
        if self.server_chain is not None:
            row |= self.server_chain.own | self.server_chain.all
            row["chain_certificates"] = self.server_chain.number
        if self.client_chain is not None:
            row |= {f"client_{name}": value for name, value in self.client_chain.own.items()}
        return row

    def _add_client(self, hello: ClientHello, row: dict[str, Any], listed: int) -> None:
        row["client_session_id"], row["sni"] = hello.session_id.hex(), hello.server_name
        row["resumption_offered"] = (
            "psk" if hello.psk else "ticket" if hello.ticket
            else "session_id" if hello.session_id and not is_tls13(hello.highest_version) else "")
        lists = [without_grease(n) for n in (hello.ciphers, hello.extensions, hello.groups, hello.signatures)]
        ciphers, extensions, groups, signatures = lists
        # without what differs from connection to connection; few clients make most hellos
        plain = ClientHello(hello.version, b"", ciphers, extensions, b"", hello.alpns, groups, hello.point_formats,
                            signatures, (hello.highest_version,), False, False, False)
        kept = sum(map(len, lists)) + sum(map(len, hello.alpns)) <= _MOST_KEPT
        row |= (_client_columns if kept else _client_columns.__wrapped__)(plain, self.ssl2_hello, listed)


@lru_cache(_KEPT)
def _client_columns(hello: ClientHello, ssl2: bool, listed: int) -> dict[str, str]:
    row = {"client_version": version_name(hello.highest_version), "client_ciphers": _numbers(hello.ciphers, listed)}
    if ssl2:  # there are no fingerprints of such
        return row
    hash3, text3 = ja3(hello)
    return row | {
        "ja3_hash": hash3, "ja3_string": text3, "ja4": ja4(hello), "client_alpns": names_json(hello.alpns),
        "client_exts": _numbers(hello.extensions, listed), "client_sig_algs": _numbers(hello.signatures, listed),
        "client_groups": _json([group_name(g) for g in hello.groups[:listed]]),
    }


@lru_cache(_KEPT)
def _server_columns(hello: ServerHello, exchanged: int, listed: int) -> dict[str, Any]:
    name = version_name(hello.version)
    row = {"version": name, "server_version": name, "server_cipher": hello.cipher}
    if hello.version == SSL2:
        return row
    hash3s, text3s = ja3s(hello)
    group = hello.group or exchanged
    return row | {
        "cipher": cipher_name(hello.cipher), "server_exts": _numbers(hello.extensions, listed), "ja3s_hash": hash3s,
        "ja3s_string": text3s, "server_alpns": names_json(hello.alpns),
        "named_group": group_name(group) if group else "",
    }


def names_json(names: Iterable[bytes]) -> str:
    """Return names as a JSON array; "" for none."""
    return _json([name.decode("utf-8", "replace") for name in names])


def _json(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""


def _numbers(values: tuple[int, ...], listed: int) -> str:
    return f"[{','.join(map(str, values[:listed]))}]" if values else ""

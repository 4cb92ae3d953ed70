"""Hooks of transactions (tls:client_hello_done): the side they are about, and what shows that it has come so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detectors.signatures.language.rule import Rule


@dataclass(frozen=True, slots=True)
class Hook:
    """How far a side of a transaction must have come. shown: one of the buffers that tell it, none for its end."""

    to_server: bool
    shown: tuple[str, ...] = ()
    begun: bool = False

    def reached(self, scene: Any) -> bool:
        """Return whether the side that a step belongs to has come so far."""
        side = scene.tx
        if side is None or scene.to_server != self.to_server:
            return False
        return self.begun or side.done or any(side.has(name) for name in self.shown)


_REQUEST, _RESPONSE = True, False
_GENERIC = {"request_started": Hook(_REQUEST, begun=True), "request_complete": Hook(_REQUEST),
            "response_started": Hook(_RESPONSE, begun=True), "response_complete": Hook(_RESPONSE)}
_HTTP1 = {"request_line": Hook(_REQUEST, ("http.request_line",)), "request_headers": Hook(_REQUEST, ("http.start",)),
          "request_body": Hook(_REQUEST, ("http.request_body",)), "request_trailer": Hook(_REQUEST),
          "response_line": Hook(_RESPONSE, ("http.response_line",)),
          "response_headers": Hook(_RESPONSE, ("http.start",)),
          "response_body": Hook(_RESPONSE, ("http.response_body",)), "response_trailer": Hook(_RESPONSE)}
_TLS = {"client_hello_done": Hook(_REQUEST, ("ssl_state",)),
        "client_cert_done": Hook(_REQUEST, ("tls.cert_chain_len",)),
        "server_hello": Hook(_RESPONSE, ("ssl_state",)), "server_cert_done": Hook(_RESPONSE, ("tls.cert_chain_len",))}
_SSH = {"request_banner_done": Hook(_REQUEST, ("ssh.proto",)), "response_banner_done": Hook(_RESPONSE, ("ssh.proto",))}
_OF = {"http": _HTTP1, "http1": _HTTP1, "tls": _TLS, "ssh": _SSH}

HOOKS = frozenset({*_GENERIC, *_HTTP1, *_TLS, *_SSH})
"""Names of the hooks of transactions that can be asked for."""


def hook_of(rule: Rule) -> Hook | None:
    """Return the hook of a transaction that a rule is bound to, None for none."""
    if not rule.hook or not rule.app_protos:
        return None
    return _OF.get(rule.app_protos[0], {}).get(rule.hook) or _GENERIC.get(rule.hook)

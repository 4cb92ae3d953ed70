"""HTTP/1.x: heads, bodies, codings and files (RFC 9110, RFC 9112), read as leniently as end hosts read it."""

from __future__ import annotations

import re

from columns.app import AppProto
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.http import HTTP
from sensor.protocols.http.parser import HttpParser
from sensor.protocols.http.settings import HttpSettings
from sensor.protocols.parser import FlowFacts, Opening, Wants
from sensor.protocols.verbs import beginnings

__all__ = ["WANTS", "HttpParser", "HttpSettings", "probe"]

_METHODS = frozenset({
    b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PATCH", b"PROPFIND", b"PROPPATCH",
    b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"SEARCH", b"REPORT", b"MKACTIVITY", b"CHECKOUT", b"MERGE",
    b"M-SEARCH", b"NOTIFY", b"SUBSCRIBE", b"UNSUBSCRIBE", b"BCOPY", b"BMOVE", b"BPROPPATCH", b"POLL", b"PURGE",
    b"LINK", b"UNLINK", b"VERSION-CONTROL", b"BASELINE-CONTROL", b"UPDATE", b"LABEL", b"MKWORKSPACE", b"ACL",
    b"REBIND", b"DEBUG", b"INDEX", b"RPC_IN_DATA", b"RPC_OUT_DATA", b"QUERY",
})
_BEGINNINGS = beginnings(_METHODS)
_WORD = re.compile(rb"[!-~]+[ \t]")
_TARGET = re.compile(rb"[ \t]*(?:/|\*[ \t]|https?://|[^\s]*[ \t]HTTP/1)", re.I)
_TUNNEL = re.compile(rb"[ \t]*[^\s/]")
_ANY_REQUEST = re.compile(rb"[!-~]{1,32}[ \t]+[!-~]+[ \t]+HTTP/1\.[01]")
_RESPONSE = re.compile(rb"HTTP/[01]\.[019]", re.I)
_BLANK = b"\r\n \t\0"


def probe(to_server: bytes, to_client: bytes, flow: FlowFacts) -> bool | None:
    """Tell HTTP/1.x by a request line that begins, or by a status line."""
    asked, answered = to_server.lstrip(_BLANK), to_client.lstrip(_BLANK)
    if answered and _RESPONSE.match(answered):
        return True
    if asked:
        return _requests(asked, len(to_server) < 64 and not answered)
    return None if not answered or b"HTTP/1.".startswith(answered[:7].upper()) else False


def _requests(asked: bytes, more: bool) -> bool | None:
    """Whether a request begins; more: whether more of it may come."""
    word = _WORD.match(asked)
    method = word[0][:-1].upper() if word else b""
    if word and method in _METHODS:
        target = word.end()
        if _TARGET.match(asked, target) or (method == b"CONNECT" and _TUNNEL.match(asked, target)):
            return True
    if word and _ANY_REQUEST.match(asked):
        return True
    if method in _METHODS:
        return None if more else False
    return None if asked.upper() in _BEGINNINGS else False


_OPENS = Opening(bytes(range(0x21, 0x7F)) + _BLANK, b"Hh" + _BLANK, either=True)

WANTS = (Wants(AppProto.HTTP, HttpParser, probe, (HTTP, FILEINFO), _OPENS),)

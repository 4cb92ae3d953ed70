"""What stands before every request: Host, Origin, session, size and time, and the headers of every answer."""

from __future__ import annotations

import asyncio
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any

from dashboards.console.access import Access, Sessions
from dashboards.console.refusals import Refusal, refusal_response

BODY_BYTES = 16 * 1024
QUERY_BYTES = 4 * 1024
BODY_SECONDS = 10.0
ANSWER_SECONDS = 60.0
COOKIE = "sekisho_session"
CSRF_HEADER = b"x-sekisho-csrf"
_OPEN = ("/static/", "/login")

_CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Guard:
    """ASGI middleware: a request that does not belong here never reaches the application."""

    def __init__(self, app: Any, access: Access, sessions: Sessions) -> None:
        self._app, self._access, self._sessions = app, access, sessions
        self.csrf = secrets.token_urlsafe(24)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request through, or answer it with why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sender = _with_headers(send, scope["path"])
        try:
            headers = dict(scope["headers"])
            self._check(scope, headers)
            body = await _whole_body(receive) if scope["method"] not in ("GET", "HEAD") else None
            scope["state"] = {**scope.get("state", {}), "csrf": self.csrf, "session": session_of(headers)}
            await asyncio.wait_for(self._app(scope, _replay(body) if body is not None else receive, sender),
                                   ANSWER_SECONDS)
        except Refusal as refusal:
            await refusal_response(refusal, scope)(scope, receive, sender)
        except TimeoutError:
            await refusal_response(Refusal(504, "too_slow"), scope)(scope, receive, sender)

    def _check(self, scope: Any, headers: dict[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._access.knows_host(host):
            raise Refusal(421, "wrong_host")
        if len(scope["query_string"]) > QUERY_BYTES:
            raise Refusal(414, "too_long")
        if headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none") and not _navigates(scope, headers):
            raise Refusal(403, "other_site")
        if scope["method"] not in ("GET", "HEAD"):
            self._check_writing(scope, headers, host)
        if self._access.token and not scope["path"].startswith(_OPEN) and not self._sessions.knows(session_of(headers)):
            raise Refusal(401, "login")

    def _check_writing(self, scope: Any, headers: dict[bytes, bytes], host: str) -> None:
        if headers.get(b"origin", b"").decode("latin-1").lower() != self._access.origin_of(host):
            raise Refusal(403, "other_site")
        if int(headers.get(b"content-length", b"0") or 0) > BODY_BYTES:
            raise Refusal(413, "too_large")
        if scope["path"] == "/login":
            return  # there is no session yet that another site could use
        if not secrets.compare_digest(headers.get(CSRF_HEADER, b""), self.csrf.encode()):
            raise Refusal(403, "no_csrf")


def _navigates(scope: Any, headers: dict[bytes, bytes]) -> bool:
    """Whether somebody followed a link from elsewhere to a page (which shows itself, and does nothing by that)."""
    return (scope["method"] == "GET" and headers.get(b"sec-fetch-mode") == b"navigate"
            and headers.get(b"sec-fetch-dest") == b"document" and not scope["path"].startswith("/api/"))


def session_of(headers: dict[bytes, bytes]) -> str:
    """Return the session id that a browser sent, or ""."""
    try:
        cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    return cookie[COOKIE].value if COOKIE in cookie else ""


async def _whole_body(receive: Any) -> bytes:
    body = b""
    async with asyncio.timeout(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "cut_off")
            body += message.get("body", b"")
            if len(body) > BODY_BYTES:
                raise Refusal(413, "too_large")
            if not message.get("more_body"):
                return body


def _replay(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _with_headers(send: Any, path: str) -> Any:
    cache = b"no-cache" if path.startswith("/static/") else b"no-store"

    async def sender(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_HEADERS, (b"cache-control", cache)]
        await send(message)

    return sender
